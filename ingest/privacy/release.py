"""The release rule: which figures of persons may leave by place, all suppressed together.

A figure leaves by closed month for the whole network, for regions, and on hexagons of each level
from its finest to 5. Days and parts (types, channels, operators) of the network and of regions are
suppressed by `parts`. No total over classes leaves.

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
follows from knowing this algorithm.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo import hexgrid
from ingest.privacy import pieces
from ingest.privacy.pieces import FEWEST_CASES, Codes, Flags, Floats

COARSEST_LEVEL = 5
NETWORK, REGION = -2, -1
"""Stand for the whole network and the grid of regions among the levels of the hexagons."""
PLACE = ["level", "hex_id", "region"]
"""What names a place. The network and a region have no hexagon; only a region has a region."""


def levels(finest: int) -> list[int]:
    """Levels of hexagons on which figures of persons leave, from coarse to fine.

    `finest`: H3 level of the smallest hexagons of these figures.
    """
    return list(range(min(COARSEST_LEVEL, finest), finest + 1))


def on_grids(rows: pd.DataFrame, finest: int) -> Iterator[pd.DataFrame]:
    """The rows as they count on each grid on which figures leave by month, grid after grid.

    `rows`: hex_id of the level `finest` (NO_HEX or missing = nowhere), region (missing = none) and
    any other columns. A grid on which no row lies is left out.
    """
    for level in [NETWORK, REGION, *levels(finest)]:
        placed = on_grid(rows, level)
        if len(placed):
            yield placed


def on_grid(rows: pd.DataFrame, level: int) -> pd.DataFrame:
    """Rows of finest hexagons as they count on one grid: with the columns PLACE.

    `rows`: hex_id, region (missing = none) and any other columns. `level`: of the hexagons, REGION
    or NETWORK. Rows without a region are in no region, rows without a hexagon in the network alone.
    """
    nowhere = np.uint64(hexgrid.NO_HEX)
    if level == NETWORK:
        return rows.assign(level=level, hex_id=nowhere, region="")
    if level == REGION:
        inside = rows[rows["region"].notna()]
        return inside.assign(level=level, hex_id=nowhere)
    placed = rows[rows["hex_id"].fillna(hexgrid.NO_HEX) != hexgrid.NO_HEX]
    return placed.assign(
        level=level, hex_id=hexgrid.parents(placed["hex_id"], level=level), region=""
    )


def counts(
    blocks: pd.DataFrame, by: Sequence[str], *, crowd: float, fewest: float = FEWEST_CASES
) -> pd.DataFrame:
    """Every place's `count` and `n`, summed, and how they may leave: `shown`.

    One row a place and table: the columns `by`, PLACE, count, n and shown. `shown` is one of

    - shown: as it is;
    - few: 1 to 4 cases, shown as <5; every value from 1 to 4 stays possible;
    - hidden: fewer than `crowd` persons, or it would give another place away; at least four values
      stay possible for a hidden count of 1 to 4.

    `by`: columns that name a table, such as month and class. `crowd`: fewest persons of a place
    that leaves. Persons are suppressed first, alike in every class. `fewest`: cases of a piece;
    with both 0 everything is shown.

    `blocks`: one row per table and finest hexagon; every hexagon that is known to the reader has a
    row, zero or not, and what has no place a row with NO_HEX. Columns: `by`; hex_id, all of one
    level; region, missing = none; `count`, cases that add, each person once; `n`, whom they are
    counted among; `persons`, subscribers known there, NaN = unknown, which hides nothing.

    A case that is known only to lie in one of several hexagons adds a part to the `count` of each.
    Such blocks have two more columns: `touched`, how many cases have a part there; `homes`, each
    case once, in its likeliest hexagon. A place then holds nobody where nothing touches it, and
    enough where as many cases are at home and the count is as large. Parts are never shown as few.

    Where days of these tables have left, blocks have `unseen_count` (and with parts
    `unseen_touched`, `unseen_homes`): cases of days that have not. The month less its days is a sum
    of those, so a piece holds none or enough of them too. `by_day`: whether days of the block's
    region have left; it is then cut off from the others as though its month had left.
    """
    grid = _Grid(blocks, by)
    cases, touched, is_whole = pieces.cases(grid.blocks)
    of_persons = _bars_of_persons(grid, crowd)
    bars = of_persons
    by_day = np.zeros(len(cases), bool)
    if "unseen_count" in blocks:
        unseen, is_some, _ = pieces.cases(grid.blocks, "unseen_")
        of_days = _suppressed(grid, unseen, is_some, fewest=fewest).hidden
        bars = {level: hidden | of_days[level] for level, hidden in of_persons.items()}
        by_day = grid.blocks["by_day"].to_numpy(bool)
    suppressed = _suppressed(grid, cases, touched, fewest=fewest, bars=bars, apart=by_day)
    has_parts = pieces.any_of(suppressed.piece, ~is_whole)
    cant_be_few = has_parts | grid.is_nowhere
    unlabelled = {level: hidden | cant_be_few for level, hidden in of_persons.items()}
    few = _few(grid, suppressed, unlabelled, cases)
    return _places(grid, suppressed, few, ["count", "n"])


def _bars_of_persons(grid: "_Grid", crowd: float) -> dict[int, Flags]:
    """Places that can't leave for the persons who live there, by level."""
    persons = grid.blocks["persons"].to_numpy(float)
    # who is unknown hides nothing: as if there were enough
    persons = np.where(np.isnan(persons), crowd, persons)
    suppressed = _suppressed(grid, persons, persons > 0, fewest=crowd)
    return {
        level: hidden | (pieces.total(grid.nodes[level], persons) < crowd)
        for level, hidden in suppressed.hidden.items()
    }


def survey(blocks: pd.DataFrame, by: Sequence[str], *, fewest: float) -> pd.DataFrame:
    """How every place's survey figure may leave: `shown` is shown or hidden.

    One row a place and table: the columns `by`, PLACE and shown. `fewest`: persons of a place that
    leaves. `blocks`: as for `counts`, with `answers` (how many there are) and `persons` (how many
    persons they surely come from: who answers in two hexagons counts in one of them). Every hexagon
    that readers know has a block, so that a hidden row does not say that somebody answered.
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


# ------------------------------------------------------------------------------ what is hidden


class _Grid:
    """The blocks in one order, whatever order they came in, and every place above each of them.

    `nodes`: by level, a number for the place that each block lies in; NETWORK and REGION among the
    levels. `hexes`: by level from coarse to fine, the hexagon that each block lies in.
    `is_nowhere`: blocks without a hexagon.
    """

    def __init__(self, blocks: pd.DataFrame, by: Sequence[str]) -> None:
        self.by = list(by)
        self.blocks = blocks.sort_values([*by, "hex_id"], ignore_index=True)
        self.table = pieces.codes(*(self.blocks[name] for name in by))
        hexes = self.blocks["hex_id"].fillna(hexgrid.NO_HEX).to_numpy(np.uint64)
        self.is_nowhere = hexes == hexgrid.NO_HEX
        placed = hexes[~self.is_nowhere]
        finest = int(hexgrid.levels(placed[:1])[0]) if len(placed) else COARSEST_LEVEL
        self.hexes = {level: hexgrid.parents(hexes, level=level) for level in levels(finest)}
        self.in_region = self.blocks["region"].notna().to_numpy()
        regions = pieces.codes(self.table, self.blocks["region"])
        self.nodes = {NETWORK: self.table, REGION: regions}
        for level, parents in self.hexes.items():
            self.nodes[level] = pieces.codes(self.table, parents)


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
    grid: _Grid,
    size: Floats,
    is_some: Flags,
    *,
    fewest: float,
    bars: Mapping[int, Any] = {},
    apart: Any = False,
) -> _Suppressed:
    """The places to hide, so that each piece has nothing, or a size of at least `fewest`.

    `size`: of each block. `is_some`: whether the block has anything at all. `bars`: by level,
    places that are hidden for another reason. `apart`: blocks of regions of which readers know as
    much as if they left.
    """
    hidden, region = _regions(grid, size, is_some, fewest=fewest, bars=bars, apart=apart)
    # the nearest published place above each block; a hidden network is above it as an unknown sum
    above = grid.table
    is_bare = hidden[NETWORK].copy()
    for level in grid.hexes:
        node = grid.nodes[level]
        is_cut_off = pieces.small(pieces.codes(node, region), size, is_some, fewest)
        unfit = pieces.any_of(node, is_cut_off | bars.get(level, False) | grid.is_nowhere)
        # nobody knows a total over everything, so there it gives nothing away
        counts_here = is_some & ~(is_bare & (region == 0))
        hidden[level] = pieces.joined(
            pieces.codes(above, region), node, size, counts_here, unfit=unfit, fewest=fewest
        )
        # numbers of this level begin after those of the levels above
        above = np.where(hidden[level], above, above.max(initial=0) + 1 + node)
        is_bare &= hidden[level]
    return _Suppressed(hidden, pieces.codes(above, region), is_bare & (region == 0))


def _regions(
    grid: _Grid, size: Floats, is_some: Flags, *, fewest: float, bars: Mapping[int, Any], apart: Any
) -> tuple[dict[int, Flags], Codes]:
    """Whether the network and the regions stay, and a number for each block's known region.

    The number is 0 outside the regions that readers know. What lies outside is known too if the
    network leaves, so it holds nothing, or enough.
    """
    table, regions = grid.table, grid.nodes[REGION]
    is_barred = pieces.small(table, size, is_some, fewest) | bars.get(NETWORK, False)
    unfit = ~grid.in_region | pieces.small(regions, size, is_some, fewest)
    unfit = pieces.any_of(regions, unfit | bars.get(REGION, False))
    # a region apart can't help to hide the others
    piece = pieces.codes(table, np.where(apart, regions + 1, 0))
    staying = pieces.joined(piece, regions, size, is_some & ~is_barred, unfit=unfit, fewest=fewest)
    region = np.where(staying & ~np.asarray(apart), 0, regions + 1)
    is_short = pieces.small(pieces.codes(table, region), size, is_some, fewest) & (region == 0)
    whole = is_barred | pieces.any_of(table, is_short)
    return {NETWORK: whole, REGION: staying}, region


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
    n_of_root = pieces.total(pieces.codes(root), (hidden & (root >= 0)).astype(float))
    few = {}
    for level, is_candidate in candidates.items():
        node = grid.nodes[level]
        # as many hidden blocks as its root has: the place holds the same cases
        is_same = pieces.total(node, hidden.astype(float)) == n_of_root
        few[level] = pieces.any_of(node, is_candidate & labelled & is_same)
    return few


def _candidates(
    grid: _Grid, suppressed: _Suppressed, bars: Mapping[int, Flags], cases: Floats
) -> dict[int, Flags]:
    """Hidden places of 1 to 4 cases whose hidden blocks lie in one piece, by level."""
    hidden = suppressed.hidden[max(grid.nodes)]
    candidates = {}
    for level in grid.hexes:
        total = pieces.total(grid.nodes[level], cases)
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
