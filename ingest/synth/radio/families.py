"""The demo operator's other counters, and one event in each family of KPIs.

Set-ups, handovers and throughput are counted beside the calls of `ingest.synth.radio.network`, from
streams of their own: a network's calls are the same with and without them. Of the events, the
sleeping cell and the growing one thin out the calls that there were; the others touch no call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit

from ingest.synth.radio.causes import quiet_cells
from ingest.synth.radio.cells import Rng
from ingest.synth.radio.country import Clock, Floats, Ints, Span
from ingest.synth.radio.network import IDLE_PRB_PCT, Counters, Network

SWAP = "Antenna swap"
SLEEPS_DAYS, LEAST_GROWTH_DAYS, LEAST_DAYS_AFTER = 4, 300, 10
TRUTH_DAYS = 28
KBIT_PER_MB = 8000
DAYS_A_YEAR, DAYS_A_MONTH = 365.25, 30.4
# part of the downlink volume that is not sent in a burst's last TTI
TIMED_SHARE = 0.9


@dataclass(frozen=True)
class FamilyEvent:
    """One event of one cell from hour `start` of the clock on; it lasts to the data's end.

    `strength`: the part of set-ups or handovers that fails besides, the part of the throughput that
    is left, or the growth a year as a log ratio; NaN where the kind has none.
    """

    kind: str
    cell: int
    start: int
    strength: float


# kind: the family, and the KPI in which it shows
SHOWN_IN = {
    "access_barring": ("accessibility", "rrc_setup_sr"),
    "handover_misset": ("mobility", "ho_exec_sr"),
    "sleeping_cell": ("availability", "rrc_users_mean"),
    "slow_backhaul": ("integrity", "dl_user_thp_mbps"),
    "growth_to_knee": ("utilisation", "prb_dl_util_bh_pct"),
}
FAILS: Span = (0.06, 0.12)
THROUGHPUT_LEFT: Span = (0.3, 0.5)
GROWTH_A_YEAR: Span = (0.3, 0.45)


def with_families(
    rng: Rng, network: Network, recent_days: int
) -> tuple[Network, tuple[FamilyEvent, ...]]:
    """The network with counters of all families, and the events planted in them.

    `rng`: the same stream gives the same counters. `network`: its calls. `recent_days`: the events
    begin in the newest of them, but for the growth, which lasts all along. Events are planted in
    cells that nothing else befalls, the handovers in one whose antenna was swapped; kinds for which
    there is no cell or too short a history are left out. Added counters, shape (cell, hour):
    `rrc_att`, `rrc_succ`, `s1ng_succ`, `bearer_att`, `bearer_succ`, `ho_prep_att`, `ho_prep_succ`,
    `ho_exe_succ`, `dl_thp_vol_kbit`, `dl_thp_time_ms`.
    """
    plot, calls, setups, handovers, bursts = rng.spawn(5)
    events = _events(plot, network, recent_days)
    of_kind = {event.kind: event for event in events}
    counters = dict(network.counters)
    _grow(calls, network, of_kind.get("growth_to_knee"), counters)
    _sleep(of_kind.get("sleeping_cell"), counters)
    counters |= _setups(setups, counters, of_kind.get("access_barring"))
    counters |= _handovers(handovers, counters, of_kind.get("handover_misset"))
    width = network.cells["bandwidth_mhz"].to_numpy(np.float64)
    counters |= _throughput(bursts, counters, width, of_kind.get("slow_backhaul"))
    return replace(network, counters=counters), events


# --- Planting --------------------------------------------------------------------------------


def _events(rng: Rng, network: Network, recent_days: int) -> tuple[FamilyEvent, ...]:
    """One event of each kind for which there is a cell, in the order of `SHOWN_IN`."""
    cells, clock = network.cells, network.clock
    worked_on = {work.cell for work in network.works}
    is_busy = cells["busy_attempts"].to_numpy() >= np.median(cells["busy_attempts"])
    quiet = rng.permutation(quiet_cells(network.events, len(cells))).tolist()
    free = [cell for cell in quiet if cell not in worked_on and is_busy[cell]]
    growing = _nearest_to_knee(cells, free) if len(clock.days) >= LEAST_GROWTH_DAYS else None
    others = [cell for cell in free if cell != growing]
    events = [*_after_a_swap(rng, network), *_in_free_cells(rng, clock, others, recent_days)]
    if growing is not None:
        events.append(FamilyEvent("growth_to_knee", growing, 0, rng.uniform(*GROWTH_A_YEAR)))
    order = list(SHOWN_IN)
    return tuple(sorted(events, key=lambda event: order.index(event.kind)))


def _after_a_swap(rng: Rng, network: Network) -> Iterator[FamilyEvent]:
    """Handovers that fail since the newest swap of an antenna that has some days after it."""
    clock = network.clock
    last = _first_hour(clock, len(clock.days) - LEAST_DAYS_AFTER)
    swaps = [work for work in network.works if work.kind == SWAP and work.finish <= last]
    if swaps:
        swap = max(swaps, key=lambda work: (work.finish, work.cell))
        yield FamilyEvent("handover_misset", swap.cell, swap.finish, rng.uniform(*FAILS))


def _in_free_cells(
    rng: Rng, clock: Clock, free: list[int], recent_days: int
) -> Iterator[FamilyEvent]:
    """Barring and slow backhaul in the middle of the newest days, and a cell asleep to the end."""
    n_days, kinds = len(clock.days), {"access_barring": FAILS, "slow_backhaul": THROUGHPUT_LEFT}
    for (kind, strength), cell in zip(kinds.items(), free, strict=False):
        day = n_days - int(rng.integers(recent_days // 4, recent_days // 2))
        yield FamilyEvent(kind, cell, _first_hour(clock, day) + 10, rng.uniform(*strength))
    for cell in free[len(kinds) : len(kinds) + 1]:
        yield FamilyEvent("sleeping_cell", cell, _first_hour(clock, n_days - SLEEPS_DAYS), np.nan)


def _nearest_to_knee(cells: pd.DataFrame, free: list[int]) -> int | None:
    """The free cell whose busy hour lies least below the load that does harm; None = none does."""
    asked = (cells["prb_busy_pct"] / cells["harm_at_pct"]).to_numpy()[free]
    below = np.where(asked < 1, asked, np.nan)
    return None if np.isnan(below).all() else free[int(np.nanargmax(below))]


def _first_hour(clock: Clock, day: int) -> int:
    return int(np.searchsorted(clock.day, day))


# --- Events that calls feel ------------------------------------------------------------------


def _grow(rng: Rng, network: Network, event: FamilyEvent | None, counters: Counters) -> None:
    """Takes away the calls and load that a growing cell did not have yet."""
    if event is None:
        return
    cell, clock = event.cell, network.clock
    there = np.exp(event.strength * (clock.day - clock.day[-1]) / DAYS_A_YEAR)
    before = {name: counters[name][cell] for name in ("prb_dl_util_pct", "prb_ul_util_pct")}
    then = {name: _less_load(prb, there) for name, prb in before.items()}
    harm, harm_then = (_harm(network.cells.iloc[cell], prb.values()) for prb in (before, then))
    attempts, setups, drops = (
        counters[name][cell].astype(np.int64)
        for name in ("call_attempts", "call_setups", "dropped_calls")
    )
    kept = rng.binomial(setups, there)
    rows = {
        **then,
        "call_setups": kept,
        "call_attempts": kept + rng.binomial(attempts - setups, there),
        "dropped_calls": np.minimum(rng.binomial(drops, there * harm_then / harm), kept),
        "rrc_users_mean": counters["rrc_users_mean"][cell] * there,
        "dl_vol_mb": counters["dl_vol_mb"][cell] * there,
    }
    for name, values in rows.items():
        counters[name] = _with_row(counters[name], cell, values)


def _less_load(prb_pct: Floats, there: Floats) -> Floats:
    return np.asarray(IDLE_PRB_PCT + (prb_pct - IDLE_PRB_PCT) * there)


def _harm(cell: pd.Series, prb_pct: Iterable[Floats]) -> Floats:
    """Factor of load on the drop rate, (hour,), as `network` has it."""
    beyond = (np.maximum(*prb_pct) - cell["harm_at_pct"]) / cell["harm_width_pct"]
    return np.asarray(1 + cell["harm"] * expit(beyond))


def _sleep(event: FamilyEvent | None, counters: Counters) -> None:
    """Leaves a sleeping cell nothing but its availability."""
    if event is None:
        return
    for name in counters.keys() - {"availability_pct"}:
        nothing = np.nan if name == "rsrp_p50_dbm" else 0.0
        row = counters[name][event.cell].copy()
        row[event.start :] = nothing
        counters[name] = _with_row(counters[name], event.cell, row)


def _with_row(values: Floats, cell: int, row: Floats | Ints) -> Floats:
    """A copy with one cell's hours set: the network that was given keeps its own."""
    copied = values.copy()
    copied[cell] = row
    return copied


# --- Counters of the families ----------------------------------------------------------------


def _setups(rng: Rng, counters: Counters, barring: FamilyEvent | None) -> Counters:
    """Set-ups of connections, their signalling and their bearers."""
    calls = counters["call_attempts"]
    fullest = np.maximum(counters["prb_dl_util_pct"], counters["prb_ul_util_pct"])
    n_cells = len(calls)
    attempts = rng.poisson(calls * rng.uniform(4, 7, (n_cells, 1)))
    fails = rng.uniform(0.002, 0.006, (n_cells, 1)) + 0.05 * expit((fullest - 97) / 1.5)
    _add(fails, barring)
    connected = rng.binomial(attempts, 1 - fails)
    signalled = rng.binomial(connected, 0.998)
    bearers = rng.binomial(signalled, 0.97)
    carried = rng.binomial(bearers, 1 - rng.uniform(0.001, 0.005, (n_cells, 1)))
    return _as_floats(
        rrc_att=attempts,
        rrc_succ=connected,
        s1ng_succ=signalled,
        bearer_att=bearers,
        bearer_succ=carried,
    )


def _handovers(rng: Rng, counters: Counters, misset: FamilyEvent | None) -> Counters:
    """Handovers out of each cell: prepared, and executed as often as they were prepared."""
    calls = counters["call_attempts"]
    n_cells = len(calls)
    attempts = rng.poisson(calls * rng.uniform(0.8, 2.5, (n_cells, 1)))
    prepared = rng.binomial(attempts, 1 - rng.uniform(0.002, 0.01, (n_cells, 1)))
    fails = np.repeat(rng.uniform(0.006, 0.02, (n_cells, 1)), calls.shape[1], axis=1)
    _add(fails, misset)
    executed = rng.binomial(prepared, 1 - fails)
    return _as_floats(ho_prep_att=attempts, ho_prep_succ=prepared, ho_exe_succ=executed)


def _throughput(
    rng: Rng, counters: Counters, width_mhz: Floats, backhaul: FamilyEvent | None
) -> Counters:
    """Volume and time of bursts; a user gets less of a cell the fuller it is."""
    prb = counters["prb_dl_util_pct"]
    mbps = 1.6 * width_mhz[:, None] * (1 - 0.85 * prb / 100) * rng.lognormal(0, 0.1, prb.shape)
    if backhaul is not None:
        mbps[backhaul.cell, backhaul.start :] *= backhaul.strength
    volume = np.round(counters["dl_vol_mb"] * KBIT_PER_MB * TIMED_SHARE)
    # a kbit a millisecond is a Mbit a second
    return {"dl_thp_vol_kbit": volume, "dl_thp_time_ms": np.round(volume / mbps)}


def _add(fails: Floats, event: FamilyEvent | None) -> None:
    if event is not None:
        fails[event.cell, event.start :] += event.strength


def _as_floats(**counts: Ints) -> Counters:
    return {name: values.astype(np.float64) for name, values in counts.items()}


# --- The truth -------------------------------------------------------------------------------


def family_truth(network: Network, events: tuple[FamilyEvent, ...]) -> pd.DataFrame:
    """One row per event: what it is, and its KPI before and after.

    `network`: as `with_families` gives it. `events`: those planted. Columns: `family`, `kind`,
    `kpi`, `cell_id`, `start_utc`; `value_before`, `value_after`: the KPI over up to 28 days before
    the start and over the newest 28 from it on, a growth's over the first and last 28; `strength`:
    see `FamilyEvent`; `months_to_knee`: of growth, from the data's end until the busy hour's mean
    is at the cell's harm_at_pct, negative = it was; NaN = no growth.
    """
    return pd.DataFrame([_truth_row(network, event) for event in events], columns=_TRUTH)


_TRUTH = ["family", "kind", "kpi", "cell_id", "start_utc", "value_before", "value_after"]
_TRUTH += ["strength", "months_to_knee"]


def _truth_row(network: Network, event: FamilyEvent) -> dict[str, object]:
    clock, reach = network.clock, TRUTH_DAYS * 24
    family, kpi = SHOWN_IN[event.kind]
    is_growth = event.kind == "growth_to_knee"
    before = slice(0, reach) if is_growth else slice(max(event.start - reach, 0), event.start)
    after = slice(max(event.start, clock.hour.size - reach), clock.hour.size)
    value_before, value_after = (_value(network, kpi, event.cell, at) for at in (before, after))
    knee = float(network.cells["harm_at_pct"].iloc[event.cell])
    left = np.log((knee - IDLE_PRB_PCT) / (value_after - IDLE_PRB_PCT)) if is_growth else np.nan
    return {
        "family": family,
        "kind": event.kind,
        "kpi": kpi,
        "cell_id": network.cells["cell_id"].iloc[event.cell],
        "start_utc": clock.local[event.start].tz_convert("UTC"),
        "value_before": value_before,
        "value_after": value_after,
        "strength": event.strength,
        "months_to_knee": left / event.strength * DAYS_A_YEAR / DAYS_A_MONTH,
    }


_PARTS = {
    "rrc_setup_sr": ("rrc_succ", "rrc_att"),
    "ho_exec_sr": ("ho_exe_succ", "ho_prep_succ"),
    "dl_user_thp_mbps": ("dl_thp_vol_kbit", "dl_thp_time_ms"),
}


def _value(network: Network, kpi: str, cell: int, hours: slice) -> float:
    """A KPI of one cell over some hours, as it was and not as it was delivered."""
    counters = network.counters
    if kpi in _PARTS:
        part, whole = (counters[name][cell, hours].sum() for name in _PARTS[kpi])
        return float(part / whole)
    if kpi == "rrc_users_mean":
        return float(counters[kpi][cell, hours].mean())
    day = network.clock.day[hours]
    busiest = np.maximum.reduceat(
        counters["prb_dl_util_pct"][cell, hours], np.flatnonzero(np.diff(day, prepend=-1))
    )
    return float(busiest.mean())
