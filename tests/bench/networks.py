"""Invented networks, and what their operator measures: cubes and rows as the analysis reads them.

The networks are those of `ingest.synth.radio.network`; their truth stands beside them.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from contracts.tables import TABLES
from ingest.synth.radio.network import NOISE, Network, invent_network

N_CELLS, N_DAYS = 280, 56


def networks(
    seeds: tuple[int, ...], causes: Mapping[str, int] | None = None
) -> Iterator[tuple[str, int, Network]]:
    """Yields level of noise, seed and network, for each level and each seed.

    `causes`: how many cells get each cause, as of `invent_network`; None = its own mixture.
    """
    for noise in NOISE:
        for seed in seeds:
            rng = np.random.default_rng(seed)
            planted = invent_network(
                rng, n_cells=N_CELLS, n_days=N_DAYS, noise=noise, causes=causes
            )
            yield noise, seed, planted


def cube_of(network: Network) -> xr.Dataset:
    """What the operator measured by hour, (cell, hour), as `analysis.cube.of_cell_hours` gives it.

    NaN = not measured in that hour.
    """
    measured, clock = network.measured, network.clock
    shape = measured["call_attempts"].shape
    dims = ("cell", "hour")
    counted = {
        "call_attempts": measured["call_attempts"],
        "dropped_calls": measured["dropped_calls"],
        "prb_dl_util_pct": measured["prb_dl_util_pct"],
        "prb_ul_util_pct": measured["prb_ul_util_pct"],
        "rrc_users_mean": measured["rrc_users_mean"],
        "dl_vol_kbit": measured["dl_vol_mb"] * 8000,
        "availability": measured["availability_pct"] / 100,
        "outage": _hours_out(network),
    }
    local = clock.local.tz_localize(None)
    calendar = {
        "day_local": local.normalize().to_numpy(),
        "hour_local": local.hour.to_numpy(),
        "rest_day": clock.is_free,
    }
    return xr.Dataset(
        {name: (dims, values) for name, values in counted.items()},
        coords={
            "cell_id": ("cell", network.cells["cell_id"].to_numpy()),
            "hour_start_utc": ("hour", clock.local.tz_convert("UTC").tz_localize(None)),
            **{name: (dims, np.broadcast_to(values, shape)) for name, values in calendar.items()},
        },
    )


def days_of(network: Network) -> xr.Dataset:
    """What the operator measured by day, (cell, day), as `analysis.cube.of_cell_days` gives it.

    NaN = no hour of that day was measured.
    """
    measured, clock = network.measured, network.clock
    attempts, drops = (
        clock.by_day(np.nan_to_num(measured[name])) for name in ("call_attempts", "dropped_calls")
    )
    n_hours = clock.by_day((~np.isnan(measured["call_attempts"])).astype(float))
    up = clock.by_day(np.nan_to_num(measured["availability_pct"]) / 100)
    starts = clock.days.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ns]")
    first_hours = np.flatnonzero(np.diff(clock.day, prepend=-1))
    rest_day = np.asarray(clock.is_free)[first_hours]
    dims = ("cell", "day")
    return xr.Dataset(
        {
            "call_attempts": (dims, np.where(n_hours > 0, attempts, np.nan)),
            "dropped_calls": (dims, np.where(n_hours > 0, drops, np.nan)),
            "covered_s": (dims, 3600 * n_hours),
            "unavail_s": (dims, 3600 * (n_hours - up)),
            "rest_day": (dims, np.broadcast_to(rest_day, drops.shape)),
            "outage": (dims, clock.by_day(_hours_out(network).astype(float)) > 0),
            "day_start_utc": (dims, np.broadcast_to(starts, drops.shape)),
        },
        coords={
            "cell_id": ("cell", network.cells["cell_id"].to_numpy(object)),
            "day_local": ("day", clock.days.tz_localize(None).to_numpy("datetime64[s]")),
        },
    )


def cell_hours_of(network: Network) -> pd.DataFrame:
    """What the operator measured by hour, as rows of table `cell_hour`."""
    hours = cube_of(network).to_dataframe().reset_index()
    hours["hour_start_utc"] = hours["hour_start_utc"].dt.tz_localize("UTC")
    hours["day_local"] = hours["day_local"].dt.date
    hours["covered_s"] = hours["prb_dl_avail_prb_s"] = hours["prb_ul_avail_prb_s"] = 3600.0
    for way in ("dl", "ul"):
        hours[f"prb_{way}_used_prb_s"] = hours[f"prb_{way}_util_pct"] * 36
    hours["unavail_s"] = 3600 * (1 - hours["availability"])
    return hours[[name for name in TABLES["cell_hour"].columns if name in hours]]


def _hours_out(network: Network) -> np.ndarray:
    """Whether a cell is down, (cell, hour)."""
    out = np.zeros(network.measured["call_attempts"].shape, bool)
    for outage in network.outages:
        out[outage.cell, outage.start : outage.end] = True
    return out
