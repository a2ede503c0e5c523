"""What complaints are said to be about: each class's share of a region's month, as released."""

import pandas as pd

CLASSES = ("network", "device", "account", "other")
_WHERE = ["region", "period_start"]
_FEW_LOW, _FEW_HIGH = 1.0, 4.0


def class_shares(complaints: pd.DataFrame) -> pd.DataFrame:
    """Share of each class by region and month: `network`, `network_lo`, `network_hi`, and so on.

    Beside them `n_classes`, how many are known.

    A class of 1 to 4 is 1 at least and 4 at most. Where a class is hidden all are NaN: what the
    others leave would say how many it had.

    `complaints`: rows of `place_rate` of regions or the network by month, of one metric: region,
    period_start, outcome_class, numerator, shown.
    """
    few = complaints["shown"].eq("few")
    known = few | complaints["shown"].eq("shown")
    counted = complaints.assign(
        low=complaints["numerator"].where(~few, _FEW_LOW).where(known),
        high=complaints["numerator"].where(~few, _FEW_HIGH).where(known),
    )
    low, high = (
        counted.pivot_table(end, _WHERE, "outcome_class", dropna=False, observed=False).reindex(
            columns=list(CLASSES)
        )
        for end in ("low", "high")
    )
    shares = pd.DataFrame({"n_classes": low.notna().sum(axis=1)})
    for name in CLASSES:
        others = [end.drop(columns=name).sum(axis=1, skipna=False) for end in (high, low)]
        shares[name] = (low + high)[name] / (low + high).sum(axis=1, skipna=False)
        shares[f"{name}_lo"] = low[name] / (low[name] + others[0])
        shares[f"{name}_hi"] = high[name] / (high[name] + others[1])
    return shares
