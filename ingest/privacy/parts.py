"""Days and parts (types, channels, operators) of the network and of regions: which may leave.

Regions by days are a table of two directions, whose hidden cells hang together along both. So the
rule keeps its rows apart. A row is a *named* region, or all the rest of the network together. Each
row is suppressed by itself: what it hides holds nothing, or at least the threshold. A day of the
whole network leaves only if every row of that day does; then it is their sum, and says nothing new.
Regions that are not named have no days of their own.

Which hexagon had which day is known to nobody, nor which day which type. So days, types, channels
and hexagons of one month are tied by the row's month alone, and whoever is protected in each of
them is in all: any of their margins that have the same sums go together (Fienberg 1972, "The
geometry of an r x c contingency table", Annals of Mathematical Statistics 41 speaks of two).

Days leave one after the other, before the month is over. So whether a day is hidden depends on the
days before it alone, and a day that has left stays as it left.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ingest.privacy import pieces
from ingest.privacy.pieces import FEWEST_CASES, Codes, Flags, Floats
from ingest.privacy.release import NETWORK, REGION

Table = npt.NDArray[np.float64]
NAMED_FROM = 2 * FEWEST_CASES
"""Mean cases a day from which a region has days of its own: one day in 35 then holds 1 to 4."""


def days(daily: pd.DataFrame, by: Sequence[str], *, fewest: float = FEWEST_CASES) -> pd.DataFrame:
    """How each day of the network and of every region leaves, whether its month has left or not.

    One row a place and day: `by`, day, level (NETWORK or REGION), region ('' = the network), count,
    shown. `by`: columns that name a table. `fewest`: cases of what stays hidden; with 0 everything
    is shown.

    `daily`: one row for each table, region (missing = outside all) and day that is over, zero or
    not. Columns: `by`, region, day, count (and touched and homes, as for `release.counts`);
    `is_named`, whether the region's days leave by themselves; `is_barred`, whether too few persons
    live in the region, or outside the named ones; `before`, how the day left already: shown,
    hidden, or missing if it has not; `count_before`, as it was shown.
    """
    rows = _rows(daily, by, "day")
    size, is_some, _ = pieces.cases(rows)
    row = pieces.codes(*(rows[name] for name in [*by, "row"]))
    hidden = _in_turn(rows, row, size, is_some, fewest)
    return _leaving(daily, rows.assign(hidden=hidden), by, "day")


def parts(cells: pd.DataFrame, by: Sequence[str], part: str, *, fewest: float) -> pd.DataFrame:
    """How each part of a month of the network and of every region leaves.

    One row a place and part: `by`, `part`, level (NETWORK or REGION), region ('' = the network),
    count, shown. `by`: columns that name a table. `part`: column of the parts, such as a type.
    `fewest`: cases of what stays hidden; with 0 everything is shown.

    `cells`: one row for each table, region (missing = outside all) and part, zero or not. Columns:
    `by`, region, `part`, count (and touched and homes, as for `release.counts`); `month_shown`,
    whether the region's month leaves; `network_shown`, whether the network's does.
    """
    named = _worth_naming(cells, by, part, fewest)
    marked = cells.assign(
        is_named=named, is_barred=~(named | cells["network_shown"]), before=None, count_before=0.0
    )
    rows = _rows(marked, by, part)
    size, is_some, _ = pieces.cases(rows)
    row = pieces.codes(*(rows[name] for name in [*by, "row"]))
    cell = np.arange(len(rows))
    is_barred = rows["is_barred"].to_numpy(bool)
    is_small = is_some & (size < fewest)
    hidden = pieces.joined(row, cell, size, is_some, unfit=is_small, fewest=fewest) | is_barred
    return _leaving(marked, rows.assign(hidden=hidden), by, part)


def _rows(cells: pd.DataFrame, by: Sequence[str], part: str) -> pd.DataFrame:
    """The cells of named regions, and those of the rest together ('' in column `row`), in order."""
    sums = [name for name in ("count", "touched", "homes", "count_before") if name in cells]
    row = cells["region"].where(cells["is_named"], "").rename("row")
    how = {**dict.fromkeys(sums, "sum"), "is_barred": "any", "before": "first"}
    grouped = cells.assign(row=row).groupby([*by, "row", part], sort=True)
    return grouped.agg(how).reset_index()


def _in_turn(rows: pd.DataFrame, row: Codes, size: Floats, is_some: Flags, fewest: float) -> Flags:
    """Which cells of each row stay, judged by what came before them alone; one value a cell.

    A small cell stays, and so does the next that holds anything, until enough stay together. What
    left already goes on as it left.
    """
    step = pd.Series(row).groupby(row).cumcount().to_numpy()
    shape = (row.max(initial=-1) + 1, step.max(initial=-1) + 1)
    hidden, held = np.zeros(len(row), bool), np.zeros(shape[0])
    owes = np.zeros(shape[0], bool)
    before = rows["before"].to_numpy(object)
    is_barred = rows["is_barred"].to_numpy(bool)
    for number in range(shape[1]):
        cell = np.flatnonzero(step == number)
        own = row[cell]
        stays = is_some[cell] & ((size[cell] < fewest) | owes[own]) | is_barred[cell]
        stays = np.where(before[cell] == "hidden", True, stays & (before[cell] != "shown"))
        hidden[cell] = stays
        held[own] += np.where(stays, size[cell], 0.0)
        owes[own] = (owes[own] | (stays & is_some[cell])) & (held[own] < fewest)
    return hidden


def _leaving(cells: pd.DataFrame, rows: pd.DataFrame, by: Sequence[str], part: str) -> pd.DataFrame:
    """How cells of the network and of every region leave; a region that is not named hides all."""
    shown_before = rows["before"].to_numpy(object) == "shown"
    kept = np.where(shown_before, rows["count_before"], rows["count"])
    rows = rows.assign(count=kept)
    whole = rows.groupby([*by, part], sort=False).agg({"count": "sum", "hidden": "any"})
    of_network = whole.reset_index().assign(level=NETWORK, region="")
    key = [*by, "region", part]
    places = cells.loc[cells["region"].notna(), [*key, "count"]]
    named = rows[rows["row"] != ""].rename(columns={"row": "region", "count": "named_count"})
    of_regions = places.merge(named[[*key, "named_count", "hidden"]], "left", key)
    count = of_regions["named_count"].fillna(of_regions["count"])
    hidden = of_regions["hidden"].astype("boolean").fillna(True).astype(bool)
    of_regions = of_regions.assign(count=count, hidden=hidden, level=REGION)
    columns = [*by, part, "level", "region", "count", "hidden"]
    both = pd.concat([of_network[columns], of_regions[columns]], ignore_index=True)
    return both.assign(shown=np.where(both["hidden"], "hidden", "shown")).drop(columns="hidden")


# ----------------------------------------------------------------------- who has parts of its own


def _worth_naming(cells: pd.DataFrame, by: Sequence[str], part: str, fewest: float) -> pd.Series:
    """Whether each cell's region has parts of its own; regions whose month stays never have.

    Naming a region shows its parts, and hides a part of the network wherever it hides one. The
    regions with fewest parts to hide come first; as many are named as show most. A part of the
    network counts for as many as there are regions.
    """
    is_region = cells["region"].notna() & cells["month_shown"]
    table, region = pieces.codes(*(cells[name] for name in by)), pd.factorize(cells["region"])[0]
    number = pd.factorize(cells[part], sort=True)[0]
    size, is_some, _ = pieces.cases(cells)
    shape = (table.max(initial=-1) + 1, region.max(initial=-1) + 2, number.max(initial=-1) + 1)
    sizes, some, is_there = np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool)
    # the last region (-1) is what lies outside all
    at = (table, region, number)
    sizes[at], some[at], is_there[at] = size, is_some, True
    may_stand = np.zeros(shape[:2], bool)
    may_stand[table[is_region], region[is_region]] = True
    named = np.zeros(shape[:2], bool)
    for one in range(shape[0]):
        named[one] = _named_of(sizes[one], some[one], is_there[one].any(axis=0), may_stand[one],
                               fewest)  # fmt: skip
    return pd.Series(named[table, region], index=cells.index)


def _named_of(
    sizes: Table, some: npt.NDArray[np.bool_], is_there: Flags, may_stand: Flags, fewest: float
) -> Flags:
    """Which regions of one table are named; `sizes` and `some`: (region, part)."""
    unfit = some & (sizes < fewest)
    order = np.lexsort((np.arange(len(sizes)), unfit.sum(axis=1), ~may_stand))
    order = order[: may_stand.sum()]
    # with so many regions named (0, 1, ...): what is left, and what the network still shows
    left = np.vstack([sizes.sum(axis=0), sizes.sum(axis=0) - sizes[order].cumsum(axis=0)])
    n_left = some.sum(axis=0) - np.vstack([0 * some[:1], some[order]]).cumsum(axis=0)
    rest_fits = (n_left == 0) | (left >= fewest)
    all_fit = np.vstack([np.ones((1, sizes.shape[1]), bool), ~unfit[order]]).cumprod(axis=0) > 0
    of_network = (all_fit & rest_fits & is_there).sum(axis=1)
    of_regions = np.append(0, (some & ~unfit)[order].sum(axis=1).cumsum())
    n_named = int(np.argmax(of_network * may_stand.sum() + of_regions))
    named = np.zeros(len(sizes), bool)
    named[order[:n_named]] = True
    return named
