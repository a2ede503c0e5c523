"""Identifiers planted in every spelling and place leave no trace in anything that is written."""

import gzip
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.privacy.door import Door
from tests.bench.operator import CONFIG, Operator
from tests.leaks import DIGITS, IMSI, identity_in, leaks

CONSOLE = [sys.executable, "-m", "hexperience"]
NUMBER = f"+44{DIGITS}"
SPELLINGS = (
    NUMBER, f"0044{DIGITS}", f"0{DIGITS}", DIGITS, f"44{DIGITS}.0", "+44 (0) 7712 345 678",
    "07712-345-678", "tel:+44-7712-345678", "07712\u00a0345\u200b678",
    "".join(chr(0x660 + int(digit)) for digit in f"0{DIGITS}"),
    "07712.345.678", "07 71 23 45 67 8",
)  # fmt: skip
LABELS = (
    "07712 345678", "+44-7712-345678", "07712_345_678", DIGITS, "call 0044 7712.345.678 x",
    "zoe.q@example.org", "mail zoe.q%40example.org", f"tel0{DIGITS}", "(07712) 345-678",
)  # fmt: skip
"""Spellings in names of files, labels, strata and where a cell is named."""
TEXT = (
    "Zoe Quillfeather (zoe.q@example.org, {}) is cut off. Mrs Quillfeather says: "
    "my name is zoe quillfeather, account ACC-ZQ-9, see https://x.org/?id=ACC-ZQ-9"
)
SOURCES = f"""
[privacy]
key_file = "a.key"
names_file = "names.txt"
[run]
log = "logs/run.log"
[[source]]
table = "complaint"
path = "raw/crm/*.csv"
[source.columns]
complaint_id = "id"
created_utc = "at"
complaint_class = "class"
complaint_type = "type"
subscriber_id = "who"
text_redacted = "text"
severity = "severity"
cell_id = "cell"
status = "type"
lat = "lat"
lon = "lon"
[[source]]
table = "complaint"
path = "raw/crm/*.parquet"
reader = "parquet"
[source.columns]
complaint_id = "id"
created_utc = "at"
complaint_class = "class"
subscriber_id = "who"
text_redacted = "text"
[[source]]
table = "call"
path = "raw/calls/*.csv.gz"
[source.columns]
start_utc = "at"
outcome = "outcome"
subscriber_id = "who"
release_cause = "cause"
[[source]]
table = "call"
path = "raw/one_person.csv"
[source.columns]
start_utc = "at"
outcome = "outcome"
[source.constants]
subscriber_id = "{NUMBER}"
[[source]]
table = "nps"
path = "raw/nps_*.csv"
subscriber = "email"
encoding = "utf-16"
delimiter = ";"
[source.columns]
response_id = "id"
answered_utc = "at"
score = "score"
stratum = "stratum"
wave = "wave"
subscriber_id = "mail"
text_redacted = "text"
lat = "lat"
lon = "lon"
[source.constants]
survey_type = "relationship"
[[source]]
table = "nps"
path = "raw/imsi.csv"
subscriber = "imsi"
[source.columns]
response_id = "id"
answered_utc = "at"
score = "score"
subscriber_id = "who"
[source.constants]
survey_type = "relationship"
[[source]]
table = "intervention"
path = "raw/works.csv"
[source.columns]
intervention_id = "id"
kind = "kind"
start_utc = "at"
description = "text"
expected_effect = "effect"
"""

KEEPER = '''
"""Keeps what any process of the house deletes: spills and part files are searched too."""
import itertools, os
_count, _unlink = itertools.count(), os.unlink
def _keeping(path, *, dir_fd=None):
    name = f"{os.getpid()}-{next(_count)}-{os.path.basename(os.fspath(path))}"
    try:
        os.link(path, os.path.join(os.environ["KEPT"], name), src_dir_fd=dir_fd)
    except OSError:
        pass
    _unlink(path, dir_fd=dir_fd)
os.unlink = os.remove = _keeping
'''


@dataclass
class Planted:
    """An operator whose files tell of one person wherever a file can."""

    operator: Operator
    environ: dict[str, str]

    @property
    def written(self) -> list[Path]:
        """Every folder that anything may be written to; not the operator's own files."""
        folder = self.operator.folder
        return [folder / name for name in
                ("warehouse", "reports", "logs", "exports", "tmp", "dask", "kept")]  # fmt: skip

    def ask(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CONSOLE, *words], input=given, env=self.environ, capture_output=True, text=True,
            check=False, timeout=500, cwd=self.operator.folder,
        )  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    """One person in every table, column, spelling and kind of file that could tell of her."""
    one = Operator(tmp_path)
    head = CONFIG.replace("[grid]", 'country = "GB"\n[grid]', 1)
    (tmp_path / "hexperience.toml").write_text(head + SOURCES, "utf-8")
    (tmp_path / "names.txt").write_text("Zoe\nQuillfeather\n", "utf-8")
    one.give_key("k" * 40)
    for name in ("crm", "calls"):
        (tmp_path / "raw" / name).mkdir(parents=True)
    one.write("cells.csv", "cell,tech,lat,lon,azimuth\n001,lte,19.00,73.00,0\n")
    starts = pd.date_range("2026-03-02", periods=96 * 9, freq="15min")
    counted = [
        f"001,{start.isoformat()},20,{i % 3},{20 + i % 60},5" for i, start in enumerate(starts)
    ]
    one.write("pm_1.csv", "\n".join(["cell,start,attempts,drops,prb,users", *counted]) + "\n")
    _write_persons(one)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(KEEPER, "utf-8")
    for name in ("tmp", "dask", "kept", "exports"):
        (tmp_path / name).mkdir()
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *filter(None, sys.path)]),
        "TMPDIR": str(tmp_path / "tmp"),
        "KEPT": str(tmp_path / "kept"),
        "DASK_TEMPORARY_DIRECTORY": str(tmp_path / "dask"),
        # everything a worker holds goes to disk at once, and uncompressed
        "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "1e-9",
        "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL_COMPRESSION": "False",
    }
    environ.pop("HEXPERIENCE_KEY", None)
    return Planted(one, environ)


def _write_persons(one: Operator) -> None:
    raw = one.folder / "raw"
    names = "id,at,class,type,who,text,severity,lat,lon,Contact,Second phone,cell\n"
    lines = [
        f'{i},2026-03-0{2 + i % 7} 10:00,network,call {NUMBER},{who},"{TEXT.format(who)}",2,19.0,'
        f"73.0,Zoe Quillfeather,{who},{LABELS[i % len(LABELS)]}\n"
        for i, who in enumerate(SPELLINGS)
    ]
    for i, label in enumerate(LABELS):
        line = f"l{i},2026-03-03 10:00,network,{label},,no text,2,19.0,73.0,,,001\n"
        (raw / "crm" / f"export {label} {i}.csv").write_text(names + line, "utf-8")
    refused = [
        f"{NUMBER},never,network,a,{NUMBER},text,2,19,73,Zoe Quillfeather,{NUMBER}\n",
        f"r2,{NUMBER},network,a,{NUMBER},text,2,19,73,x,{NUMBER}\n",
        f'r3,2026-03-02 10:00,zoe.q@example.org {NUMBER},a,{NUMBER},"{TEXT}",2,19,73,x,y\n',
        f"r4,2026-03-02 10:00,network,a,4.4{DIGITS}E+11,t,{NUMBER},{NUMBER},Quillfeather,x,y\n",
        f"r5,2026-03-02 10:00,network,{NUMBER},Zoe Quillfeather {NUMBER},too,many,columns,here,"
        f"1,2,3,4\n",
    ]
    refused = [line.replace("\n", ",\n") for line in refused]
    lines = [*lines, *refused, f"r6,2026-03-02 10:00,{NUMBER}"]
    (raw / "crm" / f"tickets_{NUMBER}.csv").write_text(names + "".join(lines), "utf-8")
    whole = pa.table({
        "id": ["p1", "p2"], "at": ["2026-03-03 10:00"] * 2, "class": ["network"] * 2,
        "who": pa.array([int(f"44{DIGITS}")] * 2), "text": [TEXT.format(NUMBER)] * 2,
        "Contact": ["Zoe Quillfeather"] * 2,
    })  # fmt: skip
    pq.write_table(whole, raw / "crm" / "tickets.parquet")
    calls = "at,outcome,who,cause,Name\n" + "".join(
        f"2026-03-0{2 + i % 7} 11:00,drop,{who},16 {NUMBER},Quillfeather\n"
        for i, who in enumerate(SPELLINGS)
    )
    (raw / "calls" / "calls.csv.gz").write_bytes(gzip.compress(calls.encode()))
    one.write("one_person.csv", "at,outcome\n2026-03-03 10:00,drop\n")
    answers = "".join(
        f"a{day};2026-03-0{day} 10:00;3;Zoe.Q@Example.org;19;73;{TEXT.format(NUMBER)};"
        f"{LABELS[day - 1]};{LABELS[-day]}\n"
        for day in range(1, 10)
    )
    head = "id;at;score;mail;lat;lon;text;stratum;wave"
    (raw / "nps_1.csv").write_text(f"{head}\n{answers}", "utf-16")
    one.write("imsi.csv", f"id,at,score,who\na2,2026-03-03 10:00,9,{IMSI}\n")
    works = f'w1,tilt,2026-03-04 10:00,"{TEXT}","{TEXT}"\n'.format(NUMBER, NUMBER)
    one.write("works.csv", f"id,kind,at,text,effect\n{works}")


@pytest.mark.slow
def test_nothing_written_anywhere_tells_of_the_person(planted: Planted) -> None:
    folder = planted.operator.folder
    # files that are at fault tell why, and not what stands in them
    opened = f'id,at,class,type,who,text,severity,lat,lon\n1,"{NUMBER}'
    for name, text in (("bare.csv", f"1,{NUMBER},Zoe Quillfeather\n"), ("open.csv", opened)):
        path = planted.operator.write(f"crm/{name}", text)
        faulty = planted.ask("run")
        assert faulty.returncode == 2, faulty.stderr
        assert name in faulty.stderr
        assert identity_in(faulty.stdout.encode() + faulty.stderr.encode()) is None
        path.unlink()
    run = planted.ask("run", "--scheduler", "processes")
    assert run.returncode == 0, run.stderr
    exports = str(folder / "exports")
    asked = [
        run,
        planted.ask("report", "--period", "2026-W10"),
        planted.ask("query", "receipt", "--format", "csv", "--out", f"{exports}/receipt.csv"),
        planted.ask("sql", "from intervention", "--format", "csv", "--out", f"{exports}/w.csv"),
        planted.ask("cube", "--out", f"{exports}/cube"),
        planted.ask("check"),
        planted.ask("forget", "-", "--dry-run", given=f"{SPELLINGS[5]}\n"),
    ]
    for answer in asked:
        assert answer.returncode in (0, 1), answer.stderr
        assert identity_in(answer.stdout.encode() + answer.stderr.encode()) is None
    # the rows are there, all under one name; Dask has spilled, and the log was written
    complaints = planted.operator.warehouse.read("complaint")
    # one of a class that nobody knows and one whose number is none are rows, too
    assert len(complaints) == len(SPELLINGS) + 2 + 2 + len(LABELS)
    assert len(set(complaints["subscriber_id"].dropna())) == 1
    assert complaints["subscriber_id"].isna().sum() == 1 + len(LABELS)
    # a cell that is one is kept
    assert set(complaints["cell_id"].dropna()) == {"001"}
    # the marts name files of persons by hash and kind, and those of the network as they are called
    lineage = planted.operator.warehouse.read("lineage")
    files = lineage.groupby("table_name")["source_file"].agg(set)
    assert all(re.fullmatch(r"complaint~[0-9a-f]{8}\.(csv|parquet)", f) for f in files["complaint"])
    assert files["pm"] == {"raw/pm_1.csv"}
    assert "[name]" in complaints["text_redacted"].iloc[0]
    assert (folder / "logs" / "run.log").stat().st_size > 0
    assert any("load-" in path.name for path in (folder / "kept").iterdir())
    assert leaks(planted.written) == []


@pytest.mark.slow
def test_the_search_finds_what_a_house_without_its_door_lets_through(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Door, "passed", lambda _, ours, __: (ours, pd.DataFrame()))
    planted.operator.ingest()
    found = leaks(planted.written)
    for name in ("complaint", "call", "nps", "intervention"):
        assert any(f"pieces/{name}/" in line for line in found), name
        assert any(f"tables/{name}/" in line for line in found), name


@pytest.mark.parametrize("what", [*SPELLINGS, TEXT.format("x"), "Zoe.Q@example.org", IMSI])
@pytest.mark.parametrize("form", ["plain", "utf-16", "gz", "parquet", "duckdb", "name"])
def test_the_search_finds_every_spelling_in_every_format(
    tmp_path: Path, what: str, form: str
) -> None:
    path = tmp_path / (what.replace("/", "") if form == "name" else "a")
    table = pa.table({"n": [1] * 50, "t": [what] * 50})
    if form == "parquet":
        pq.write_table(table, path, compression="zstd", use_dictionary=True, write_statistics=False)
    elif form == "duckdb":
        with duckdb.connect(str(path)) as marts:
            marts.execute("create table t as select * from range(50), (select ? as t)", [what])
    else:
        content = f"a {what} b".encode("utf-16" if form == "utf-16" else "utf-8")
        path.write_bytes(gzip.compress(content) if form == "gz" else content)
    assert leaks([tmp_path]) != []


def test_the_search_finds_numbers_that_are_numbers(tmp_path: Path) -> None:
    for kind in (pa.int64(), pa.float64()):
        table = pa.table({"n": pa.array([int(f"44{DIGITS}")], pa.int64()).cast(kind)})
        pq.write_table(table, tmp_path / "a", compression="snappy")
        assert leaks([tmp_path]) != []
    (tmp_path / "a").write_bytes(b"clean 2026-03-02 123456 " * 9)
    assert leaks([tmp_path]) == []
