"""What befalls the demo operator's cells: the causes of docs/methods.md 5.13, one a cell.

A cause is a row of `CAUSES`; an event is one of them in a cell, in hours of the clock. Nothing
here draws a counter: events become factors, which `ingest.synth.radio.network` applies.
"""

from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ingest.synth.radio.cells import Rng
from ingest.synth.radio.country import KM_PER_DEGREE, Clock, Floats, Ints, Span, km_between

ALWAYS: tuple[int, int] = (0, 24)


@dataclass(frozen=True)
class Cause:
    """How strong a kind of event is, when it begins, how long it lasts, and which cells it needs.

    Strengths are factors to draw from: `demand` on what customers ask for, `room` on the blocks
    that carry it, `efficiency` on what a block carries, `fault` on the drop rate. `felt`: local
    hours of day in which it acts. `lasts_days`: None = beyond the data.
    """

    needs: str = "traffic"
    demand: Span = (1, 1)
    room: Span = (1, 1)
    efficiency: Span = (1, 1)
    fault: Span = (1, 1)
    rsrp_db: Span = (0, 0)
    begins: tuple[int, int] = ALWAYS
    felt: tuple[int, int] = ALWAYS
    ramp_days: Span = (0, 0)
    lasts_days: Span | None = None
    was_before: bool = False
    """Whether it acted from the first hour on and the event is its end."""


# the first ones are planted first, where there is not room for all
CAUSES = {
    "load_step": Cause("near_harm", demand=(1.25, 1.7), begins=(7, 8)),
    "interference": Cause(fault=(1.3, 2.6)),
    "load_growth_with_headroom": Cause("headroom", demand=(1.4, 1.8), ramp_days=(6, 14)),
    "capacity_upgrade": Cause("overloaded", room=(1.7, 2.1), begins=(5, 6)),
    "coverage_loss": Cause(fault=(1.35, 2.3), rsrp_db=(-10, -6), demand=(0.88, 0.95)),
    "neighbour_outage": Cause("neighbour", demand=(1.45, 1.8), lasts_days=(4, 10)),
    "hardware_fault": Cause(fault=(1.4, 3.5)),
    "fault_behind_load": Cause("headroom", demand=(1.4, 1.7), fault=(1.3, 2.3), begins=(7, 10)),
    "load_and_fault": Cause("near_harm", demand=(1.35, 1.6), fault=(1.35, 1.7), begins=(7, 10)),
    "load_ramp": Cause("near_harm", demand=(1.45, 1.8), ramp_days=(5, 16)),
    "interference_raising_prb": Cause("unharmed", efficiency=(0.58, 0.72), fault=(1.3, 2.3)),
    "carriers_rebalanced": Cause("twin", demand=(1.35, 1.6), begins=(2, 5)),
    "interference_daytime": Cause(fault=(1.8, 3.0), felt=(8, 20)),
    "parameter_change": Cause(fault=(1.22, 1.9), begins=(1, 5)),
    "fault_cleared": Cause(fault=(1.3, 2.6), was_before=True),
    "passing_fault": Cause(fault=(1.5, 2.2), lasts_days=(10, 24)),
    "low_traffic_fault": Cause("little", fault=(1.5, 2.6)),
}
# kinds of which some are only days old when the data end
FRESH = (
    ("load_step", 3),
    ("hardware_fault", 7),
    ("capacity_upgrade", 14),
    ("hardware_fault", 3),
    ("load_step", 7),
    ("interference", 14),
    ("capacity_upgrade", 3),
    ("capacity_upgrade", 7),
    ("load_step", 14),
)
"""Each with its age in days at the end of the data."""
STRENGTHS = ("demand", "room", "efficiency", "fault", "rsrp_db")
ENDS = {"neighbour_outage": "neighbour_outage_over", "passing_fault": "passing_fault_over"}
MOVED_SHARE = 0.8  # of a dead neighbour's traffic; the rest is lost
LEAST_ATTEMPTS = 70  # in the busy hour: with fewer, hardly anything can be seen

# what a cell must be like for an event to show as it should
NEEDS: dict[str, dict[str, Span]] = {
    "near_harm": {"prb_busy_pct": (52, 70), "harm_over_busy": (1.08, 1.3), "harm": (1.5, 4)},
    "overloaded": {"prb_busy_pct": (95, 125), "harm_over_busy": (0.75, 0.9), "harm": (1.5, 4)},
    "headroom": {"prb_busy_pct": (20, 42)},
    "unharmed": {"prb_busy_pct": (38, 64), "harm": (0, 0)},
    "neighbour": {"prb_busy_pct": (52, 70), "harm_over_busy": (1.08, 1.3), "harm": (1.5, 4)},
    "twin": {"prb_busy_pct": (52, 68), "harm_over_busy": (1.05, 1.25), "harm": (1.5, 4)},
}


@dataclass(frozen=True)
class Event:
    """One planted change of one cell, in hours of the clock.

    It is there from `start`, whole from `ramp_end` and over at `end`, the clock's end where
    nothing ends it. Its factors act in the hours `acts`: the event's own, those before it (a fault
    that is cleared), or none (the end of an event whose own row brings the factors).
    """

    kind: str
    cell: int
    start: int
    ramp_end: int
    end: int
    acts: tuple[int, int]
    demand: float = 1
    room: float = 1
    efficiency: float = 1
    fault: float = 1
    rsrp_db: float = 0
    felt: tuple[int, int] = ALWAYS
    partner: int | None = None
    """The neighbour that went down, or the other carrier of the sector."""

    @property
    def is_end(self) -> bool:
        """Whether its factors acted before it and no longer do."""
        return self.acts[1] <= self.start


@dataclass(frozen=True)
class Outage:
    """Hours from `start` to before `end` in which a cell was down."""

    cell: int
    start: int
    end: int
    planned: bool
    cause: str


@dataclass(frozen=True)
class Effects:
    """What events and outages do, each (cell, hour): factors, decibels, and 1 = up, 0 = down."""

    demand: Floats
    room: Floats
    fault: Floats
    rsrp_db: Floats
    up: Floats


# --- Planting --------------------------------------------------------------------------------


def cast(n_cells: int) -> list[tuple[str, int]]:
    """Kinds to plant in a network of `n_cells`, each with its age in days at the end, 0 = any."""
    rounds = max(1, n_cells // 40)
    return [*((kind, 0) for _ in range(rounds) for kind in CAUSES)] + [*FRESH] * (n_cells // 120)


def plant(
    rng: Rng, cells: pd.DataFrame, clock: Clock, kinds: list[tuple[str, int]], recent_days: int
) -> tuple[tuple[Event, ...], pd.DataFrame]:
    """The events, each in a cell of its own, and the cells as those events need them.

    `rng`: the stream to draw from. `cells`: with their true parameters. `clock`: the hours.
    `kinds`: what to plant, as `cast` gives it. At least a third of the cells stays quiet: kinds for
    which there is no cell left are left out. Three events in four begin within the newest
    `recent_days`.
    """
    cells, events = cells.copy(), list[Event]()
    pool = [int(c) for c in rng.permutation(len(cells))]
    for kind, age in kinds:
        chosen = _chosen(CAUSES[kind].needs, cells, pool)
        if chosen is None or len(pool) - 2 < len(cells) / 3:
            continue
        cell, partner = chosen
        pool = [c for c in pool if c not in chosen]
        _suit(rng, CAUSES[kind].needs, cells, [c for c in chosen if c is not None])
        event = _event(rng, (kind, age), cell, clock, recent_days)
        events += _rows(replace(event, partner=partner), clock)
        if kind == "neighbour_outage":
            lent = (event.demand - 1) / MOVED_SHARE
            cells.loc[partner, "busy_attempts"] = cells["busy_attempts"].iloc[cell] * lent
    return tuple(events), cells


def _chosen(needs: str, cells: pd.DataFrame, pool: list[int]) -> tuple[int, int | None] | None:
    """A free cell in which it can happen, and the one it takes along; None = there is none."""
    attempts = cells["busy_attempts"]
    fits = attempts < 25 if needs == "little" else attempts >= LEAST_ATTEMPTS
    for cell in (c for c in pool if fits[c]):
        free = [c for c in pool if c != cell]
        if needs == "neighbour":
            return cell, _nearest(cells, cell, free)
        if needs != "twin":
            return cell, None
        here = cells[["site", "azimuth_deg"]].iloc[cell]
        twins = [c for c in free if cells[["site", "azimuth_deg"]].iloc[c].equals(here)]
        if twins:
            return cell, twins[0]
    return None


def _nearest(cells: pd.DataFrame, cell: int, free: list[int]) -> int:
    """The free cell whose beam lies nearest to the cell's."""
    azimuth = np.radians(cells["azimuth_deg"].fillna(0).to_numpy())
    beam_km = np.column_stack([np.cos(azimuth), np.sin(azimuth)]) * 0.5
    beams = cells[["lat", "lon"]].to_numpy() + beam_km / KM_PER_DEGREE
    return free[int(km_between(beams[[cell]], beams[free]).argmin())]


def _suit(rng: Rng, needs: str, cells: pd.DataFrame, chosen: list[int]) -> None:
    """Draws anew what the event needs its cells to be like; a neighbour that dies needs nothing."""
    for cell in chosen if needs == "twin" else chosen[:1]:
        drawn = {name: rng.uniform(*span) for name, span in NEEDS.get(needs, {}).items()}
        if "harm_over_busy" in drawn:
            drawn["harm_at_pct"] = drawn.pop("harm_over_busy") * drawn["prb_busy_pct"]
        for name, value in drawn.items():
            cells.loc[cell, name] = value
        if "harm" in drawn:
            cells.loc[cell, "uplink_per_downlink"] = rng.uniform(0.3, 0.7)


def _event(rng: Rng, wanted: tuple[str, int], cell: int, clock: Clock, recent_days: int) -> Event:
    """One event; from a fifth of the days on where its age is not given."""
    (kind, age), n_days = wanted, len(clock.days)
    cause = CAUSES[kind]
    # short histories have short stories
    lasts = 0 if cause.lasts_days is None else min(rng.uniform(*cause.lasts_days), n_days / 4)
    length, ramp = round(24 * lasts), round(24 * min(rng.uniform(*cause.ramp_days), n_days / 4))
    first = n_days - recent_days if rng.random() < 0.75 else 0
    last = n_days - max(-(-recent_days // 6), ramp // 24 + 4, length // 24 + 5)
    first = min(first + (n_days - first) // 5, last)
    day = n_days - age if age else int(rng.integers(first, last + 1))
    hour = int(rng.integers(*cause.begins))
    # an hour that the clock skips begins with the next
    start = int(np.flatnonzero((clock.day == day) & (clock.hour >= hour))[0])
    end = min(start + length, clock.hour.size) if length else clock.hour.size
    acts = (0, start) if cause.was_before else (start, end)
    strength: dict[str, Any] = {n: float(rng.uniform(*getattr(cause, n))) for n in STRENGTHS}
    return Event(kind, cell, start, start + ramp, end, acts, felt=cause.felt, **strength)


def _rows(event: Event, clock: Clock) -> list[Event]:
    """The event, and what goes with it: its end, or what the sector's other carrier sees."""
    if event.kind in ENDS:
        over = replace(
            event,
            kind=ENDS[event.kind],
            start=event.end,
            ramp_end=event.end,
            end=clock.hour.size,
            acts=(event.end, event.end),
        )
        return [event, over]
    if event.kind == "carriers_rebalanced" and event.partner is not None:
        other = replace(event, cell=event.partner, partner=event.cell, demand=2 - event.demand)
        return [event, other]
    return [event]


def quiet_cells(events: tuple[Event, ...], n_cells: int) -> Ints:
    """Row numbers of the cells in which nothing was planted, ascending.

    `events`: what was planted. `n_cells`: how many cells there are.
    """
    taken = {e.cell for e in events} | {e.partner for e in events}
    return np.array([c for c in range(n_cells) if c not in taken], np.int64)


# --- Outages, and effects of all -------------------------------------------------------------


def outages_of(
    rng: Rng, events: tuple[Event, ...], n_cells: int, clock: Clock
) -> tuple[Outage, ...]:
    """The planted neighbours' long outages, and short ones in cells that play no other part.

    `rng`: the stream to draw from. `events`: what was planted. `n_cells`: how many cells there are.
    `clock`: the hours.
    """
    causes = cycle(("Power failure", "Fibre cut", "Hardware fault", "Planned work"))
    outages = [
        Outage(event.partner, event.start, event.end, False, "Hardware fault")
        for event in events
        if event.kind == "neighbour_outage" and event.partner is not None
    ]
    n_short = max(1, n_cells * len(clock.days) // 900)
    for cell in rng.choice(quiet_cells(events, n_cells), n_short):
        planned = (cause := next(causes)) == "Planned work"
        hour = 1 if planned else int(rng.integers(24))
        day = int(rng.integers(len(clock.days) - 1))
        start = int(np.searchsorted(clock.day, day)) + hour
        outages.append(Outage(int(cell), start, start + int(rng.integers(2, 7)), planned, cause))
    return tuple(outages)


def effects_of(
    events: tuple[Event, ...], outages: tuple[Outage, ...], n_cells: int, clock: Clock
) -> Effects:
    """Events and outages as what they do to each hour.

    `events`, `outages`: what happens. `n_cells`: how many cells there are. `clock`: the hours.
    """
    shape = (n_cells, clock.hour.size)
    effects = Effects(
        demand=np.ones(shape),
        room=np.ones(shape),
        fault=np.ones(shape),
        rsrp_db=np.zeros(shape),
        up=np.ones(shape),
    )
    for event in events:
        hours = (event.cell, slice(*event.acts))
        strength = ramped(event) * felt(event, clock)[slice(*event.acts)]
        effects.demand[hours] *= 1 + (event.demand - 1) * strength
        effects.room[hours] *= 1 + (event.room * event.efficiency - 1) * strength
        effects.fault[hours] *= 1 + (event.fault - 1) * strength
        effects.rsrp_db[hours] += event.rsrp_db * strength
    for outage in outages:
        effects.up[outage.cell, outage.start : outage.end] = 0
    return effects


def felt(event: Event, clock: Clock) -> npt.NDArray[np.bool_]:
    """Whether the `event` is felt at the local hour of each hour of `clock`, (hour,)."""
    first, end = event.felt
    return np.asarray((clock.hour >= first) & (clock.hour < end))


def ramped(event: Event) -> Floats:
    """Part of the `event` that is there in each hour in which it acts, 0..1.

    All of it at once, or a straight ramp from its start to its `ramp_end`.
    """
    hours = np.arange(1, event.acts[1] - event.acts[0] + 1)
    return np.minimum(hours / max(event.ramp_end - event.start, 1), 1)
