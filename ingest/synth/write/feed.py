"""The demo operator's counters and inventory, spelt as its element manager would, dirt and all."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from ingest.synth.radio.causes import quiet_cells
from ingest.synth.radio.cells import Rng
from ingest.synth.radio.network import Network

Files = Iterator[tuple[str, str | bytes]]

# our counter: its name in the element manager's files, and the decimals it is given with
PM_COLUMNS = {
    "call_attempts": ("VoLTE Call Attempts", 0),
    "call_setups": ("VoLTE Call Setups", 0),
    "dropped_calls": ("VoLTE Call Drops", 0),
    "prb_dl_util_pct": ("DL PRB Utilisation (%)", 1),
    "prb_ul_util_pct": ("UL PRB Utilisation (%)", 1),
    "rrc_users_mean": ("Avg RRC Users", 2),
    "dl_vol_mb": ("DL Traffic (MB)", 1),
    "availability_pct": ("Cell Availability (%)", 2),
    "rsrp_p50_dbm": ("Median RSRP (dBm)", 1),
    "rrc_att": ("RRC Attempts", 0),
    "rrc_succ": ("RRC Successes", 0),
    "s1ng_succ": ("S1 Successes", 0),
    "bearer_att": ("E-RAB Attempts", 0),
    "bearer_succ": ("E-RAB Successes", 0),
    "ho_prep_att": ("HO Attempts", 0),
    "ho_prep_succ": ("HO Prepared", 0),
    "ho_exe_succ": ("HO Successes", 0),
    "dl_thp_vol_kbit": ("DL Burst Volume (kbit)", 0),
    "dl_thp_time_ms": ("DL Burst Time (ms)", 0),
}
VOICE = ["VoLTE Call Attempts", "VoLTE Call Setups", "VoLTE Call Drops"]
# shares of rows with NIL in these columns
NIL_SHARES = ((VOICE, 0.004), (["DL PRB Utilisation (%)"], 0.01), (["Median RSRP (dBm)"], 0.03))
# counts that a total adds; the others are means over its hours
ADDED = {
    *("call_attempts", "call_setups", "dropped_calls", "dl_vol_mb"),
    *("rrc_att", "rrc_succ", "s1ng_succ", "bearer_att", "bearer_succ"),
    *("ho_prep_att", "ho_prep_succ", "ho_exe_succ", "dl_thp_vol_kbit", "dl_thp_time_ms"),
}
N_REDELIVERED = 24


def counter_files(rng: Rng, network: Network, hourly_from: int) -> Files:
    """The archive's totals by month, then one file a local day of hours: name and text of each.

    `rng`: the stream that the dirt is drawn from. `network`: what was counted, as
    `with_families` gives it. `hourly_from`:
    number of the first day that comes by the hour; 0 = all days, and no archive. The archive has
    that first day, too: such rows are refused for the finer ones.
    """
    yield from _totals(network, min(hourly_from + 1, len(network.clock.days)) * (hourly_from > 0))
    yield from _hours(rng, network, hourly_from)


def _totals(network: Network, n_days: int) -> Files:
    """Totals of the first `n_days` by cell and local day, as archives keep them; none for 0."""
    days = network.clock.days[:n_days]
    for month in days.strftime("%Y%m").unique():
        of_month = np.flatnonzero(days.strftime("%Y%m") == month)
        totals = pd.concat([_total(network, int(day)) for day in of_month])
        yield f"raw/pm/daily/PMD_{month}.csv", csv_text(totals, sep=";")


def _total(network: Network, day: int) -> pd.DataFrame:
    """One day's total of every cell: counts added, states averaged; cells mostly lost left out."""
    hours = network.clock.day == day
    has_arrived = network.lost[:, hours].mean(axis=1) < 0.5
    frame = pd.DataFrame({
        "Cell Name": network.cells["cell_id"],
        "Day": network.clock.days[day].strftime("%d.%m.%Y"),
        "Seconds": 3600 * int(hours.sum()),
    })  # fmt: skip
    for ours, (theirs, decimals) in PM_COLUMNS.items():
        values = network.counters[ours][:, hours]
        if ours in ADDED:
            total = values.sum(axis=1)
            frame[theirs] = total.astype(np.int64) if decimals == 0 else total.round(decimals)
        else:
            # a day on which the cell was down all along has no signal
            is_measured = ~np.isnan(values)
            total = np.where(is_measured, values, 0).sum(axis=1)
            n_hours = np.where(is_measured.any(axis=1), is_measured.sum(axis=1), np.nan)
            frame[theirs] = (total / n_hours).round(decimals)
    return frame.astype(dict.fromkeys(VOICE, "Int64"))[has_arrived]


def _hours(rng: Rng, network: Network, first_day: int) -> Files:
    """One file per local day, hour by hour, with the dirt of real feeds."""
    by_hour = network.clock.day >= first_day
    rows = _rows(network, by_hour)
    is_reset = network.resets[:, by_hour].T.ravel()
    rows.loc[is_reset, "VoLTE Call Drops"] = -1000 - rows.loc[is_reset, "VoLTE Call Drops"]
    for columns, share in NIL_SHARES:
        rows.loc[rng.random(len(rows)) < share, columns] = pd.NA
    day = np.repeat(network.clock.day[by_hour] - first_day, len(network.cells))
    has_arrived = ~network.lost[:, by_hour].T.ravel()
    repeatable = np.flatnonzero(has_arrived & (day < day.max()))
    # some rows come once more in the file of the next day
    again = np.sort(rng.choice(repeatable, N_REDELIVERED, replace=False))
    order = np.concatenate([np.flatnonzero(has_arrived), again])
    file_of = np.concatenate([day[has_arrived], day[again] + 1])
    text = rows.to_csv(sep=";", header=False, index=False, na_rep="NIL", lineterminator="\n")
    lines = np.array(text.splitlines(), dtype=object)[order]
    header, days = ";".join(rows.columns), network.clock.days[first_day:]
    for number, stamp in enumerate(days.strftime("%Y%m%d")):
        today = _with_malformed(lines[file_of == number].tolist(), number, len(days))
        yield f"raw/pm/PM_{stamp}.csv", "\n".join([header, *today]) + "\n"


def _rows(network: Network, hours: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Every cell and flagged hour under the feed's names, in its order: hours, cells in each."""
    cell_ids, local = network.cells["cell_id"].to_numpy(), network.clock.local[hours]
    rows = {
        "Cell Name": np.tile(cell_ids, len(local)),
        "Start Time": np.repeat(local.strftime("%d.%m.%Y %H:%M %z").to_numpy(), len(cell_ids)),
    }
    for ours, (theirs, decimals) in PM_COLUMNS.items():
        values = network.counters[ours][:, hours].T.ravel()
        rows[theirs] = values.astype(np.int64) if decimals == 0 else values.round(decimals)
    return pd.DataFrame(rows).astype(dict.fromkeys(VOICE, "Int64"))


def _with_malformed(lines: list[str], day: int, n_days: int) -> list[str]:
    """The day's lines; on one day a write broke off and began again, on another a field doubled."""
    place = len(lines) // 3
    if day == n_days // 4:
        lines.insert(place, ";".join(lines[place].split(";")[:4]))
    elif day == n_days // 2:
        lines.insert(place, lines[place].partition(";")[0] + ";" + lines[place])
    return lines


def inventory(network: Network) -> pd.DataFrame:
    """The cells of `network` as the inventory has them; one of them lies in the Gulf of Guinea."""
    cells = network.cells
    frame = pd.DataFrame({
        "Cell Name": cells["cell_id"],
        "Site": cells["site_id"],
        "Site Name": cells["site_name"],
        "Technology": cells["technology"],
        "Band": cells["band"],
        "BW MHz": cells["bandwidth_mhz"].astype(int),
        "Latitude": cells["lat"],
        "Longitude": cells["lon"],
        "Azimuth": cells["azimuth_deg"].astype("Int64"),
        "Height m": cells.groupby("site_id")["height_m"].transform("first").round().astype(int),
        "On Air": cells["on_air"].dt.strftime("%d/%m/%Y"),
    })  # fmt: skip
    # every inventory has one cell in the Gulf of Guinea
    frame.loc[quiet_cells(network.events, len(cells))[-1], ["Latitude", "Longitude"]] = 0.0
    return frame


def csv_text(frame: pd.DataFrame, sep: str = ",") -> str:
    """A `frame` as delimited text, the same on every machine. `sep`: the separator."""
    return str(frame.to_csv(index=False, sep=sep, lineterminator="\n"))
