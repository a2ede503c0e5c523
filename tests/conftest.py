"""An invented town as published marts: what the screen's tests read, whatever the demo looks like.

Planted: cell LDS-02 drops twice as many calls from day 40 on; nothing else changes.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis.run
import ingest.run
from contracts import regulator
from contracts.settings.load import load
from contracts.tables import SCHEMA_VERSION, assemble, table
from geo import hexgrid
from ingest.running.workers import workers
from ingest.synth import write_operator
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.store import Warehouse

CENTRE = {"lat": 53.80, "lon": -1.55}
FIRST_DAY = date(2025, 3, 3)
DAYS = 60
CHANGE_DAY = 40
WORSE_CELL = "LDS-02"
PYTEST = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def _pytest_stays_main() -> Iterator[None]:
    """Streamlit's AppTest leaves its page as __main__: processes started later would run that."""
    yield
    sys.modules["__main__"] = PYTEST


@dataclass(frozen=True)
class Town:
    """Where an invented operator's configuration lies, and what was planted in it."""

    config: Path
    warehouse: Path
    hexes: list[str]
    worse_hex: str
    worse_cell: str


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town with counters, complaints, NPS and one planted change."""
    return build_town(tmp_path_factory.mktemp("town of tests"))


@pytest.fixture(scope="session")
def reports_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A country of which only monthly reports of calls are known, as MyCall's."""
    return build_reports(tmp_path_factory.mktemp("reports"))


@pytest.fixture
def unpublished(tmp_path: Path) -> Path:
    """A configuration for which nothing was ever published."""
    return _config(tmp_path, "Nobody Mobile", "UTC", level=8)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes the screen read one configuration."""
    return lambda config: monkeypatch.setenv("HEXPERIENCE_CONFIG", str(config))


def build_town(folder: Path) -> Town:
    """Publishes the invented town below a folder."""
    config = _config(folder, "Aire <Mobile>", "Europe/London", level=8, regions="regions.geojson")
    _write_regions(folder / "regions.geojson")
    warehouse = Warehouse(folder / "warehouse")
    cells, hexes = _cells(), _hexes()
    served = _served(cells, hexes)
    days = _cell_days(cells)
    by_hex = _hex_days(served, days)
    for name, part in {
        "cell": cells, "cell_hex": served, "cell_day": days,
        "hex_place": pd.concat([_places(hexes, 8), _places(_wide(hexes), 6)]),
        "hex_day": by_hex, "change_point": _changes(),
        "change_day": _change_days(days), "change_curve": _change_curve(),
        "place_rate": _rates(days, by_hex, hexes), "intervention": _works(),
        "priority": _priority(cells), **_plans(cells), "receipt": _receipt(), "quality": _quality(),
        "survey_response": _responses(),
        "threshold": regulator.in_force({}, "").assign(run_id="r"),
        "run": _run("Aire <Mobile>", "Europe/London", 8),
    }.items():  # fmt: skip
        warehouse.write(name, part)
    warehouse.publish("town", keep=3)
    worse = served[served["cell_id"] == WORSE_CELL]["hex_id"].iloc[0]
    return Town(config, warehouse.path, hexgrid.as_text(hexes), hexgrid.as_text([worse])[0],
                WORSE_CELL)  # fmt: skip


def build_reports(folder: Path) -> Town:
    """Publishes monthly reports without cells or counters below a folder."""
    config = _config(folder, "Reports", "Asia/Kolkata", level=5)
    warehouse = Warehouse(folder / "warehouse")
    centre = int(hexgrid.hexes_of(lat=[19.0], lon=[73.0], level=5)[0])
    hexes = hexgrid.disk(centre, 3)
    lat, lon = hexgrid.centres(hexes)
    warehouse.write("hex_place", rows("hex_place", hex_id=hexes, level=5, lat=lat, lon=lon))
    warehouse.write("place_rate", pd.concat([
        _report_rates(hexes, metric, first)
        for metric in ("call_drop_rate", "rating_mean")
        for first in (date(2018, 4, 1), date(2018, 5, 1))
    ]))  # fmt: skip
    warehouse.write("receipt", rows("receipt", table_name=["call"], n_read=[65_678],
                                    n_accepted=[65_678], n_refused=[0], n_values_missing=[12],
                                    run_id="r"))  # fmt: skip
    warehouse.write("quality", rows(
        "quality", table_name=["call"], check_name=["no_load"], verdict=["warn"], run_id="r",
        message=["Without load and exact times no cause and no change can be named."],
    ))  # fmt: skip
    warehouse.write("run", _run("Reports", "Asia/Kolkata", 5))
    warehouse.publish("reports", keep=3)
    worse = hexgrid.as_text([centre])[0]
    return Town(config, warehouse.path, hexgrid.as_text(hexes), worse, "")


def rows(name: str, **given: Any) -> pd.DataFrame:
    """A frame of a table's columns in its order; what is not given is missing."""
    frame = pd.DataFrame(given)
    fields = [field for field in table(name).fields if field.name not in frame]
    empty = {field.name: np.nan if field.is_number else None for field in fields}
    return frame.assign(**empty)[list(table(name).columns)]


def _config(folder: Path, name: str, timezone: str, *, level: int, regions: str = "") -> Path:
    config = folder / "hexperience.toml"
    config.write_text(
        f'[operator]\nname = "{name}"\ntimezone = "{timezone}"\nregions = "{regions}"\n'
        f"[grid]\nlevel = {level}\nnps_level = {min(level, 6)}\n"
        '[[source]]\ntable = "call"\npath = "none.csv"\n'
        '[source.columns]\nstart_utc = "a"\noutcome = "b"\n',
        encoding="utf-8",
    )
    return config


def _write_regions(path: Path) -> None:
    boxes = {"West & <b>hills</b>": (-1.9, -1.55), "East": (-1.55, -1.2)}
    path.write_text(_json_text({
        "type": "FeatureCollection",
        "features": [{
            "type": "Feature", "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [[
                [west, 53.6], [east, 53.6], [east, 54.0], [west, 54.0], [west, 53.6]]]},
        } for name, (west, east) in boxes.items()],
    }), encoding="utf-8")  # fmt: skip


def _json_text(value: Any) -> str:
    return pd.io.json.ujson_dumps(value)


def _responses() -> pd.DataFrame:
    return rows(
        "survey_response", survey_type="relationship", wave="2025-Q1", stratum=["a", "b"],
        n_invited=[400, None], n_delivered=[380, None], n_completed=[90, None],
        n_answers=[88, None], shown=["shown", "hidden"], run_id="r",
    )  # fmt: skip


def _cells() -> pd.DataFrame:
    angle = np.arange(6) * np.pi / 3
    names = [f"LDS-{number:02d}" for number in range(1, 7)]
    return rows(
        "cell", cell_id=names, site_id=[f"S{n // 2 + 1}" for n in range(6)],
        site_name=[f"Mast {n // 2 + 1}" for n in range(6)],
        technology="lte", band="B20", region=["East"] * 3 + ["West & <b>hills</b>"] * 3,
        lat=CENTRE["lat"] + 0.05 * np.sin(angle), lon=CENTRE["lon"] + 0.09 * np.cos(angle),
    )  # fmt: skip


def _hexes() -> hexgrid.Hexes:
    centre = int(hexgrid.hexes_of(lat=[CENTRE["lat"]], lon=[CENTRE["lon"]], level=8)[0])
    return np.sort(hexgrid.disk(centre, 9))


def _served(cells: pd.DataFrame, hexes: hexgrid.Hexes) -> pd.DataFrame:
    lat, lon = hexgrid.centres(hexes)
    north = lat[:, None] - cells["lat"].to_numpy()
    east = (lon[:, None] - cells["lon"].to_numpy()) * 0.59
    nearest = cells["cell_id"].to_numpy()[np.hypot(north, east).argmin(axis=1)]
    frame = pd.DataFrame({"cell_id": nearest, "hex_id": hexes})
    weight = 1 / frame.groupby("cell_id")["hex_id"].transform("size")
    return rows("cell_hex", cell_id=nearest, hex_id=hexes, level=8, weight=weight, method="voronoi")


def _wide(hexes: hexgrid.Hexes) -> hexgrid.Hexes:
    return np.unique(hexgrid.parents(hexes, level=6))


def _places(hexes: hexgrid.Hexes, level: int) -> pd.DataFrame:
    lat, lon = hexgrid.centres(hexes)
    region = np.where(lon < CENTRE["lon"], "West & <b>hills</b>", "East")
    return rows("hex_place", hex_id=hexes, level=level, lat=lat, lon=lon, region=region)


def _cell_days(cells: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    day, cell = np.meshgrid(np.arange(DAYS), np.arange(len(cells)), indexing="ij")
    attempts = rng.poisson(4000 + 900 * cell * (1 - 0.3 * (day % 7 >= 5)))
    rate = 0.006 + 0.004 * cell
    worse = (cells["cell_id"].to_numpy()[cell] == WORSE_CELL) & (day >= CHANGE_DAY)
    drops = rng.binomial(attempts, rate * np.where(worse, 2.0, 1.0))
    busy = np.clip(0.45 + 0.05 * cell + 0.18 * worse + rng.normal(0, 0.03, day.shape), 0, 1)
    return rows(
        "cell_day", cell_id=cells["cell_id"].to_numpy()[cell].ravel(),
        day_local=[FIRST_DAY + timedelta(days=int(d)) for d in day.ravel()],
        covered_s=86_400.0, n_hours=24, call_attempts=attempts.ravel().astype(float),
        dropped_calls=drops.ravel().astype(float), unavail_s=0.0,
        prb_dl_used_prb_s=(busy * 0.6 * 86_400 * 50).ravel(), prb_dl_avail_prb_s=86_400.0 * 50,
        bh_prb_dl_used_prb_s=(busy * 3600 * 50).ravel(), bh_prb_dl_avail_prb_s=3600.0 * 50,
        bh_call_attempts=(attempts // 10).ravel().astype(float),
        bh_dropped_calls=(drops // 10).ravel().astype(float),
    )  # fmt: skip


def _hex_days(served: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    joined = served[["cell_id", "hex_id", "weight"]].merge(
        days.drop(columns=["call_setups"]), on="cell_id"
    )
    parts = ["call_attempts", "dropped_calls", "prb_dl_used_prb_s", "prb_dl_avail_prb_s"]
    joined[parts] = joined[parts].mul(joined["weight"], axis=0)
    return rows("hex_day", **joined[["hex_id", "day_local", *parts]], level=8, n_cells=1,
                n_cells_effective=1.0)  # fmt: skip


def _changes() -> pd.DataFrame:
    at = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=CHANGE_DAY)
    # the second one is no more than an interval: many changes are small
    return rows(
        "change_point", change_id=["c1", "c2"], place_type="cell", cell_id=[WORSE_CELL, "LDS-05"],
        metric="drop_rate", change_utc=[at, at - timedelta(days=20)],
        change_lo_utc=[at - timedelta(days=1), at - timedelta(days=23)],
        change_hi_utc=[at + timedelta(days=1), at - timedelta(days=18)],
        until_utc=at + timedelta(days=DAYS - CHANGE_DAY), direction=["up", "down"],
        ratio=[2.0, 0.8], ratio_lo=[1.8, 0.7], ratio_hi=[2.2, 0.92],
        drops_excess=[980.0, -310.0], drops_excess_lo=[820.0, -420.0],
        drops_excess_hi=[1130.0, -190.0], attribution=["load", "undecided"],
        p_load=[0.97, None], load_share=[0.7, None], load_share_lo=[0.5, None],
        load_share_hi=[0.9, None], drops_load=[686.0, None], drops_other=[294.0, None],
        attribution_note=[None, "load is not known by the hour"],
        prb_before_pct=[51.0, 65.0], prb_after_pct=[69.0, 64.0], attempts_before=4900.0,
        attempts_after=4910.0, min_visible_ratio=1.2, first_reported_utc=at, run_id="r",
    )  # fmt: skip


def _works() -> pd.DataFrame:
    at = datetime(2025, 4, 23, 22, 30, tzinfo=UTC)
    return rows("intervention", intervention_id=["W1"], kind=["tilt"], start_utc=[at], end_utc=[at],
                cell_id=[WORSE_CELL], status=["done"], description=["two degrees"])  # fmt: skip


def _change_days(days: pd.DataFrame) -> pd.DataFrame:
    mine = days[days["cell_id"] == WORSE_CELL]
    changed = mine["day_local"] >= FIRST_DAY + timedelta(days=CHANGE_DAY)
    usual = mine["dropped_calls"].where(~changed, mine["dropped_calls"] / 2)
    return rows(
        "change_day", change_id="c1", cell_id=WORSE_CELL, day_local=mine["day_local"],
        call_attempts=mine["call_attempts"], dropped_calls=mine["dropped_calls"],
        drops_usual=usual, drops_with_load=usual.where(~changed, usual * 1.7), run_id="r",
    )  # fmt: skip


def _change_curve() -> pd.DataFrame:
    return rows(
        "change_curve", change_id="c1", cell_id=WORSE_CELL, prb_pct=[47.5, 67.5],
        drop_rate_before=[0.014, None], drop_rate_after=[0.015, 0.03],
        drop_rate_curve=[0.014, 0.028], run_id="r",
    )  # fmt: skip


def _rates(days: pd.DataFrame, by_hex: pd.DataFrame, hexes: hexgrid.Hexes) -> pd.DataFrame:
    weeks = [(FIRST_DAY + timedelta(weeks=w), 7) for w in range(8)]
    months = [(date(2025, 3, 1), 31), (date(2025, 4, 1), 30)]
    spans = [("week", *week) for week in weeks] + [("month", *month) for month in months]
    parts = [part for span in spans for part in _counter_rates(by_hex, *span)]
    parts += [part for span in spans for part in _cell_rates(days, *span)]
    parts += [*_customer_rates(hexes), _change_ratios(hexes)]
    return assemble(parts, table("place_rate"))


def _counter_rates(by_hex: pd.DataFrame, grain: str, first: date, days: int) -> list[pd.DataFrame]:
    last = first + timedelta(days=days - 1)
    sums = by_hex[by_hex["day_local"].between(first, last)].groupby("hex_id")[
        ["call_attempts", "dropped_calls", "prb_dl_used_prb_s", "prb_dl_avail_prb_s"]
    ].sum()  # fmt: skip
    drops, calls = sums["dropped_calls"].to_numpy(), sums["call_attempts"].to_numpy()
    rate, width = drops / calls, 1.645 * np.sqrt(drops) / calls
    used, available = sums["prb_dl_used_prb_s"].to_numpy(), sums["prb_dl_avail_prb_s"].to_numpy()
    common = {"period_grain": grain, "period_start": first, "period_end": last}
    month = 30 / days
    return [
        _rate_rows(sums.index, "drop_rate", "all", numerator=drops, denominator=calls, value=rate,
                   value_lo=np.clip(rate - width, 0, 1), value_hi=rate + width, **common),
        _rate_rows(sums.index, "prb_dl_util_bh_pct", "all", numerator=used, denominator=available,
                   value=100 * used / available / 0.6, **common),
        _rate_rows(sums.index, "drops_excess_month", "all", numerator=drops, denominator=calls,
                   value=month * (drops - 0.014 * calls),
                   value_lo=month * (drops - 0.014 * calls - width * calls),
                   value_hi=month * (drops - 0.014 * calls + width * calls), **common),
    ]  # fmt: skip


def _cell_rates(days: pd.DataFrame, grain: str, first: date, length: int) -> list[pd.DataFrame]:
    """Drop rate and excess of the cells, and the drop rate of them all."""
    last = first + timedelta(days=length - 1)
    seen = days[days["day_local"].between(first, last)]
    counts = ["dropped_calls", "call_attempts"]
    cells = seen.groupby("cell_id")[counts].sum().reset_index()
    common = {"period_grain": grain, "period_start": first, "period_end": last,
              "outcome_class": "all", "shown": "shown", "run_id": "r"}  # fmt: skip
    parts = []
    whole = seen[counts].sum().to_frame().T.assign(cell_id="")
    for kind, found in (("cell", cells), ("network", whole)):
        drops, calls = found["dropped_calls"], found["call_attempts"]
        rate, width = drops / calls, 1.645 * np.sqrt(drops) / calls
        ends = {"value": rate, "value_lo": rate - width, "value_hi": rate + width}
        metrics = {"drop_rate": ends}
        if kind == "cell":
            per_month = {name: 30 / length * (end - 0.014) * calls for name, end in ends.items()}
            metrics["drops_excess_month"] = per_month
        parts += [
            rows("place_rate", place_type=kind, cell_id=found["cell_id"], metric=metric,
                 numerator=drops, denominator=calls, **values, **common)
            for metric, values in metrics.items()
        ]  # fmt: skip
    return parts


def _customer_rates(hexes: hexgrid.Hexes) -> list[pd.DataFrame]:
    rng = np.random.default_rng(11)
    count, base = rng.poisson(6, len(hexes)), rng.integers(10, 2000, len(hexes))
    shown = np.select([base < 100, count < 5], ["hidden", "few"], "shown")
    value = np.where(shown == "shown", 1000 * count / base, np.nan)
    april = {"period_grain": "month", "period_start": date(2025, 4, 1),
             "period_end": date(2025, 4, 30)}  # fmt: skip
    wide = _wide(hexes)
    nps = rng.normal(12, 18, len(wide)).clip(-100, 100)
    answers = np.full(len(wide), 40.0)
    return [
        _rate_rows(hexes, "complaints_per_1000", "network", value=value, value_lo=value * 0.6,
                   value_hi=value * 1.5, numerator=np.where(shown == "shown", count, np.nan),
                   denominator=np.where(shown == "shown", base, np.nan), shown=shown, **april),
        _rate_rows(hexes, "complaints_per_1000", "account", value=np.nan, shown="hidden", **april),
        _rate_rows(wide, "nps", "relationship", level=6, value=nps, value_lo=nps - 15,
                   value_hi=nps + 15, denominator=answers, **april),
    ]  # fmt: skip


def _change_ratios(hexes: hexgrid.Hexes) -> pd.DataFrame:
    served = _served(_cells(), hexes)
    worse = (served["cell_id"] == WORSE_CELL).to_numpy()
    return _rate_rows(hexes[worse], "change_ratio", "all", value=2.0, value_lo=1.8, value_hi=2.2,
                      period_grain="all", period_start=FIRST_DAY,
                      period_end=FIRST_DAY + timedelta(days=DAYS - 1))  # fmt: skip


def _report_rates(hexes: hexgrid.Hexes, metric: str, first: date) -> pd.DataFrame:
    rng = np.random.default_rng(first.month)
    calls = rng.integers(12, 900, len(hexes)).astype(float)
    share = rng.beta(2, 12, len(hexes))
    value = share if metric == "call_drop_rate" else 5 - 6 * share.clip(0, 0.5)
    wide = 0.5 / np.sqrt(calls)
    shown = np.where(calls < 16, "hidden", "shown")
    value, calls = (np.where(shown == "shown", x, np.nan) for x in (value, calls))
    return _rate_rows(hexes, metric, "all", level=5, value=value,
                      value_lo=(value - wide).clip(0), value_hi=value + wide, denominator=calls,
                      shown=shown, period_grain="month", period_start=first,
                      period_end=first + timedelta(days=29))  # fmt: skip


def _rate_rows(
    hexes: Any, metric: str, outcome_class: str, *, level: int = 8, shown: Any = "shown",
    **given: Any,
) -> pd.DataFrame:  # fmt: skip
    return rows("place_rate", place_type="hex", hex_id=np.asarray(hexes, np.uint64), level=level,
                cell_id="", metric=metric, outcome_class=outcome_class, shown=shown,
                method_version="test", run_id="r", **given)  # fmt: skip


def _priority(cells: pd.DataFrame) -> pd.DataFrame:
    sites = cells.iloc[[1, 2, 4]]
    hexes = hexgrid.hexes_of(lat=sites["lat"], lon=sites["lon"], level=8)
    parts = [
        rows("priority", place_type=kind, rank=[1, 2, 3], hex_id=hexes, level=8,
             site_id=sites["site_id"].to_numpy(), place_name=names,
             region=sites["region"].to_numpy(), lat=sites["lat"].to_numpy(),
             lon=sites["lon"].to_numpy(), period_start=date(2025, 4, 4),
             period_end=date(2025, 5, 1), call_attempts=[140_000.0, 150_000.0, 180_000.0],
             dropped_calls=[2900.0, 2300.0, 4300.0], drop_rate=[0.0207, 0.0153, 0.0239],
             drop_rate_lo=[0.0198, 0.0146, 0.023], drop_rate_hi=[0.0216, 0.016, 0.0248],
             normal_rate=0.014, drops_excess_month=[1234.0, 480.0, 91.0],
             drops_excess_month_lo=[1100.0, 300.0, -20.0],
             drops_excess_month_hi=[1400.0, 660.0, 200.0],
             prb_dl_util_bh_pct=[71.0, 55.0, 66.0], complainants=["23", "<5", ""],
             nps=[-12.0, np.nan, 20.0], dominant_cell_id=sites["cell_id"].to_numpy(),
             change_id=["c1", None, None], change_utc=[pd.Timestamp("2025-04-12", tz="UTC"), None,
                                                       None],
             reason=["drops doubled on 12 Apr at LDS-02; busy-hour PRB 51 % to 69 %",
                     "steadily above normal", "steadily above normal"], run_id="r")
        for kind, names in (("site", ["Mast 1", "Mast 2", "Mast 3"]),
                            ("hex", hexgrid.as_text(hexes)))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _plans(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Two budgets: for the larger one another plan and a work that waits, the third impossible."""
    at = cells.iloc[[1, 2, 4]]
    works = {"place_type": "cell", "cell_id": at["cell_id"].to_numpy(), "sector_id": None,
             "site_id": at["site_id"].to_numpy(), "region": at["region"].to_numpy(),
             "lat": at["lat"].to_numpy(), "lon": at["lon"].to_numpy(), "cost_currency": "<EUR>",
             "reason": "takes off 30 % (20 to 40) of the load in the cell", "run_id": "r",
             "crew_weeks": 2.0, "benefit_month": [300.0, 120.0, 90.0],
             "benefit_month_lo": [200.0, 60.0, 40.0], "benefit_month_hi": [400.0, 200.0, 150.0],
             "p_in_plan": [1.0, 0.7, 0.3]}  # fmt: skip
    cost = np.array([40.0, 50.0, 45.0])
    action = np.array(["add_carrier", "fix + tilt", "tilt"])
    plans = [(50.0, 1, [0]), (100.0, 1, [0, 1]), (100.0, 2, [0, 2]), (50.0, 0, [1])]
    whole = rows("plan", budget=0.0, plan_number=0, action=action, cost_amount=cost, **works)
    budgets = [
        rows("plan_budget", budget=[budget], plan_number=number, n_options=3, n_works=len(held),
             cost_amount=cost[held].sum(), cost_currency="<EUR>", costs_invented=True,
             crew_weeks=2.0 * len(held), benefit_month=whole["benefit_month"].iloc[held].sum(),
             benefit_month_lo=100.0, benefit_month_hi=700.0, optimality_gap=0.0, run_id="r")
        for budget, number, held in plans if number
    ]  # fmt: skip
    refused = rows("plan_budget", budget=[500.0], plan_number=1, n_options=3, n_works=0,
                   costs_invented=True, cost_amount=0.0, benefit_month=0.0, run_id="r",
                   unsafe_reason="floors: East shall get 400; lower its floor")  # fmt: skip
    limits = rows("plan_limit", budget=[100.0, 100.0], limit_name=["budget", "floor"],
                  region=["", "East"], limit_amount=[100.0, 10.0], used_amount=[90.0, 50.0],
                  benefit_lost_month=[90.0, 0.0], run_id="r")  # fmt: skip
    return {
        "plan": pd.concat([whole.iloc[held].assign(budget=budget, plan_number=number)
                           for budget, number, held in plans]),
        "plan_budget": pd.concat([*budgets, refused]), "plan_limit": limits,
    }  # fmt: skip


def _receipt() -> pd.DataFrame:
    return rows("receipt", table_name=["complaint", "pm"], n_read=[5_120, 345_600],
                n_accepted=[5_000, 345_590], n_refused=[120, 10], n_values_missing=[3, 0],
                run_id="r")  # fmt: skip


def _quality() -> pd.DataFrame:
    return rows("quality", table_name=["complaint", "pm"], check_name=["refused", "gaps"],
                verdict=["warn", "ok"], run_id="r",
                message=["2.3 % of rows were refused; see refused rows.",
                         "All hours are there."])  # fmt: skip


def _run(name: str, timezone: str, level: int) -> pd.DataFrame:
    as_of = datetime(2025, 5, 1, 23, tzinfo=UTC)
    return rows("run", run_id=["r"], operator_name=[name], timezone=[timezone], level=[level],
                as_of_utc=[as_of], software_version=["0.1.0"],
                schema_version=[SCHEMA_VERSION])  # fmt: skip


@pytest.fixture(scope="session")
def demo_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration of the demo operator, its marts published."""
    config = write_operator(
        tmp_path_factory.mktemp("demo operator"), n_cells=120, n_days=60, n_months=0
    )
    settings = load(config, environ={})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    warehouse.publish("demo", keep=2)
    worst = warehouse.query("worst_places", place_type="hex", top=1)["hex_text"].iloc[0]
    word, at = Word("in_work", "Ann Lee", "antenna ordered"), datetime(2026, 11, 20, 9, tzinfo=UTC)
    warehouse.acknowledge(Subject("hex", worst), word, by="Ann Lee", at=at)
    return config


@pytest.fixture(scope="session")
def demo(demo_config: Path) -> Warehouse:
    """Warehouse of the demo operator."""
    return Warehouse(demo_config.parent / "warehouse")
