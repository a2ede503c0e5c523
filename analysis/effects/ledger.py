"""What works of each kind brought so far, what the next one can be expected to, and what was said.

The effects of works are noisy and few of a kind: each kind's mean is drawn towards that of all
kinds (random effects, DerSimonian and Laird 1986), and the next work scatters about it as works of
one kind do. A prediction is registered before its work begins and never changed after.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Indices
from analysis.uncertainty.intervals import Z90

METHOD_VERSION = "ledger-1"
LEAST_WORKS = 5
_DAYS, _DAYS_A_MONTH = 28, 30.0


@dataclass(frozen=True)
class Learnt:
    """Log effects on drops that the next work of each kind can be expected to have.

    `kinds`: kind, n_judged, n_better, effect and sd of the next one, a row a kind. `effect`, `sd`:
    of a kind that was not judged yet; NaN = fewer than five works were.
    """

    kinds: pd.DataFrame
    effect: float
    sd: float


def learnt(effects: pd.DataFrame, kinds: pd.Series) -> Learnt:
    """What the works that could be judged teach of the next ones.

    `effects`: rows of table `effect`. `kinds`: kind of each intervention by its id. Works that were
    judged as one count once.
    """
    is_work = (effects["sheet_kind"] == "intervention") & (effects["metric"] == "drop_rate")
    known = effects[is_work & effects["effect_size"].notna()].copy()
    known["kind"] = known["sheet_id"].map(kinds)
    known = known.drop_duplicates(["kind", "work_from", "value_expected", "value_after"])
    low, size, high = (
        np.log1p(known[name].to_numpy(float).clip(-99.9) / 100)
        for name in ("effect_size_lo", "effect_size", "effect_size_hi")
    )
    rows = pd.DataFrame({
        "kind": known["kind"].to_numpy(), "y": size, "variance": ((high - low) / (2 * Z90)) ** 2,
        "is_better": (known["effect_kind"] == "better").to_numpy(),
    })  # fmt: skip
    if len(rows) < LEAST_WORKS:
        return Learnt(pd.DataFrame(columns=["kind", "n_judged", "n_better", "effect", "sd"]),
                      np.nan, np.nan)  # fmt: skip
    return _shrunk(rows)


def _shrunk(rows: pd.DataFrame) -> Learnt:
    """Means of kinds drawn towards the mean of all; `rows`: kind, y, variance, is_better."""
    of_kind = rows["kind"]
    between_works = _between(
        rows["y"].to_numpy(float), rows["variance"].to_numpy(float), pd.factorize(of_kind)[0]
    )
    weight = 1 / (rows["variance"] + between_works)
    total = weight.groupby(of_kind).sum()
    mean, variance = (weight * rows["y"]).groupby(of_kind).sum() / total, 1 / total
    one = np.zeros(len(mean), np.intp)
    between_kinds = _between(mean.to_numpy(float), variance.to_numpy(float), one)
    outer = 1 / (variance + between_kinds)
    centre = float((outer * mean).sum() / outer.sum())
    part = between_kinds / (between_kinds + variance)
    shrunk = part * mean + (1 - part) * centre
    # of the kind's mean: its own error as far as it is believed, and that of the centre
    of_mean = part * variance + (1 - part) ** 2 / outer.sum()
    kinds = pd.DataFrame({
        "n_judged": of_kind.value_counts().reindex(mean.index),
        "n_better": rows["is_better"].groupby(of_kind).sum(),
        "effect": shrunk,
        "sd": np.sqrt(of_mean + between_works),
    })  # fmt: skip
    sd = float(np.sqrt(between_kinds + between_works + 1 / outer.sum()))
    return Learnt(kinds.rename_axis("kind").reset_index(), centre, sd)


def _between(y: Floats, variance: Floats, group: Indices) -> float:
    """Variance of true values about their groups' means, by moments (DerSimonian and Laird 1986).

    0 where no group has two. `y`, `variance`, `group`: (value,).
    """
    weight = 1 / np.maximum(variance, 1e-9)
    total = np.bincount(group, weight)
    mean = np.bincount(group, weight * y) / total
    n_free = len(y) - len(total)
    excess = float(weight @ (y - mean[group]) ** 2) - n_free
    scale = float(weight.sum() - (np.bincount(group, weight**2) / total).sum())
    return max(excess / scale, 0.0) if n_free > 0 and scale > 0 else 0.0


def sized(effect: pd.Series, sd: pd.Series) -> pd.DataFrame:
    """Columns predicted_size, predicted_size_lo and predicted_size_hi, in per cent.

    `effect`, `sd`: of the log effect, of one index.
    """
    ends = {"": 0.0, "_lo": -Z90, "_hi": Z90}
    return pd.DataFrame({f"predicted_size{end}": 100 * np.expm1(effect + z * sd)
                         for end, z in ends.items()})  # fmt: skip


def kind_rows(of: Learnt) -> pd.DataFrame:
    """Rows of table `kind_effect`.

    `of`: what was learnt.
    """
    sizes = sized(of.kinds["effect"].astype(float), of.kinds["sd"].astype(float))
    rows = pd.concat([of.kinds[["kind", "n_judged", "n_better"]], sizes], axis=1)
    return rows.assign(method_version=METHOD_VERSION)


def registered(
    before: pd.DataFrame, coming: pd.DataFrame, of: Learnt, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Table `prediction`: what was registered before, as it stands, and what is registered now.

    `before`: the table of the run before. `coming`: works that did not begin yet: intervention_id,
    kind, and `drops`, counted at the place in the newest 28 days, NaN = not known. `of`: what was
    learnt; of too few works nothing is registered. `as_of`: end of this run's data.
    """
    new = coming[~coming["intervention_id"].isin(before["intervention_id"])]
    new = new.dropna(subset=["drops"])
    if new.empty or not np.isfinite(of.effect):
        return before.drop(columns="run_id", errors="ignore")
    of_kind = of.kinds.set_index("kind").reindex(new["kind"])
    sizes = sized(
        of_kind["effect"].astype(float).fillna(of.effect), of_kind["sd"].astype(float).fillna(of.sd)
    ).set_axis(new.index)
    a_month = new["drops"] * _DAYS_A_MONTH / _DAYS
    rows = pd.concat([new[["intervention_id", "kind"]], sizes], axis=1).assign(
        registered_utc=as_of,
        n_judged=of_kind["n_judged"].fillna(0).to_numpy(),
        predicted=-a_month * sizes["predicted_size"] / 100,
        predicted_lo=-a_month * sizes["predicted_size_hi"] / 100,
        predicted_hi=-a_month * sizes["predicted_size_lo"] / 100,
        method_version=METHOD_VERSION,
    )
    return pd.concat([before.drop(columns="run_id", errors="ignore"), rows], ignore_index=True)
