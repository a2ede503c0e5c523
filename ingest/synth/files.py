"""Writes the demo operator: raw files in operators' shapes, its config, and, apart, the truth.

`ingest.synth.network` and `ingest.synth.customers` invent; this module spells what they invented
as an element manager, a ticket system and a survey tool would: their names, their clocks, their
dirt. The truth stands in `truth/`, which the config never names.
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.errors import InputError
from geo import hexgrid
from ingest.synth.causes import STRENGTHS, quiet_cells
from ingest.synth.cells import Rng
from ingest.synth.country import regions
from ingest.synth.customers import CATEGORIES, Customers, People, invent_customers
from ingest.synth.network import Network, invent_network
from ingest.synth.texts import CONFIG, DESCRIPTIONS, TRUTH_README, UPGRADE, WORKS

Files = Iterator[tuple[str, str | bytes]]

LEAST_CELLS, LEAST_DAYS = 12, 20
CONFIG_FILE, KEY_FILE, MARK_FILE = "hexperience.toml", "pseudonym.key", "truth/README.md"
OURS = (
    CONFIG_FILE, KEY_FILE, "regions.geojson", "truth/*", "raw/pm/PM_*.csv",
    "raw/inventory/cells.csv", "raw/crm/complaints_*.csv", "raw/survey/nps_*.csv",
    "raw/survey/invites.csv", "raw/base/subscribers.csv", "raw/works/works.csv",
    "raw/works/outages.csv",
)  # fmt: skip

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
}
VOICE = ["VoLTE Call Attempts", "VoLTE Call Setups", "VoLTE Call Drops"]
# shares of rows with NIL in these columns
NIL_SHARES = ((VOICE, 0.004), (["DL PRB Utilisation (%)"], 0.01), (["Median RSRP (dBm)"], 0.03))
N_REDELIVERED = 24
TRUE_PARAMETERS = (
    "cell_id", "setting", "lat", "lon", "busy_attempts", "prb_busy_pct", "uplink_per_downlink",
    "base_rate", "harm", "harm_at_pct", "harm_width_pct", "phi",
)  # fmt: skip
WORKS_TIME = "%d/%m/%Y %H:%M"
POSITION_MISSING = (("-1", "-1"), ("0", "0"), ("", ""))


def write_operator(
    folder: Path,
    *,
    seed: int = 7,
    n_cells: int = 120,
    n_days: int = 60,
    first_day: date = date(2026, 8, 3),
) -> Path:
    """Writes an invented operator and returns its config's path.

    Raw files, `regions.geojson` and a demo key stand beside the config, the truth apart. The same
    arguments give the same bytes. Needs at least 12 cells and 20 days. Raises InputError (a
    ValueError) if `folder` holds anything but an earlier demo. The config is written last, so a
    folder in which writing was interrupted can't be run by mistake.
    """
    _refuse_small(n_cells, n_days)
    _clear(folder)
    network_stream, customer_stream, dirt = np.random.default_rng(seed).spawn(3)
    network = invent_network(network_stream, n_cells=n_cells, n_days=n_days, first_day=first_day)
    customers = invent_customers(customer_stream, network)
    for name, content in _files(dirt, network, customers):
        _write(folder / name, content)
    key = hashlib.sha256(f"Aire Mobile {seed}".encode()).hexdigest()
    _write(folder / KEY_FILE, key + "\n", mode=0o600)
    _write(folder / CONFIG_FILE, CONFIG)
    return folder / CONFIG_FILE


def _files(rng: Rng, network: Network, customers: Customers) -> Files:
    """Name (relative to the folder) and content of every file but key and config."""
    yield MARK_FILE, TRUTH_README
    yield from _truth(network, customers)
    yield "regions.geojson", json.dumps(regions(), indent=1) + "\n"
    yield from _pm(rng, network)
    yield "raw/inventory/cells.csv", _csv(_inventory(network))
    for name, frame in _by_month(_tickets(rng, customers), "Opened"):
        yield f"raw/crm/complaints_{name}.csv", _csv(frame)
    for name, frame in _by_month(_answers(rng, customers), "Answered At"):
        yield f"raw/survey/nps_{name}.csv", _csv(frame)
    yield "raw/survey/invites.csv", _csv(_invites(rng, customers))
    yield "raw/base/subscribers.csv", _csv(_base(rng, network, customers.people))
    yield "raw/works/works.csv", _csv(_works(rng, network))
    yield "raw/works/outages.csv", _csv(_outages(network))


# --- The folder ------------------------------------------------------------------------------


def _refuse_small(n_cells: int, n_days: int) -> None:
    faults = []
    if n_cells < LEAST_CELLS:
        faults.append(f"n_cells = {n_cells}: give at least {LEAST_CELLS}")
    if n_days < LEAST_DAYS:
        faults.append(f"n_days = {n_days}: give at least {LEAST_DAYS}")
    if faults:
        about = "the demo operator is too small for its planted events"
        raise InputError(about, faults)


def _clear(folder: Path) -> None:
    """Removes an earlier demo, config first and mark last; refuses anything else."""
    about = f"{folder} can't take the demo: choose an empty or new folder"
    if folder.exists() and not folder.is_dir():
        raise InputError(about, ["it is a file"])
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if not p.is_dir())
    files = [file for file in files if file.parts[0] != "warehouse"]
    strangers = [f"{file} is not the demo's" for file in files if not _is_ours(file)]
    mark = TRUTH_README.partition("\n")[0]
    if files and not strangers and not _starts_with(folder / MARK_FILE, mark):
        strangers = [f"{MARK_FILE} does not say that an earlier demo is here"]
    if strangers:
        raise InputError(about, [*strangers[:5], *["and more"] * (len(strangers) > 5)])
    for file in sorted(files, key=lambda f: (f.name != CONFIG_FILE, f == PurePath(MARK_FILE))):
        (folder / file).unlink()


def _is_ours(file: PurePath) -> bool:
    return any(len(file.parts) == len(PurePath(o).parts) and file.match(o) for o in OURS)


def _starts_with(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8").startswith(text)


def _write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    # created with its mode: a key must never be readable, not even for a moment
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def _csv(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False, lineterminator="\n"))


# --- Counters and inventory ------------------------------------------------------------------


def _pm(rng: Rng, network: Network) -> Files:
    """One file per local day, hour by hour, with the dirt of real feeds."""
    rows = _pm_rows(network)
    reset = network.resets.T.ravel()
    rows.loc[reset, "VoLTE Call Drops"] = -1000 - rows.loc[reset, "VoLTE Call Drops"]
    for columns, share in NIL_SHARES:
        rows.loc[rng.random(len(rows)) < share, columns] = pd.NA
    day = np.repeat(network.clock.day, len(network.cells))
    came = ~network.lost.T.ravel()
    again = rng.choice(np.flatnonzero(came & (day < day.max())), N_REDELIVERED, replace=False)
    order = np.concatenate([np.flatnonzero(came), np.sort(again)])
    file_of = np.concatenate([day[came], day[np.sort(again)] + 1])
    lines = rows.to_csv(sep=";", header=False, index=False, na_rep="NIL", lineterminator="\n")
    told = np.array(lines.splitlines())[order]
    header = ";".join(rows.columns)
    for number, stamp in enumerate(network.clock.days.strftime("%Y%m%d")):
        today = _with_malformed(told[file_of == number].tolist(), number, len(network.clock.days))
        yield f"raw/pm/PM_{stamp}.csv", "\n".join([header, *today]) + "\n"


def _pm_rows(network: Network) -> pd.DataFrame:
    """Every cell and hour under the feed's names, in its order: hours, and the cells in each."""
    cell_ids, local = network.cells["cell_id"].to_numpy(), network.clock.local
    rows = {
        "Cell Name": np.tile(cell_ids, len(local)),
        "Start Time": np.repeat(local.strftime("%d.%m.%Y %H:%M").to_numpy(), len(cell_ids)),
    }
    for ours, (theirs, decimals) in PM_COLUMNS.items():
        values = network.counters[ours].T.ravel()
        rows[theirs] = values.astype(np.int64) if decimals == 0 else values.round(decimals)
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(VOICE, "Int64"))


def _with_malformed(lines: list[str], day: int, n_days: int) -> list[str]:
    """The day's lines; on one day a write broke off and began again, on another a field doubled."""
    place = len(lines) // 3
    if day == n_days // 4:
        lines.insert(place, ";".join(lines[place].split(";")[:4]))
    elif day == n_days // 2:
        lines.insert(place, lines[place].partition(";")[0] + ";" + lines[place])
    return lines


def _inventory(network: Network) -> pd.DataFrame:
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


# --- Customers -------------------------------------------------------------------------------


def _by_month(frame: pd.DataFrame, column: str) -> Iterator[tuple[str, pd.DataFrame]]:
    for month, part in frame.groupby(frame[column].str[:7], sort=True):
        yield str(month), part


def _numbers(subscriber: pd.Series) -> pd.Series:
    """Telephone numbers, one digit too long to be anybody's."""
    # 7,919 and a million share no factor, so no two customers share a number
    return "+4477009" + (subscriber * 7919 % 1_000_000).map("{:06d}".format)


def _positions(
    rng: Rng, people: People, subscriber: pd.Series, missing_share: float
) -> npt.NDArray[np.object_]:
    """Latitude and longitude of homes as text, to about 100 m, shape (n, 2); some are missing."""
    homes = people.home[subscriber.to_numpy()]
    texts = np.array([(f"{lat:.3f}", f"{lon:.3f}") for lat, lon in homes], dtype=object)
    missing = rng.random(len(texts)) < missing_share
    texts[missing] = np.array(POSITION_MISSING, dtype=object)[rng.integers(0, 3, missing.sum())]
    return texts


def _tickets(rng: Rng, customers: Customers) -> pd.DataFrame:
    tickets = customers.complaints
    lat, lon = _positions(rng, customers.people, tickets["subscriber"], 0.06).T
    channels = ["Phone", "App", "Web form", "Shop", "Social media"]
    opened = tickets["opened"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return pd.DataFrame({
        "Ticket No": [f"T{number:07d}" for number in range(100_001, 100_001 + len(tickets))],
        "Opened": opened,
        "MSISDN": _numbers(tickets["subscriber"]),
        "Category": tickets["category"],
        "Channel": rng.choice(channels, len(tickets), p=[0.5, 0.2, 0.15, 0.1, 0.05]),
        "Lat": lat,
        "Lon": lon,
        "Description": _descriptions(rng, tickets["category"]),
    })  # fmt: skip


def _descriptions(rng: Rng, category: pd.Series) -> list[str]:
    """What the agent typed; now and then with an e-mail or a number that must not be kept."""
    texts = np.array([DESCRIPTIONS[name] for name in CATEGORIES])
    number = category.map({name: n for n, name in enumerate(CATEGORIES)}).to_numpy()
    said = texts[number, rng.integers(0, texts.shape[1], len(number))]
    # 07700 900000 to 900999 are the regulator's numbers for drama, example.com is nobody's
    contacts = rng.integers(0, 1000, len(said))
    kind = rng.choice(3, len(said), p=[0.92, 0.05, 0.03])
    endings = ["", " Please call back on 07700 900{:03d}.", " Reply to customer{:03d}@example.com."]
    return [
        text + endings[k].format(contact)
        for text, k, contact in zip(said, kind, contacts, strict=True)
    ]


def _answers(rng: Rng, customers: Customers) -> pd.DataFrame:
    answers = customers.answers
    lat, lon = _positions(rng, customers.people, answers["subscriber"], 0.03).T
    stamp = answers["answered"].dt.strftime("%Y-%m-%dT%H:%M:%S%z")
    return pd.DataFrame({
        "Response Id": [f"R{number:06d}" for number in range(1, len(answers) + 1)],
        "Answered At": stamp.str[:-2] + ":" + stamp.str[-2:],
        "Customer": _numbers(answers["subscriber"]),
        "How likely are you to recommend us (0-10)": answers["score"],
        "Weight": answers["weight"].round(3),
        "Latitude": lat,
        "Longitude": lon,
        "Survey": "Relationship",
        "Wave": answers["wave"],
        "Stratum": answers["stratum"],
    })  # fmt: skip


def _invites(rng: Rng, customers: Customers) -> pd.DataFrame:
    """How many were asked in each wave and stratum; about one in eight answers."""
    counts = customers.answers.groupby(["wave", "stratum"]).size().reset_index(name="Completed")
    invited = (counts["Completed"] * rng.uniform(7, 9, len(counts))).astype(int)
    delivered = (invited * rng.uniform(0.93, 0.98, len(counts))).astype(int)
    counts = counts.rename(columns={"wave": "Wave", "stratum": "Stratum"})
    counts.insert(2, "Invited", invited)
    counts.insert(3, "Delivered", delivered.clip(lower=counts["Completed"]))
    return counts


def _base(rng: Rng, network: Network, people: People) -> pd.DataFrame:
    """Subscribers of every hexagon in every month told of; a few come and go."""
    months = []
    for month in network.clock.days.strftime("%Y-%m").unique():
        moved = rng.poisson(people.n_subscribers * 0.01) - rng.poisson(people.n_subscribers * 0.01)
        months.append(pd.DataFrame({
            "Hexagon": hexgrid.as_text(people.hexes),
            "Month": month,
            "Subscribers": np.maximum(people.n_subscribers + moved, 1),
            "ARPU": people.arpu.round(2),
        }))  # fmt: skip
    return pd.concat(months)


# --- Works and outages -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    start: pd.Timestamp
    finish: pd.Timestamp
    cell: int
    kind: str
    status: str
    notes: str
    pounds: int | None


def _works(rng: Rng, network: Network) -> pd.DataFrame:
    """The log of works in order of start, times local."""
    works = sorted([*_upgrades(rng, network), *_idle_works(rng, network)], key=lambda w: w.start)
    cells = network.cells.iloc[[work.cell for work in works]]
    return pd.DataFrame({
        "Ref": [f"W{number:04d}" for number in range(1, len(works) + 1)],
        "Work Type": [work.kind for work in works],
        "Cell": cells["cell_id"].to_numpy(),
        "Site": cells["site_id"].to_numpy(),
        "Start": [work.start.strftime(WORKS_TIME) for work in works],
        "Finish": [work.finish.strftime(WORKS_TIME) for work in works],
        "Status": [work.status for work in works],
        "Notes": [work.notes for work in works],
        "Cost GBP": pd.Series([work.pounds for work in works], dtype="Int64"),
    })  # fmt: skip


def _upgrades(rng: Rng, network: Network) -> Iterator[_Work]:
    """The works that relieve a cell: they end when their event begins."""
    for event in network.events:
        if event.kind == "capacity_upgrade":
            finish = network.clock.local[event.start]
            start = finish - pd.Timedelta(hours=4)
            yield _Work(start, finish, event.cell, *UPGRADE, int(rng.integers(38, 72)) * 1000)


def _idle_works(rng: Rng, network: Network) -> Iterator[_Work]:
    """Works that change nothing, some of them still to come, in cells that nothing else befalls."""
    quiet = rng.permutation(quiet_cells(network.events, len(network.cells)))
    days = network.clock.days
    for cell, (kind, status, notes, pounds) in zip(quiet, WORKS, strict=False):
        ahead = len(days) * (status == "Scheduled")
        day = days[0] + pd.DateOffset(days=ahead + int(rng.integers(5, len(days) - 2)), hours=1)
        finish = day + pd.Timedelta(hours=3)
        yield _Work(day, finish, int(cell), kind, status, notes, pounds)


def _outages(network: Network) -> pd.DataFrame:
    outages = sorted(network.outages, key=lambda o: (o.start, o.cell))
    local = network.clock.local.strftime(WORKS_TIME)
    return pd.DataFrame({
        "Incident": [f"INC{number:04d}" for number in range(1, len(outages) + 1)],
        "Cell": network.cells["cell_id"].to_numpy()[[o.cell for o in outages]],
        "Down From": local[[o.start for o in outages]],
        "Up Again": local[[o.end for o in outages]],
        "Planned Y/N": ["Y" if o.planned else "N" for o in outages],
        "Cause": [o.cause for o in outages],
    })  # fmt: skip


# --- The truth, which the pipeline never reads -----------------------------------------------


def _truth(network: Network, customers: Customers) -> Files:
    yield "truth/events.csv", _csv(_true_events(network))
    yield "truth/cells.csv", _csv(network.cells[list(TRUE_PARAMETERS)].round(6))
    cell, place = np.nonzero(customers.weights)
    footprint = pd.DataFrame({
        "cell_id": network.cells["cell_id"].to_numpy()[cell],
        "hex_id": customers.people.hexes[place],
        "weight": customers.weights[cell, place],
    })  # fmt: skip
    buffer = io.BytesIO()
    footprint.to_parquet(buffer, index=False)
    yield "truth/footprint.parquet", buffer.getvalue()


def _true_events(network: Network) -> pd.DataFrame:
    truth = network.truth.drop(columns=["cell", "start", "ramp_end", "end"])
    for name in ("start_utc", "ramp_end_utc", "end_utc"):
        truth[name] = truth[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    truth.insert(0, "event_id", [f"E{number:03d}" for number in range(1, len(truth) + 1)])
    drawn = {name: [getattr(event, name) for event in network.events] for name in STRENGTHS}
    return truth.assign(**drawn).round(4)
