"""The release rule: which figures of persons may leave, on which grids, all suppressed together.

A figure leaves by month on hexagons of its finest level, of each coarser one to level 5, and on
regions; complaints also leave by region and day. No total over classes leaves.

The published places cut the finest hexagons into *pieces*. A piece is what remains of a place
without the published places inside it, crossed with the regions that are published. Whatever can be
computed from published sums, by any subtraction, is a sum over whole pieces. So the rule has one
sentence: **a piece holds nobody, or at least the threshold.** An attacker who knew the sum of every
piece could still not say which of its places holds a small count: any place may hold none, or all.

`_suppressed` gets there from coarse to fine. A place can't leave where it holds too few, or where a
region's border would cut too few off; it then gives its children to the place above. Where the
places that don't leave hold too few together, the smallest other place of that piece joins them
(complementary suppression). It has enough by itself, so no new piece breaks the rule. One always
exists, because the piece one level up had enough. Hence there is no search and no iteration.

Arrays have one value a block: shape (block,), in the order of `_Grid.blocks`. What is said of a
place, a piece or a class is repeated on each of its blocks.

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
"""A smaller count is shown as <5, or not at all."""

REGION = -1
"""Stands for the grid of regions among the levels of the hexagons."""
PLACE = ["level", "hex_id", "region"]
"""What names a place; a region has the level REGION and no hexagon, a hexagon the region ''."""

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def levels(finest: int) -> list[int]:
    """Levels of hexagons on which figures of persons leave, from coarse to fine.

    `finest`: H3 level of the smallest hexagons of these figures.
    """
    return list(range(min(COARSEST_LEVEL, finest), finest + 1))


def on_grids(rows: pd.DataFrame, finest: int) -> Iterator[pd.DataFrame]:
    """The rows as they count on each grid on which figures leave by month, grid after grid.

    `rows`: hex_id of the level `finest`, region (missing = none) and any other columns. A grid on
    which no row lies is left out.
    """
    for level in [REGION, *levels(finest)]:
        placed = on_grid(rows, level)
        if len(placed):
            yield placed


def on_grid(rows: pd.DataFrame, level: int) -> pd.DataFrame:
    """Rows of finest hexagons as they count on one grid: with the columns PLACE.

    `rows`: hex_id, region (missing = none) and any other columns. `level`: of the hexagons, or
    REGION; rows without a region are then left out.
    """
    if level == REGION:
        inside = rows[rows["region"].notna()]
        return inside.assign(level=level, hex_id=np.uint64(hexgrid.NO_HEX))
    return rows.assign(level=level, hex_id=hexgrid.parents(rows["hex_id"], level=level), region="")


def counts(blocks: pd.DataFrame, by: Sequence[str], *, crowd: float) -> pd.DataFrame:
    """Every place's `count` and `n`, summed, and how they may leave: `shown`.

    One row a place and table: the columns `by`, PLACE, count, n and shown. `shown` is one of

    - shown: as it is;
    - few: 1 to 4 cases, shown as <5; every value from 1 to 4 stays possible;
    - hidden: fewer than `crowd` persons, or it would give another place away; at least four values
      stay possible for a hidden count of 1 to 4.

    `by`: columns that name a table, such as month and class. `crowd`: fewest persons of a place
    that leaves. Persons are suppressed first, alike in every class.

    `blocks`: one row per table and finest hexagon; every hexagon that is known to the reader has a
    row, zero or not. Columns: `by`; hex_id, all of one level; region, missing = none; `count`,
    cases that add, each person once; `n`, whom they are counted among; `persons`, subscribers known
    there, NaN = unknown, which hides nothing.

    A case that is known only to lie in one of several hexagons adds a part to the `count` of each.
    Such blocks have two more columns: `touched`, how many cases have a part there; `homes`, each
    case once, in its likeliest hexagon. A place then holds nobody where nothing touches it, and
    enough where as many cases are at home and the count is as large. Parts are never shown as few.
    """
    grid = _Grid(blocks, by)
    cases, touched, is_whole = _cases(grid.blocks)
    bars = _bars_of_persons(grid, crowd)
    suppressed = _suppressed(grid, cases, touched, fewest=FEWEST_CASES, bars=bars)
    has_parts = _any(suppressed.piece, ~is_whole)
    unlabelled = {level: hidden | has_parts for level, hidden in bars.items()}
    few = _few(grid, suppressed, unlabelled, cases)
    return _places(grid, suppressed, few, ["count", "n"])


def _bars_of_persons(grid: "_Grid", crowd: float) -> dict[int, Flags]:
    """Places that can't leave for the persons who live there, by level."""
    persons = grid.blocks["persons"].to_numpy(float)
    # who is unknown hides nothing: as if there were enough
    persons = np.where(np.isnan(persons), crowd, persons)
    suppressed = _suppressed(grid, persons, persons > 0, fewest=crowd)
    return {
        level: hidden | (_sum(grid.nodes[level], persons) < crowd)
        for level, hidden in suppressed.hidden.items()
    }


def _cases(rows: pd.DataFrame) -> tuple[Floats, Flags, Flags]:
    """How many cases surely are in each row, whether any may be, and whether all are wholly."""
    count = rows["count"].to_numpy(float)
    if "touched" not in rows:
        return count, count > 0, np.ones(len(count), bool)
    touched = rows["touched"].to_numpy(float)
    homes = rows["homes"].to_numpy(float)
    return np.minimum(count, homes), touched > 0, touched == count


def survey(blocks: pd.DataFrame, by: Sequence[str], *, fewest: float) -> pd.DataFrame:
    """How every place's survey figure may leave: `shown` is shown or hidden.

    One row a place and table: the columns `by`, PLACE and shown. `fewest`: persons of a place that
    leaves. `blocks`: as for `counts`, with `answers` (how many there are) and `persons` (how many
    persons they surely come from: who answers in two hexagons counts in one of them).
    """
    grid = _Grid(blocks, by)
    answers = grid.blocks["answers"].to_numpy(float)
    persons = grid.blocks["persons"].to_numpy(float)
    suppressed = _suppressed(grid, persons, answers > 0, fewest=fewest)
    return _places(grid, suppressed, {}, [])


def witnesses(n: pd.Series, *, fewest: int) -> pd.Series:
    """Witnesses of each place as they may shape a share that is published; NaN = not at all.

    `n`: persons by place. `fewest`: persons from whom on a share leaves. The answer is to the
    nearest five, so that two releases do not show that one person came or went.
    """
    return (FEWEST_CASES * (n / FEWEST_CASES).round()).where(n >= fewest)


def days(daily: pd.DataFrame, month: Sequence[str]) -> pd.Series:
    """How each day's `count` of a region may leave, beside the region's month: by row of `daily`.

    `daily`: one row a day, with the columns `month` that name region, month and class, `day`,
    `count` and `month_shown` (what `counts` says of the month); optionally, as for `counts`,
    touched and homes.

    Days of a month that is not shown are hidden. Those of a shown one add up to it, so a month is
    a piece and each day a place of it. Every hexagon has days of its own that nobody knows, so days
    and hexagons say nothing of each other.
    """
    ordered = daily.sort_values([*month, "day"])
    cases, touched, is_whole = _cases(ordered)
    piece = _codes(*(ordered[column] for column in month))
    node = np.arange(len(ordered))
    is_silent = ordered["month_shown"].to_numpy() != "shown"
    is_small = touched & (cases < FEWEST_CASES)
    hidden = is_silent | _joined(piece, node, cases, touched, unfit=is_small, fewest=FEWEST_CASES)
    can_be_few = hidden & ~is_silent & is_small & ~_any(piece, ~is_whole)
    root = np.where(can_be_few, node, -1)
    nowhere = np.zeros(len(piece), bool)
    few = _labelled(piece, root, cases, hidden=hidden, is_open=nowhere)
    shown = np.select([~hidden, few], ["shown", "few"], "hidden")
    return pd.Series(shown, index=ordered.index).reindex(daily.index)


# ------------------------------------------------------------------------------ what is hidden


class _Grid:
    """The blocks in one order, whatever order they came in, and every place above each of them.

    `nodes`: by level, a number for the place that each block lies in; REGION among the levels.
    `hexes`: by level from coarse to fine, the hexagon that each block lies in.
    """

    def __init__(self, blocks: pd.DataFrame, by: Sequence[str]) -> None:
        self.by = list(by)
        self.blocks = blocks.sort_values([*by, "hex_id"], ignore_index=True)
        self.table = _codes(*(self.blocks[name] for name in by))
        hexes = self.blocks["hex_id"].to_numpy(np.uint64)
        finest = int(hexgrid.levels(hexes[:1])[0]) if len(hexes) else COARSEST_LEVEL
        self.hexes = {level: hexgrid.parents(hexes, level=level) for level in levels(finest)}
        self.in_region = self.blocks["region"].notna().to_numpy()
        self.nodes = {REGION: _codes(self.table, self.blocks["region"])}
        for level, parents in self.hexes.items():
            self.nodes[level] = _codes(self.table, parents)


@dataclass(frozen=True)
class _Suppressed:
    """What does not leave, seen from every block.

    `hidden`: by level, whether the block's place of that level stays. `piece`: a number for the
    piece that the block belongs to. `is_open`: the sum of that piece is known to nobody.
    """

    hidden: dict[int, Flags]
    piece: Codes
    is_open: Flags


def _suppressed(
    grid: _Grid, size: Floats, is_some: Flags, *, fewest: float, bars: Mapping[int, Any] = {}
) -> _Suppressed:
    """The places to hide, so that each piece has nothing, or a size of at least `fewest`.

    `size`: of each block. `is_some`: whether the block has anything at all. `bars`: by level,
    places that are hidden for another reason.
    """
    regions = grid.nodes[REGION]
    hidden = {REGION: ~grid.in_region | _small(regions, size, is_some, fewest)}
    hidden[REGION] = hidden[REGION] | bars.get(REGION, False)
    # 0: outside every published region
    region = np.where(hidden[REGION], 0, regions + 1)
    # the nearest published hexagon above each block; at first there is none but the whole table
    above = grid.table
    is_bare = np.ones(len(size), bool)
    for level in grid.hexes:
        node = grid.nodes[level]
        is_cut_off = _small(_codes(node, region), size, is_some, fewest)
        unfit = _any(node, is_cut_off | bars.get(level, False))
        # nobody knows a total over everything, so there it gives nothing away
        counts_here = is_some & ~(is_bare & (region == 0))
        hidden[level] = _joined(
            _codes(above, region), node, size, counts_here, unfit=unfit, fewest=fewest
        )
        # numbers of this level begin after those of the levels above
        above = np.where(hidden[level], above, above.max(initial=0) + 1 + node)
        is_bare &= hidden[level]
    return _Suppressed(hidden, _codes(above, region), is_bare & (region == 0))


def _joined(
    piece: Codes, node: Codes, size: Floats, is_some: Flags, *, unfit: Flags, fewest: float
) -> Flags:
    """The unfit nodes, and the smallest fit node of each piece in which the unfit hold too few."""
    too_few = _small(piece, np.where(unfit, size, 0.0), is_some & unfit, fewest)
    is_candidate = too_few & ~unfit & is_some
    candidates = pd.DataFrame(
        {
            "piece": piece[is_candidate],
            "total": _sum(node, size)[is_candidate],
            "node": node[is_candidate],
        }
    )
    smallest = candidates.sort_values(["total", "node"]).drop_duplicates("piece")
    return unfit | np.isin(node, smallest["node"])


def _small(group: Codes, size: Floats, is_some: Flags, fewest: float) -> Flags:
    """Whether a group, seen from each member, has somebody and yet fewer than `fewest`."""
    return _any(group, is_some) & (_sum(group, size) < fewest)


def _sum(group: Codes, size: Floats) -> Floats:
    """The sum over a group, seen from each member."""
    total: Floats = np.bincount(group, size).astype(float)
    return total[group]


def _any(group: Codes, flags: Flags) -> Flags:
    """Whether any member of a group has the flag, seen from each member."""
    return _sum(group, flags.astype(float)) > 0


def _codes(*columns: npt.ArrayLike | pd.Series) -> Codes:
    """A number for each combination of values, in the order they first appear."""
    code = np.zeros(len(np.asarray(columns[0])), np.int64)
    for column in columns:
        part, values = pd.factorize(pd.Series(column), use_na_sentinel=False)
        # numbered anew after each column, so that the product can't overflow
        code = pd.factorize(code * (len(values) + 1) + part)[0].astype(np.int64)
    return code


# -------------------------------------------------------------------------- what is shown as <5


def _few(
    grid: _Grid, suppressed: _Suppressed, bars: Mapping[int, Flags], cases: Floats
) -> dict[int, Flags]:
    """Hidden places of 1 to 4 cases that may be shown as <5, by level, seen from every block.

    They are the largest such places, and every smaller place that holds the same cases. A place
    shown as <5 must lie in one piece, else it would tie two pieces together. `bars`: by level,
    places that may not be shown as <5.
    """
    hidden = suppressed.hidden[max(grid.nodes)]
    candidates = _candidates(grid, suppressed, bars, cases)
    root = _roots(grid, candidates, hidden)
    labelled = _labelled(suppressed.piece, root, cases, hidden=hidden, is_open=suppressed.is_open)
    n_of_root = _sum(_codes(root), (hidden & (root >= 0)).astype(float))
    few = {}
    for level, is_candidate in candidates.items():
        node = grid.nodes[level]
        # as many hidden blocks as its root has: the place holds the same cases
        is_same = _sum(node, hidden.astype(float)) == n_of_root
        few[level] = _any(node, is_candidate & labelled & is_same)
    return few


def _candidates(
    grid: _Grid, suppressed: _Suppressed, bars: Mapping[int, Flags], cases: Floats
) -> dict[int, Flags]:
    """Hidden places of 1 to 4 cases whose hidden blocks lie in one piece, by level."""
    hidden = suppressed.hidden[max(grid.nodes)]
    candidates = {}
    for level in grid.hexes:
        total = _sum(grid.nodes[level], cases)
        is_small = (total > 0) & (total < FEWEST_CASES)
        may_be_few = suppressed.hidden[level] & is_small & ~bars[level]
        candidates[level] = may_be_few & _alike(grid.nodes[level], suppressed.piece, hidden)
    return candidates


def _roots(grid: _Grid, candidates: Mapping[int, Flags], hidden: Flags) -> Codes:
    """A number for the largest candidate that each hidden block lies in; -1 = none."""
    root = np.full(len(hidden), -1, np.int64)
    for level, is_candidate in candidates.items():
        is_first = is_candidate & (root < 0) & hidden
        # a node's number is below the number of blocks, so levels do not meet
        root = np.where(is_first, grid.nodes[level] + level * len(hidden), root)
    return root


def _labelled(piece: Codes, root: Codes, cases: Floats, *, hidden: Flags, is_open: Flags) -> Flags:
    """Which members' roots are shown as <5, so that each of them may still hold 1, 2, 3 or 4.

    `root`: the place that may be shown as <5, -1 = none. `is_open`: the piece's sum is known to
    nobody, so any number of its places may be shown so.

    The reader knows the C cases of a piece, and that k of its places hold 1 to 4 each.

    - A place can hold 4 while the other k - 1 hold at least 1 each, if 4 + (k - 1) <= C.
    - A place can hold 1 if the others can take the rest: there is a hidden place that is not shown
      as <5, or 1 + 4 (k - 1) >= C.

    Where too many would be shown as <5, the first ones are, in the order of the blocks, which says
    nothing of their counts.
    """
    members = pd.DataFrame({"piece": piece, "root": root, "position": np.arange(len(piece))})
    members = members[hidden]
    roots = members[members["root"] >= 0].drop_duplicates("root").sort_values("position")
    k = np.bincount(roots["piece"], minlength=len(piece))
    total = np.bincount(piece, np.where(hidden, cases, 0.0), minlength=len(piece))
    without_root = members.loc[members["root"] < 0, "piece"]
    can_take_rest = np.bincount(without_root, minlength=len(piece)) > 0
    # the first condition: so many that one of them can be 4
    most = np.minimum(k, total - (FEWEST_CASES - 2))
    # the second is broken: one place less is shown as <5, and can take the rest
    too_large = total > (FEWEST_CASES - 1) * k - (FEWEST_CASES - 2)
    most -= (most == k) & ~can_take_rest & too_large
    number_in_piece = roots.groupby("piece").cumcount().to_numpy()
    is_within = number_in_piece < most[roots["piece"].to_numpy()]
    is_free = is_open[roots["position"].to_numpy()]
    labelled: Flags = (root >= 0) & np.isin(root, roots["root"][is_free | is_within])
    return labelled


def _alike(group: Codes, value: Codes, among: Flags) -> Flags:
    """Whether the `among` of a group all have one value, seen from each member."""
    pairs = pd.DataFrame({"group": group, "value": value})[among]
    n_values = np.bincount(pairs.drop_duplicates()["group"], minlength=len(group))
    alike: Flags = n_values[group] == 1
    return alike


# ----------------------------------------------------------------------------------- the places


def _places(
    grid: _Grid, suppressed: _Suppressed, few: Mapping[int, Flags], sums: Sequence[str]
) -> pd.DataFrame:
    """One row a place and table: `by`, PLACE, the sums of the columns `sums`, and `shown`."""
    blocks = grid.blocks[[*grid.by, "hex_id", "region", *sums]]
    how = {**dict.fromkeys(sums, "sum"), "shown": "first"}
    parts = []
    for level, hidden in suppressed.hidden.items():
        is_few = few.get(level, np.zeros(len(blocks), bool))
        shown = np.select([~hidden, is_few], ["shown", "few"], "hidden")
        placed = on_grid(blocks.assign(shown=shown), level)
        parts.append(placed.groupby([*grid.by, *PLACE], sort=False).agg(how).reset_index())
    return pd.concat(parts, ignore_index=True)
