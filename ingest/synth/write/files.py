"""Writes the demo operator: raw files in operators' shapes, its config, and, apart, the truth.

`ingest.synth.radio` and `ingest.synth.people` invent; this module spells what they invented as an
element manager, a ticket system and a survey tool would: their names, their clocks, their dirt. The
truth stands in `truth/`, which the config never names.
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.errors import InputError
from geo import hexgrid
from ingest.synth.people.customers import CATEGORIES, Customers, People, invent_customers
from ingest.synth.radio.causes import STRENGTHS
from ingest.synth.radio.cells import Rng
from ingest.synth.radio.country import Clock, regions
from ingest.synth.radio.families import family_truth, with_families
from ingest.synth.radio.network import NOISE, Network, invent_network
from ingest.synth.radio.relations import invent_relations
from ingest.synth.radio.works import Work
from ingest.synth.write.feed import Files, counter_files, csv_text, inventory
from ingest.synth.write.texts import CONFIG, DAILY_SOURCE, DESCRIPTIONS, TRUTH_README

LEAST_CELLS, LEAST_DAYS = 12, 20
CONFIG_FILE, KEY_FILE, MARK_FILE = "hexperience.toml", "pseudonym.key", "truth/README.md"
OURS = (
    CONFIG_FILE, KEY_FILE, "regions.geojson", "truth/*", "raw/pm/PM_*.csv",
    "raw/pm/daily/PMD_*.csv", "raw/relations/relations.csv",
    "raw/inventory/cells.csv", "raw/crm/complaints_*.csv", "raw/survey/nps_*.csv",
    "raw/survey/invites.csv", "raw/base/subscribers.csv", "raw/works/works.csv",
    "raw/works/outages.csv",
)  # fmt: skip

TRUE_PARAMETERS = (
    "cell_id", "setting", "lat", "lon", "busy_attempts", "prb_busy_pct", "uplink_per_downlink",
    "base_rate", "harm", "harm_at_pct", "harm_width_pct", "phi",
)  # fmt: skip
WORKS_TIME, TRUTH_TIME = "%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%SZ"
POUNDS = {
    "Carrier add": (38_000, 72_000), "Antenna swap": (3_000, 9_000), "Tilt change": (700, 1_400),
    "Parameter change": (100, 200), "Software upgrade": (100, 200),
}  # fmt: skip
POSITION_MISSING = (("-1", "-1"), ("0", "0"), ("", ""))


def write_operator(
    folder: Path,
    *,
    seed: int = 7,
    n_cells: int = 400,
    n_days: int = 120,
    n_months: int = 15,
    noise: str = "normal",
    last_day: date = date(2026, 11, 15),
) -> Path:
    """Writes an invented operator and returns its config's path.

    `folder`: new, empty or of an earlier demo. `seed`: the same arguments give the same bytes.
    `n_cells`: 12 or more. `n_days`: counters of the newest days come by the hour, those before as
    totals by the day; 20 or more. `n_months`: how far all counters, complaints and surveys reach
    back; 0 = no further than the hours. `noise`: normal or heavy. `last_day`: of the data.

    Raw files, `regions.geojson` and a demo key stand beside the config, the truth apart. InputError
    (a ValueError) where an argument is out of bounds or `folder` holds anything but an earlier
    demo. The config is written last, so a folder in which writing was interrupted can't be run by
    mistake.
    """
    _refuse_small(n_cells, n_days, noise)
    _clear(folder)
    end = pd.Timestamp(last_day) + pd.Timedelta(days=1)
    first_day = min(end - pd.DateOffset(months=n_months), end - pd.Timedelta(days=n_days))
    n_all = (end - first_day).days
    # a stream that comes later is put last, so that those before it stay as they were
    streams = np.random.default_rng(seed).spawn(5)
    network_stream, customer_stream, dirt, family_stream, relation_stream = streams
    network = invent_network(
        network_stream,
        n_cells=n_cells,
        n_days=n_all,
        first_day=first_day.date(),
        noise=noise,
        recent_days=n_days,
    )
    customers = invent_customers(customer_stream, network)
    network, planted = with_families(family_stream, network, n_days)
    truth = family_truth(network, planted)
    for name, content in _files(dirt, network, customers, truth, n_all - n_days):
        _write(folder / name, content)
    relations = _relations(network, invent_relations(relation_stream, network))
    _write(folder / "raw/relations/relations.csv", csv_text(relations))
    key = hashlib.sha256(f"Aire Mobile {seed}".encode()).hexdigest()
    _write(folder / KEY_FILE, key + "\n", mode=0o600)
    _write(folder / CONFIG_FILE, CONFIG + DAILY_SOURCE * (n_all > n_days))
    return folder / CONFIG_FILE


def _files(
    rng: Rng, network: Network, customers: Customers, families: pd.DataFrame, hourly_from: int
) -> Files:
    """Name (relative to the folder) and content of every file but key and config."""
    yield MARK_FILE, TRUTH_README
    yield from _truth(network, customers)
    yield "truth/families.csv", csv_text(_true_families(families))
    yield "regions.geojson", json.dumps(regions(), indent=1) + "\n"
    yield from counter_files(rng, network, hourly_from)
    yield "raw/inventory/cells.csv", csv_text(inventory(network))
    for name, frame in _by_month(_tickets(rng, network, customers), "Opened"):
        yield f"raw/crm/complaints_{name}.csv", csv_text(frame)
    for name, frame in _by_month(_answers(rng, customers), "Answered At"):
        yield f"raw/survey/nps_{name}.csv", csv_text(frame)
    yield "raw/survey/invites.csv", csv_text(_invites(customers))
    yield "raw/base/subscribers.csv", csv_text(_base(rng, network, customers.people))
    yield "raw/works/works.csv", csv_text(_works_log(rng, network))
    yield "raw/works/outages.csv", csv_text(_outages(network))


# --- The folder ------------------------------------------------------------------------------


def _refuse_small(n_cells: int, n_days: int, noise: str) -> None:
    faults = []
    if n_cells < LEAST_CELLS:
        faults.append(f"n_cells = {n_cells}: give at least {LEAST_CELLS}")
    if n_days < LEAST_DAYS:
        faults.append(f"n_days = {n_days}: give at least {LEAST_DAYS}")
    if noise not in NOISE:
        faults.append(f"level_of_noise = {noise}: give one of {', '.join(NOISE)}")
    if faults:
        about = "no demo operator can be invented so"
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
    is_missing = rng.random(len(texts)) < missing_share
    marks = np.array(POSITION_MISSING, dtype=object)
    texts[is_missing] = marks[rng.integers(0, 3, is_missing.sum())]
    return texts


def _tickets(rng: Rng, network: Network, customers: Customers) -> pd.DataFrame:
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
        "Cell": _looked_up(network, customers),
        "Description": _descriptions(rng, tickets["category"]),
    })  # fmt: skip


def _looked_up(network: Network, customers: Customers) -> npt.NDArray[np.object_]:
    """The cell that serves most of the customer's hexagon, as every second agent looks it up."""
    place = customers.people.hex_of[customers.complaints["subscriber"]]
    is_served = customers.weights.max(axis=0)[place] > 0
    cell = network.cells["cell_id"].to_numpy(object)[customers.weights.argmax(axis=0)[place]]
    return np.where(is_served & (np.arange(len(place)) % 2 == 0), cell, "")


def _descriptions(rng: Rng, category: pd.Series) -> list[str]:
    """What the agent typed; now and then with an e-mail or a number that must not be kept."""
    texts = np.array([DESCRIPTIONS[name] for name in CATEGORIES])
    number = category.map({name: n for n, name in enumerate(CATEGORIES)}).to_numpy()
    sentences = texts[number, rng.integers(0, texts.shape[1], len(number))]
    # 07700 900000 to 900999 are the regulator's numbers for drama, example.com is nobody's
    contacts = rng.integers(0, 1000, len(sentences))
    kind = rng.choice(3, len(sentences), p=[0.92, 0.05, 0.03])
    endings = ["", " Please call back on 07700 900{:03d}.", " Reply to customer{:03d}@example.com."]
    return [
        text + endings[k].format(contact)
        for text, k, contact in zip(sentences, kind, contacts, strict=True)
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


def _invites(customers: Customers) -> pd.DataFrame:
    """How many were asked in each wave and stratum, and how many answered."""
    names = {"wave": "Wave", "stratum": "Stratum", "n_invited": "Invited",
             "n_delivered": "Delivered", "n_completed": "Completed"}  # fmt: skip
    return customers.invites[list(names)].rename(columns=names)


def _base(rng: Rng, network: Network, people: People) -> pd.DataFrame:
    """Subscribers of every hexagon in every month; a few come and go."""
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


def _works(network: Network) -> list[Work]:
    """The works in order of start; those of equal start by cell."""
    return sorted(network.works, key=lambda work: (work.start, work.cell))


def _works_log(rng: Rng, network: Network) -> pd.DataFrame:
    """The log of works, times local."""
    works = _works(network)
    cells = network.cells.iloc[[work.cell for work in works]]
    pounds = [rng.integers(*POUNDS[work.kind]) // 100 * 100 for work in works]
    return pd.DataFrame({
        "Ref": _references(len(works)),
        "Work Type": [work.kind for work in works],
        "Cell": cells["cell_id"].to_numpy(),
        "Site": cells["site_id"].to_numpy(),
        "Start": [_local_time(network.clock, work.start) for work in works],
        "Finish": [_local_time(network.clock, work.finish) for work in works],
        "Status": [work.status for work in works],
        "Notes": [work.notes for work in works],
        "Cost GBP": pounds,
    })  # fmt: skip


def _references(n: int) -> list[str]:
    return [f"W{number:04d}" for number in range(1, n + 1)]


def _local_time(clock: Clock, hour: int) -> str:
    """An hour of the clock, also one that is yet to come, as the log writes it."""
    beyond = max(hour - clock.hour.size + 1, 0)
    local = clock.local[hour - beyond] + pd.Timedelta(hours=beyond)
    return str(local.strftime(WORKS_TIME))


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


def _relations(network: Network, rows: pd.DataFrame) -> pd.DataFrame:
    """Handovers by day as the element manager's table of relations has them."""
    names = network.cells["cell_id"].to_numpy()
    return pd.DataFrame({
        "Day": network.clock.days[rows["day"]].strftime("%d.%m.%Y"),
        "Source Cell": names[rows["cell"]],
        "Target Cell": names[rows["neighbour"]],
        "HO Attempts": rows["attempts"],
        "HO Successes": rows["successes"],
    })  # fmt: skip


# --- The truth, which the pipeline never reads -----------------------------------------------


def _truth(network: Network, customers: Customers) -> Files:
    yield "truth/events.csv", csv_text(_true_events(network))
    yield "truth/works.csv", csv_text(_true_works(network))
    yield "truth/nps.csv", csv_text(customers.invites.round(2))
    yield "truth/cells.csv", csv_text(network.cells[list(TRUE_PARAMETERS)].round(6))
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
        truth[name] = truth[name].dt.strftime(TRUTH_TIME)
    truth.insert(0, "event_id", [f"E{number:03d}" for number in range(1, len(truth) + 1)])
    drawn = {name: [getattr(event, name) for event in network.events] for name in STRENGTHS}
    return truth.assign(**drawn).round(4)


def _true_families(truth: pd.DataFrame) -> pd.DataFrame:
    start = pd.to_datetime(truth["start_utc"], utc=True).dt.strftime(TRUTH_TIME)
    truth = truth.assign(start_utc=start)
    truth.insert(0, "event_id", [f"F{number:03d}" for number in range(1, len(truth) + 1)])
    return truth.round(4)


def _true_works(network: Network) -> pd.DataFrame:
    works, names = _works(network), network.cells["cell_id"].to_numpy()
    return pd.DataFrame({
        "intervention_id": _references(len(works)),
        "cell_id": [names[work.cell] for work in works],
        "true_ratio": [work.true_ratio for work in works],
        "chosen_because_bad": [work.chosen_because_bad for work in works],
    }).round(4)  # fmt: skip
