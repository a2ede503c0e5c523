"""What to do first: places by the drops that could be avoided there, with advice and what is seen.

docs/methods.md 8.5. Beside it stands the simple rank, (rate - normal rate) x attempts: it says
where most calls drop, not whether any action would help.
"""

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.association import per_drop
from analysis.association.per_drop import Slopes
from analysis.benefit import tables
from analysis.benefit.gain import Gain
from analysis.priority import reasons
from analysis.priority.reasons import TOP
from analysis.uncertainty.draws import with_interval


def rank(
    places: pd.DataFrame, gain: Gain, parts: pd.DataFrame, slopes: Slopes, *, zone: str
) -> pd.DataFrame:
    """The places by the drops that could be avoided there: ranks, parts, `advice` and `seen`.

    `places`: place_name, place_state, the columns of `network.drop_rates` and of `avoidable`, and
    persons_at_most (NaN = not known). `gain`: of the same places, in drops a month. `parts`: the
    cells that are spoken of, as of `parts.with_rises`; `row` is the place's among `places`. A
    place's change is the rise that its first cell is still in. `slopes`: persons that one drop less
    avoids. `zone`: IANA zone of the dates in words. Places of which no benefit is known come last,
    by their excess drops, and so go ties, then by name: every run says the same.
    """
    at_most = places["persons_at_most"].to_numpy(float)
    listed = places.assign(
        **per_drop.following(gain.expected, gain.drops, slopes, at_most),
        **rank_intervals(gain.expected, gain.drops),
    )
    listed = _in_words(listed, parts, zone)
    simple = listed.sort_values(["drops_excess_month", "place_name"], ascending=[False, True])
    listed["simple_rank"] = pd.Series(np.arange(1, len(listed) + 1), index=simple.index)
    # both parts unknown sort last
    ranked = listed.sort_values(
        ["drops_avoidable_month", "simple_rank"], ascending=[False, True], ignore_index=True
    )
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return ranked.assign(method_version=tables.METHOD_VERSION)


def avoidable(gain: Gain) -> dict[str, Any]:
    """Columns of what could be avoided in each place, with its 90 % interval and its parts.

    `gain`: of the places, in drops a month.
    """
    return {
        "drops_avoidable_load": gain.by_load.round(6),
        "drops_avoidable_other": gain.by_other.round(6),
        "n_cells_unknown": gain.n_unknown,
        **with_interval("drops_avoidable_month", gain.expected, gain.drops),
    }


def _in_words(places: pd.DataFrame, parts: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The places with the rise that their first cell is still in, `advice` and `seen`."""
    first = parts.drop_duplicates("row").set_index("row")
    by_row: dict[int, list[dict[Hashable, Any]]] = {}
    for part in parts.to_dict("records"):
        by_row.setdefault(part["row"], []).append(part)
    each = places.to_dict("records")
    words = pd.Series([reasons.advice(place) for place in each], places.index, dtype="str")
    seen = [reasons.seen(place, by_row.get(row, []), zone=zone) for row, place in enumerate(each)]
    return places.join(first[["change_id", "change_utc"]]).assign(advice=words, seen=seen)


def rank_intervals(expected: Floats, draws: Floats) -> dict[str, Floats]:
    """Rank's 90 % interval and P(among the first 20): rank_lo, rank_hi and p_top20, (place,).

    `expected`: (place,), NaN = not known. `draws`: (place, draw). NaN = not known, and for p_top20
    also where there are no more than 20 places: each is among them.
    """
    rows = np.flatnonzero(~np.isnan(expected))
    low, high, top = (np.full(len(expected), np.nan) for _ in range(3))
    if len(rows):
        order = np.argsort(-draws[rows], axis=0, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, len(rows) + 1)[:, None], axis=0)
        low[rows] = np.quantile(ranks, 0.05, axis=1, method="lower")
        high[rows] = np.quantile(ranks, 0.95, axis=1, method="higher")
        if len(rows) > TOP:
            top[rows] = (ranks <= TOP).mean(axis=1)
    return {"rank_lo": low, "rank_hi": high, "p_top20": top}


def top_of(names: npt.NDArray[np.generic], gain: Gain) -> set[Any]:
    """Names of the first 20 places with the most expected gain.

    `names`: of the places, (place,). `gain`: of the same places; NaN comes last.
    """
    expected = np.nan_to_num(gain.expected, nan=-1.0)
    order = np.lexsort((names, -expected.round(6)))
    return set(names[order[:TOP]].tolist())


def lasting_rises(changes: pd.DataFrame, place: str) -> pd.DataFrame:
    """The last change of each place, where it is a rise.

    `changes`: table `change_point`. `place`: the column that names the place, cell_id or hex_id.
    """
    last = changes.sort_values([place, "change_utc"]).drop_duplicates(place, keep="last")
    return last[last["direction"] == "up"]
