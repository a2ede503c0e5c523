"""The demo operator's network: masts, cells, load, planted events, and what the cells count.

Pure: frames and arrays from a seed, no files; `ingest.synth` writes them as operators would.
Arrays have shape (cell, hour), rows in the order of `Network.cells`. `Clock.local` holds the
instants; hours of day and days are the operator's local ones.
"""

from dataclasses import dataclass
from datetime import date
from itertools import cycle

import numpy as np
import pandas as pd

from ingest.synth.country import (
    BRADFORD,
    CENTRES,
    DATA_BY_HOUR,
    DROPS_BY_HOUR,
    EAST,
    FREE_DAY_DATA,
    FREE_DAY_VOICE,
    KM_PER_DEGREE,
    LEEDS,
    NORTH,
    SETTINGS,
    SOUTH,
    TOWNS,
    VOICE_BY_HOUR,
    WEST,
    Clock,
    Floats,
    Ints,
    Span,
    clock_of,
    km_between,
)

Counters = dict[str, Floats]
Rng = np.random.Generator

NEXT_TOWN, COUNTRY = -1, -2
# where the next mast goes, over and over
SITE_MIX = (LEEDS, NEXT_TOWN, BRADFORD, COUNTRY, LEEDS, NEXT_TOWN, LEEDS, BRADFORD, LEEDS,
            NEXT_TOWN, COUNTRY, LEEDS)  # fmt: skip
KM_OUT_OF_TOWN, RURAL_CODE = 4.5, "RUR"
SECOND_CARRIER_SHARE = 0.2
KNEE_SHARE = 0.6
CARRIERS = (("LTE", "B3", 20.0), ("LTE", "B7", 20.0), ("NR", "n78", 80.0))


@dataclass(frozen=True)
class Story:
    """A kind of planted event: how many at most, how strong, and the cell in which it can show."""

    at_most: int
    strength: Span
    prb_busy_pct: Span | None = None
    knee_pct: Span | None = None
    slope: Span | None = None
    least_attempts: float = 110  # in the busy hour: with fewer, nobody could see it


# strength: factor on demand (load and outage), on the drop rate (faults), or on PRB (upgrade)
STORIES = {
    "load_step": Story(5, (1.45, 1.62), (56, 62), (60, 63), (0.32, 0.46)),
    "load_growth_with_headroom": Story(4, (1.45, 1.7), (24, 32), (70, 78), (0.3, 0.5)),
    "interference": Story(5, (1.6, 2.6)),
    "coverage_loss": Story(4, (1.6, 2.3), least_attempts=45),
    "capacity_upgrade": Story(4, (0.5, 0.6), (86, 96), (60, 65), (0.3, 0.42)),
    "neighbour_outage": Story(3, (1.45, 1.62), (56, 62), (60, 63), (0.34, 0.46)),
}
START_HOUR = {"load_step": 7, "load_growth_with_headroom": 7, "capacity_upgrade": 5}
MOVED_SHARE = 0.8  # of a dead neighbour's traffic; the rest is lost
GROWTH_DAYS = 8

# --- The whole, and its story ----------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One planted event, in hours of the clock; `end` is the clock's end where nothing ends it."""

    kind: str
    cell: int
    strength: float
    start: int
    ramp_end: int
    end: int
    neighbour: int | None


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
    prb: Floats
    fault: Floats
    rsrp_db: Floats
    up: Floats


@dataclass(frozen=True)
class Load:
    """Expected call attempts; PRB % as it was, without the event, and if all data had room."""

    demand: Floats
    prb: Floats
    prb_without: Floats
    prb_offered: Floats


@dataclass(frozen=True)
class Network:
    """Cells with their true parameters, events with their true effect, and the counters."""

    cells: pd.DataFrame
    clock: Clock
    events: tuple[Event, ...]
    event_truth: pd.DataFrame
    outages: tuple[Outage, ...]
    counters: Counters


def invent_network(rng: Rng, *, n_cells: int, n_days: int, first_day: date) -> Network:
    """The network over `n_days` local days; the same stream gives the same network."""
    # a stream for each chapter, so that a longer one does not shift the others
    places, plot, traffic, calls = rng.spawn(4)
    clock = clock_of(first_day, n_days)
    cells = _cells(places, _sites(places, n_cells), first_day)
    events, cells = _plant(plot, cells, clock)
    outages = _outages(plot, events, n_cells, clock)
    effects = _effects(plot, events, outages, (n_cells, clock.hour.size))
    load = _load(traffic, cells, clock, effects)
    counters = _counters(calls, cells, clock, effects, load)
    truth = _event_truth(events, counters["call_attempts"], _rates(cells, clock, effects, load))
    return Network(cells, clock, events, truth, outages, counters)


# --- Masts and cells -------------------------------------------------------------------------


def _sites(rng: Rng, n_cells: int) -> pd.DataFrame:
    """Masts in the order of `SITE_MIX`, until their sectors and carriers make `n_cells` cells."""
    rows: list[tuple[int, str, int, int, float, float]] = []
    next_town, mix = cycle(range(BRADFORD + 1, len(TOWNS))), cycle(SITE_MIX)
    while room := n_cells - sum(row[3] for row in rows):
        place = next(mix)
        town = next(next_town) if place == NEXT_TOWN else place
        setting = {LEEDS: "city", BRADFORD: "city", COUNTRY: "country"}.get(town, "town")
        sectors = int(rng.choice([1, 2, 3], p=[0.25, 0.35, 0.4])) if setting == "country" else 3
        second = setting == "city" and rows and rng.random() < SECOND_CARRIER_SHARE
        lat, lon = _spot(rng, town, np.array([row[4:] for row in rows]).reshape(-1, 2))
        rows.append((town, setting, sectors, min(room, sectors * (2 if second else 1)), lat, lon))
    return _named(
        pd.DataFrame(rows, columns=["town", "setting", "n_sectors", "n_cells", "lat", "lon"])
    )


def _spot(rng: Rng, town: int, others: Floats) -> Floats:
    """A place for a mast: of some candidates, the one farthest from other masts."""
    if town == COUNTRY:
        edge = 0.04  # degrees that keep the mast off the map's rim
        spots = rng.uniform((SOUTH + edge, WEST + edge), (NORTH - edge, EAST - edge), (200, 2))
        spots = spots[(km_between(spots, CENTRES) > KM_OUT_OF_TOWN).all(axis=1)]
    else:
        spots = CENTRES[town] + rng.normal(0, TOWNS[town].radius_km * 0.7, (6, 2)) / KM_PER_DEGREE
    apart = km_between(spots, others).min(axis=1, initial=np.inf)
    return np.asarray(spots[apart.argmax()].round(5))


def _named(sites: pd.DataFrame) -> pd.DataFrame:
    """The sites with a key and a name each, numbered within their town or the countryside."""
    nearest = km_between(sites[["lat", "lon"]].to_numpy(), CENTRES).argmin(axis=1)
    towns, rural = [TOWNS[town] for town in nearest], sites["town"] == COUNTRY
    code = pd.Series([RURAL_CODE if r else t.code for t, r in zip(towns, rural, strict=True)])
    number = [f"{n:02d}" for n in sites.groupby(code).cumcount() + 1]
    area = [t.name + " Rural" * r for t, r in zip(towns, rural, strict=True)]
    return sites.assign(
        site_id=[c + n for c, n in zip(code, number, strict=True)],
        site_name=[f"{a} {n}" for a, n in zip(area, number, strict=True)],
    )


def _cells(rng: Rng, sites: pd.DataFrame, first_day: date) -> pd.DataFrame:
    """One row per cell: what the inventory tells, and the true parameters behind its counters."""
    cells = sites.loc[sites.index.repeat(sites["n_cells"])].rename_axis("site").reset_index()
    number, n_sectors, site = cells.groupby("site").cumcount(), cells["n_sectors"], cells["site"]
    sector, second = number % n_sectors, number // n_sectors
    carrier = second * (1 + site % 2)  # a second carrier is LTE on even sites, NR on odd ones
    radio = pd.DataFrame(CARRIERS, columns=["technology", "band", "bandwidth_mhz"])
    azimuth = (rng.integers(0, 12, len(sites))[site] * 10 + sector * 360 // n_sectors) % 360
    age = pd.to_timedelta(rng.integers(200, 3000, len(sites)), unit="D")[site]
    return cells.assign(
        cell_id=cells["site_id"] + sector.map(dict(enumerate("ABC"))) + (second + 1).astype(str),
        azimuth_deg=np.where(n_sectors == 1, np.nan, azimuth),
        on_air=pd.Timestamp(first_day) - age,
        **{str(column): radio[column].to_numpy()[carrier] for column in radio},
        **_parameters(rng, cells["setting"]),
    )


def _parameters(rng: Rng, settings: pd.Series) -> dict[str, Floats]:
    """True parameters of each cell; `knee_pct` NaN and `slope` 0 where load does no harm."""
    n = len(settings)
    drawn = {
        name: rng.uniform(*np.array([getattr(SETTINGS[s], name) for s in settings]).T)
        for name in ("busy_attempts", "prb_busy_pct", "height_m", "rsrp_dbm")
    }
    has_knee = rng.random(n) < KNEE_SHARE
    return drawn | {
        "base_rate": np.exp(rng.uniform(np.log(0.003), np.log(0.008), n)),
        "knee_pct": np.where(has_knee, rng.uniform(60, 80, n), np.nan),
        "slope": np.where(has_knee, rng.uniform(0.25, 0.5, n), 0.0),
        "phi": rng.uniform(1.3, 2.0, n),
    }


# --- Planted events --------------------------------------------------------------------------


def _plant(rng: Rng, cells: pd.DataFrame, clock: Clock) -> tuple[tuple[Event, ...], pd.DataFrame]:
    """The events, each in a cell of its own, and the cells as those events need them."""
    cells, events = cells.copy(), list[Event]()
    pool = [int(c) for c in rng.permutation(len(cells))]
    for kind, story in STORIES.items():
        for _ in range(min(story.at_most, max(1, len(cells) // 24))):
            enough = cells["busy_attempts"] >= story.least_attempts
            pool.remove(cell := next(c for c in pool if enough[c]))
            for column in ("prb_busy_pct", "knee_pct", "slope"):
                if span := getattr(story, column):
                    cells.loc[cell, column] = rng.uniform(*span)
            neighbour = _neighbour(cells, cell, pool) if kind == "neighbour_outage" else None
            events.append(_event(rng, kind, cell, clock, neighbour))
            if neighbour is not None:
                lent = (events[-1].strength - 1) / MOVED_SHARE
                cells.loc[neighbour, "busy_attempts"] = cells["busy_attempts"].iloc[cell] * lent
    return tuple(events), cells


def _neighbour(cells: pd.DataFrame, cell: int, pool: list[int]) -> int:
    """The free cell whose beam lies nearest to the cell's; it leaves the pool."""
    azimuth = np.radians(cells["azimuth_deg"].fillna(0).to_numpy())
    beam_km = np.column_stack([np.cos(azimuth), np.sin(azimuth)]) * 0.5
    beams = cells[["lat", "lon"]].to_numpy() + beam_km / KM_PER_DEGREE
    nearest = pool[int(km_between(beams[[cell]], beams[pool]).argmin())]
    pool.remove(nearest)
    return nearest


def _event(rng: Rng, kind: str, cell: int, clock: Clock, neighbour: int | None) -> Event:
    """One event between a fifth and four fifths of the days; only an outage ends by itself."""
    n_days, n_hours = len(clock.days), clock.hour.size
    ramp = GROWTH_DAYS if kind == "load_growth_with_headroom" else 0
    length = int(rng.integers(4, 10)) if kind == "neighbour_outage" else 0
    last = min(n_days * 4 // 5, n_days - max(ramp, length) - 3)
    day, any_hour = int(rng.integers(-(-n_days // 5), last + 1)), int(rng.integers(3, 24))
    hour = START_HOUR.get(kind, any_hour)
    start = int(np.flatnonzero((clock.day == day) & (clock.hour == hour))[0])
    end = start + length * 24 + int(rng.integers(12)) if length else n_hours
    strength = float(rng.uniform(*STORIES[kind].strength))
    return Event(kind, cell, strength, start, start + ramp * 24, end, neighbour)


def quiet_cells(events: tuple[Event, ...], n_cells: int) -> Ints:
    """Row numbers of the cells in which nothing was planted, ascending."""
    taken = {e.cell for e in events} | {e.neighbour for e in events}
    return np.array([c for c in range(n_cells) if c not in taken], np.int64)


def _outages(rng: Rng, events: tuple[Event, ...], n_cells: int, clock: Clock) -> tuple[Outage, ...]:
    """The planted neighbours' long outages, and short ones in cells that play no other part."""
    causes = cycle(("Power failure", "Fibre cut", "Hardware fault", "Planned work"))
    outages = [
        Outage(event.neighbour, event.start, event.end, False, "Hardware fault")
        for event in events
        if event.neighbour is not None
    ]
    for cell in rng.permutation(quiet_cells(events, n_cells))[: max(1, n_cells // 15)]:
        planned = (cause := next(causes)) == "Planned work"
        hour = 1 if planned else int(rng.integers(24))
        start = int(rng.integers(len(clock.days) - 1)) * 24 + hour
        outages.append(Outage(int(cell), start, start + int(rng.integers(2, 7)), planned, cause))
    return tuple(outages)


def _effects(
    rng: Rng, events: tuple[Event, ...], outages: tuple[Outage, ...], shape: tuple[int, int]
) -> Effects:
    """Events and outages as what they do to each hour."""
    demand, prb, fault, up = (np.ones(shape) for _ in range(4))
    effects = Effects(demand, prb, fault, np.zeros(shape), up)
    for event in events:
        hours = (event.cell, slice(event.start, event.end))
        if event.kind == "capacity_upgrade":
            effects.prb[hours] = event.strength
        elif event.kind in ("interference", "coverage_loss"):
            effects.fault[hours] = event.strength
        else:
            effects.demand[hours] = _grown(event)
        if event.kind == "coverage_loss":
            effects.rsrp_db[hours] = -rng.uniform(6, 10)
            effects.demand[hours] = rng.uniform(0.88, 0.95)
    for outage in outages:
        effects.up[outage.cell, outage.start : outage.end] = 0
    return effects


def _grown(event: Event) -> Floats:
    """Factor on demand in each hour of the event: at once, or by a straight ramp."""
    hours = np.arange(1, event.end - event.start + 1)
    return 1 + (event.strength - 1) * np.minimum(hours / max(event.ramp_end - event.start, 1), 1)


# --- Load, calls and drops -------------------------------------------------------------------


def _column(cells: pd.DataFrame, name: str) -> Floats:
    """A parameter of the cells as a column, (cell, 1), to stand beside (cell, hour)."""
    return cells[name].to_numpy(np.float64)[:, None]


def _load(rng: Rng, cells: pd.DataFrame, clock: Clock, effects: Effects) -> Load:
    """How many call, and how full that and their data make the cells."""
    days = np.exp(_day_noise(rng, len(cells), len(clock.days)))[:, clock.day]
    voice = VOICE_BY_HOUR[clock.hour] * np.where(clock.is_free, FREE_DAY_VOICE, 1)
    data = DATA_BY_HOUR[clock.hour] * np.where(clock.is_free, FREE_DAY_DATA, 1)
    wanted = effects.demand * effects.up
    demand = _column(cells, "busy_attempts") * voice * days * wanted
    mixed = (0.35 * voice + 0.65 * data) * days * np.exp(rng.normal(0, 0.05, wanted.shape))
    without = 3 + (_column(cells, "prb_busy_pct") - 3) * mixed
    offered = without * wanted
    return Load(demand, np.minimum(offered * effects.prb, 100), np.minimum(without, 100), offered)


def _day_noise(rng: Rng, n_cells: int, n_days: int) -> Floats:
    """Log noise of each cell's days, (cell, day): AR(1) of .3, sd .05 to .08 by cell."""
    noise = rng.normal(size=(n_cells, n_days))
    for day in range(1, n_days):
        noise[:, day] = 0.3 * noise[:, day - 1] + np.sqrt(1 - 0.3**2) * noise[:, day]
    return np.asarray(noise * rng.uniform(0.05, 0.08, (n_cells, 1)))


@dataclass(frozen=True)
class _Rates:
    """Expected drops per attempt: without load's harm and faults, and the factors of both."""

    plain: Floats
    load: Floats
    load_without: Floats
    fault: Floats


def _rates(cells: pd.DataFrame, clock: Clock, effects: Effects, load: Load) -> _Rates:
    knee, slope = np.nan_to_num(_column(cells, "knee_pct"), nan=100), _column(cells, "slope")
    harm, harm_without = (
        np.exp(slope * np.maximum(prb - knee, 0) / 10) for prb in (load.prb, load.prb_without)
    )
    plain = _column(cells, "base_rate") * DROPS_BY_HOUR[clock.hour]
    return _Rates(plain, harm, harm_without, effects.fault)


def _counters(
    rng: Rng, cells: pd.DataFrame, clock: Clock, effects: Effects, load: Load
) -> Counters:
    """What the cells count, (cell, hour); RSRP is NaN while a cell is down."""
    shape, rates = load.prb.shape, _rates(cells, clock, effects, load)
    attempts = rng.poisson(load.demand * np.exp(rng.normal(0, 0.05, shape)))
    setups = rng.binomial(attempts, 0.988 - 0.0006 * np.maximum(load.prb - 75, 0))
    days = np.exp(rng.normal(0, 0.06, (shape[0], len(clock.days))))[:, clock.day]
    expected = attempts * rates.plain * rates.load * rates.fault * days
    # gamma-Poisson whose variance is phi times its mean, whatever the mean
    beyond = _column(cells, "phi") - 1
    drops = np.minimum(rng.poisson(rng.gamma(expected / beyond, beyond)), setups)
    users = load.demand * rng.uniform(0.12, 0.3, (shape[0], 1)) * rng.lognormal(0, 0.08, shape)
    mb_per_prb = _column(cells, "bandwidth_mhz") * rng.normal(7.2, 0.35, shape)
    dips = np.where(rng.random(shape) < 1 / 500, rng.uniform(0.86, 0.99, shape), 1)
    rsrp = _column(cells, "rsrp_dbm") + effects.rsrp_db + rng.normal(0, 0.8, shape)
    return {
        "call_attempts": attempts.astype(float),
        "call_setups": setups.astype(float),
        "dropped_calls": drops.astype(float),
        "prb_dl_util_pct": load.prb,
        "rrc_users_mean": users,
        "dl_vol_mb": np.minimum(load.prb_offered, 100 / effects.prb) * mb_per_prb,
        "availability_pct": 100 * dips * effects.up,
        "rsrp_p50_dbm": np.where(effects.up > 0, rsrp, np.nan),
    }


def _event_truth(events: tuple[Event, ...], attempts: Floats, rates: _Rates) -> pd.DataFrame:
    """One row per event: expected drops with it and without it, at the attempts that came.

    From the ramp's end to the event's. `load_share` is load's part when it comes first and when
    it comes last, averaged (METHODS 5); NaN where drops changed by less than a tenth.
    """
    rows = []
    for event in events:
        hours = (event.cell, slice(event.ramp_end, event.end))
        plain, fault = (attempts * rates.plain)[hours], rates.fault[hours]
        load, without = rates.load[hours], rates.load_without[hours]
        a11, a10, a01, a00 = (
            float(plain @ factor) for factor in (load * fault, load, without * fault, without)
        )
        clear = abs(np.log(a11 / a00)) >= np.log(1.1)
        share = ((a10 - a00) + (a11 - a01)) / (2 * (a11 - a00)) if clear else np.nan
        rows.append((a11 / a00, share, a11, a00))
    return pd.DataFrame(rows, columns=["ratio", "load_share", "drops_with", "drops_without"])
