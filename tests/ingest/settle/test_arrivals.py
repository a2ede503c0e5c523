"""Late, repeated, corrected and overlapping files in any order = what plain rules say is newest."""

import os
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ingest.warehouse.store import Warehouse
from tests.bench.operator import CELLS, Operator

CONFIG = f"""
[operator]
timezone = "Asia/Kolkata"
bbox = [72, 18, 74, 20]
{CELLS.strip()}
[[source]]
table = "pm"
path = "raw/pm_*.csv"
[source.columns]
cell_id = "cell"
period_start_utc = "start"
suspect = "doubt"
rel_norm = "ends"
rel_abn_act = "breaks"
[source.constants]
period_s = 3600
[[source]]
table = "complaint"
path = "raw/complaints_*.csv"
[source.columns]
complaint_id = "id"
created_utc = "start"
complaint_class = "class"
[source.constants]
lat = 19.0
lon = 73.0
"""
COUNTERS = ("ends", "breaks")
KINDS = {"pm": ("cell", "start", "doubt", *COUNTERS), "complaints": ("id", "start", "class")}
OURS = {"pm": ("cell_hour", "cell_day", "hex_day"), "complaints": ("complaint",)}


@dataclass
class Delivery:
    """A file as it lies there: when it came, and its rows as text."""

    arrived: int
    rows: list[dict[str, str]]


@dataclass
class Sender:
    """Delivers files as no one should, and remembers what a warehouse has to know of them."""

    folder: Path
    seed: int
    lie: dict[str, Delivery] = field(default_factory=dict)
    """Files by name, as the warehouse has taken them or will."""
    clock: int = 1_780_000_000

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311  (no secret)

    def deliver(self) -> set[str]:
        """A few files come, are corrected, come again or go; names of those that differ now."""
        self.fresh: set[str] = set()
        for _ in range(self.rng.randint(1, 3)):
            self.fresh.update(self._one())
        return self.fresh

    def _one(self) -> Iterator[str]:
        # of two files that come in the same second the name decides
        self.clock += self.rng.choice([0, 1, 60])
        kind = self.rng.choice(list(KINDS))
        known = sorted(name for name in self.lie if name.startswith(kind))
        what = self.rng.choice(["new", "new", "corrected", "again", "gone"])
        if len(known) < 2 or what == "new":
            yield self._put(f"{kind}_{self.rng.randint(100, 999)}.csv", kind)
        elif what == "corrected":
            yield self._put(self.rng.choice(known), kind)
        elif what == "again":
            # what is known under the same name is no news, whatever its time
            name = self.rng.choice(known)
            os.utime(self.folder / name, (self.clock, self.clock))
            if name in self.fresh:
                self.lie[name].arrived = self.clock
        else:
            name = self.rng.choice(known)
            (self.folder / name).unlink()
            del self.lie[name]
            yield name

    def _put(self, name: str, kind: str) -> str:
        rows = [self._row(kind) for _ in range(self.rng.randint(1, 12))]
        self.lie[name] = Delivery(self.clock, rows)
        path = self.folder / name
        lines = [",".join(row[column] for column in KINDS[kind]) for row in rows]
        path.write_text("\n".join([",".join(KINDS[kind]), *lines]) + "\n", encoding="utf-8")
        os.utime(path, (self.clock, self.clock))
        return name

    def _row(self, kind: str) -> dict[str, str]:
        draw = self.rng.choice
        start = f"2026-03-0{self.rng.randint(1, 5)}T0{self.rng.randint(0, 2)}:00:00"
        if kind == "complaints":
            return {"id": draw("abcdefgh"), "start": start, "class": draw(["network", "device"])}
        counts = {name: draw(["", *map(str, range(10, 99))]) for name in COUNTERS}
        return {"cell": draw(["1", "2"]), "start": start, "doubt": draw(["", "", "yes"]), **counts}

    def versions(self, kind: str, key: tuple[str, ...]) -> dict[Any, list[tuple[str, Any]]]:
        """Of each key its rows with their file, the one that counts first; doubted ones last."""
        versions = defaultdict(list)
        for name in sorted((n for n in self.lie if n.startswith(kind)), reverse=True):
            for row in self.lie[name].rows:
                versions[tuple(row[column] for column in key)].append((name, row))
        for rows in versions.values():
            rows.sort(key=lambda at: (at[1].get("doubt", ""), -self.lie[at[0]].arrived))
        return versions


def _complaints(sender: Sender) -> tuple[pd.DataFrame, int]:
    """Complaints as they must be, and how many rows make them."""
    newest = [rows[0][1] for _, rows in sorted(sender.versions("complaints", ("id",)).items())]
    return pd.DataFrame(newest, columns=list(KINDS["complaints"])), len(newest)


def _counters(sender: Sender) -> tuple[pd.DataFrame, int]:
    """Undoubted hours as they must be, and how many rows are part of any."""
    hours, n = [], 0
    for (cell, start), rows in sorted(sender.versions("pm", ("cell", "start")).items()):
        values, used = _filled(sender, rows)
        n += used
        if not rows[0][1]["doubt"]:
            hours.append({"cell": cell, "start": start, **values})
    return pd.DataFrame(hours, columns=["cell", "start", *COUNTERS]), n


def _filled(sender: Sender, rows: list[tuple[str, Any]]) -> tuple[dict[str, float], int]:
    """Counters of one hour: each of the newest file that gives it at all on that day."""
    day, doubt = rows[0][1]["start"][:10], rows[0][1]["doubt"]
    values: dict[str, float] = {}
    users = {0}
    for place, (name, row) in enumerate(rows):
        before = rows[:place]
        mine = [other for file, other in before if file == name]
        if row["doubt"] != doubt or any(row[c] and other[c] for c in COUNTERS for other in mine):
            continue
        for counter in COUNTERS:
            decided = any(_gives(sender, f, day, counter) for f, _ in before if f != name)
            if row[counter] and not decided:
                values[counter] = float(row[counter])
                users.add(place)
    return values, len(users)


def _gives(sender: Sender, name: str, day: str, counter: str) -> bool:
    return any(r[counter] for r in sender.lie[name].rows if r["start"].startswith(day))


def _local(times: pd.Series) -> list[str]:
    return times.dt.tz_convert("Asia/Kolkata").dt.strftime("%Y-%m-%dT%H:%M:%S").tolist()


def _check(operator: Operator, sender: Sender, receipt: pd.DataFrame) -> None:
    complaints, n_complaints = _complaints(sender)
    counters, n_counters = _counters(sender)
    got = operator.warehouse.read("complaint").sort_values("complaint_id")
    assert got["complaint_id"].tolist() == complaints["id"].tolist()
    assert _local(got["created_utc"]) == complaints["start"].tolist()
    assert got["complaint_class"].tolist() == complaints["class"].tolist()
    hours = operator.warehouse.read("cell_hour").sort_values(["cell_id", "hour_start_utc"])
    assert hours["cell_id"].tolist() == counters["cell"].tolist()
    assert _local(hours["hour_start_utc"]) == counters["start"].tolist()
    for ours, theirs in (("rel_norm", "ends"), ("rel_abn_act", "breaks")):
        assert hours[ours].fillna(-1).tolist() == counters[theirs].fillna(-1).tolist()
    for table, kind, n in (("complaint", "complaints", n_complaints), ("pm", "pm", n_counters)):
        read = sum(len(d.rows) for name, d in sender.lie.items() if name.startswith(kind))
        counts = receipt.loc[table, ["n_read", "n_accepted", "n_refused"]].tolist()
        assert counts == [read, n, read - n]


def _written(warehouse: Warehouse) -> dict[tuple[str, str], int]:
    """When each day of each table was written."""
    paths = [
        p for of in OURS.values() for t in of for p in (warehouse.path / "tables" / t).glob("*")
    ]
    return {(path.parent.name, path.stem): path.stat().st_mtime_ns for path in paths}


def _touched(
    sender: Sender, names: set[str], before: dict[str, Delivery], kind: str
) -> tuple[set[str], set[str]]:
    """Days that must be written anew, and that may: where else a complaint stood."""
    rows = [(n, row) for lie in (before, sender.lie) for n, d in lie.items() for row in d.rows]
    rows = [(name, row) for name, row in rows if name.startswith(kind)]
    must = {row["start"][:10] for name, row in rows if name in names}
    ids = {row.get("id") for name, row in rows if name in names} - {None}
    return must, must | {row["start"][:10] for _, row in rows if row.get("id") in ids}


@pytest.mark.parametrize("seed", range(2))
def test_any_deliveries_in_any_order_end_as_the_rules_say(operator: Operator, seed: int) -> None:
    (operator.folder / "hexperience.toml").write_text(CONFIG, encoding="utf-8")
    operator.write("cells.csv", "cell,tech,lat,lon\n1,lte,19.00,73.00\n2,lte,19.02,73.05\n")
    sender = Sender(operator.folder / "raw", seed)
    for kind in KINDS:
        for _ in range(2):
            sender._put(f"{kind}_{sender.rng.randint(100, 999)}.csv", kind)
    for _ in range(5):
        before, was = dict(sender.lie), _written(operator.warehouse)
        changed = sender.deliver() if was else set(sender.lie)
        _check(operator, sender, operator.ingest())
        now = _written(operator.warehouse)
        for kind, tables in OURS.items():
            must, may = _touched(sender, changed, before, kind)
            for table in tables:
                left = {day for of, day in now if of == table}
                new = {day for day in left if was.get((table, day)) != now[table, day]}
                assert must & left <= new <= may
    final = {t: operator.warehouse.read(t) for of in OURS.values() for t in of}
    operator.warehouse.path.rename(operator.folder / "other")
    for name, delivery in sender.lie.items():
        os.utime(sender.folder / name, (delivery.arrived, delivery.arrived))
    operator.ingest()
    for table, rows in final.items():
        pd.testing.assert_frame_equal(operator.warehouse.read(table), rows, obj=table)
