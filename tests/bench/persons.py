"""Persons of a planted network who complain and answer, and the slopes of what they say on drops.

What one drop makes them do is known. Some call again, some are known by their cell alone, some
answer a wave twice, and who answers most may bear drops least. `complainants_per_drop` and
`detractors_per_drop` measure it as the product counts persons (`counted`) and as raw rows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.association import slopes, weeks
from analysis.association.slopes import Slope
from geo import hexgrid
from ingest.settle.counted import answers_as_counted, complaints_as_counted
from ingest.settle.repeats import repeats, superseded

PER_DROP, DETRACTORS_PER_DROP = 0.02, 0.2
LEVEL = 6
FIRST_DAY = pd.Timestamp("2025-06-02")
N_WEEKS, N_CELLS, N_ANSWERS = 16, 60, 80

Ints = npt.NDArray[np.int64]
_HEXES = np.sort(hexgrid.hexes_in_box(west=-3.2, east=-0.8, south=52.9, north=54.6, level=LEVEL))


@dataclass(frozen=True)
class Ills:
    """What is planted beside the truth: shares of 0 to 1, none by default.

    again: of contacts, those that are followed by another within a week; more where drops are many.
    by_cell: of contacts, those of which the cell alone is known.
    twice: of detractors, those who answer their wave twice.
    touchy: of answers, those of the half of all persons who bear drops least; .5 = as they are.
    """

    again: float = 0.0
    by_cell: float = 0.0
    twice: float = 0.0
    touchy: float = 0.5


ALL = Ills(again=0.5, by_cell=1 / 3, twice=0.7, touchy=0.75)
"""A third of all contacts repeat another then."""


@dataclass(frozen=True)
class Town:
    """What an operator holds of a planted network, and who could complain."""

    cell_hex: pd.DataFrame
    drops: pd.DataFrame
    exposure: pd.DataFrame
    complaints: pd.DataFrame
    answers: pd.DataFrame


def town(seed: int, ills: Ills = ALL) -> Town:
    """60 cells, each over three hexagons, with weeks that are worse and better."""
    rng = np.random.default_rng(seed)
    cell_hex = _footprints(rng)
    bad, people = rng.lognormal(0, 0.6, (N_CELLS, 1)), rng.uniform(4000, 9000, (N_CELLS, 1))
    wave = rng.lognormal(0, 0.5, (N_CELLS, N_WEEKS)) * np.linspace(0.6, 1.6, N_WEEKS)[:, None].T
    drops = rng.poisson(people * 0.04 * bad * wave)
    day_drops = rng.multinomial(drops, np.full(7, 1 / 7)).reshape(N_CELLS, -1)
    return Town(
        cell_hex,
        weeks.drops(_hex_days(cell_hex, day_drops, people), level=LEVEL),
        _exposure(cell_hex, people),
        _complaints(rng, cell_hex, day_drops, people, ills),
        _answers(rng, cell_hex, drops, people, ills),
    )


def _footprints(rng: np.random.Generator) -> pd.DataFrame:
    """Every cell's weights over its own hexagon and two of its neighbours'."""
    own = rng.choice(_HEXES, N_CELLS, replace=False)
    rows = []
    for cell, hex_id in enumerate(own):
        near = hexgrid.disk(int(hex_id), 1)
        others = rng.choice(near[near != hex_id], 2, replace=False)
        for place, weight in zip([hex_id, *others], [0.6, 0.25, 0.15], strict=True):
            rows.append((f"c{cell}", np.uint64(place), LEVEL, weight, None, None))
    columns = ["cell_id", "hex_id", "level", "weight", "valid_from", "valid_to"]
    return pd.DataFrame(rows, columns=columns).astype({"hex_id": "uint64"})


def _spread(cell_hex: pd.DataFrame, values: Floats | Ints) -> pd.DataFrame:
    """Values of cells, (cell, column), by hexagon: weights times values, summed."""
    cell = cell_hex["cell_id"].str[1:].astype(int).to_numpy()
    parts = pd.DataFrame(cell_hex["weight"].to_numpy()[:, None] * values[cell])
    return parts.groupby(cell_hex["hex_id"].to_numpy()).sum()


def _hex_days(cell_hex: pd.DataFrame, drops: Ints, people: Floats) -> pd.DataFrame:
    """Table `hex_day`: drops as counted, and two attempts a subscriber and day."""
    attempts = np.broadcast_to(2 * people, drops.shape)
    dropped, tried = (_spread(cell_hex, values) for values in (drops, attempts))
    place, day = np.indices(dropped.shape).reshape(2, -1)
    days = pd.DataFrame({
        "hex_id": dropped.index.to_numpy(np.uint64)[place], "day": day,
        "dropped_calls": dropped.to_numpy().ravel(), "call_attempts": tried.to_numpy().ravel(),
    })  # fmt: skip
    return days.assign(day_local=(FIRST_DAY + pd.to_timedelta(days["day"], "D")).dt.date)


def _exposure(cell_hex: pd.DataFrame, people: Floats) -> pd.DataFrame:
    persons = _spread(cell_hex, people)[0].rename("exposure").rename_axis("place").reset_index()
    mondays = pd.Series(FIRST_DAY + pd.to_timedelta(7 * np.arange(N_WEEKS), "D"), name="week")
    return persons.merge(mondays, how="cross")


def _where(rng: np.random.Generator, cell_hex: pd.DataFrame, cell: Ints) -> hexgrid.Hexes:
    """A hexagon of each cell's footprint, drawn by its weights."""
    hexes = cell_hex["hex_id"].to_numpy(np.uint64).reshape(N_CELLS, 3)
    return hexes[cell, rng.choice(3, len(cell), p=[0.6, 0.25, 0.15])]


def _complaints(
    rng: np.random.Generator, cell_hex: pd.DataFrame, drops: Ints, people: Floats, ills: Ills
) -> pd.DataFrame:
    """Table `complaint`."""
    first = rng.poisson(PER_DROP * drops + 0.0002 * people)
    cell, day = (np.repeat(axis, first.ravel()) for axis in np.indices(first.shape).reshape(2, -1))
    n = len(cell)
    contacts = pd.DataFrame({
        "subscriber_id": [f"p{i}" for i in range(n)], "cell": cell, "day": day,
        "hex_id": _where(rng, cell_hex, cell),
    })  # fmt: skip
    # where drops are many, one is likelier to call again
    again = contacts[
        rng.random(n) < np.clip(ills.again * first[cell, day] / first.mean() / 1.5, 0, 0.9)
    ]
    again = again.assign(day=again["day"] + rng.integers(1, 8, len(again)))
    rows = pd.concat([contacts, again], ignore_index=True)
    by_cell = rng.random(len(rows)) < ills.by_cell
    created = (FIRST_DAY + pd.to_timedelta(rows["day"], "D")).dt.tz_localize("UTC")
    return pd.DataFrame({
        "complaint_id": [f"r{i}" for i in range(len(rows))],
        "subscriber_id": rows["subscriber_id"], "complaint_class": "network",
        "complaint_type": None, "channel": None,
        "created_utc": created.astype("datetime64[us, UTC]") + pd.Timedelta(hours=12),
        "event_utc": pd.Series(pd.NaT, rows.index, dtype="datetime64[us, UTC]"),
        "time_grain": "instant", "is_repeat": None, "cell_id": "c" + rows["cell"].astype("str"),
        "hex_id": rows["hex_id"].astype("UInt64").mask(by_cell),
    })  # fmt: skip


def _answers(
    rng: np.random.Generator, cell_hex: pd.DataFrame, drops: Ints, people: Floats, ills: Ills
) -> pd.DataFrame:
    """Table `nps`; weights mend that the touchy answer more often than they are many."""
    felt = pd.DataFrame(drops.T / people.T).rolling(4).sum().to_numpy().T
    cell, week = (axis.ravel().repeat(N_ANSWERS) for axis in np.indices(felt.shape))
    is_touchy = rng.random(len(cell)) < ills.touchy
    # half of all are touchy: the others bear every drop, so those lose twice the mean
    lost = np.where(is_touchy, 2 * DETRACTORS_PER_DROP, 0) * np.nan_to_num(felt)[cell, week]
    score = np.where(rng.random(len(cell)) < 0.1 + lost, 3, 9)
    rows = pd.DataFrame({
        "subscriber_id": [f"p{i}" for i in range(len(cell))], "score": score,
        "survey_weight": np.where(is_touchy, 0.5 / ills.touchy, 0.5 / (1 - ills.touchy)),
        "hex_id": _where(rng, cell_hex, cell), "day": 7 * week + rng.integers(0, 4, len(cell)),
    })  # fmt: skip
    twice = rows[(score <= 6) & (rng.random(len(rows)) < ills.twice)]
    rows = pd.concat([rows, twice.assign(day=twice["day"] + 2)], ignore_index=True)
    answered = (FIRST_DAY + pd.to_timedelta(rows["day"], "D")).dt.tz_localize("UTC")
    return rows.assign(
        response_id=[f"r{i}" for i in range(len(rows))], survey_type="relationship",
        wave="summer", answered_utc=answered.astype("datetime64[us, UTC]"),
        time_grain="instant", hex_id=rows["hex_id"].astype("UInt64"),
    )  # fmt: skip


# --- the two ways ------------------------------------------------------------------------------


def complainants_per_drop(town: Town, *, counted: bool) -> Slope:
    """Complainants for one drop, of counted complaints, or of all contacts that have a place."""
    rows, cell_hex = town.complaints, town.cell_hex.iloc[:0]
    if counted:
        rows, cell_hex = rows[~repeats(rows, days=7, zone="UTC")], town.cell_hex
    complaints = complaints_as_counted(rows, cell_hex, level=LEVEL, zone="UTC")
    cases = weeks.complainants(complaints, "network", level=LEVEL)
    slope = slopes.complainants(cases, town.exposure, town.drops)
    # those without a place are thought to be alike
    placed = complaints.drop_duplicates("complaint_id")["hex_id"].notna().mean()
    return slope._replace(value=slope.value / placed, se=slope.se / placed)


def detractors_per_drop(town: Town, *, counted: bool) -> Slope:
    """Detractors for one drop in four weeks, of counted answers, or of all answers alike."""
    rows = town.answers.assign(survey_weight=1.0)
    if counted:
        rows = town.answers[~superseded(town.answers, zone="UTC")]
    answers = answers_as_counted(rows, level=LEVEL, zone="UTC")
    return slopes.detractors(weeks.answers(answers, level=LEVEL), town.exposure, town.drops)
