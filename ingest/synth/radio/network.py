"""The demo operator's network: load, calls and drops of cells that planted causes befall.

Pure: frames and arrays from a seed, no files; `ingest.synth.write` spells them as operators would.
Arrays have shape (cell, hour), rows in the order of `Network.cells`. `Clock.local` holds the
instants; hours of day and days are the operator's local ones. Nothing here is the estimator's own
model: harm follows a smooth curve of the load offered, which PRB shows only up to 100 %, and
noise remembers hours, days and weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter
from scipy.special import expit

from ingest.synth.radio.causes import (
    Effects,
    Event,
    Outage,
    cast,
    effects_of,
    felt,
    outages_of,
    plant,
    quiet_cells,
)
from ingest.synth.radio.cells import Rng, invent_cells
from ingest.synth.radio.country import DATA_BY_HOUR, VOICE_BY_HOUR, Clock, Floats, Span, clock_of
from ingest.synth.radio.works import Work, routine_works, works_for_bad_cells, works_of_events

Counters = dict[str, Floats]

VOICE_SHARE_OF_LOAD, IDLE_PRB_PCT = 0.35, 3.0
HOLIDAY_DEMAND = 0.9
SEASON, COUNTRY_SEASON, GROWTH_A_YEAR = 0.04, 0.12, 0.06
TRUTH_DAYS = 28  # before and after each event, in its truth
CLEAR_RATIO, PRB_MOVED_RATIO = 1.1, 1.07
FIGURES = {
    "ratio": "float64",
    "load_share": "float64",
    "drops_with": "float64",
    "drops_without": "float64",
    "drops_before": "float64",
    "drops_after": "float64",
    "prb_before_pct": "float64",
    "prb_after_pct": "float64",
    "prb_moved": "bool",
    "phi": "float64",
}
GAP_SHARE, ABSENT_SHARE = 0.15, 0.003


@dataclass(frozen=True)
class Noise:
    """How much happens for no reason: log sd and memory of hours, days and weeks, and bad days."""

    hour_sd: float
    demand_day_sd: Span
    demand_day_memory: float
    drops_day_sd: float
    drops_day_memory: float
    week_sd: float
    bad_day_share: float
    phi: Span


NOISE = {
    "normal": Noise(0.07, (0.05, 0.08), 0.3, 0.06, 0.2, 0.02, 0.0015, (1.3, 2.0)),
    "heavy": Noise(0.12, (0.09, 0.15), 0.6, 0.13, 0.5, 0.08, 0.008, (1.8, 3.5)),
}
WEEK_MEMORY, HOUR_MEMORY = 0.85, 0.6


@dataclass(frozen=True)
class Scene:
    """The cells, their hours, and what happens to them."""

    cells: pd.DataFrame
    clock: Clock
    effects: Effects


@dataclass(frozen=True)
class Load:
    """What is asked of the cells and what it does to them, each (cell, hour).

    `demand`: expected call attempts, `called` those without events. `asked_pct`: PRB % that
    downlink data and calls would take without events, above 100 where there is no room;
    `offered_pct` and `uplink_pct` with them.
    """

    demand: Floats
    called: Floats
    asked_pct: Floats
    offered_pct: Floats
    uplink_pct: Floats


@dataclass(frozen=True)
class Network:
    """Cells with their true parameters, events with their true effect, and the counters.

    `counters` is what happened; `measured` what reached the operator. `truth`: see `truth_of`.
    """

    cells: pd.DataFrame
    clock: Clock
    events: tuple[Event, ...]
    truth: pd.DataFrame
    outages: tuple[Outage, ...]
    works: tuple[Work, ...]
    counters: Counters
    lost: npt.NDArray[np.bool_]
    """Hours whose rows never came, (cell, hour)."""
    resets: npt.NDArray[np.bool_]
    """Hours in which the drop counter went backwards, (cell, hour)."""
    avoidable: pd.DataFrame
    """See `avoidable_of`."""

    @property
    def measured(self) -> Counters:
        """The counters with NaN where rows were lost or the drop counter was reset."""
        counters = {
            name: np.where(self.lost, np.nan, values) for name, values in self.counters.items()
        }
        counters["dropped_calls"] = np.where(self.resets, np.nan, counters["dropped_calls"])
        return counters


def invent_network(
    rng: Rng,
    *,
    n_cells: int = 280,
    n_days: int = 56,
    first_day: date = date(2026, 8, 3),
    noise: str = "normal",
    causes: Mapping[str, int] | None = None,
    recent_days: int | None = None,
) -> Network:
    """The network of `n_cells` over `n_days` local days from `first_day` on.

    `rng`: the same stream gives the same network. `noise`: normal or heavy. `causes`: how many of
    each kind of `causes.CAUSES` to plant, None = one of each for 40 cells and some that are only 3,
    7 and 14 days old. At least a third of the cells is left to chance and to works on the worst of
    them (`works`). Three events in four begin in the newest `recent_days` (None = all). Counters:
    `call_attempts`, `call_setups`, `dropped_calls`, `prb_dl_util_pct`, `prb_ul_util_pct`,
    `rrc_users_mean`, `dl_vol_mb`, `availability_pct`, `rsrp_p50_dbm` (NaN while a cell is down).
    """
    # a stream for each chapter, so that a longer one does not shift the others
    places, plot, traffic, calls, feed, tended = rng.spawn(6)
    clock, luck = clock_of(first_day, n_days), NOISE[noise]
    cells = invent_cells(places, n_cells=n_cells, first_day=pd.Timestamp(first_day))
    cells = cells.assign(phi=calls.uniform(*luck.phi, n_cells))
    kinds = (
        cast(n_cells) if causes is None else [(k, 0) for k, n in causes.items() for _ in range(n)]
    )
    events, cells = plant(plot, cells, clock, kinds, recent_days or n_days)
    outages = outages_of(plot, events, n_cells, clock)
    scene = Scene(cells, clock, effects_of(events, outages, n_cells, clock))
    load = _load(traffic, scene, luck)
    counters = _counters(calls, scene, load, luck)
    drops, attempts = (clock.by_day(counters[n]) for n in ("dropped_calls", "call_attempts"))
    works, helped = works_for_bad_cells(tended, events, clock, drops, attempts)
    _relieve(tended, counters["dropped_calls"], scene.effects, helped)
    events = (*events, *helped)
    truth = truth_of(events, scene, load, counters).assign(level_of_noise=noise)
    works += works_of_events(events, truth)
    idle = set(quiet_cells(events, n_cells).tolist()) - {work.cell for work in works}
    works += routine_works(tended, sorted(idle), clock)
    lost, resets = _faults_of_the_feed(feed, counters["dropped_calls"], clock)
    avoidable = avoidable_of(events, scene, load)
    return Network(
        cells, clock, events, truth, outages, tuple(works), counters, lost, resets, avoidable
    )


# --- Load, calls and drops -------------------------------------------------------------------


def _column(cells: pd.DataFrame, name: str) -> Floats:
    """A parameter of the cells as a column, (cell, 1), to stand beside (cell, hour)."""
    return cells[name].to_numpy(np.float64)[:, None]


def _load(rng: Rng, scene: Scene, noise: Noise) -> Load:
    """How many call, and how full that and their data make the cells."""
    cells, clock, effects = scene.cells, scene.clock, scene.effects
    shape = effects.demand.shape
    memory = noise.demand_day_memory
    sd = rng.uniform(*noise.demand_day_sd, (shape[0], 1))
    days = np.exp(sd * _remembered(rng, (shape[0], len(clock.days)), memory))
    common = _calendar(cells, clock) * days[:, clock.day]
    voice, data = (
        common
        * _profile(cells, clock, by_hour)
        * np.exp(noise.hour_sd * _remembered(rng, shape, HOUR_MEMORY))
        for by_hour in (VOICE_BY_HOUR, DATA_BY_HOUR)
    )
    wanted = effects.demand * effects.up
    mixed = VOICE_SHARE_OF_LOAD * voice + (1 - VOICE_SHARE_OF_LOAD) * data
    asked = IDLE_PRB_PCT + (_column(cells, "prb_busy_pct") - IDLE_PRB_PCT) * mixed
    offered = asked * wanted / effects.room
    uplink = offered * _column(cells, "uplink_per_downlink") * rng.lognormal(0, 0.05, shape)
    called = _column(cells, "busy_attempts") * voice
    return Load(called * wanted, called, asked, offered, uplink)


def _calendar(cells: pd.DataFrame, clock: Clock) -> Floats:
    """Factor on demand by free days, holidays, season and growth, (cell, hour)."""
    free = np.where(clock.is_free, _column(cells, "free_day_demand"), 1.0)
    year = (clock.local.day_of_year.to_numpy() - 15) / 365.25
    summer = -np.cos(2 * np.pi * year)
    # the towns are fuller in winter, the countryside in summer
    is_country = (cells["setting"] == "country").to_numpy()[:, None]
    season = np.exp(np.where(is_country, COUNTRY_SEASON, -SEASON) * summer)
    growth = np.exp(GROWTH_A_YEAR * (clock.day - clock.day[-1]) / 365.25)
    return np.asarray(free * season * growth * np.where(clock.is_holiday, HOLIDAY_DEMAND, 1.0))


def _profile(cells: pd.DataFrame, clock: Clock, by_hour: Floats) -> Floats:
    """Share of the busiest hour by each cell's own time of day, (cell, hour)."""
    hours = (np.arange(24) - _column(cells, "later_hours")) % 24
    return np.interp(hours, np.arange(24), by_hour, period=24)[:, clock.hour]


def _remembered(rng: Rng, shape: tuple[int, ...], memory: float) -> Floats:
    """Noise of sd 1, each value remembering the one before it along the last axis (AR 1)."""
    shocks = rng.normal(size=shape)
    # so that the sum of what is remembered and what is new keeps a variance of 1
    shocks[:, 1:] *= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1], [1, -memory], shocks, axis=1))


def _harm(cells: pd.DataFrame, offered: Floats, uplink: Floats) -> Floats:
    """Factor of load on the drop rate: a smooth step on the fuller direction's offered load."""
    middle = np.nan_to_num(_column(cells, "harm_at_pct"), nan=100.0)
    beyond = (np.maximum(offered, uplink) - middle) / _column(cells, "harm_width_pct")
    return np.asarray(1 + _column(cells, "harm") * expit(beyond))


def _plain_rate(cells: pd.DataFrame, clock: Clock) -> Floats:
    """Drops per attempt without load's harm and faults: a little worse in the evening, indoors."""
    evening = np.cos((clock.hour - 20) * np.pi / 12)
    return np.asarray(
        _column(cells, "base_rate") * np.exp(_column(cells, "evening_drops") * evening)
    )


def _bad_luck(rng: Rng, n_cells: int, clock: Clock, noise: Noise) -> Floats:
    """What makes days and weeks worse for no reason, as a factor on the drop rate, (cell, day)."""
    n_days = len(clock.days)
    days = noise.drops_day_sd * _remembered(rng, (n_cells, n_days), noise.drops_day_memory)
    weeks = noise.week_sd * _remembered(rng, (n_cells, n_days // 7 + 1), WEEK_MEMORY)
    bad = rng.random((n_cells, n_days)) < noise.bad_day_share
    bad[:, 1:] |= bad[:, :-1] & (rng.random((n_cells, n_days - 1)) < 0.5)
    factor = np.where(bad, rng.uniform(1.5, 3, bad.shape), 1.0)
    return np.asarray(factor * np.exp(days + weeks[:, np.arange(n_days) // 7]))


def _counters(rng: Rng, scene: Scene, load: Load, noise: Noise) -> Counters:
    """What the cells count, (cell, hour); RSRP is NaN while a cell is down."""
    cells, clock, effects = scene.cells, scene.clock, scene.effects
    shape, fullest = load.offered_pct.shape, np.maximum(load.offered_pct, load.uplink_pct)
    attempts = rng.poisson(load.demand)
    setups = rng.binomial(attempts, 0.988 - 0.12 * expit((fullest - 115) / 8))
    expected = attempts * _expected_rate(scene, load)
    expected *= _bad_luck(rng, shape[0], clock, noise)[:, clock.day]
    # gamma-Poisson whose variance is phi times its mean, whatever the mean
    beyond = _column(cells, "phi") - 1
    drops = np.minimum(rng.poisson(rng.gamma(expected / beyond, beyond)), setups)
    # who is not served stays and waits
    waiting = 1 + 1.5 * np.maximum(fullest / 100 - 0.95, 0)
    users = load.demand * _column(cells, "users_per_attempt") * rng.lognormal(0, 0.08, shape)
    prb = _shown(load.offered_pct)
    mb = prb * effects.room * _column(cells, "mb_per_prb_pct") * _column(cells, "bandwidth_mhz")
    dips = np.where(rng.random(shape) < 1 / 500, rng.uniform(0.86, 0.99, shape), 1)
    rsrp = _column(cells, "rsrp_dbm") + effects.rsrp_db + rng.normal(0, 0.8, shape)
    return {
        "call_attempts": attempts.astype(float),
        "call_setups": setups.astype(float),
        "dropped_calls": drops.astype(float),
        "prb_dl_util_pct": prb,
        "prb_ul_util_pct": _shown(load.uplink_pct),
        "rrc_users_mean": users * waiting,
        "dl_vol_mb": mb * rng.lognormal(0, 0.05, shape),
        "availability_pct": 100 * dips * effects.up,
        "rsrp_p50_dbm": np.where(effects.up > 0, rsrp, np.nan),
    }


def _relieve(rng: Rng, drops: Floats, effects: Effects, helped: list[Event]) -> None:
    """Takes away the drops that works spared, and notes them among the effects."""
    for event in helped:
        hours = (event.cell, slice(*event.acts))
        drops[hours] = rng.binomial(drops[hours].astype(np.int64), event.fault)
        effects.fault[hours] *= event.fault


def _expected_rate(scene: Scene, load: Load) -> Floats:
    harm = _harm(scene.cells, load.offered_pct, load.uplink_pct)
    return _plain_rate(scene.cells, scene.clock) * harm * scene.effects.fault


def _shown(offered_pct: Floats) -> Floats:
    """PRB % as an hour's mean shows it: what is offered, bending to 100."""
    return np.asarray(offered_pct / (1 + (offered_pct / 100) ** 12) ** (1 / 12))


def _faults_of_the_feed(
    rng: Rng, drops: Floats, clock: Clock
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Hours whose rows never came, and hours whose drop counter went backwards, (cell, hour)."""
    n_cells, n_hours = drops.shape
    lost = rng.random(drops.shape) < ABSENT_SHARE
    per_60_days = n_hours / 24 / 60
    for cell in rng.choice(n_cells, round(GAP_SHARE * n_cells * per_60_days)):
        start = int(rng.integers(n_hours))
        lost[cell, start : start + int(rng.integers(6, 60))] = True
    # one hour in two months the collector was down
    lost[:, rng.choice(n_hours, max(1, round(per_60_days)), replace=False)] = True
    resets = np.zeros(drops.shape, bool)
    n_resets = max(3, n_cells * len(clock.days) // 3000)
    resets.flat[rng.choice(np.flatnonzero((drops > 0) & ~lost), n_resets, replace=False)] = True
    return lost, resets


# --- The truth -------------------------------------------------------------------------------


def truth_of(
    events: tuple[Event, ...], scene: Scene, load: Load, counters: Counters
) -> pd.DataFrame:
    """One row per event: what it did to drops, and how much of that is due to load.

    `events`: what was planted. `scene`: the cells, their hours, the effects. `load`: what was asked
    of the cells. `counters`: what they counted, each (cell, hour). Columns:

    - `cell` (row), `cell_id`, `kind`, `partner_cell_id` (missing = none); `start`, `ramp_end`,
      `end` as hours of the clock and `_utc` (missing = beyond the data).
    - `drops_with`, `drops_without`: drops expected from `ramp_end` to `end` at the attempts that
      came, with the event and without it; `ratio` is theirs (A11 / A00 of docs/methods.md 5.5).
    - `load_share`: the mean of load's part when it comes first and when it comes last, unclipped;
      NaN where drops changed by less than a tenth. `attribution`: load, relief (load that went),
      other, or none where drops changed by less than a tenth.
    - `drops_before`, `drops_after`: expected in up to 28 days before `start` and after `ramp_end`;
      `visible_sd`: |log ratio| over its standard deviation from those two counts alone.
    - `prb_before_pct`, `prb_after_pct`: mean busy-hour PRB % of the same days; `prb_moved`:
      whether the event moved expected PRB by 7 % or more.
    - `age_days`: days from `start` to the end of the data.
    """
    cells, clock = scene.cells, scene.clock
    expected = counters["call_attempts"] * _expected_rate(scene, load)
    rows = [
        _effect(event, scene, load, counters)
        | _sides(event, clock, expected[event.cell], counters["prb_dl_util_pct"][event.cell])
        | {"phi": cells["phi"].iloc[event.cell]}
        for event in events
    ]
    figures = pd.DataFrame(rows, columns=list(FIGURES)).astype(FIGURES)
    truth = pd.concat([_identities(events, cells, clock), figures], axis=1)
    ratio, share = truth["ratio"], truth["load_share"]
    truth["attribution"] = np.select(
        [share.isna(), share < 0.5, ratio > 1], ["none", "other", "load"], "relief"
    )
    variance = truth.pop("phi") * (1 / truth["drops_before"] + 1 / truth["drops_after"])
    return truth.assign(visible_sd=np.log(ratio).abs() / np.sqrt(variance))


def avoidable_of(events: tuple[Event, ...], scene: Scene, load: Load) -> pd.DataFrame:
    """Drops to expect of each cell in 30 days like the newest ones, as it is and if treated.

    `events`: what was planted. `scene`: the cells, their hours, the effects. `load`: what was asked
    of the cells. As it is: with all events that last at the end, as if they had always been there.
    Columns: `drops_month`, as it is; `relieved_10` to `relieved_50`, with 10 to 50 per cent less
    load; `fixed`, without anything but load that raises its drops; `both_10` to `both_50`, with
    both. Good and bad luck, outages and ramps are left out.
    """
    cells, clock = scene.cells, scene.clock
    days = clock.day >= clock.day[-1] + 1 - TRUTH_DAYS
    asked, called = load.asked_pct[:, days], load.called[:, days]
    demand, room, efficiency, fault, helped = (np.ones(asked.shape) for _ in range(5))
    for event in events:
        if event.acts[1] == clock.hour.size:
            now, cell = felt(event, clock)[days], event.cell
            demand[cell] *= np.where(now, event.demand, 1)
            room[cell] *= np.where(now, event.room, 1)
            efficiency[cell] *= np.where(now, event.efficiency, 1)
            fault[cell] *= np.where(now, max(event.fault, 1), 1)
            helped[cell] *= np.where(now, min(event.fault, 1), 1)
    plain = called * demand * helped * _plain_rate(cells, clock)[:, days]

    def month(relief: float, *, is_fixed: bool) -> Floats:
        offered = asked * demand * (1 - relief) / room / (1 if is_fixed else efficiency)
        uplink = offered * _column(cells, "uplink_per_downlink")
        drops = plain * _harm(cells, offered, uplink) * (1 if is_fixed else fault)
        return np.asarray(drops.sum(axis=1) * 30 / (days.sum() / 24))

    columns = {"drops_month": month(0, is_fixed=False), "fixed": month(0, is_fixed=True)}
    for pct in (10, 20, 30, 40, 50):
        columns[f"relieved_{pct}"] = month(pct / 100, is_fixed=False)
        columns[f"both_{pct}"] = month(pct / 100, is_fixed=True)
    return pd.DataFrame({"cell_id": cells["cell_id"], **columns})


def _identities(events: tuple[Event, ...], cells: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    """What, where and when; an event that nothing ends has no end within the hours."""
    names, utc = cells["cell_id"].tolist(), clock.local.tz_convert("UTC")
    stamps = [*utc, pd.NaT]
    hours = {name: [getattr(e, name) for e in events] for name in ("start", "ramp_end", "end")}
    return pd.DataFrame({
        "kind": [e.kind for e in events],
        "cell": [e.cell for e in events],
        "cell_id": [names[e.cell] for e in events],
        "partner_cell_id": [None if e.partner is None else names[e.partner] for e in events],
        **hours,
        **{f"{name}_utc": pd.DatetimeIndex([stamps[h] for h in at], tz="UTC")
           for name, at in hours.items()},
        "age_days": [len(clock.days) - int(clock.day[e.start]) for e in events],
    })  # fmt: skip


def _effect(event: Event, scene: Scene, load: Load, counters: Counters) -> dict[str, float | bool]:
    """Drops with and without the event at actual attempts, and load's share of the difference."""
    hours = slice(event.ramp_end, event.end)
    cell, now = scene.cells.iloc[[event.cell]], felt(event, scene.clock)[hours]
    asked = load.asked_pct[[event.cell], hours]
    plain = counters["call_attempts"][event.cell, hours] * _plain_rate(cell, scene.clock)[:, hours]

    def happening(*, load_part: bool, fault_part: bool) -> tuple[float, float]:
        """Expected drops and mean PRB % with these parts of the event."""
        demand, room = (event.demand, event.room) if load_part else (1, 1)
        efficiency, fault = (event.efficiency, event.fault) if fault_part else (1, 1)
        offered = asked * np.where(now, demand / (room * efficiency), 1)
        uplink = offered * _column(cell, "uplink_per_downlink")
        drops = plain * _harm(cell, offered, uplink) * np.where(now, fault, 1)
        return float(drops.sum()), float(_shown(offered).mean())

    is_on = not event.is_end
    a11, prb_with = happening(load_part=is_on, fault_part=is_on)
    a00, prb_without = happening(load_part=not is_on, fault_part=not is_on)
    a10, _ = happening(load_part=is_on, fault_part=not is_on)
    a01, _ = happening(load_part=not is_on, fault_part=is_on)
    is_clear = abs(np.log(a11 / a00)) >= np.log(CLEAR_RATIO)
    return {
        "ratio": a11 / a00,
        "load_share": ((a10 - a00) + (a11 - a01)) / (2 * (a11 - a00)) if is_clear else np.nan,
        "drops_with": a11,
        "drops_without": a00,
        "prb_moved": abs(np.log(prb_with / prb_without)) >= np.log(PRB_MOVED_RATIO),
    }


def _sides(event: Event, clock: Clock, expected: Floats, prb: Floats) -> dict[str, float]:
    """Expected drops and busy-hour PRB % of up to 28 days on each side of the event."""
    reach = TRUTH_DAYS * 24
    before = slice(max(event.start - reach, 0), event.start)
    after = slice(event.ramp_end, min(event.ramp_end + reach, event.end))
    return {
        f"{what}_{side}{unit}": value
        for side, hours in (("before", before), ("after", after))
        for what, unit, value in (
            ("drops", "", float(expected[hours].sum())),
            ("prb", "_pct", _busy_mean(prb[hours], clock.day[hours])),
        )
    }


def _busy_mean(prb: Floats, day: npt.NDArray[np.int64]) -> float:
    """Mean over days of the fullest hour; NaN without hours."""
    if not prb.size:
        return float("nan")
    return float(np.maximum.reduceat(prb, np.flatnonzero(np.diff(day, prepend=-1))).mean())
