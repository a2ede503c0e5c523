"""The stage that ranks places: what treating their cells would avoid -> rows of `priority`."""

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
from analysis.priority import cost, customers, reasons, reports, shown
from analysis.priority import rank as priority_rank
from analysis.rates import network
from analysis.uncertainty.intervals import Noise
from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from geo import hexgrid
from geo.footprint import valid_on


@dataclass(frozen=True)
class RankBasis:
    """What a ranking stands on: counters by day, their noise, changes, gains, actions, footprints.

    `visible` and `knees` by cell_id; `finer`: weights of the hexagons one level finer.
    """

    counters: xr.Dataset
    noise: Noise
    changes: pd.DataFrame
    visible: pd.Series
    knees: pd.Series
    gain: Gain
    slopes: Slopes
    possible: PossibleActions
    residents: Residents
    finer: pd.DataFrame

    @property
    def cell_ids(self) -> npt.NDArray[np.object_]:
        """Cells in the order of the counters."""
        return self.counters["cell_id"].to_numpy()


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Table priority: places ranked by what treating their cells would avoid.

    Without counters, hexagons are ranked by what callers reported (`reports`). `inputs`: settled
    tables. `earlier`: findings of the families before, with draws `treatable` and `noise` where
    there are counters.
    """
    settings, rates = inputs.settings, earlier.table("place_rate")
    changes = earlier.table("change_point")
    if inputs.has_counters:
        lists = list(_ranked(_basis(inputs, earlier), inputs.kinds, rates, settings))
        ranked = shown.with_shown_hexes(lists, level=settings.grid.level)
    else:
        ranked = [reports.rank_places(rates, changes, inputs.table("hex_place"), settings)]
    return Findings(priority=assemble(ranked, TABLES["priority"]))


def _basis(inputs: Inputs, earlier: Findings) -> RankBasis:
    settings = inputs.settings
    drawn, present = treatable_from(earlier.draws("treatable"))
    return RankBasis(
        counters=inputs.counters,
        noise=network.noise_from(earlier.draws("noise")),
        changes=earlier.table("change_point"),
        visible=earlier.table("visibility").set_index("cell_id")["min_visible_ratio"],
        knees=earlier.table("load_response").set_index("cell_id")["knee_pct"],
        gain=gain_of_cells(drawn, present, settings.priority.relief_pct / 100),
        slopes=per_drops(earlier.table("association"), inputs.detractor_revenue),
        possible=possible_actions(inputs, earlier),
        residents=inputs.residents,
        finer=inputs.weights(settings.grid.level + 1).rename(columns={"hex_id": "place"}),
    )


def _ranked(
    basis: RankBasis, kinds: list[Kind], rates: pd.DataFrame, settings: Settings
) -> Iterator[pd.DataFrame]:
    """The ranked places of each kind. `rates`: table `place_rate`."""
    newest = network.newest_days(basis.counters, settings.priority.days)
    hexes = next((kind.weights for kind in kinds if kind.name == "hex"), None)
    for kind in kinds:
        members = of_weights(kind.weights, basis.counters, rest=kind.rest)
        facts = network.drop_rates(basis.counters, members, newest, basis.noise)
        excess = network.dominant_cells(basis.counters, members, newest, facts)
        share = _share(members, basis)[pd.Index(members.ids).get_indexer(facts["place"])]
        gain = gain_of_places(share, basis.gain)
        at_most = basis.residents.at_most(kind.name, facts["place"].to_numpy(), share)
        facts["persons_at_most"] = at_most
        slopes, reach = basis.slopes, settings.priority.least_reach_pct / 100
        costs = cost.of_places(share, basis.possible, gain, slopes, at_most, least_reach=reach)
        facts = pd.concat([facts, costs], axis=1)
        facts["dominant_cell_id"] = _dominant(share, basis).fillna(excess)
        facts = of_kind(facts.merge(kind.known, on="place", how="left"), kind)
        facts["place_name"] = facts["place_name"].fillna(facts["place"].astype("str"))
        facts = customers.with_customers(facts, rates, settings.grid.levels)
        for name, of_cell in (("min_visible_ratio", basis.visible), ("knee_pct", basis.knees)):
            facts[name] = facts["dominant_cell_id"].map(of_cell)
        ranked = priority_rank.rank(
            facts,
            gain,
            basis.changes,
            slopes,
            zone=settings.operator.timezone,
        )
        if hexes is not None:
            ranked["relief_cells"] = _with_room(ranked["dominant_cell_id"], hexes, basis, settings)
        if kind.name == "hex":
            ranked = _checked(ranked, basis)
        yield ranked.assign(period_start=newest.start, period_end=newest.end)


def _share(members: Places, basis: RankBasis) -> sparse.csr_array:
    """Which part of each cell belongs to each place on the newest day, (place, cell)."""
    now = np.flatnonzero(members.days[:, -1])
    shape = (len(now), len(basis.cell_ids))
    cell = sparse.csr_array((np.ones(len(now)), (np.arange(len(now)), members.cell[now])), shape)
    return sparse.csr_array(members.share[:, now] @ cell)


def _dominant(share: sparse.csr_array, basis: RankBasis) -> pd.Series:
    """The cell with most drops to avoid in each place; missing = none has any."""
    part = share.tocoo()
    place, cell = part.coords
    gain = part.data * np.nan_to_num(basis.gain.expected)[cell]
    parts = pd.DataFrame({"place": place, "cell": cell, "gain": gain}).query("gain > 0")
    parts = parts.sort_values(["place", "gain", "cell"], ascending=[True, False, True])
    most = parts.drop_duplicates("place").set_index("place")["cell"]
    names = pd.Series(basis.cell_ids[most], index=most.index, dtype="str")
    return names.reindex(range(share.shape[0]))


def _with_room(
    wanted: pd.Series, hexes: pd.DataFrame, basis: RankBasis, settings: Settings
) -> pd.Series:
    """Cells that could take load of each place's dominant one, in words."""
    cube, days = basis.counters, settings.priority.days
    used, there = (
        cube[f"bh_prb_dl_{part}_prb_s"].to_numpy()[:, -days:] for part in ("used", "avail")
    )
    both = ~np.isnan(used + there)
    full = (np.where(both, x, 0).sum(axis=1) for x in (used, there))
    prb = pd.Series(next(full), basis.cell_ids) / pd.Series(next(full), basis.cell_ids)
    newest = valid_on(hexes, pd.Timestamp(cube["day_local"].to_numpy()[-1]).date())
    room_pct = settings.priority.room_pct
    return wanted.map(spare_load.relief_cells(newest, 100 * prb, wanted, room_pct=room_pct))


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
