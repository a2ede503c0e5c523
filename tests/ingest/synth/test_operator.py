"""The demo operator: its files are what operators have, and what was planted is in them."""

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from contracts.fields import FIELDS
from contracts.settings.load import load
from contracts.tables import SOURCES, table
from geo import hexgrid
from ingest.synth import write_operator
from ingest.synth.radio.causes import CAUSES, ENDS
from ingest.synth.radio.country import EAST, NORTH, SOUTH, TOWNS, WEST

N_CELLS, N_DAYS = 96, 45


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_operator(
        tmp_path_factory.mktemp("aire mobile"), n_cells=N_CELLS, n_days=N_DAYS, n_months=0
    ).parent


@pytest.fixture(scope="module")
def config(folder: Path) -> dict:
    return tomllib.loads((folder / "hexperience.toml").read_text())


@pytest.fixture(scope="module")
def pm_lines(folder: Path) -> list[list[str]]:
    """The lines under the header of each day's file."""
    files = sorted((folder / "raw/pm").glob("PM_*.csv"))
    return [path.read_text().splitlines()[1:] for path in files]


@pytest.fixture(scope="module")
def pm(folder: Path, pm_lines: list[list[str]]) -> pd.DataFrame:
    """Well-formed rows of the feed, each once, as numbers and instants; NIL is NaN."""
    header = next((folder / "raw/pm").glob("*.csv")).read_text().splitlines()[0].split(";")
    fields = [line.split(";") for day in pm_lines for line in day]
    rows = pd.DataFrame([f for f in fields if len(f) == len(header)], columns=header)
    rows = rows.drop_duplicates().set_index("Cell Name")
    start = pd.to_datetime(rows.pop("Start Time"), format="%d.%m.%Y %H:%M %z", utc=True)
    rows = rows.replace("NIL", np.nan).astype(float)
    return rows.assign(start=start.dt.tz_convert("Europe/London"))


@pytest.fixture(scope="module")
def events(folder: Path) -> pd.DataFrame:
    truth = pd.read_csv(folder / "truth/events.csv")
    for column in ("start_utc", "ramp_end_utc", "end_utc"):
        truth[column] = pd.to_datetime(truth[column], utc=True)
    return truth


def _bytes(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


# --- The files -------------------------------------------------------------------------------


def test_same_seed_same_bytes_and_another_seed_another_operator(tmp_path: Path) -> None:
    first = _bytes(write_operator(tmp_path / "a", n_cells=12, n_days=20, n_months=0).parent)
    again = _bytes(write_operator(tmp_path / "b", n_cells=12, n_days=20, n_months=0).parent)
    other = _bytes(write_operator(tmp_path / "a", seed=8, n_cells=12, n_days=21, n_months=0).parent)
    assert first == again
    assert first.keys() < other.keys()
    assert first["raw/inventory/cells.csv"] != other["raw/inventory/cells.csv"]
    assert first["pseudonym.key"] != other["pseudonym.key"]


def test_every_mapped_column_is_ours_and_stands_in_the_raw_header(
    folder: Path, config: dict
) -> None:
    for source in config["source"]:
        ours = table(source["table"])
        given = source["columns"].keys() | source.get("constants", {}).keys()
        assert given <= {*ours.columns, *ours.read_instead}, source["table"]
        assert set(ours.required) <= given, source["table"]
        named = ("formats", "scale", "values")
        assert all(source.get(part, {}).keys() <= given for part in named), source["table"]
        files = sorted(folder.glob(source["path"]))
        assert files, source["path"]
        for path in files:
            header = path.read_text().splitlines()[0].split(source.get("delimiter", ","))
            assert set(source["columns"].values()) <= set(header), path
    assert {s["table"] for s in config["source"]} == {*SOURCES} - {"call", "cell_rate", "coverage"}


def test_the_config_is_one_of_ours_without_a_fault(folder: Path) -> None:
    settings = load(folder / "hexperience.toml", environ={})
    assert settings.operator.name == "Aire Mobile"
    assert settings.operator.bbox == (WEST, SOUTH, EAST, NORTH)


def test_every_raw_value_of_a_mapped_list_has_a_name_of_ours(folder: Path, config: dict) -> None:
    for source in config["source"]:
        files = sorted(folder.glob(source["path"]))
        for ours, names in source.get("values", {}).items():
            raw = pd.concat(pd.read_csv(f, dtype=str) for f in files)[source["columns"][ours]]
            texts = {t for v in names.values() for t in (v if isinstance(v, list) else [v])}
            assert set(raw) <= texts, (source["table"], ours)
            choices = FIELDS[ours].choices or ("true", "false") * (FIELDS[ours].type == "BOOLEAN")
            assert set(names) <= set(choices or names), (source["table"], ours)


def test_times_are_written_as_the_config_says(folder: Path, config: dict) -> None:
    for source in config["source"]:
        path = min(folder.glob(source["path"]))
        raw = pd.read_csv(path, sep=source.get("delimiter", ","), on_bad_lines="skip")
        for ours, form in source.get("formats", {}).items():
            pd.to_datetime(raw[source["columns"][ours]], format=form, utc="%z" in form)


def test_the_config_leads_to_raw_files_only(folder: Path, config: dict) -> None:
    read = {path for source in config["source"] for path in folder.glob(source["path"])}
    assert read == {path for path in (folder / "raw").rglob("*") if path.is_file()}
    assert "truth" not in (folder / "hexperience.toml").read_text()


def test_the_key_is_one_and_only_the_owner_reads_it(folder: Path, config: dict) -> None:
    key = folder / config["privacy"]["key_file"]
    assert re.fullmatch("[0-9a-f]{64}", key.read_text().strip())
    assert key.stat().st_mode & 0o777 == 0o600


def test_regions_tile_the_box_and_are_named_after_their_towns(folder: Path) -> None:
    regions = json.loads((folder / "regions.geojson").read_text())["features"]
    assert [r["properties"]["name"] for r in regions] == [town.name for town in TOWNS]
    shapes = [shapely.geometry.shape(r["geometry"]) for r in regions]
    assert sum(s.area for s in shapes) == pytest.approx((EAST - WEST) * (NORTH - SOUTH), rel=1e-4)
    seats = [shapely.Point(town.lon, town.lat) for town in TOWNS]
    assert all(shape.contains(seat) for shape, seat in zip(shapes, seats, strict=True))


# --- The folder ------------------------------------------------------------------------------


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hexperience.toml").write_text("[operator]\n")
    with pytest.raises(ValueError, match="choose an empty or new folder") as refusal:
        write_operator(tmp_path, n_cells=12, n_days=20, n_months=0)
    assert str(tmp_path) in str(refusal.value)
    assert _bytes(tmp_path) == {"hexperience.toml": b"[operator]\n"}


def test_somebodys_file_among_the_demo_is_refused_but_a_warehouse_stays(tmp_path: Path) -> None:
    write_operator(tmp_path, n_cells=12, n_days=21, n_months=0)
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "marts.duckdb").write_text("kept")
    write_operator(tmp_path, n_cells=12, n_days=20, n_months=0)
    assert (tmp_path / "warehouse" / "marts.duckdb").read_text() == "kept"
    assert len(list((tmp_path / "raw/pm").iterdir())) == 20
    (tmp_path / "raw/pm/mine.csv").write_text("")
    with pytest.raises(ValueError, match=r"raw/pm/mine.csv is not the demo's"):
        write_operator(tmp_path, n_cells=12, n_days=20, n_months=0)


def test_a_file_in_the_folders_place_and_too_small_an_operator_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="it is a file"):
        write_operator(tmp_path / "file")
    with pytest.raises(ValueError, match=r"n_cells = 3: .*\n.*n_days = 5: "):
        write_operator(tmp_path / "new", n_cells=3, n_days=5)


# --- The dirt --------------------------------------------------------------------------------


def test_the_feed_is_dirty_as_feeds_are(pm_lines: list[list[str]], pm: pd.DataFrame) -> None:
    lines = [line for day in pm_lines for line in day]
    assert sum(line.count(";") != 20 for line in lines) == 2
    assert (pm["VoLTE Call Drops"] < 0).sum() == 3
    assert 0.02 < pm["Median RSRP (dBm)"].isna().mean() < 0.05
    absent = N_CELLS * (N_DAYS * 24 + 1) - len(pm)  # the clock changes once
    assert N_CELLS < absent < 0.03 * N_CELLS * N_DAYS * 24


def test_some_rows_come_again_word_for_word_in_the_next_days_file(
    pm_lines: list[list[str]],
) -> None:
    again = [set(a) & set(b) for a, b in pairwise(pm_lines)]
    assert sum(map(len, again)) == 24
    lines = [line for day in pm_lines for line in day]
    assert len(lines) - len(set(lines)) == 24


def test_positions_are_missing_in_the_ways_they_are(folder: Path) -> None:
    cells = pd.read_csv(folder / "raw/inventory/cells.csv")
    assert ((cells["Latitude"] == 0) & (cells["Longitude"] == 0)).sum() == 1
    tickets = _tickets(folder)
    assert {"-1", "0", ""} < set(tickets["Lat"])
    usable = ~tickets["Lat"].isin(["-1", "0", ""])
    assert 0.9 < usable.mean() < 0.98
    assert pd.to_numeric(tickets["Lat"][usable]).between(SOUTH - 0.01, NORTH + 0.01).all()


def test_some_tickets_are_known_by_their_cell_alone(folder: Path) -> None:
    tickets = _tickets(folder)
    cells = pd.read_csv(folder / "raw/inventory/cells.csv")["Cell Name"]
    assert set(tickets["Cell"]) - set(cells) == {""}
    unplaced = tickets[tickets["Lat"].isin(["-1", "0", ""])]
    assert 0.3 < (unplaced["Cell"] != "").mean() < 0.7


def test_some_free_texts_hold_what_must_be_redacted(folder: Path) -> None:
    text = _tickets(folder)["Description"]
    assert 0.005 < text.str.contains("@example.com").mean() < 0.1
    assert 0.01 < text.str.contains(r"07700 900\d{3}").mean() < 0.1


def test_numbers_are_nobodys_and_one_person_has_one(folder: Path) -> None:
    numbers = _tickets(folder)["MSISDN"]
    assert numbers.str.fullmatch(r"\+4477009\d{6}").all()  # one digit more than a British number
    assert 0 < numbers.duplicated().sum() < 0.15 * len(numbers)


# --- The archive -----------------------------------------------------------------------------


def test_the_archive_tells_by_totals_what_the_hours_no_longer_do(tmp_path: Path) -> None:
    folder = write_operator(tmp_path, n_cells=12, n_days=20, n_months=3).parent
    files = sorted((folder / "raw/pm/daily").glob("*.csv"))
    assert [f.stem for f in files] == ["PMD_202608", "PMD_202609", "PMD_202610"]
    totals = pd.concat(pd.read_csv(f, sep=";") for f in files)
    totals["day"] = pd.to_datetime(totals.pop("Day"), format="%d.%m.%Y")
    assert totals["day"].nunique() == 73
    longer = totals["day"] == pd.Timestamp("2026-10-25")
    assert set(totals.loc[longer, "Seconds"]) == {90_000}
    assert set(totals.loc[~longer, "Seconds"]) == {86_400}
    # the archive's last day is the first one that comes by the hour
    hours = pd.read_csv(min((folder / "raw/pm").glob("PM_*.csv")), sep=";", na_values="NIL")
    by_hour = hours.groupby("Cell Name")["VoLTE Call Attempts"]
    last = totals[totals["day"] == totals["day"].max()].set_index("Cell Name")
    full_days = by_hour.count()[by_hour.count() == 24].index
    assert len(full_days) > 0
    assert (last.loc[full_days, "VoLTE Call Attempts"] == by_hour.sum()[full_days]).all()


# --- The truth in the raw counts --------------------------------------------------------------


def _drops_per_attempt(rows: pd.DataFrame) -> tuple[float, float]:
    rows = rows[rows["VoLTE Call Drops"] >= 0]
    return float(rows["VoLTE Call Drops"].sum() / rows["VoLTE Call Attempts"].sum()), float(
        rows["VoLTE Call Drops"].sum()
    )


def _measured(pm: pd.DataFrame, event: pd.Series) -> tuple[float, float]:
    """Drop rate while the event lasts against before it, and the log ratio's standard error."""
    rows = pm.loc[event["cell_id"]]
    before = rows[rows["start"] < event["start_utc"]]
    after = rows[rows["start"] >= event["ramp_end_utc"]]
    if pd.notna(event["end_utc"]):
        after = after[after["start"] < event["end_utc"]]
    (rate0, n0), (rate1, n1) = _drops_per_attempt(before), _drops_per_attempt(after)
    # hourly dispersion up to 2, and the days' own noise
    return rate1 / rate0, float(np.sqrt(2.5 / n0 + 2.5 / n1))


@pytest.mark.parametrize("kind", ["interference", "coverage_loss", "load_growth_with_headroom"])
def test_the_planted_ratio_is_in_the_counts(
    kind: str, pm: pd.DataFrame, events: pd.DataFrame
) -> None:
    for _, event in events[events["kind"] == kind].iterrows():
        ratio, se = _measured(pm, event)
        assert abs(np.log(ratio / event["ratio"])) < 3 * se + 0.05, (event["event_id"], ratio)


@pytest.mark.parametrize("kind", ["load_step", "capacity_upgrade", "neighbour_outage"])
def test_load_moves_drops_and_relief_takes_them_back(
    kind: str, pm: pd.DataFrame, events: pd.DataFrame
) -> None:
    for _, event in events[events["kind"] == kind].iterrows():
        ratio, se = _measured(pm, event)
        # the days before had another load than the event's hours would have had: a wider margin
        assert abs(np.log(ratio / event["ratio"])) < 3 * se + 0.25, (event["event_id"], ratio)
        assert np.sign(np.log(ratio)) == np.sign(np.log(event["ratio"]))


def test_load_is_credited_where_it_is_due(events: pd.DataFrame) -> None:
    share = events.set_index("kind")["load_share"]
    assert np.allclose(share[["load_step", "capacity_upgrade", "neighbour_outage"]], 1)
    assert np.allclose(share[["interference"]], 0)
    assert (share[["coverage_loss"]].abs() < 0.1).all()
    headroom = events[events["kind"] == "load_growth_with_headroom"]
    assert headroom["load_share"].isna().all()
    assert np.allclose(headroom["ratio"], 1)
    material = events.drop(headroom.index)
    assert (np.log(material["ratio"]).abs() > np.log(1.3)).mean() > 0.75


def test_each_kind_is_planted_in_cells_of_its_own(events: pd.DataFrame) -> None:
    begun = events[~events["kind"].isin(ENDS.values())]
    assert set(begun["kind"]) == set(CAUSES)
    assert begun["cell_id"].is_unique


def test_load_events_fill_the_cell_and_faults_do_not(
    pm: pd.DataFrame, events: pd.DataFrame
) -> None:
    expected = {"load_step": (1.3, 1.7), "load_growth_with_headroom": (1.3, 1.8),
                "interference": (0.9, 1.1), "coverage_loss": (0.8, 1.05),
                "capacity_upgrade": (0.45, 0.7)}  # fmt: skip
    for _, event in events[events["kind"].isin(expected)].iterrows():
        rows = pm.loc[event["cell_id"]]
        busy = rows[rows["start"].dt.hour.between(9, 20)]
        before = busy.loc[busy["start"] < event["start_utc"], "DL PRB Utilisation (%)"].mean()
        after = busy.loc[busy["start"] >= event["ramp_end_utc"], "DL PRB Utilisation (%)"].mean()
        low, high = expected[event["kind"]]
        assert low < after / before < high, event["event_id"]


def test_coverage_loss_shows_in_the_signal(pm: pd.DataFrame, events: pd.DataFrame) -> None:
    for _, event in events[events["kind"] == "coverage_loss"].iterrows():
        rows = pm.loc[event["cell_id"]]
        after = rows["start"] >= event["start_utc"]
        signal = rows["Median RSRP (dBm)"].groupby(after).mean()
        assert -10.5 < signal[True] - signal[False] < -5.5


def test_a_dead_neighbour_counts_nothing_and_its_calls_come_to_the_cell(
    pm: pd.DataFrame, events: pd.DataFrame, folder: Path
) -> None:
    outages = pd.read_csv(folder / "raw/works/outages.csv")
    for _, event in events[events["kind"] == "neighbour_outage"].iterrows():
        dead = pm.loc[event["partner_cell_id"]]
        during = dead["start"].between(event["start_utc"], event["end_utc"], inclusive="left")
        assert (dead.loc[during, "Cell Availability (%)"] == 0).all()
        assert dead.loc[during, "VoLTE Call Attempts"].fillna(0).eq(0).all()
        listed = outages[outages["Cell"] == event["partner_cell_id"]].iloc[0]
        down = pd.to_datetime(listed["Down From"], dayfirst=True).tz_localize("Europe/London")
        assert down == event["start_utc"]
        attempts = pm.loc[event["cell_id"]].set_index("start")["VoLTE Call Attempts"]
        inside = attempts.index[(attempts.index >= event["start_utc"])
                                & (attempts.index < event["end_utc"])]  # fmt: skip
        week_before = attempts.reindex(inside - pd.Timedelta(days=7))
        assert 1.25 < attempts[inside].sum() / week_before.sum() < 1.9


def test_an_upgrade_is_among_the_works_with_its_cost(folder: Path, events: pd.DataFrame) -> None:
    works = pd.read_csv(folder / "raw/works/works.csv").set_index("Cell")
    upgrades = events[events["kind"] == "capacity_upgrade"]
    done = works.loc[upgrades["cell_id"]]
    assert (done["Status"] == "Completed").all()
    assert done["Cost GBP"].gt(0).all()
    finish = pd.to_datetime(done["Finish"], format="%d/%m/%Y %H:%M").dt.tz_localize("Europe/London")
    assert (finish.to_numpy() == upgrades["start_utc"].to_numpy()).all()


def test_works_do_what_the_truth_says_of_them(folder: Path, events: pd.DataFrame) -> None:
    works = pd.read_csv(folder / "raw/works/works.csv").set_index("Ref")
    truth = pd.read_csv(folder / "truth/works.csv").set_index("intervention_id")
    assert works.index.equals(truth.index.rename("Ref"))
    moved = truth[truth["true_ratio"] != 1]
    ratios = events.set_index("cell_id")["ratio"]
    assert np.allclose(moved["true_ratio"], ratios[moved["cell_id"]], atol=1e-3)
    assert (works["Status"] == "Scheduled").sum() == 1
    assert (truth["true_ratio"] == 1).sum() >= 5


# --- Customers -------------------------------------------------------------------------------


def _tickets(folder: Path) -> pd.DataFrame:
    files = sorted((folder / "raw/crm").glob("complaints_*.csv"))
    return pd.concat(pd.read_csv(f, dtype=str, keep_default_na=False) for f in files)


def _answers(folder: Path) -> pd.DataFrame:
    files = sorted((folder / "raw/survey").glob("nps_*.csv"))
    nowhere = {column: ["-1", "0"] for column in ("Latitude", "Longitude")}
    return pd.concat(pd.read_csv(f, na_values=nowhere) for f in files)


@pytest.fixture(scope="module")
def hexes(folder: Path, pm: pd.DataFrame) -> pd.DataFrame:
    """Hexagons of level 9 where somebody lives: subscribers `n`, `drops`, `calls`, main cell.

    From the raw counters and the true footprint; `main_cell` brings at least half the drops.
    """
    base = pd.read_csv(folder / "raw/base/subscribers.csv").drop_duplicates("Hexagon")
    base.index = pd.Index(hexgrid.from_text(base["Hexagon"]), name="hex_id")
    counts = pm[pm["VoLTE Call Drops"] >= 0].groupby(level=0).sum(numeric_only=True)
    parts = pd.read_parquet(folder / "truth/footprint.parquet")
    assert np.allclose(parts.groupby("cell_id")["weight"].sum(), 1)
    parts["drops"] = parts["weight"] * parts["cell_id"].map(counts["VoLTE Call Drops"])
    parts["calls"] = parts["weight"] * parts["cell_id"].map(counts["VoLTE Call Attempts"])
    places = parts.groupby("hex_id")[["drops", "calls"]].sum()
    main = parts[parts["drops"] > parts["hex_id"].map(places["drops"]) / 2].set_index("hex_id")
    return places.assign(main_cell=main["cell_id"]).join(
        base["Subscribers"].rename("n"), how="inner"
    )


def _at_home(tickets: pd.DataFrame, places: pd.DataFrame) -> int:
    """Tickets of customers who live in these hexagons."""
    lat, lon = (pd.to_numeric(tickets[c], errors="coerce") for c in ("Lat", "Lon"))
    return int(np.isin(hexgrid.hexes_of(lat=lat, lon=lon, level=9), places.index).sum())


def _per_1000(tickets: pd.DataFrame, places: pd.DataFrame) -> float:
    """Tickets with a home in these hexagons per 1,000 subscribers of theirs."""
    return _at_home(tickets, places) / float(places["n"].sum()) * 1000


def test_customers_whose_cells_drop_more_complain_more(folder: Path, hexes: pd.DataFrame) -> None:
    tickets = _tickets(folder)
    other = tickets["Category"].isin(["Billing", "Device/SIM", "Nuisance calls"])
    order = hexes.loc[(hexes["drops"] / hexes["n"]).sort_values().index]
    best, worst = order[: len(order) // 3], order[-len(order) // 3 :]
    network = tickets[~other]
    assert _per_1000(network, worst) > 1.8 * _per_1000(network, best)
    # the bill has nothing to do with drops
    assert 0.6 < _per_1000(tickets[other], worst) / _per_1000(tickets[other], best) < 1.6
    # of those who were cut off, one or two in a hundred say so
    assert 0.01 < len(network) / hexes["drops"].sum() < 0.03


def test_complaints_follow_a_fault_within_a_fortnight(
    folder: Path, events: pd.DataFrame, hexes: pd.DataFrame
) -> None:
    tickets = _tickets(folder)
    tickets = tickets[~tickets["Category"].isin(["Billing", "Device/SIM", "Nuisance calls"])]
    opened = pd.to_datetime(tickets["Opened"]).dt.tz_localize("Europe/London")
    before, after = [], []
    for _, event in events[events["kind"].isin(["interference", "coverage_loss"])].iterrows():
        places = hexes[hexes["main_cell"] == event["cell_id"]]
        start, settled = event["start_utc"], event["start_utc"] + pd.Timedelta(days=4)
        before.append((_at_home(tickets[opened < start], places), start - opened.min()))
        after.append((_at_home(tickets[opened > settled], places), opened.max() - settled))
    a_day_before, a_day_after = (
        sum(n for n, _ in part) / sum(t / pd.Timedelta(days=1) for _, t in part)
        for part in (before, after)
    )
    assert a_day_after > 1.2 * a_day_before


def test_answers_are_worse_where_the_drop_rate_is_high(folder: Path, hexes: pd.DataFrame) -> None:
    answers = _answers(folder).dropna(subset=["Latitude"])
    home = hexgrid.hexes_of(lat=answers["Latitude"], lon=answers["Longitude"], level=9)
    rate = (hexes["drops"] / hexes["calls"]).reindex(home).to_numpy()
    score = answers["How likely are you to recommend us (0-10)"].to_numpy()
    low, high = np.nanquantile(rate, [1 / 3, 2 / 3])
    good, bad = score[rate <= low], score[rate >= high]
    se = np.sqrt(good.var() / len(good) + bad.var() / len(bad))
    assert good.mean() - bad.mean() > 2 * se
    assert good.mean() - bad.mean() < 0.8  # a tendency, not a law


def test_waves_strata_and_invitations_agree(folder: Path) -> None:
    invites = pd.read_csv(folder / "raw/survey/invites.csv").set_index(["Wave", "Stratum"])
    answers = _answers(folder)
    counted = answers.groupby(["Wave", "Stratum"]).size()
    assert counted.sort_index().equals(invites["Completed"].sort_index().rename(None))
    assert (invites["Completed"] <= invites["Delivered"]).all()
    assert (invites["Delivered"] <= invites["Invited"]).all()
    assert not answers.duplicated(["Wave", "Customer"]).any()


def test_who_answers_is_not_who_was_asked(folder: Path) -> None:
    waves = pd.read_csv(folder / "truth/nps.csv")
    parts = waves["stratum"].str.split(" ")
    place, age = parts.str[0], parts.str[1]
    rate = waves.groupby(age)["n_completed"].sum() / waves.groupby(age)["n_invited"].sum()
    assert rate["18-34"] < 0.6 * rate["55+"]
    bias = (waves["nps_of_answers"] - waves["nps_of_invited"]) * waves["n_completed"]
    bias = bias.groupby(place).sum() / waves.groupby(place)["n_completed"].sum()
    assert bias["City"] < -3
    assert bias["Countryside"] > 3


def test_weights_give_every_stratum_its_share(folder: Path) -> None:
    answers = _answers(folder)
    weighed = answers.pivot_table("Weight", "Wave", "Stratum", aggfunc="sum")
    shares = weighed.div(weighed.sum(axis=1), axis=0)
    # the same people each month, whoever answers
    assert (shares.max() - shares.min()).max() < 0.04
