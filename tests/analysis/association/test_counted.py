"""With repeats, cell-known complaints and second answers the planted slope comes back; it did not.

The old way counted every contact, left out those known by their cell alone and scaled up for them,
and counted every answer alike.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from analysis.association import slopes, weeks
from analysis.association.slopes import Slope
from geo import hexgrid
from ingest.settle.counted import answers_as_counted, complaints_as_counted
from ingest.settle.repeats import repeats, superseded

PER_DROP, DETRACTORS_PER_DROP = 0.02, 0.2
LEVEL = 6
FIRST_DAY = pd.Timestamp("2025-06-02")
N_WEEKS, N_CELLS = 16, 60
SEEDS = range(8)
FINE = np.sort(hexgrid.hexes_in_box(west=-3.2, east=-0.8, south=52.9, north=54.6, level=LEVEL))


@dataclass(frozen=True)
class Town:
    """What an operator holds of a planted network, and who could complain."""

    cell_hex: pd.DataFrame
    drops: pd.DataFrame
    exposure: pd.DataFrame
    complaints: pd.DataFrame
    answers: pd.DataFrame


def _town(seed: int) -> Town:
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
        _complaints(rng, cell_hex, day_drops, people),
        _answers(rng, cell_hex, drops, people),
    )


def _footprints(rng: np.random.Generator) -> pd.DataFrame:
    """Every cell's weights over its own hexagon and two of its neighbours'."""
    own = rng.choice(FINE, N_CELLS, replace=False)
    rows = []
    for cell, hex_id in enumerate(own):
        near = hexgrid.disk(int(hex_id), 1)
        others = rng.choice(near[near != hex_id], 2, replace=False)
        for place, weight in zip([hex_id, *others], [0.6, 0.25, 0.15], strict=True):
            rows.append((f"c{cell}", np.uint64(place), LEVEL, weight, None, None))
    columns = ["cell_id", "hex_id", "level", "weight", "valid_from", "valid_to"]
    return pd.DataFrame(rows, columns=columns).astype({"hex_id": "uint64"})


def _spread(cell_hex: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    """Values of cells, (cell, column), by hexagon: weights times values, summed."""
    cell = cell_hex["cell_id"].str[1:].astype(int).to_numpy()
    parts = pd.DataFrame(cell_hex["weight"].to_numpy()[:, None] * values[cell])
    return parts.groupby(cell_hex["hex_id"].to_numpy()).sum()


def _hex_days(cell_hex: pd.DataFrame, drops: np.ndarray, people: np.ndarray) -> pd.DataFrame:
    """Table `hex_day`: drops as counted, and two attempts a subscriber and day."""
    attempts = np.broadcast_to(2 * people, drops.shape)
    dropped, tried = (_spread(cell_hex, values) for values in (drops, attempts))
    place, day = np.indices(dropped.shape).reshape(2, -1)
    days = pd.DataFrame({
        "hex_id": dropped.index.to_numpy(np.uint64)[place], "day": day,
        "dropped_calls": dropped.to_numpy().ravel(), "call_attempts": tried.to_numpy().ravel(),
    })  # fmt: skip
    return days.assign(day_local=(FIRST_DAY + pd.to_timedelta(days["day"], "D")).dt.date)


def _exposure(cell_hex: pd.DataFrame, people: np.ndarray) -> pd.DataFrame:
    persons = _spread(cell_hex, people)[0].rename("exposure").rename_axis("place").reset_index()
    mondays = pd.Series(FIRST_DAY + pd.to_timedelta(7 * np.arange(N_WEEKS), "D"), name="week")
    return persons.merge(mondays, how="cross")


def _where(rng: np.random.Generator, cell_hex: pd.DataFrame, cell: np.ndarray) -> np.ndarray:
    """A hexagon of each cell's footprint, drawn by its weights."""
    hexes = cell_hex["hex_id"].to_numpy(np.uint64).reshape(N_CELLS, 3)
    return hexes[cell, rng.choice(3, len(cell), p=[0.6, 0.25, 0.15])]


def _complaints(
    rng: np.random.Generator, cell_hex: pd.DataFrame, drops: np.ndarray, people: np.ndarray
) -> pd.DataFrame:
    """Table `complaint`: a third of the rows repeat another, a third are known by cell alone."""
    first = rng.poisson(PER_DROP * drops + 0.0002 * people)
    cell, day = (np.repeat(axis, first.ravel()) for axis in np.indices(first.shape).reshape(2, -1))
    n = len(cell)
    contacts = pd.DataFrame({
        "subscriber_id": [f"p{i}" for i in range(n)], "cell": cell, "day": day,
        "hex_id": _where(rng, cell_hex, cell),
    })  # fmt: skip
    # where drops are many, one is likelier to call again
    again = contacts[rng.random(n) < np.clip(first[cell, day] / first.mean() / 3, 0, 0.9)]
    again = again.assign(day=again["day"] + rng.integers(1, 8, len(again)))
    rows = pd.concat([contacts, again], ignore_index=True)
    by_cell = rng.random(len(rows)) < 1 / 3
    created = (FIRST_DAY + pd.to_timedelta(rows["day"], "D")).dt.tz_localize("UTC")
    return pd.DataFrame({
        "complaint_id": [f"r{i}" for i in range(len(rows))],
        "subscriber_id": rows["subscriber_id"], "complaint_class": "network",
        "created_utc": created.astype("datetime64[us, UTC]") + pd.Timedelta(hours=12),
        "event_utc": pd.Series(pd.NaT, rows.index, dtype="datetime64[us, UTC]"),
        "time_grain": "instant", "is_repeat": None, "cell_id": "c" + rows["cell"].astype("str"),
        "hex_id": rows["hex_id"].astype("UInt64").mask(by_cell),
    })  # fmt: skip


def _answers(
    rng: np.random.Generator, cell_hex: pd.DataFrame, drops: np.ndarray, people: np.ndarray
) -> pd.DataFrame:
    """Table `nps`: most detractors answer twice; the touchy answer most and weigh least."""
    felt = pd.DataFrame(drops.T / people.T).rolling(4).sum().to_numpy().T
    cell, week = (axis.ravel().repeat(80) for axis in np.indices(felt.shape))
    is_touchy = rng.random(len(cell)) < 0.75
    # half of all are touchy: the others bear every drop, so those lose twice the mean
    lost = np.where(is_touchy, 2 * DETRACTORS_PER_DROP, 0) * np.nan_to_num(felt)[cell, week]
    score = np.where(rng.random(len(cell)) < 0.1 + lost, 3, 9)
    rows = pd.DataFrame({
        "subscriber_id": [f"p{i}" for i in range(len(cell))], "score": score,
        "survey_weight": np.where(is_touchy, 0.5 / 0.75, 0.5 / 0.25),
        "hex_id": _where(rng, cell_hex, cell), "day": 7 * week + rng.integers(0, 4, len(cell)),
    })  # fmt: skip
    twice = rows[(score <= 6) & (rng.random(len(rows)) < 0.7)]
    rows = pd.concat([rows, twice.assign(day=twice["day"] + 2)], ignore_index=True)
    answered = (FIRST_DAY + pd.to_timedelta(rows["day"], "D")).dt.tz_localize("UTC")
    return rows.assign(
        response_id=[f"r{i}" for i in range(len(rows))], survey_type="relationship",
        wave="summer", answered_utc=answered.astype("datetime64[us, UTC]"),
        time_grain="instant", hex_id=rows["hex_id"].astype("UInt64"),
    )  # fmt: skip


# ------------------------------------------------------------------------------- the two ways


def _complainants(town: Town, *, old: bool) -> Slope:
    rows, cell_hex = town.complaints, town.cell_hex
    if old:
        rows, cell_hex = rows.drop(columns="cell_id").assign(cell_id=None), cell_hex.iloc[:0]
    else:
        rows = rows[~repeats(rows, days=7, zone="UTC")]
    counted = complaints_as_counted(rows, cell_hex, level=LEVEL, zone="UTC")
    cases = weeks.complainants(counted, "network", level=LEVEL)
    slope = slopes.complainants(cases, town.exposure, town.drops)
    placed = counted.drop_duplicates("complaint_id")["hex_id"].notna().mean()
    return slope._replace(value=slope.value / placed, se=slope.se / placed)


def _detractors(town: Town, *, old: bool) -> Slope:
    rows = town.answers
    rows = rows.assign(survey_weight=1.0) if old else rows[~superseded(rows, zone="UTC")]
    counted = answers_as_counted(rows, level=LEVEL, zone="UTC")
    return slopes.detractors(weeks.answers(counted, level=LEVEL), town.exposure, town.drops)


def _holds(found: list[Slope], truth: float) -> float:
    intervals = [slope.interval for slope in found]
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.fixture(scope="module")
def towns() -> list[Town]:
    return [_town(seed) for seed in SEEDS]


def test_a_third_of_the_contacts_are_repeats_and_a_third_have_no_place(towns: list[Town]) -> None:
    again = np.mean([repeats(town.complaints, days=7, zone="UTC").mean() for town in towns])
    assert again == pytest.approx(1 / 3, abs=0.05)
    assert np.mean([t.complaints["hex_id"].isna().mean() for t in towns]) == pytest.approx(
        1 / 3, abs=0.02
    )


def test_complainants_per_drop_come_back_where_contacts_do_not(towns: list[Town]) -> None:
    counted = [_complainants(town, old=False) for town in towns]
    contacts = [_complainants(town, old=True) for town in towns]
    assert _holds(counted, PER_DROP) >= 0.75
    assert np.mean([slope.value for slope in counted]) == pytest.approx(PER_DROP, rel=0.06)
    assert _holds(contacts, PER_DROP) <= 0.25
    assert np.mean([slope.value for slope in contacts]) > 1.2 * PER_DROP


def test_detractors_per_drop_come_back_where_answers_do_not(towns: list[Town]) -> None:
    counted = [_detractors(town, old=False) for town in towns]
    everything = [_detractors(town, old=True) for town in towns]
    assert _holds(counted, DETRACTORS_PER_DROP) >= 0.75
    assert np.mean([slope.value for slope in counted]) == pytest.approx(
        DETRACTORS_PER_DROP, rel=0.15
    )
    assert abs(np.mean([slope.value for slope in everything]) / DETRACTORS_PER_DROP - 1) > 0.2
