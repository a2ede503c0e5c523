"""The stage that ranks places: what treating their cells would avoid -> tables of the list."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis.association.per_drop import Slopes
from analysis.association.slopes import per_drops
from analysis.benefit.gain import Gain, gain_of_cells, gain_of_places
from analysis.benefit.spared import treatable_from
from analysis.inputs import Findings, Inputs
from analysis.places import spare_load
from analysis.places.members import Kind, Places, of_kind, of_weights
from analysis.places.subscribers import Residents
from analysis.plan.possible_actions import PossibleActions, possible_actions
from analysis.priority import cost, customers, parts, reasons, reports, shown, standing
from analysis.priority import rank as priority_rank
from analysis.rates import network
from analysis.uncertainty.intervals import Noise
from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from geo import hexgrid


@dataclass(frozen=True)
class RankBasis:
    """What a ranking stands on: counters by day, their noise, changes, gains, actions, footprints.

    `rises`: the rise that each cell is still in, rows of `change_point`. `cells`: by cell_id, what
    is known of each: min_visible_ratio, knee_pct, prb_dl_util_bh_pct. `finer`: weights of the
    hexagons one level finer.
    """

    counters: xr.Dataset
    noise: Noise
    rises: pd.DataFrame
    cells: pd.DataFrame
    gain: Gain
    slopes: Slopes
    possible: PossibleActions
    residents: Residents
    neighbour: pd.DataFrame
    finer: pd.DataFrame

    @property
    def cell_ids(self) -> npt.NDArray[np.object_]:
        """Cells in the order of the counters."""
        return self.counters["cell_id"].to_numpy()


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables priority and place_part: places ranked by what treating their cells would avoid.

    Without counters, hexagons are ranked by what callers reported (`reports`). `inputs`: settled
    tables. `earlier`: findings of the families before, with draws `treatable` and `noise` where
    there are counters.
    """
    settings, rates = inputs.settings, earlier.table("place_rate")
    if not inputs.has_counters:
        changes = earlier.table("change_point")
        ranked = reports.rank_places(rates, changes, inputs.table("hex_place"), settings)
        return _tables([ranked], [])
    each = list(_ranked(_basis(inputs, earlier), inputs.kinds, rates, settings))
    lists = shown.with_shown_hexes([ranked for ranked, _ in each], level=settings.grid.level)
    return _tables(lists, [cells for _, cells in each])


def _tables(lists: list[pd.DataFrame], parts_of_lists: list[pd.DataFrame]) -> Findings:
    return Findings(
        priority=assemble(lists, TABLES["priority"]),
        place_part=assemble(parts_of_lists, TABLES["place_part"]),
    )


def _basis(inputs: Inputs, earlier: Findings) -> RankBasis:
    settings = inputs.settings
    drawn, present = treatable_from(earlier.draws("treatable"))
    return RankBasis(
        counters=inputs.counters,
        noise=network.noise_from(earlier.draws("noise")),
        rises=priority_rank.lasting_rises(earlier.table("change_point"), "cell_id"),
        cells=_known_cells(inputs, earlier),
        gain=gain_of_cells(drawn, present, settings.priority.relief_pct / 100),
        slopes=per_drops(earlier.table("association"), inputs.detractor_revenue),
        possible=possible_actions(inputs, earlier),
        residents=inputs.residents,
        neighbour=earlier.table("neighbour"),
        finer=inputs.weights(settings.grid.level + 1).rename(columns={"hex_id": "place"}),
    )


def _known_cells(inputs: Inputs, earlier: Findings) -> pd.DataFrame:
    """What is known of each cell with counters, by cell_id."""
    visible = earlier.table("visibility").set_index("cell_id")["min_visible_ratio"]
    knees = earlier.table("load_response").set_index("cell_id")["knee_pct"]
    load = _busy_hour_load(inputs.counters, inputs.settings.priority.days)
    cells = {"min_visible_ratio": visible, "knee_pct": knees, "prb_dl_util_bh_pct": load}
    return pd.DataFrame({name: of_cell.reindex(load.index) for name, of_cell in cells.items()})


def _ranked(
    basis: RankBasis, kinds: list[Kind], rates: pd.DataFrame, settings: Settings
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """The ranked places of each kind, and the cells that are spoken of in them.

    `rates`: table `place_rate`.
    """
    newest = network.newest_days(basis.counters, settings.priority.days)
    for kind in kinds:
        members = of_weights(kind.weights, basis.counters, rest=kind.rest)
        facts = network.drop_rates(basis.counters, members, newest, basis.noise)
        excess = network.dominant_cells(basis.counters, members, newest, facts)
        share = _share(members, basis)[pd.Index(members.ids).get_indexer(facts["place"])]
        gain = gain_of_places(share, basis.gain)
        facts = facts.assign(**priority_rank.avoidable(gain))
        facts["persons_at_most"] = basis.residents.at_most(
            kind.name, facts["place"].to_numpy(), share
        )
        by_cell = _by_cell(share, excess, basis)
        facts["place_state"] = standing.states(facts, _has_rise(by_cell, len(facts)))
        facts = facts.join(_costs(facts, share, gain, basis, settings))
        by_cell = parts.spoken_of(by_cell, basis.possible.treats, facts["action_row"].to_numpy())
        facts["dominant_cell_id"] = by_cell.drop_duplicates("row").set_index("row")["cell_id"]
        facts = of_kind(facts.merge(kind.known, on="place", how="left"), kind)
        facts["place_name"] = facts["place_name"].fillna(facts["place"].astype("str"))
        facts = customers.with_customers(facts, rates, settings.grid.levels)
        zone = settings.operator.timezone
        ranked = priority_rank.rank(facts, gain, by_cell, basis.slopes, zone=zone)
        ranked["relief_cells"] = _with_room(ranked["dominant_cell_id"], basis, settings)
        if kind.name == "hex":
            ranked = _checked(ranked, basis)
        cells = parts.of_table(by_cell, _names_of(facts, kind))
        yield ranked.assign(period_start=newest.start, period_end=newest.end), cells


def _by_cell(share: sparse.csr_array, excess: pd.Series, basis: RankBasis) -> pd.DataFrame:
    """The cells in which each place's avoidable drops lie, with the rise each is still in.

    `excess`: the cell with most excess drops in each place, which stands for it where none can be
    avoided.
    """
    largest = parts.largest(share, basis.gain.expected)
    largest["cell_id"] = basis.cell_ids[largest["cell"]]
    others = parts.without_avoidable(excess, largest)
    others["cell"] = pd.Index(basis.cell_ids).get_indexer(pd.Index(others["cell_id"]))
    whole = pd.concat([largest, others.assign(is_most=True)], ignore_index=True)
    return parts.with_rises(whole, basis.rises, basis.cells)


def _has_rise(by_cell: pd.DataFrame, n_places: int) -> npt.NDArray[np.bool_]:
    """Whether a cell of those that make up most of each place's is still in a rise, (place,)."""
    flags = np.zeros(n_places, bool)
    flags[by_cell.loc[by_cell["is_most"] & by_cell["change_id"].notna(), "row"]] = True
    return flags


def _costs(
    facts: pd.DataFrame, share: sparse.csr_array, gain: Gain, basis: RankBasis, settings: Settings
) -> pd.DataFrame:
    at_most, reach = facts["persons_at_most"].to_numpy(), settings.priority.least_reach_pct / 100
    may = cost.allowed(facts)
    return cost.of_places(
        share, basis.possible, gain, basis.slopes, at_most, may=may, least_reach=reach
    )


def _names_of(facts: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """What place_cell calls each place: place_type and place_id, by its row among the facts."""
    places = facts["place"]
    ids = hexgrid.as_text(places.to_numpy(np.uint64)) if kind.name == "hex" else places
    return pd.DataFrame({"place_type": kind.name, "place_id": ids}, index=facts.index)


def _share(members: Places, basis: RankBasis) -> sparse.csr_array:
    """Which part of each cell belongs to each place on the newest day, (place, cell)."""
    now = np.flatnonzero(members.days[:, -1])
    shape = (len(now), len(basis.cell_ids))
    cell = sparse.csr_array((np.ones(len(now)), (np.arange(len(now)), members.cell[now])), shape)
    return sparse.csr_array(members.share[:, now] @ cell)


def _busy_hour_load(cube: xr.Dataset, days: int) -> pd.Series:
    """Busy-hour PRB % of each cell over its newest days, by cell_id; NaN = not known."""
    used, there = (
        cube[f"bh_prb_dl_{part}_prb_s"].to_numpy()[:, -days:] for part in ("used", "avail")
    )
    both = ~np.isnan(used + there)
    full = (np.where(both, x, 0).sum(axis=1) for x in (used, there))
    names = cube["cell_id"].to_numpy()
    return 100 * (pd.Series(next(full), names) / pd.Series(next(full), names))


def _with_room(wanted: pd.Series, basis: RankBasis, settings: Settings) -> pd.Series:
    """Cells that could take load of each place's dominant one, in words."""
    prb, room_pct = basis.cells["prb_dl_util_bh_pct"], settings.priority.room_pct
    return wanted.map(spare_load.relief_cells(basis.neighbour, prb, wanted, room_pct=room_pct))


# --- is it the hexagons' size? ----------------------------------------------------------------


def _checked(ranked: pd.DataFrame, basis: RankBasis) -> pd.DataFrame:
    """Whether the first hexagons are among the first of one level coarser and finer, too."""
    if ranked.empty:
        return ranked
    level = int(ranked["level"].iloc[0])
    first = ranked["rank"] <= reasons.TOP
    hexes = ranked.loc[first, "hex_id"]
    wide = basis.finer.assign(place=hexgrid.parents(basis.finer["place"], level=level - 1))
    coarser, finer = _tops(wide, basis), _tops(basis.finer, basis)
    has_finer = set(hexgrid.parents(np.array(sorted(finer), np.uint64), level=level).tolist())
    stays = {
        "in_top20_coarser": np.isin(hexgrid.parents(hexes, level=level - 1), list(coarser)),
        "in_top20_finer": hexes.isin(has_finer).to_numpy(),
    }
    flags = {name: pd.Series(x, hexes.index, "boolean").reindex(ranked.index)
             for name, x in stays.items()}  # fmt: skip
    return ranked.assign(**flags)


def _tops(weights: pd.DataFrame, basis: RankBasis) -> set[int]:
    """The first 20 hexagons by the drops that treating their cells would avoid."""
    members = of_weights(weights, basis.counters)
    gain = gain_of_places(_share(members, basis), basis.gain)
    return priority_rank.top_of(members.ids, gain)
