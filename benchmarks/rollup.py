"""Counters rolled up at an operator's size: the product and what else one would do, in one run.

    python -m benchmarks.rollup [cells] [days] [rounds]      3,000 cells, 8 days, 3 by default

Invents full rows (all columns of table `pm` that a file can give, cell ids as text, one Parquet
file a day) and rolls them up to hours, days and hexagons: by `run` on one worker, with all of its
checks, and by hand-written SQL of DuckDB on one thread, file by file and in one query, which takes
values as they are and checks that no key repeats. The ways take turns, each in a process of its
own. Prints microseconds of processor a row, peak memory, and a ratio. Compare ratios.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.spread import inventory
from contracts.settings.load import load as load_settings
from contracts.tables import ADDITIVE, COUNTED, LINEAGE, TABLES
from ingest import run
from ingest.counters.hexagons import SPREAD
from ingest.running.workers import workers

FIRST = pd.Timestamp("2026-01-05", tz="UTC")
GIVEN = tuple(name for name in TABLES["pm"].columns if name not in (*COUNTED, *LINEAGE))
"""Columns of the files: all that table `pm` reads."""
_CONFIG = """
[operator]
timezone = "UTC"
[run]
workers = 1
[[source]]
table = "cell"
path = "cells.csv"
[source.columns]
{cell}
[[source]]
table = "pm"
reader = "parquet"
path = "pm/*.parquet"
[source.columns]
{pm}
"""
_CELL = ("cell_id", "lat", "lon", "azimuth_deg", "technology")


def write_operator(folder: Path, n_cells: int, n_days: int) -> None:
    """Writes configuration, inventory and counters of an invented operator.

    `folder`: where they go. `n_cells`: of its inventory. `n_days`: files of hourly counters, one a
    day.
    """
    rng = np.random.default_rng(1)
    (folder / "pm").mkdir(parents=True, exist_ok=True)
    cells = inventory(n_cells, rng)
    cells[list(_CELL)].to_csv(folder / "cells.csv", index=False)
    for day in range(n_days):
        rows = full_rows(cells["cell_id"].to_numpy(object), FIRST + pd.Timedelta(days=day), rng)
        pq.write_table(rows, folder / "pm" / f"day_{day:04d}.parquet")
    text = _CONFIG.format(cell=_same_names(_CELL), pm=_same_names(GIVEN))
    (folder / "hexperience.toml").write_text(text, encoding="utf-8")


def full_rows(cell_ids: np.ndarray, start: pd.Timestamp, rng: np.random.Generator) -> pa.Table:
    """A day of hourly rows of every cell, hour by hour, with all columns of `GIVEN`.

    `cell_ids`: texts. `start`: of the day. `rng`: draws the counts.
    """
    n = 24 * len(cell_ids)
    hours = pd.date_range(start, periods=24, freq="h").as_unit("us")
    attempts = rng.poisson(120, n)
    columns: dict[str, object] = {name: rng.poisson(90, n) for name in ADDITIVE}
    columns |= {
        name: rng.gamma(3.0, 4e5, n) for name in ADDITIVE if name.endswith(("kbit", "ms", "time_s"))
    }
    available = rng.choice([50.0, 75.0, 100.0], n)
    used = available * rng.beta(2, 3, n)
    columns |= {
        "cell_id": pa.DictionaryArray.from_arrays(
            np.tile(np.arange(len(cell_ids), dtype=np.int32), 24), pa.array(cell_ids, pa.string())
        ).cast(pa.string()),
        "period_start_utc": np.repeat(hours.to_numpy(), len(cell_ids)),
        "period_s": np.full(n, 3600),
        "call_attempts": attempts,
        "call_setups": rng.binomial(attempts, 0.98),
        "dropped_calls": rng.binomial(attempts, 0.01),
        "prb_dl_used": used, "prb_dl_avail": available,
        "prb_ul_used": used * 0.6, "prb_ul_avail": available,
        "prb_dl_util_pct": 100 * used / available, "prb_ul_util_pct": 60 * used / available,
        "rrc_users_mean": rng.gamma(3.0, 10.0, n), "rrc_users_max": rng.poisson(80, n) * 1.0,
        "active_users_dl_mean": rng.gamma(2.0, 2.0, n), "delay_dl_ms": rng.gamma(4.0, 5.0, n),
        "pdcp_loss_dl_ppm": rng.gamma(2.0, 50.0, n),
        "ul_interference_dbm": rng.normal(-110, 3, n), "cqi_mean": rng.uniform(7, 13, n),
        "rsrp_p50_dbm": rng.normal(-100, 5, n), "suspect": np.zeros(n, bool),
        "unavail_s": rng.binomial(3600, 0.001, n) * 1.0, "unavail_planned_s": np.zeros(n),
    }  # fmt: skip
    table = pa.table({name: columns[name] for name in GIVEN})
    utc = table["period_start_utc"].cast(pa.timestamp("us", tz="UTC"))
    return table.set_column(1, "period_start_utc", utc)


def _same_names(names: tuple[str, ...]) -> str:
    return "\n".join(f'{name} = "{name}"' for name in names)


# ------------------------------------------------------------------------------ the three ways


def by_product(folder: Path) -> dict[str, float]:
    """Processor seconds of reading and of rolling up all files, by `run` on one worker.

    `folder`: as `write_operator` left it; its warehouse must not be there.
    """
    settings = load_settings(folder / "hexperience.toml", environ={})
    clock: dict[str, list[float]] = {}

    def progress(label: str, _done: int, _total: int, **_more: object) -> None:
        clock.setdefault(label, []).append(time.process_time())

    with workers(settings.run) as client:
        run.run(settings, client, progress)
    stages = {"reading": "reading files", "rolling up": "rolling up days"}
    return {name: clock[label][-1] - clock[label][0] for name, label in stages.items()}


def by_file(folder: Path) -> dict[str, float]:
    """Processor seconds of DuckDB, one file after the other.

    `folder`: as of `by_product`, which has made the footprints.
    """
    return _duckdb(folder, [[path] for path in _files(folder)])


def by_one_query(folder: Path) -> dict[str, float]:
    """Processor seconds of DuckDB, all files at once.

    `folder`: as of `by_file`.
    """
    return _duckdb(folder, [_files(folder)])


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "pm").glob("*.parquet"))


def _duckdb(folder: Path, batches: list[list[Path]]) -> dict[str, float]:
    """Processor seconds by table; nothing is checked but that no key repeats."""
    seconds = dict.fromkeys(["hours and days", "hexagons"], 0.0)
    for batch in batches:
        with duckdb.connect() as connection:
            connection.execute("set threads = 1")
            connection.execute("set TimeZone = 'UTC'")
            files = "', '".join(map(str, batch))
            connection.execute(f"create view pm as {_PM_SQL.replace('$files', files)}")
            weights = folder / "warehouse" / "tables" / "cell_hex" / "8.parquet"
            connection.execute(f"create view cell_hex as select * from '{weights}'")
            begun = time.process_time()
            n, n_keys = connection.sql(_KEYS_SQL).fetchall()[0]
            if n != n_keys:
                raise ValueError("keys repeat")
            for name, sql in _SQL.items():
                connection.execute(f"create table {name} as {sql}")
                connection.execute(f"copy {name} to '{folder}/{name}.parquet' (compression lz4)")
                stage = "hexagons" if name == "hex_day" else "hours and days"
                seconds[stage] += time.process_time() - begun
                begun = time.process_time()
    return seconds


_STATES = {
    "prb_dl_used_prb_s": "prb_dl_used", "prb_dl_avail_prb_s": "prb_dl_avail",
    "prb_ul_used_prb_s": "prb_ul_used", "prb_ul_avail_prb_s": "prb_ul_avail",
    "rrc_user_s": "rrc_users_mean", "_rsrp": "rsrp_p50_dbm",
}  # fmt: skip
_PM_SQL = "select * from read_parquet(['$files']) where not suspect"
_KEYS_SQL = """
    select count(*), count(distinct (cell_id, period_start_utc, period_s)) from pm"""
_HOURS_SQL = f"""
    select cell_id, date_trunc('hour', period_start_utc) as hour_start_utc,
        cast(min(period_start_utc) as date) as day_local, sum(period_s) as covered_s,
        {", ".join(f"sum({name}) as {name}" for name in ADDITIVE)},
        {", ".join(f"sum({state} * period_s) as {name}" for name, state in _STATES.items())},
        sum(period_s) filter (rrc_users_mean is not null) as rrc_covered_s
    from pm group by cell_id, date_trunc('hour', period_start_utc) order by 1, 2"""
_DAYS_SQL = f"""
    select cell_id, day_local, count(*) as n_hours,
        {", ".join(f"sum({name}) as {name}" for name in (*ADDITIVE, *_STATES, "covered_s"))},
        sum(rrc_covered_s) as rrc_covered_s,
        max_by(hour_start_utc, rrc_user_s / rrc_covered_s) as bh_hour_start_utc,
        max_by(prb_dl_used_prb_s, rrc_user_s / rrc_covered_s) as bh_prb_dl_used_prb_s,
        max_by(prb_dl_avail_prb_s, rrc_user_s / rrc_covered_s) as bh_prb_dl_avail_prb_s,
        max_by(call_attempts, rrc_user_s / rrc_covered_s) as bh_call_attempts,
        max_by(dropped_calls, rrc_user_s / rrc_covered_s) as bh_dropped_calls
    from cell_hour group by cell_id, day_local order by 1, 2"""
_HEXES_SQL = f"""
    select hex_id, day_local, {", ".join(f"sum({name} * weight) as {name}" for name in SPREAD)},
        count(*) filter (call_attempts > 0) as n_cells,
        sum(call_attempts * weight) ** 2 / sum((call_attempts * weight) ** 2) as n_cells_effective
    from cell_day join cell_hex using (cell_id) group by hex_id, day_local order by 1, 2"""
_SQL = {"cell_hour": _HOURS_SQL, "cell_day": _DAYS_SQL, "hex_day": _HEXES_SQL}
WAYS = {"product": by_product, "DuckDB file by file": by_file, "DuckDB one query": by_one_query}


# ---------------------------------------------------------------------------------- the race


def measured(way: str, folder: Path) -> dict[str, float]:
    """Processor seconds by stage and peak memory, in GB, of one way in a process of its own.

    `way`: a name of `WAYS`. `folder`: as of `by_product`.
    """
    command = [sys.executable, "-m", "benchmarks.rollup", "--way", way, str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def race(n_cells: int, n_days: int, rounds: int) -> pd.DataFrame:
    """Microseconds a row by stage, their sum, and peak GB of each way: medians of all rounds.

    `n_cells`, `n_days`: of the invented operator. `rounds`: how often all ways are taken in turn.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="rollup-") as name:
        folder = Path(name)
        write_operator(folder, n_cells, n_days)
        for _ in range(rounds):
            shutil.rmtree(folder / "warehouse", ignore_errors=True)
            for way in WAYS:
                figures = measured(way, folder)
                peak = figures.pop("peak_gb")
                per_row = {k: 1e6 * s / (24 * n_cells * n_days) for k, s in figures.items()}
                rows.append({"way": way, "peak_gb": peak, **per_row, "all": sum(per_row.values())})
    return pd.DataFrame(rows).groupby("way", sort=False).median()


def main(n_cells: int, n_days: int, rounds: int) -> None:
    """Prints what `race` measured, and how many times the product's speed is DuckDB's better way.

    `n_cells`, `n_days`, `rounds`: as of `race`.
    """
    figures = race(n_cells, n_days, rounds)
    print(f"{24 * n_cells * n_days:,} rows, {len(GIVEN)} columns; microseconds of processor a row")
    print(figures.round(2).to_string())
    others = figures.drop(index="product")["all"]
    print(
        f"the product against DuckDB's better way: {others.min() / figures['all']['product']:.2f} x"
    )


if __name__ == "__main__":
    if "--way" in sys.argv:
        seconds = WAYS[sys.argv[2]](Path(sys.argv[3]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({**seconds, "peak_gb": peak}))
    else:
        main(*(int(text) for text in (*sys.argv[1:], *("3000", "8", "3")[len(sys.argv) - 1 :])))
