"""What customers say around works, month by month, from figures that have left alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Flags, Floats, Indices
from analysis.effects.judge import When
from analysis.effects.kpis import KpiPanel
from analysis.effects.panel import Panel
from analysis.effects.sheets import Works
from analysis.uncertainty import intervals
from contracts.kpis import Kpi
from geo import hexgrid

PAST_MONTHS, AFTER_MONTHS = ((-1, 0), (-2, -1), (-3, -2)), 2
_ANSWERS = {"nps": "relationship"}
_COMPLAINTS = {"complaints_per_1000": 1e3, "complaints_per_10k_attempts": 1e4}
"""What a rate of complaints is multiplied by to be shown."""


class Figures(NamedTuple):
    """One figure of customers by hexagon and month: its panel, and what rows and columns are."""

    panel: KpiPanel
    level: int
    hexes: pd.Index
    months: pd.DatetimeIndex


def panels(rates: pd.DataFrame, levels: Mapping[str, int]) -> Iterator[Figures]:
    """Complaints about the network and NPS, of hexagons and months whose figures have left.

    `rates`: table `place_rate`. `levels`: H3 level at which complaints and nps are shown. A month
    that is hidden, or is known to be few alone, is not known.
    """
    is_monthly = rates["place_type"].eq("hex") & rates["period_grain"].eq("month")
    shown = rates[is_monthly & rates["shown"].eq("shown")]
    for metric in (*_COMPLAINTS, *_ANSWERS):
        is_nps = metric in _ANSWERS
        level = levels["nps" if is_nps else "complaint"]
        mine = shown[shown["metric"].eq(metric) & shown["level"].eq(level)]
        mine = mine[mine["outcome_class"].eq(_ANSWERS.get(metric, "network"))]
        if len(mine):
            yield _figures(mine, metric, level, is_nps=is_nps)


def _figures(rows: pd.DataFrame, metric: str, level: int, *, is_nps: bool) -> Figures:
    starts = pd.to_datetime(rows["period_start"]).dt.as_unit("s")
    months = pd.date_range(starts.min(), starts.max(), freq="MS", unit="s")

    def by_month(values: pd.Series) -> pd.DataFrame:
        cells = pd.DataFrame({"hex_id": rows["hex_id"], "month": starts, "value": values})
        return cells.pivot_table("value", "hex_id", "month", dropna=False).reindex(columns=months)

    below = by_month(rows["denominator"])
    # of NPS, points over 100, weighted by the answers
    counted = rows["value"] / 100 * rows["denominator"] if is_nps else rows["numerator"]
    above = by_month(counted)
    panel = _panel(above.to_numpy(float), below.to_numpy(float), is_nps=is_nps)
    kpi = Kpi(name=metric, better="higher" if is_nps else "lower")
    shown = _COMPLAINTS.get(metric, 100.0)
    of = KpiPanel(metric, kpi, panel, not is_nps, shown)
    return Figures(of, level, above.index, months)


def _panel(above: Floats, below: Floats, *, is_nps: bool) -> Panel:
    if is_nps:
        return Panel(above, below, None, is_log=False)
    one = np.zeros(above.shape, np.intp)
    noise = intervals.dispersion(above, np.nan_to_num(below), one)
    return Panel(above, below, noise)


def whens(figures: Figures, works: Sequence[Works], calendar: pd.DatetimeIndex) -> list[When]:
    """Months of the works: that in which they began up to that in which they were over.

    `figures`: with their months. `works`: by day. `calendar`: days of the counters.
    """
    return [
        When(
            _month(figures, calendar, each.start),
            _month(figures, calendar, each.end - 1) + 1,
            len(PAST_MONTHS),
            PAST_MONTHS,
            AFTER_MONTHS,
            "months",
        )
        for each in works
    ]


def _month(figures: Figures, calendar: pd.DatetimeIndex, day: int) -> int:
    """Column of the month of a day, which is a column of the calendar."""
    at, first = calendar[0] + pd.Timedelta(days=int(day)), figures.months[0]
    return int((at.year - first.year) * 12 + at.month - first.month)


def rows_of(figures: Figures, places: pd.DataFrame, sites: Sequence[str]) -> Indices:
    """Row of the hexagon of each site; -1 = it has none.

    `figures`: with their hexagons. `places`: site_id, lat and lon. `sites`: of which.
    """
    at = places.set_index("site_id").reindex(list(sites))
    is_placed = (at["lat"].notna() & at["lon"].notna()).to_numpy()
    row = np.full(len(at), -1, np.intp)
    placed = at[is_placed]
    hexes = hexgrid.hexes_of(lat=placed["lat"], lon=placed["lon"], level=figures.level)
    row[is_placed] = figures.hexes.get_indexer(pd.Index(hexes))
    return row


def touched(
    figures: Figures, begun: pd.DataFrame, row_of_site: pd.Series,
    near: Mapping[str, frozenset[str]], calendar: pd.DatetimeIndex,
) -> Flags:  # fmt: skip
    """Months of works in each hexagon, or near a mast that stands in it.

    `figures`: with hexagons and months. `begun`: as of `sheets.done`. `row_of_site`: row of the
    hexagon of each site. `near`: as of `sheets.touched`. `calendar`: days of the counters.
    Returns (hexagon, month).
    """
    flags = np.zeros((len(figures.hexes), len(figures.months)), bool)
    for site, start, end in begun[["site_id", "start", "end"]].itertuples(index=False):
        first, last = (_month(figures, calendar, day) for day in (start, end - 1))
        rows = row_of_site.reindex([site, *near.get(site, ())]).dropna().to_numpy(np.intp)
        flags[rows[rows >= 0], max(first, 0) : max(last + 1, 0)] = True
    return flags


def others(rows: Indices, dates: Sequence[When]) -> list[str | None]:
    """Why each of the works can't be parted from others in its hexagon; None = it can.

    `rows`, `dates`: of each its hexagon's row and its months.
    """
    spans = [(when.first_day, when.end + when.n_after) for when in dates]
    by_row: dict[int, list[int]] = {}
    for number, row in enumerate(rows.tolist()):
        by_row.setdefault(row, []).append(number)
    reasons: list[str | None] = []
    for number, (first, end) in enumerate(spans):
        alike = (each for each in by_row[int(rows[number])] if each != number)
        is_beside = any(first <= dates[each].end - 1 and dates[each].start < end for each in alike)
        reasons.append("others worked in its hexagon in these months" if is_beside else None)
    return reasons


def at_hexes(works: Sequence[Works]) -> list[Works]:
    """The works as judged at the hexagon of their site.

    `works`: at cells and sites.
    """
    return [replace(each, place_type="hex") for each in works]
