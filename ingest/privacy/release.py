"""The release rule: which figures of persons may leave, on which grids, all suppressed together.

A figure leaves by month on hexagons of its finest level, of each coarser one to level 5, and on
regions; complaints also leave by region and day. No total over classes leaves.

The published places cut the finest hexagons into *pieces*: what remains of a place without the
published places inside it, crossed with the regions that are published. Whatever can be computed
from published sums, by any subtraction, is a sum over whole pieces. So the rule has one sentence:
**a piece holds nobody, or at least the threshold.** An attacker who were told every piece could
still not tell who of its places holds a small count: it may be none, or all that the piece holds.

`_closed` gets there from coarse to fine. A place that can't leave (too few; or a region's border
would cut too few off) gives its children to the place above. Where the places that don't leave hold
too few, the smallest other one of that piece joins them (complementary suppression). It has enough
by itself, so no new piece breaks the rule, and one always exists, because the piece one level up
had enough. Hence no search and no iteration.

Complementary (secondary) cell suppression, its attacker and the optimal search that we do without:
Fischetti and Salazar 2001, "Solving the cell suppression problem on tabular data with linear
constraints", Management Science 47(7); Willenborg and de Waal 2001, "Elements of Statistical
Disclosure Control", Springer. More is suppressed here than would be the least. Not covered: what
follows from knowing this algorithm, and from comparing two published snapshots.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo import hexgrid

COARSEST_LEVEL = 5
FEWEST_CASES = 5
"""A count below is told as <5, or not at all."""

REGION = -1
"""Stands for the grid of regions among the levels of the hexagons."""
PLACE = ["level", "hex_id", "region"]
"""What names a place; a region has the level REGION and no hexagon, a hexagon the region ''."""

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def levels(finest: int) -> list[int]:
    """Levels of hexagons on which figures of persons leave, from coarse to fine."""
    return list(range(min(COARSEST_LEVEL, finest), finest + 1))


def on_grids(rows: pd.DataFrame, finest: int) -> Iterator[pd.DataFrame]:
    """The rows as they count on each grid on which figures leave by month, grid after grid."""
    for level in [REGION, *levels(finest)]:
        placed = on_grid(rows, level)
        if len(placed):
            yield placed


def on_grid(rows: pd.DataFrame, level: int) -> pd.DataFrame:
    """Rows of finest hexagons (hex_id, region) as they count on one grid, with PLACE."""
    if level == REGION:
        inside = rows[rows["region"].notna()]
        return inside.assign(level=level, hex_id=np.uint64(hexgrid.NO_HEX))
    return rows.assign(level=level, hex_id=hexgrid.parents(rows["hex_id"], level=level), region="")


def counts(blocks: pd.DataFrame, by: Sequence[str], *, crowd: float) -> pd.DataFrame:
    """Every place's `count` and `n`, summed, and how they may leave: `shown`.

    `blocks`: one row per table (the columns `by`) and finest hexagon: hex_id (all of one level),
    region (missing = none), `count` (cases that add, each person once), `n` (whom they are counted
    among) and `persons` (subscribers known there; NaN = unknown, no bar). Every hexagon that is
    known to the reader has a row, zero or not. A case that is known only to lie in one of several
    hexagons adds a part to the `count` of each: then also `touched` (how many cases have a part
    there) and `homes` (each case once, in its likeliest hexagon). Nobody is what nothing touches,
    and enough is as many at home, and as large a count. Such counts are never told as few.

    shown; few (1 to 4 cases, told as <5: every value from 1 to 4 stays possible); hidden (fewer
    than `crowd` persons, or it would give another place away: at least four values stay possible
    for a hidden count of 1 to 4). Persons are suppressed first, alike in every class.
    """
    grid = _Grid(blocks, by)
    n, touched, whole = _cases(grid.blocks)
    persons = grid.blocks["persons"].to_numpy(float)
    unknown = np.isnan(persons)
    persons = np.where(unknown, crowd, persons)
    bars = _closed(grid, persons, persons > 0, fewest=crowd).hidden
    bars = {at: hidden | (_sum(grid.nodes[at], persons) < crowd) for at, hidden in bars.items()}
    held = _closed(grid, n, touched, fewest=FEWEST_CASES, bars=bars)
    bars = {at: hidden | _any(held.piece, ~whole) for at, hidden in bars.items()}
    return _places(grid, held, _few(grid, held, bars, n), ["count", "n"])


def _cases(rows: pd.DataFrame) -> tuple[Floats, Flags, Flags]:
    """How many cases surely are in each row, whether any may be, and whether all are wholly."""
    n = rows["count"].to_numpy(float)
    if "touched" not in rows:
        return n, n > 0, np.ones(len(n), bool)
    touched = rows["touched"].to_numpy(float)
    return np.minimum(n, rows["homes"].to_numpy(float)), touched > 0, touched == n


def survey(blocks: pd.DataFrame, by: Sequence[str], *, fewest: float) -> pd.DataFrame:
    """How every place's survey figure may leave: `shown` is shown or hidden.

    `blocks`: as for `counts`, with `answers` (how many there are) and `persons` (how many persons
    they surely come from: who answers in two hexagons counts in one of them).
    """
    grid = _Grid(blocks, by)
    answers = grid.blocks["answers"].to_numpy(float)
    persons = grid.blocks["persons"].to_numpy(float)
    held = _closed(grid, persons, answers > 0, fewest=fewest)
    return _places(grid, held, {}, [])


def witnesses(n: pd.Series, *, fewest: int) -> pd.Series:
    """Witnesses of each place as they may shape a share that is published; NaN = not at all.

    To the nearest five, so that two releases do not tell of one person who came or went.
    """
    return (FEWEST_CASES * (n / FEWEST_CASES).round()).where(n >= fewest)


def days(daily: pd.DataFrame, month: Sequence[str]) -> pd.Series:
    """How each day's `count` of a region may leave, beside the region's month.

    `daily`: one row a day, with the columns `month` that name region, month and class, `day` and
    `month_shown` (what `counts` says of the month); optionally, as for `counts`, touched and
    homes. Days of a month that is not shown are hidden; those of a shown one add up to it, and
    every hexagon has days of its own that nobody knows, so days and hexagons say nothing of each
    other.
    """
    ordered = daily.sort_values([*month, "day"])
    n, touched, whole = _cases(ordered)
    piece, node = _codes(*(ordered[c] for c in month)), np.arange(len(ordered))
    apart = ordered["month_shown"].to_numpy() != "shown"
    small = touched & (n < FEWEST_CASES)
    hidden = apart | _joined(piece, node, n, touched, unfit=small, fewest=FEWEST_CASES)
    root = np.where(hidden & ~apart & small & ~_any(piece, ~whole), node, -1)
    told = _told(piece, root, n, hidden, np.zeros(len(piece), bool))
    shown = np.select([~hidden, told], ["shown", "few"], "hidden")
    return pd.Series(shown, index=ordered.index).reindex(daily.index)


# ------------------------------------------------------------------------------ the closed set


class _Grid:
    """The blocks in one order, whatever order they came in, and every place above each of them."""

    def __init__(self, blocks: pd.DataFrame, by: Sequence[str]) -> None:
        self.by = list(by)
        self.blocks = blocks.sort_values([*by, "hex_id"], ignore_index=True)
        self.table = _codes(*(self.blocks[name] for name in by))
        hexes = self.blocks["hex_id"].to_numpy(np.uint64)
        finest = int(hexgrid.levels(hexes[:1])[0]) if len(hexes) else COARSEST_LEVEL
        self.hexes = {level: hexgrid.parents(hexes, level=level) for level in levels(finest)}
        self.in_region = self.blocks["region"].notna().to_numpy()
        self.nodes = {REGION: _codes(self.table, self.blocks["region"])}
        self.nodes |= {level: _codes(self.table, h) for level, h in self.hexes.items()}


@dataclass(frozen=True)
class _Held:
    """What does not leave, seen from every block: its region, and its hexagon of each level.

    `piece`: the piece a block belongs to. `open`: that piece has no sum that anybody knows.
    """

    hidden: dict[int, Flags]
    piece: Codes
    open: Flags


def _closed(
    grid: _Grid, size: Floats, some: Flags, *, fewest: float, bars: Mapping[int, Any] = {}
) -> _Held:
    """The places to hide, so that each piece has no `some`, or a `size` of at least `fewest`."""
    outside = ~grid.in_region | _small(grid.nodes[REGION], size, some, fewest)
    hidden = {REGION: outside | bars.get(REGION, False)}
    region = np.where(hidden[REGION], 0, grid.nodes[REGION] + 1)
    above = grid.table  # the nearest hexagon above that leaves; at first there is none
    whole = np.ones(len(size), bool)
    for level in grid.hexes:
        node = grid.nodes[level]
        cut_off = _small(_codes(node, region), size, some, fewest)
        unfit = _any(node, cut_off | bars.get(level, False))
        known = some & ~(whole & (region == 0))  # nobody knows a total over everything
        hidden[level] = _joined(
            _codes(above, region), node, size, known, unfit=unfit, fewest=fewest
        )
        above = np.where(hidden[level], above, above.max(initial=0) + 1 + node)
        whole &= hidden[level]
    return _Held(hidden, _codes(above, region), whole & (region == 0))


def _joined(
    piece: Codes, node: Codes, size: Floats, some: Flags, *, unfit: Flags, fewest: float
) -> Flags:
    """The unfit nodes, and with them the smallest fit one of each piece in which they are few."""
    few = _small(piece, np.where(unfit, size, 0.0), some & unfit, fewest)
    fit = few & ~unfit & some
    rank = pd.DataFrame({"piece": piece[fit], "total": _sum(node, size)[fit], "node": node[fit]})
    chosen = rank.sort_values(["total", "node"]).drop_duplicates("piece")["node"]
    return unfit | np.isin(node, chosen)


def _small(group: Codes, size: Floats, some: Flags, fewest: float) -> Flags:
    """Whether a group, seen from each member, has somebody and yet fewer than `fewest`."""
    return _any(group, some) & (_sum(group, size) < fewest)


def _sum(group: Codes, size: Floats) -> Floats:
    total: Floats = np.bincount(group, size).astype(float)
    return total[group]


def _any(group: Codes, flags: Flags) -> Flags:
    return _sum(group, flags.astype(float)) > 0


def _codes(*columns: npt.ArrayLike | pd.Series) -> Codes:
    """A number for each combination of values, in the order they first appear."""
    code = np.zeros(len(np.asarray(columns[0])), np.int64)
    for column in columns:
        part, values = pd.factorize(pd.Series(column), use_na_sentinel=False)
        code = pd.factorize(code * (len(values) + 1) + part)[0].astype(np.int64)
    return code


# --------------------------------------------------------------------------- what is told as <5


def _few(grid: _Grid, held: _Held, bars: Mapping[int, Flags], n: Floats) -> dict[int, Flags]:
    """Hidden places of 1 to 4 cases that may be told as <5, by level, seen from every block.

    Told are the largest such places, and what holds the same cases as they do. What is told must
    lie in one piece, else it would tie two pieces together.
    """
    finest = max(grid.nodes)
    silent = held.hidden[finest]
    root = np.full(len(n), -1, np.int64)
    candidates = {}
    for level in grid.hexes:
        node, cases = grid.nodes[level], _sum(grid.nodes[level], n)
        small = held.hidden[level] & (cases > 0) & (cases < FEWEST_CASES) & ~bars[level]
        candidates[level] = small & _alike(node, held.piece, silent)
        first = candidates[level] & (root < 0) & silent
        root = np.where(first, node + level * len(n), root)
    told = _told(held.piece, root, n, silent, held.open)
    size_of_root = _sum(_codes(root), (silent & (root >= 0)).astype(float))
    few = {}
    for level, candidate in candidates.items():
        same = _sum(grid.nodes[level], silent.astype(float)) == size_of_root
        few[level] = _any(grid.nodes[level], candidate & told & same)
    return few


def _told(piece: Codes, root: Codes, n: Floats, silent: Flags, unknown: Flags) -> Flags:
    """Which members' roots are told as <5, so that each of them may still hold 1, 2, 3 or 4.

    A piece of C cases, of which k places are told as 1 to 4 and the others not at all: one can be 4
    while the others are 1 if k + 3 <= C; one can be 1 if the others can take the rest, which needs
    a place not told of, or C <= 4 k - 3. Where too many would be told, the first ones are, in the
    order of the blocks, which says nothing of their counts.
    """
    frame = pd.DataFrame({"piece": piece, "root": root, "at": np.arange(len(piece))})[silent]
    labelled = frame[frame["root"] >= 0].drop_duplicates("root")
    k = np.bincount(labelled["piece"], minlength=len(piece))
    cases = np.bincount(piece, np.where(silent, n, 0.0), minlength=len(piece))
    others = np.bincount(frame.loc[frame["root"] < 0, "piece"], minlength=len(piece)) > 0
    most = np.minimum(k, cases - (FEWEST_CASES - 2))
    most -= (most == k) & ~others & (cases > (FEWEST_CASES - 1) * k - (FEWEST_CASES - 2))
    order = labelled.sort_values("at").groupby("piece").cumcount()
    free = unknown[labelled["at"].to_numpy()]
    kept = labelled["root"][free | (order.to_numpy() < most[labelled["piece"].to_numpy()])]
    told: Flags = (root >= 0) & np.isin(root, kept)
    return told


def _alike(group: Codes, value: Codes, among: Flags) -> Flags:
    """Whether the `among` of a group all have one value, seen from each member."""
    frame = pd.DataFrame({"group": group, "value": value})[among]
    n_values = np.bincount(frame.drop_duplicates()["group"], minlength=len(group))
    alike: Flags = n_values[group] == 1
    return alike


# ----------------------------------------------------------------------------------- the places


def _places(grid: _Grid, held: _Held, few: dict[int, Flags], sums: Sequence[str]) -> pd.DataFrame:
    """One row a place and table: `by`, PLACE, the sums of `sums`, and `shown`."""
    parts = []
    for level, hidden in held.hidden.items():
        rows = grid.blocks[[*grid.by, "hex_id", "region", *sums]]
        told = few.get(level, np.zeros(len(rows), bool))
        rows = rows.assign(shown=np.select([~hidden, told], ["shown", "few"], "hidden"))
        found = on_grid(rows, level).groupby([*grid.by, *PLACE], sort=False)
        parts.append(found.agg({**dict.fromkeys(sums, "sum"), "shown": "first"}).reset_index())
    return pd.concat(parts, ignore_index=True)
