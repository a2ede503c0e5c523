"""The demo operator's works: upgrades, changes that hurt, repairs, and works that chase bad luck.

Every 30 days the operator tends to the cells that became worst lately. Some of these works help;
the others do nothing, and the cell recovers all the same because its bad weeks were worse than it
is (regression to the mean). The true effect stands beside each work, in the truth only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ingest.synth.radio.causes import Event, quiet_cells
from ingest.synth.radio.cells import Rng
from ingest.synth.radio.country import Clock, Floats, Span

CHOOSING_DAYS, LEAST_PAST_DAYS, LEAST_CALLS_A_DAY = 28, 14, 600
CELLS_A_WORK, DAYS_A_ROUND = 100, 30
HELPFUL_SHARE = 0.4
HELPFUL: Span = (0.65, 0.8)


@dataclass(frozen=True)
class Work:
    """One work in a cell."""

    cell: int
    """Row of the cell."""
    start: int
    """Hour of the clock; beyond its end where the work is yet to come, as is `finish`."""
    finish: int
    kind: str
    status: str
    notes: str
    true_ratio: float = 1.0
    """Expected drops after the work over those without it; 1 = it does nothing."""
    chosen_because_bad: bool = False
    """Whether the operator chose the cell for its bad weeks."""


# the event that begins as the work ends: type and notes of the work, and its hours
OF_EVENTS = {
    "capacity_upgrade": ("Carrier add", "Second carrier, counted under the same cell", 4),
    "parameter_change": ("Parameter change", "Handover margins aligned with the golden set", 2),
    "fault_cleared": ("Antenna swap", "Feeder and antenna replaced", 5),
}
FOR_BAD_CELLS = (
    ("Tilt change", "Two degrees down, cell among the worst of the month"),
    ("Parameter change", "Access timers relaxed, cell among the worst of the month"),
)
# works of which nothing was expected: type, status, notes
ROUTINE = (
    ("Software upgrade", "Completed", "Release 26.2, no outage expected"),
    ("Parameter change", "Completed", "Paging timers aligned with the golden set"),
    ("Software upgrade", "Completed", "Release 26.2, no outage expected"),
    ("Tilt change", "Rolled back", "Two degrees down, set back the same night"),
    ("Carrier add", "Scheduled", "Awaiting landlord's consent"),
)


def works_for_bad_cells(
    rng: Rng, events: tuple[Event, ...], clock: Clock, drops: Floats, calls: Floats
) -> tuple[list[Work], list[Event]]:
    """Works on cells that became bad, and events for those works that help.

    `rng`: the stream to draw from. `events`: what was planted so far. `clock`: the hours. `drops`,
    `calls`: counts, shape (cell, day). Chosen are the cells whose rate of the last 28 days is
    highest against all days before, among those that nothing else befalls for good; each once.
    """
    works, helped = list[Work](), list[Event]()
    luckless = {e.cell for e in events if e.kind == "passing_fault"}
    pool = luckless | set(quiet_cells(events, len(drops)).tolist())
    for day in range(LEAST_PAST_DAYS + CHOOSING_DAYS, len(clock.days) - 10, DAYS_A_ROUND):
        rise = _rise(drops[:, :day], calls[:, :day])
        worst = [c for c in np.argsort(-rise, kind="stable").tolist() if c in pool and rise[c] > 1]
        for cell in worst[: max(1, len(drops) // CELLS_A_WORK)]:
            pool.remove(cell)
            helps = cell not in luckless and rng.random() < HELPFUL_SHARE
            ratio = float(rng.uniform(*HELPFUL)) if helps else 1.0
            finish = hour_of(clock, day + int(rng.integers(3, 9)), 4)
            kind, notes = FOR_BAD_CELLS[int(rng.integers(2))]
            works.append(Work(cell, finish - 3, finish, kind, "Completed", notes, ratio, True))
            if helps:
                end = clock.hour.size
                helped.append(
                    Event("work_that_helped", cell, finish, finish, end, (finish, end), fault=ratio)
                )
    return works, helped


def _rise(drops: Floats, calls: Floats) -> Floats:
    """Drop rate of the last 28 days over that of all days before, (cell,); 0 with few calls."""
    lately, before = slice(-CHOOSING_DAYS, None), slice(-CHOOSING_DAYS)
    new, old = (
        (drops[:, days].sum(axis=1) + 1) / (calls[:, days].sum(axis=1) + 1)
        for days in (lately, before)
    )
    has_few = calls[:, lately].mean(axis=1) < LEAST_CALLS_A_DAY
    return np.where(has_few, 0, new / old)


def works_of_events(events: tuple[Event, ...], truth: pd.DataFrame) -> Iterator[Work]:
    """The works that end when their event begins.

    `events`: those planted. `truth`: a row for each, with the `ratio` of its drops.
    """
    for event, ratio in zip(events, truth["ratio"], strict=True):
        if event.kind in OF_EVENTS:
            kind, notes, hours = OF_EVENTS[event.kind]
            start = max(event.start - hours, 0)
            yield Work(event.cell, start, event.start, kind, "Completed", notes, float(ratio))


def routine_works(rng: Rng, idle: list[int], clock: Clock) -> Iterator[Work]:
    """Works that change nothing, one of them still to come.

    `rng`: the stream to draw from. `idle`: rows of the cells that nothing else befalls. `clock`:
    the hours.
    """
    n_days = len(clock.days)
    for cell, (kind, status, notes) in zip(rng.permutation(idle).tolist(), ROUTINE, strict=False):
        day = int(rng.integers(5, n_days - 2))
        start = clock.hour.size + day * 24 if status == "Scheduled" else hour_of(clock, day, 1)
        yield Work(cell, start, start + 3, kind, status, notes)


def hour_of(clock: Clock, day: int, hour: int) -> int:
    """Number of the hour on `clock` at local `hour` of `day`; the next where the clock skips it."""
    return int(np.flatnonzero((clock.day == day) & (clock.hour >= hour))[0])
