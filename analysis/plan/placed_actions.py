"""Which actions could be done where, what they cost, and how many drops each would avoid?

A catalogue in TOML says what actions there are (`actions.toml`); this places them on the cells,
sectors and sites of the inventory. An action's effect is drawn once for all places, for the doubt
is about the action: plans with many of one kind are then no surer than the kind.
"""

import zlib
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.special import ndtri

from analysis.arrays import Floats
from analysis.plan.actions import Actions
from analysis.plan.catalogue import AND, KEYS, MOST_RELIEF, Action, Catalogue
from geo import sphere

_SEED = 14
_NINETY = 1.645


@dataclass(frozen=True)
class Relievable:
    """What is known of the cells' drops, each with D draws of one joint world."""

    drops_month: Floats
    """As things are, (cell, D); NaN = not known."""
    shares: Floats
    """Steps of relief, ascending from 0, (S,); between them what is avoided goes straight."""
    by_relief: Floats
    """Drops avoided a month at each step, (cell, S, D); NaN = no curve."""
    by_undoing: Floats
    """Drops avoided a month if all that is not load were undone, (cell, D); NaN = not known."""


@dataclass(frozen=True)
class _Ground:
    """What actions are placed on: arguments of `placed_actions`."""

    catalogue: Catalogue
    cells: pd.DataFrame
    relievable: Relievable
    planned: pd.DataFrame


def placed_actions(
    catalogue: Catalogue, cells: pd.DataFrame, relievable: Relievable, planned: pd.DataFrame
) -> Actions:
    """All actions that would avoid drops, each at every place where it can be done.

    `catalogue`: what actions there are. `relievable`: drops of the cells, and what relief and
    undoing avoid. `cells`: one row a cell, in the order of `relievable`: cell_id, sector_id,
    site_id, region, technology, band, azimuth_deg, lat, lon. `planned`: interventions already
    decided (kind, cell_id, site_id); an action of the same kind is not possible there again. The
    order is that of names, so that ties between equal actions go the same way in every run.
    """
    cells = cells.fillna({"region": ""}).reset_index(drop=True)
    ground = _Ground(catalogue, cells, relievable, planned)
    avoided = avoided_by(catalogue, relievable)
    parts = [_nothing(ground), *(_at_places(ground, name, avoided[name]) for name in avoided)]
    placed = Actions(
        pd.concat([part.known for part in parts], ignore_index=True),
        np.concatenate([part.cost for part in parts]),
        np.concatenate([part.crew_weeks for part in parts]),
        np.concatenate([part.benefit for part in parts]),
        sparse.vstack([part.treats for part in parts], format="csr"),
    )
    return _taken(placed, placed.known.sort_values(["action", *KEYS.values()]).index.to_numpy())


def avoided_by(catalogue: Catalogue, relievable: Relievable) -> dict[str, Floats]:
    """Drops a month that each action and each bundle (fix + tilt) avoids in each cell.

    `catalogue`: what actions there are. `relievable`: of the same cells. Shape (cell, draw); NaN =
    not known.
    """
    each = {action.name: _avoided(action, relievable) for action in catalogue.action}
    bundles = {AND.join(bundle.actions): bundle.actions for bundle in catalogue.bundle}
    return each | {
        name: _together([each[part] for part in parts], relievable)
        for name, parts in bundles.items()
    }


def _nothing(ground: _Ground) -> Actions:
    columns = ["action", *KEYS.values(), "place_type", "region", "lat", "lon", "reason"]
    n_draws, zeros = ground.relievable.drops_month.shape[1], np.zeros(0)
    none = sparse.csr_array((0, len(ground.cells)))
    return Actions(pd.DataFrame(columns=columns), zeros, zeros, np.zeros((0, n_draws)), none)


def _at_places(ground: _Ground, name: str, avoided: Floats) -> Actions:
    """One action, or a bundle, wherever all of it can be done and would avoid drops."""
    cells = ground.cells
    actions = [
        next(a for a in ground.catalogue.action if a.name == part) for part in name.split(AND)
    ]
    place_type = max((action.at for action in actions), key=list(KEYS).index)
    key = cells[KEYS[place_type]]
    is_fit = np.logical_and.reduce([_fits(ground, action) for action in actions])
    # a place is treated whole: one cell that can't be treated takes its place out
    is_here = (key.notna() & ~key.isin(set(key[~is_fit]))).to_numpy()
    if not is_here.any():
        return _nothing(ground)
    ids, row = np.unique(key[is_here].to_numpy(object), return_inverse=True)
    treats = sparse.csr_array(
        (np.ones(len(row)), (row, np.flatnonzero(is_here))), (len(ids), len(cells))
    )
    benefit = treats @ np.nan_to_num(avoided)
    places = _places(cells[is_here], place_type).loc[ids].reset_index().assign(action=name)
    blind = treats @ np.isnan(avoided[:, 0]).astype(float)
    places["reason"] = [
        _reason(actions, place_type, int(n), int(dark))
        for n, dark in zip(treats.sum(axis=1), blind, strict=True)
    ]
    ones = np.ones(len(ids))
    cost, crew = (ones * sum(getattr(a, n) for a in actions) for n in ("cost", "crew_weeks"))
    placed = Actions(places, cost, crew, benefit, treats)
    return _taken(placed, np.flatnonzero(benefit.mean(axis=1) > 0))


def _fits(ground: _Ground, action: Action) -> npt.NDArray[np.bool_]:
    """Cells at which inventory, exclusions and what is decided let the action be done."""
    catalogue, cells = ground.catalogue, ground.cells
    is_fit = ~_decided(action, cells, ground.planned)
    if "azimuth" in action.needs:
        is_fit &= cells["azimuth_deg"].notna().to_numpy()
    if "free_band" in action.needs:
        is_fit &= _free_band(cells, catalogue.bands)
    for exclusion in catalogue.exclude:
        if not exclusion.actions or action.name in exclusion.actions:
            is_named = [
                (cells[name] == value).to_numpy() for name, value in exclusion.where.items()
            ]
            is_fit &= ~np.logical_and.reduce(is_named)
    return is_fit


def _free_band(cells: pd.DataFrame, bands: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Whether a cell's sector lacks a band; unknown where a band of it is not known."""
    bands_used = cells["technology"].fillna("").astype("str") + " " + cells["band"].astype("str")
    if bands:
        bands_used, allowed = cells["band"].astype("str"), set(bands)
    else:
        allowed = set(bands_used[cells["band"].notna()])
    sector = cells["sector_id"].fillna(cells["cell_id"])
    n_bands = bands_used.where(bands_used.isin(allowed)).groupby(sector).transform("nunique")
    is_known = cells["band"].notna().groupby(sector).transform("all")
    return ((n_bands < len(allowed)) & is_known).to_numpy()


def _decided(action: Action, cells: pd.DataFrame, planned: pd.DataFrame) -> npt.NDArray[np.bool_]:
    mine = planned[planned["kind"] == action.kind]
    at_cell = cells["cell_id"].isin(mine["cell_id"].dropna())
    at_site = cells["site_id"].isin(mine.loc[mine["cell_id"].isna(), "site_id"].dropna())
    return (at_cell | at_site).to_numpy()


def _avoided(action: Action, relievable: Relievable) -> Floats:
    """Drops a month that the action avoids in each cell, (cell, draw)."""
    n_draws = relievable.drops_month.shape[1]
    parts = []
    if action.relief is not None:
        parts.append(_by_relief(_drawn(action, "relief", action.relief, n_draws), relievable))
    if action.fix is not None:
        parts.append(relievable.by_undoing * _drawn(action, "fix", action.fix, n_draws))
    return _together(parts, relievable)


def _by_relief(share: Floats, relievable: Relievable) -> Floats:
    """What is avoided at each draw's share, straight between the steps."""
    step = np.clip(
        np.searchsorted(relievable.shares, share, "right") - 1, 0, len(relievable.shares) - 2
    )
    width = relievable.shares[step + 1] - relievable.shares[step]
    part, draw = (share - relievable.shares[step]) / width, np.arange(len(share))
    low, high = relievable.by_relief[:, step, draw], relievable.by_relief[:, step + 1, draw]
    return np.asarray(low + (high - low) * part)


def _together(parts: list[Floats], relievable: Relievable) -> Floats:
    """What several effects avoid together: each leaves its share of what the others leave.

    An effect of which nothing is known avoids nothing.
    """
    if len(parts) == 1:
        return parts[0]
    drops = np.where(relievable.drops_month > 0, relievable.drops_month, np.nan)
    left = reduce(np.multiply, [1 - np.nan_to_num(part / drops) for part in parts])
    return np.asarray(drops * (1 - left))


def _drawn(action: Action, effect: str, ends: tuple[float, float, float], n: int) -> Floats:
    """The action's effect in each draw: 90 % between low and high, the same at every place."""
    low, likely, high = ends
    rng = np.random.default_rng([_SEED, zlib.crc32(f"{action.name} {effect}".encode())])
    # one draw of each n-th part: plans promise the mean of so few, which shall not be off by luck
    z = rng.permutation(ndtri((np.arange(n) + 0.5) / n)) / _NINETY
    most = MOST_RELIEF if effect == "relief" else 1.0
    return np.clip(likely + z * np.where(z > 0, high - likely, likely - low), 0, most)


def _places(cells: pd.DataFrame, place_type: str) -> pd.DataFrame:
    """What is known of each place: keys as fine as it is, region and middle; by its key."""
    keys = list(KEYS.values())
    finer = keys[: list(KEYS).index(place_type)]
    grouped = cells.groupby(KEYS[place_type])
    places = grouped[[*keys, "region"]].first().drop(columns=KEYS[place_type])
    places[finer] = None
    places = places.join(sphere.middles(cells, cells[KEYS[place_type]]))
    return places.assign(place_type=place_type)


def _reason(actions: list[Action], place_type: str, n: int, blind: int) -> str:
    """What the action does, in words."""
    effects = []
    for action in actions:
        for verb, effect in (("takes off", action.relief), ("undoes", action.fix)):
            if effect is not None:
                low, likely, high = (f"{100 * share:.0f}" for share in effect)
                part = "of the load" if verb == "takes off" else "of what is not load"
                effects.append(f"{verb} {likely} % ({low} to {high}) {part}")
    cells = "the cell" if place_type == "cell" else f"{n} cell{'s' * (n > 1)} of the {place_type}"
    doubt = f"; of {blind} nothing is known, so nothing is counted" if blind else ""
    return f"{' and '.join(effects)} in {cells}{doubt}"


def _taken(actions: Actions, rows: npt.NDArray[np.intp]) -> Actions:
    return Actions(
        actions.known.iloc[rows].reset_index(drop=True), actions.cost[rows],
        actions.crew_weeks[rows], actions.benefit[rows], actions.treats[rows],
    )  # fmt: skip
