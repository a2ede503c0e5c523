"""The demo operator's customers: where they live, what they complain of, how they answer surveys.

Pure, like `ingest.synth.radio.network`, whose drops they suffer. Arrays are (hex, day) or
(cell, hex), hexagons in the order of `People.hexes`. Which cell serves whom is a model of received
power, not Voronoi: the pipeline has to find places out for itself.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo import hexgrid
from ingest.synth.radio.cells import Rng
from ingest.synth.radio.country import (
    BRADFORD,
    CENTRES,
    EAST,
    KM_PER_DEGREE,
    NORTH,
    SETTINGS,
    SOUTH,
    TOWNS,
    WEST,
    Clock,
    Floats,
    Ints,
    km_between,
)
from ingest.synth.radio.network import Network

HEX_LEVEL = 9
OUT_OF_RANGE_DB = -1000.0
SUBSCRIBERS_PER_CELL = 1_800
DAYS_A_MONTH = 30.4

CATEGORIES = (
    "Dropped calls", "Cannot make calls", "No coverage", "Poor indoor signal", "Slow data",
    "No data", "Billing", "Device/SIM", "Nuisance calls",
)  # fmt: skip
# shares of those categories, by what ails the cell that serves most of the place
CATEGORY_MIX = {
    "ordinary": (0.55, 0.12, 0.05, 0.10, 0.13, 0.05, 0, 0, 0),
    "coverage": (0.25, 0.10, 0.35, 0.25, 0.03, 0.02, 0, 0, 0),
    "congested": (0.45, 0.15, 0.01, 0.04, 0.28, 0.07, 0, 0, 0),
    "background": (0.10, 0.08, 0.20, 0.27, 0.25, 0.10, 0, 0, 0),
    "not_network": (0, 0, 0, 0, 0, 0, 0.6, 0.3, 0.1),
}
MIXES = list(CATEGORY_MIX)
COMPLAINTS_PER_DROP = 0.018
PER_1000_AND_MONTH = {"background": 1.0, "not_network": 1.6}  # whatever the drops
DAYS_TO_COMPLAIN = np.exp(-np.arange(14) / 5) / np.exp(-np.arange(14) / 5).sum()
REPEAT_SHARE = 0.06
CONGESTED_PRB_PCT, CONGESTED_HOURS = 80, 3

INVITED_A_MONTH, DELIVERED_SHARE = 0.08, 0.955
AGES = ("18-34", "35-54", "55+")
AGE_MIX = {"City": (0.42, 0.35, 0.23), "Town": (0.3, 0.36, 0.34), "Countryside": (0.2, 0.36, 0.44)}
# who answers: the young seldom, the displeased more often in the cities, less in the countryside
ANSWERS_BY_AGE = np.array([0.05, 0.11, 0.2])
DETRACTORS_ANSWER = {"City": 1.5, "Town": 1.1, "Countryside": 0.7}
DETRACTOR_UP_TO, PROMOTER_FROM = 6, 9
MEAN_SCORE, SCORE_SD = 8.0, 2.3
# so little that twice the drops cost five or six points of NPS
SCORE_PER_LOG_DROP_RATE = -0.3
EXPERIENCE_DAYS = 28


@dataclass(frozen=True)
class People:
    """Where subscribers live: hexagons with somebody, and each subscriber's hexagon and home."""

    hexes: hexgrid.Hexes
    centre: Floats
    n_subscribers: Ints
    stratum: npt.NDArray[np.str_]
    arpu: Floats
    hex_of: Ints
    home: Floats
    age: Ints
    """Band of each subscriber's age, a row of `AGES`."""


@dataclass(frozen=True)
class Customers:
    """The people, each cell's traffic over their hexagons (cell, hex), and what they say.

    `invites`: one row a wave and stratum: how many were asked, how many answered, and the NPS of
    all who were asked beside that of those who answered.
    """

    people: People
    weights: Floats
    complaints: pd.DataFrame
    answers: pd.DataFrame
    invites: pd.DataFrame


def invent_customers(rng: Rng, network: Network) -> Customers:
    """The network's customers.

    `rng`: the same stream gives the same customers. `network`: whose drops they suffer.
    """
    homes, voices, surveys = rng.spawn(3)
    people = _people(homes, len(network.cells) * SUBSCRIBERS_PER_CELL)
    served = _served(network.cells, people)
    weights = _weights(served, people)
    complaints = _complaints(voices, network, people, weights)
    asked = _asked(surveys, network, people, served)
    return Customers(people, weights, complaints, _answers(surveys, asked, people), _waves(asked))


# --- Where people are and who serves them ----------------------------------------------------


def _people(rng: Rng, total: int) -> People:
    """`total` subscribers, most of them in the towns; hexagons where nobody lives are left out."""
    hexes = hexgrid.hexes_in_box(west=WEST, south=SOUTH, east=EAST, north=NORTH, level=HEX_LEVEL)
    centre = np.column_stack(hexgrid.centres(hexes))
    radius = np.array([town.radius_km for town in TOWNS])
    km = km_between(centre, CENTRES)
    crowd = np.array([town.people for town in TOWNS]) / radius**2
    density = 0.04 + (crowd * np.exp(-km / (0.7 * radius))).sum(axis=1)
    density *= rng.lognormal(0, 0.4, len(hexes))
    n = rng.multinomial(total, density / density.sum())
    hexes, centre, km, n = hexes[n > 0], centre[n > 0], km[n > 0], n[n > 0]
    stratum = _stratum(km, radius)
    arpu = 17 + 3 * (stratum == "Countryside") + rng.normal(0, 1.5, len(n))
    hex_of = np.repeat(np.arange(len(n)), n)
    home = centre[hex_of] + rng.uniform(-0.1, 0.1, (total, 2)) / KM_PER_DEGREE
    up_to = np.cumsum([AGE_MIX[place][:-1] for place in stratum], axis=1)[hex_of]
    age = (rng.random((total, 1)) > up_to).sum(axis=1)
    return People(hexes, centre, n, stratum, arpu, hex_of, home, age)


def _stratum(km: Floats, radius: Floats) -> npt.NDArray[np.str_]:
    """City, town or countryside, by distances to the towns' centres, (hex, town) -> (hex,)."""
    nearest = km.argmin(axis=1)
    outside = km.min(axis=1) > 2.2 * radius[nearest]
    return np.where(outside, "Countryside", np.where(nearest <= BRADFORD, "City", "Town"))


def _served(cells: pd.DataFrame, people: People) -> Floats:
    """Share of each hexagon's traffic that each cell takes, (cell, hex); all 0 where none reaches.

    Received power by distance (exponent 3.75) and antenna pattern (65 degrees, 25 dB at the back),
    then a logistic among the cells in range (as docs/methods.md 2.2).
    """
    power_db = np.vstack([_power_db(cell, people) for cell in cells.itertuples()])
    pull = np.exp((power_db - power_db.max(axis=0)) / 3)
    return np.asarray(pull / np.maximum(pull.sum(axis=0), 1e-300))


def _power_db(cell: Any, people: People) -> Floats:
    """Received power of one cell at each hexagon, (hex,); almost none out of its range."""
    setting = SETTINGS[cell.setting]
    north, east = ((people.centre - (cell.lat, cell.lon)) * KM_PER_DEGREE).T
    km = np.hypot(north, east)
    aside = (np.degrees(np.arctan2(east, north)) - cell.azimuth_deg + 180) % 360 - 180
    pattern_db = np.nan_to_num(np.minimum(12 * (aside / 65) ** 2, 25))  # NaN: omni, no pattern
    power_db = setting.gain_db - 37.5 * np.log10(np.maximum(km, 0.05)) - pattern_db
    return np.where(km <= setting.range_km, power_db, OUT_OF_RANGE_DB)


def _weights(served: Floats, people: People) -> Floats:
    """Share of each cell's traffic that lies in each hexagon, (cell, hex), rows summing to 1."""
    traffic = served * people.n_subscribers
    traffic[traffic < 0.005 * traffic.max(axis=1, keepdims=True)] = 0
    return np.asarray(traffic / traffic.sum(axis=1, keepdims=True))


# --- Complaints ------------------------------------------------------------------------------


def _complaints(rng: Rng, network: Network, people: People, weights: Floats) -> pd.DataFrame:
    """Tickets in order of opening: `opened` (instant), `subscriber` (number) and `category`."""
    drops = weights.T @ network.clock.by_day(network.counters["dropped_calls"])
    prone = rng.lognormal(0, 0.25, (len(drops), 1))
    caused = rng.poisson(COMPLAINTS_PER_DROP * prone * _felt_later(drops))
    tickets = [_tickets(rng, caused, people, _ailments(network)[weights.argmax(axis=0)])]
    for mix, rate in PER_1000_AND_MONTH.items():
        mean = np.broadcast_to(people.n_subscribers[:, None], drops.shape) * rate / 1000
        n = rng.poisson(mean / DAYS_A_MONTH)
        tickets.append(_tickets(rng, n, people, np.full(drops.shape, MIXES.index(mix))))
    contacts = _with_repeats(rng, pd.concat(tickets)).query("day < @drops.shape[1]")
    contacts = contacts.assign(opened=_instants(rng, network.clock, contacts["day"]))
    return contacts.sort_values("opened", ignore_index=True)


def _felt_later(drops: Floats) -> Floats:
    """Drops by the day on which they are complained of, one to fourteen days after; (hex, day)."""
    lags = len(DAYS_TO_COMPLAIN)
    # before the first day stands the mean of the first week
    history = np.hstack([np.repeat(drops[:, :7].mean(axis=1, keepdims=True), lags, axis=1), drops])
    n_days, later = drops.shape[1], np.zeros(drops.shape)
    for lag, share in enumerate(DAYS_TO_COMPLAIN, 1):
        later += share * history[:, lags - lag : lags - lag + n_days]
    return later


def _ailments(network: Network) -> Ints:
    """What ails each cell on each day, as a row of `CATEGORY_MIX`, (cell, day)."""
    full = network.counters["prb_dl_util_pct"] > CONGESTED_PRB_PCT
    congested = network.clock.by_day(full.astype(float)) >= CONGESTED_HOURS
    ailment = np.where(congested, MIXES.index("congested"), MIXES.index("ordinary"))
    for event in network.events:
        if event.kind == "coverage_loss":
            ailment[event.cell, network.clock.day[event.start] :] = MIXES.index("coverage")
    return ailment


def _tickets(rng: Rng, counts: Ints, people: People, mixes: Ints) -> pd.DataFrame:
    """`counts` (hex, day) as tickets of subscribers who live there, each with its category."""
    places, days = np.nonzero(counts)
    place, day = (np.repeat(axis, counts[places, days]) for axis in (places, days))
    first = np.cumsum(people.n_subscribers) - people.n_subscribers
    subscriber = first[place] + rng.integers(0, people.n_subscribers[place])
    up_to = np.cumsum(list(CATEGORY_MIX.values()), axis=1)[mixes[place, day], :-1]
    category = np.array(CATEGORIES)[(rng.random((len(place), 1)) > up_to).sum(axis=1)]
    return pd.DataFrame({"day": day, "subscriber": subscriber, "category": category})


def _with_repeats(rng: Rng, tickets: pd.DataFrame) -> pd.DataFrame:
    """The tickets, and the calls of those who call again within a week about the same thing."""
    again = tickets[rng.random(len(tickets)) < REPEAT_SHARE]
    return pd.concat([tickets, again.assign(day=again["day"] + rng.integers(1, 8, len(again)))])


def _instants(rng: Rng, clock: Clock, day: pd.Series) -> pd.DatetimeIndex:
    """An instant in the waking hours of each day."""
    seconds = rng.triangular(8 * 3600, 13 * 3600, 21 * 3600, len(day)).astype(int)
    return clock.days[day] + pd.to_timedelta(seconds, unit="s")


# --- Survey answers --------------------------------------------------------------------------


def _asked(rng: Rng, network: Network, people: People, served: Floats) -> pd.DataFrame:
    """All who were asked, month by month: what they would say, and whether they do (`answers`)."""
    clock = network.clock
    month = clock.days.strftime("%Y-%m")
    asked = pd.concat(
        [_wave(rng, name, np.flatnonzero(month == name), people) for name in month.unique()],
        ignore_index=True,
    )
    place, age = people.hex_of[asked["subscriber"]], people.age[asked["subscriber"]]
    felt = _log_rate_felt(network, served)[place, asked["day"]]
    opinion = rng.normal(MEAN_SCORE, SCORE_SD, len(asked)) + SCORE_PER_LOG_DROP_RATE * felt
    score = opinion.round().clip(0, 10).astype(int)
    eager = pd.Series(people.stratum[place]).map(DETRACTORS_ANSWER).to_numpy()
    inclined = ANSWERS_BY_AGE[age] * np.where(score <= DETRACTOR_UP_TO, eager, 1)
    delivered = rng.random(len(asked)) < DELIVERED_SHARE
    stratum = pd.Series(people.stratum[place]) + " " + pd.Series(np.array(AGES)[age])
    return asked.assign(
        stratum=stratum,
        score=score,
        delivered=delivered,
        answers=delivered & (rng.random(len(asked)) < inclined),
        answered=_instants(rng, clock, asked["day"]),
    )


def _wave(rng: Rng, month: str, days: Ints, people: People) -> pd.DataFrame:
    """Who is asked in a month, each subscriber at most once, and on which of its days."""
    n = len(people.hex_of)
    size = round(n * INVITED_A_MONTH * len(days) / DAYS_A_MONTH)
    who = rng.choice(n, size, replace=False)
    return pd.DataFrame({"wave": month, "subscriber": who, "day": rng.choice(days, size)})


def _answers(rng: Rng, asked: pd.DataFrame, people: People) -> pd.DataFrame:
    """The answers in order of `answered` (instant), weighted as an agency would.

    A weight is the stratum's share of subscribers over its share of the wave's answers: it mends
    that the young seldom answer, not that the displeased do so more often than others.
    """
    answers = asked[asked["answers"]]
    place = pd.Series(people.stratum[people.hex_of]) + " " + pd.Series(np.array(AGES)[people.age])
    of_all = place.value_counts(normalize=True)
    by_stratum = answers.groupby(["wave", "stratum"])["score"]
    of_wave = by_stratum.transform("size") / answers.groupby("wave")["score"].transform("size")
    weight = answers["stratum"].map(of_all) / of_wave * rng.lognormal(0, 0.05, len(answers))
    return answers.assign(weight=weight).sort_values("answered", ignore_index=True)


def _waves(asked: pd.DataFrame) -> pd.DataFrame:
    """Counts and both NPS of each wave and stratum, see `Customers.invites`."""
    score = asked["score"]
    points = 100 * ((score >= PROMOTER_FROM).astype(int) - (score <= DETRACTOR_UP_TO))
    # points: of all who were asked; points_answered: missing of those who did not answer
    scored = asked.assign(points=points, points_answered=points.where(asked["answers"]))
    return scored.groupby(["wave", "stratum"], as_index=False).agg(
        n_invited=("score", "size"),
        n_delivered=("delivered", "sum"),
        n_completed=("answers", "sum"),
        nps_of_invited=("points", "mean"),
        nps_of_answers=("points_answered", "mean"),
    )


def _log_rate_felt(network: Network, served: Floats) -> Floats:
    """Log of the drop rate felt over up to 28 days against the network's, (hex, day)."""
    drops, attempts = (
        network.clock.by_day(network.counters[name]) for name in ("dropped_calls", "call_attempts")
    )
    normal = drops.sum() / attempts.sum()
    rate = np.divide(drops, attempts, out=np.full(drops.shape, normal), where=attempts > 0)
    # where no cell reaches, customers roam and feel what is normal
    felt = np.cumsum(served.T @ (rate - normal), axis=1)
    gone = np.hstack([np.zeros((len(felt), EXPERIENCE_DAYS)), felt])[:, : felt.shape[1]]
    n_days = np.minimum(np.arange(1, felt.shape[1] + 1), EXPERIENCE_DAYS)
    # a normal week comes before, so that one bad first day is not the whole experience
    return np.asarray(np.log1p((felt - gone) / (n_days + 7) / normal))
