"""What befalls the cells of a world, and what each event truly did.

Arrays have shape (cell, hour). A cell has one event at most: factors on what is asked (`demand`),
on the blocks that carry it (`room`), on what a block carries (`efficiency`), on the drop rate
(`fault`). Demand and room are its load part, the other two its other part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Flags, Floats
from tests.bench.scores import Truth

Rng = np.random.Generator
Span = tuple[float, float]

FIRST_HOUR = np.datetime64("2026-03-02T00", "ns")  # a Monday
TRUTH_HOURS = 28 * 24  # before and after a change, in its truth
CLEAR_LOG = np.log(1.1)  # a change that moves drops by less is due to nothing
EPISODE_HOURS = 4 * 24  # an event that ends, ten days later at most, is an episode from here on
EDGE_DAYS = 7  # no event begins in the first days
LOAD_PART = ("demand", "room")
# what may reach the operator beside attempts, drops and downlink PRB
SIGNS: Mapping[str, tuple[str, ...]] = {
    "all": ("rrc_users_mean", "dl_vol_kbit", "ul_vol_kbit", "prb_ul_util_pct"),
    "users": ("rrc_users_mean",),
    "volume and uplink": ("dl_vol_kbit", "ul_vol_kbit", "prb_ul_util_pct"),
    "none": (),
}
ALL_SIGNS = SIGNS["all"]


class Kind(NamedTuple):
    """A kind of event: how many of 100 cells, which cells it needs, and its factors to draw."""

    of_100_cells: float
    needs: str = "any"
    """Which cells: a key of what `plant` is given."""
    demand: Span = (1, 1)
    room: Span = (1, 1)
    efficiency: Span = (1, 1)
    fault: Span = (1, 1)
    ramp_days: Span = (0, 0)
    lasts_days: Span | None = None
    """None = to the end of the data."""
    hours_of_day: tuple[int, int] = (0, 24)
    takes_neighbour: bool = False
    """Whether a neighbour is down for as long."""


@dataclass(frozen=True)
class Event:
    """One event of one cell: there from hour `start`, whole from `ramp_end`.

    Its load part and its other part each have an end, so that the world can run without either.
    """

    kind: str
    cell: int
    start: int
    ramp_end: int
    load_end: int
    other_end: int
    hours_of_day: tuple[int, int]
    demand: float
    room: float
    efficiency: float
    fault: float
    neighbour: int | None = None


class Parts(NamedTuple):
    """What all events do to each hour, as factors, (cell, hour)."""

    demand: Floats
    room: Floats
    efficiency: Floats
    fault: Floats


class World(NamedTuple):
    """What the operator measured, and what is true."""

    cube: xr.Dataset
    """As `analysis.cube.of_cell_hours` gives it."""
    truth: Truth


# --- planting -----------------------------------------------------------------------------------


def plant(
    rng: Rng, kinds: Mapping[str, Kind], fits: Mapping[str, Flags], n_hours: int
) -> list[Event]:
    """Events of these kinds, each in a cell of its own that fits.

    `rng`: the stream to draw from. `kinds`: by name. `fits`: cells that each need of a kind allows,
    (cell,). `n_hours`: of the world. Some lasting ones are 3, 7 or 14 days old when the data end.
    Where no cell fits, the event is left out.
    """
    n_cells = len(fits["any"])
    free = [int(cell) for cell in rng.permutation(n_cells)]
    events = list[Event]()
    for name, kind in kinds.items():
        for _ in range(int(kind.of_100_cells * n_cells / 100 + rng.random())):
            cell = next((cell for cell in free if fits[kind.needs][cell]), None)
            if cell is None:
                continue
            free.remove(cell)
            event = _event(rng, name, kind, cell, n_hours)
            events.append(replace(event, neighbour=free.pop()) if kind.takes_neighbour else event)
    return events


def _event(rng: Rng, name: str, kind: Kind, cell: int, n_hours: int) -> Event:
    n_days, ramp = n_hours // 24, round(24 * rng.uniform(*kind.ramp_days))
    length = n_hours if kind.lasts_days is None else round(24 * rng.uniform(*kind.lasts_days))
    busy_days = 6 + (ramp if kind.lasts_days is None else length) // 24
    day = rng.uniform(EDGE_DAYS, max(n_days - busy_days, EDGE_DAYS + 1))
    if kind.lasts_days is None and not ramp and rng.random() < 1 / 8:
        day = n_days - rng.choice([3, 7, 14]) + rng.uniform(0, 0.9)
    start = int(24 * day)
    end = min(start + length, n_hours)
    factors = {part: float(rng.uniform(*getattr(kind, part))) for part in Parts._fields}
    return Event(name, cell, start, start + ramp, end, end, kind.hours_of_day, **factors)


def parts_of(events: Sequence[Event], shape: tuple[int, int]) -> Parts:
    """What the events do to each hour.

    `events`: one a cell at most. `shape`: cells and hours of the world.
    """
    parts = Parts(*(np.ones(shape) for _ in Parts._fields))
    hour = np.arange(shape[1])
    for event in events:
        risen = np.clip((hour - event.start + 1) / max(event.ramp_end - event.start, 1), 0, 1)
        first, last = event.hours_of_day
        risen = risen * ((hour % 24 >= first) & (hour % 24 < last))
        for name, part in zip(Parts._fields, parts, strict=True):
            end = event.load_end if name in LOAD_PART else event.other_end
            part[event.cell] = getattr(event, name) ** (risen * (hour < end))
    return parts


def down_of(events: Sequence[Event], shape: tuple[int, int]) -> Flags:
    """Hours in which the neighbours of events are down, (cell, hour).

    `events`: one a cell at most. `shape`: cells and hours of the world.
    """
    is_down = np.zeros(shape, bool)
    for event in events:
        if event.neighbour is not None:
            is_down[event.neighbour, event.start : event.load_end] = True
    return is_down


def world_of(cube: xr.Dataset, changes: pd.DataFrame, events: Sequence[Event]) -> World:
    """A world, from what was measured and what is true of it.

    `cube`: as of `cube_of`. `changes`: as of `truth_of`. `events`: all that were planted.
    """
    n_cells, n_hours = cube.sizes["cell"], cube.sizes["hour"]
    return World(cube, Truth(changes, quiet_of(events, n_cells), n_cells, n_hours // 24))


def quiet_of(events: Sequence[Event], n_cells: int) -> frozenset[str]:
    """Names of the cells in which, and for whose neighbour, nothing was planted.

    `events`: all of the world. `n_cells`: how many cells it has.
    """
    taken = {event.cell for event in events} | {event.neighbour for event in events}
    names = names_of(n_cells)
    return frozenset(names[cell] for cell in range(n_cells) if cell not in taken)


# --- the truth ----------------------------------------------------------------------------------


def truth_of(
    events: Sequence[Event],
    drops_under: Callable[[Parts], Floats],
    attempts: Floats,
    phi: Floats,
) -> pd.DataFrame:
    """One row a change: the start of an event, and its end where it ends within the hours.

    `drops_under`: drops per attempt that the world expects under these parts, (cell, hour), with
    the same chance each time. `attempts`: that came, (cell, hour). `phi`: variance of an hour's
    drops over their mean, (cell,). `ratio`, `load_share` and `attribution` are those of
    docs/methods.md 5.5, by four runs: as it was (A11), with load's part of the change alone (A10),
    with the other part alone (A01), with neither (A00).
    """
    shape = attempts.shape

    def run(load_ends: Sequence[int], other_ends: Sequence[int]) -> Floats:
        ends = zip(events, load_ends, other_ends, strict=True)
        chosen = [replace(event, load_end=load, other_end=other) for event, load, other in ends]
        return attempts * drops_under(parts_of(chosen, shape))

    start, end = [event.start for event in events], [event.load_end for event in events]
    never_ends = [shape[1]] * len(events)
    a11 = run(end, end)
    # of a start "not changed" means that a part never came, of an end that it goes on
    begun = (a11, run(end, start), run(start, end), run(start, start))
    ended = (a11, run(end, never_ends), run(never_ends, end), run(never_ends, never_ends))
    rows = list[dict[str, object]]()
    for event in events:
        whole, over = event.ramp_end, event.load_end
        rows.append(_row(event, begun, (event.start, whole, over), phi))
        if over < shape[1]:
            rows.append(_row(event, ended, (over, over, shape[1]), phi, "_over"))
    return _typed(pd.DataFrame(rows), shape)


def _row(
    event: Event,
    runs: tuple[Floats, ...],
    hours: tuple[int, int, int],
    phi: Floats,
    suffix: str = "",
) -> dict[str, object]:
    """`hours`: at which the change comes, is whole, and is over."""
    start, whole, over = hours
    a11, a10, a01, a00 = (float(run[event.cell, whole:over].sum()) for run in runs)
    since, n_hours = event.ramp_end if suffix else 0, runs[0].shape[1]
    before = runs[0][event.cell, max(since, start - TRUTH_HOURS) : start].sum()
    after = runs[0][event.cell, whole : min(whole + TRUTH_HOURS, over)].sum()
    log_ratio = np.log(a11 / a00)
    is_clear = abs(log_ratio) >= CLEAR_LOG
    scatter = phi[event.cell] * (1 / max(before, 0.1) + 1 / max(after, 0.1))
    return {
        "kind": event.kind + suffix,
        "cell": event.cell,
        "start": start,
        "ratio": a11 / a00,
        "load_share": ((a10 - a00) + (a11 - a01)) / (2 * (a11 - a00)) if is_clear else np.nan,
        "drops_before": before,
        "drops_after": after,
        "visible_sd": abs(log_ratio) / np.sqrt(scatter),
        "is_episode": event.load_end < n_hours and event.load_end - event.start >= EPISODE_HOURS,
    }


def _typed(rows: pd.DataFrame, shape: tuple[int, int]) -> pd.DataFrame:
    share, ratio = rows["load_share"], rows["ratio"]
    verdict = np.select([share.isna(), share < 0.5, ratio > 1], ["none", "other", "load"], "relief")
    starts = pd.to_datetime(FIRST_HOUR + rows["start"].to_numpy() * np.timedelta64(1, "h"))
    return rows.assign(
        cell_id=names_of(shape[0])[rows["cell"]],
        start_utc=pd.DatetimeIndex(starts).tz_localize("UTC"),
        attribution=verdict,
        age_days=np.ceil((shape[1] - rows["start"]) / 24).astype(int),
    )


# --- what the operator measured -----------------------------------------------------------------


def names_of(n_cells: int) -> npt.NDArray[np.object_]:
    """Identifiers of the cells, (cell,)."""
    return np.array([f"cell-{number:04d}" for number in range(n_cells)], object)


def cube_of(counters: Mapping[str, Floats], is_down: Flags, signs: str) -> xr.Dataset:
    """Counters as `analysis.cube.of_cell_hours` gives them, (cell, hour); NaN while a cell is down.

    `counters`: by name, (cell, hour). `is_down`: outages that the operator knows. `signs`: which of
    `SIGNS` are delivered; all others are NaN.
    """
    shape, dims = is_down.shape, ("cell", "hour")
    absent = set(ALL_SIGNS) - set(SIGNS[signs])
    measured = {
        name: np.full(shape, np.nan) if name in absent else np.where(is_down, np.nan, values)
        for name, values in counters.items()
    }
    hour = np.arange(shape[1])
    starts = FIRST_HOUR + hour * np.timedelta64(1, "h")
    calendar = {
        "day_local": starts.astype("datetime64[D]").astype("datetime64[ns]"),
        "hour_local": hour % 24,
        "rest_day": hour // 24 % 7 >= 5,
    }
    every = {name: (dims, np.broadcast_to(values, shape)) for name, values in calendar.items()}
    return xr.Dataset(
        {name: (dims, values) for name, values in measured.items()}
        | {"availability": (dims, 1.0 - is_down), "outage": (dims, is_down)},
        coords={"cell_id": ("cell", names_of(shape[0])), "hour_start_utc": ("hour", starts)}
        | every,
    )
