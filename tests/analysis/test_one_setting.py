"""One setting changes what it should and nothing else, in a small invented network."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MethodType
from typing import Any

import pandas as pd
import pytest

import analysis.run
import ingest.run
from analysis.association import slopes
from analysis.changes import stage
from analysis.inputs import Findings, Inputs
from analysis.plan.catalogue import DEFAULT
from contracts.settings.load import load
from contracts.settings.sections import Settings
from contracts.tables import PUBLISHED
from ingest.running.workers import workers
from ingest.synth import write_operator
from ingest.warehouse.store import Warehouse

pytestmark = pytest.mark.slow

Tables = dict[str, pd.DataFrame]
PLANS = {"plan", "plan_budget", "plan_limit"}
COST = r"action|cost|value_per"
"""Columns of `priority` that tell of the work named beside a place."""

# section, its settings, tables that must change, and of `priority` the columns that may
CASES: dict[str, tuple[str, dict[str, Any], set[str], str]] = {
    "relief": ("priority", {"relief_pct": 45}, {"benefit", "priority", "place_part"},
               r"avoid|value|rank|p_top20|in_top20|dominant|change_|relief_cells|advice|seen|action|cost"
               r"|knee|min_visible|shown_hex|place_state"),
    "room": ("priority", {"room_pct": 5}, {"priority"}, r"^relief_cells$"),
    "least reach": ("priority", {"least_reach_pct": 60}, {"priority", "place_part"},
                    COST + "|^seen$"),
    "churn": ("priority", {"churn_per_detractor": 0.2}, {"priority"}, r"^value_"),
    "days": ("priority", {"days": 14},
             {"priority", "place_part", "benefit", "what_if", "action_share", "place_rate"} | PLANS,
             r"."),
    "budgets": ("plan", {"budgets": [30]}, PLANS, ""),
    "no budget": ("plan", {"budgets": []}, PLANS, ""),
    "catalogue": ("plan", {"catalogue": "dear.toml"}, {"priority", "action_share"} | PLANS, COST),
    "crew weeks": ("plan", {"crew_weeks": {"*": 1.5}}, PLANS, ""),
    "floors": ("plan", {"floors": {"*": 0.05}}, PLANS, ""),
    "floors of benefit": ("plan", {"floors": {"*": 0.01}, "floor_of": "benefit"}, PLANS, ""),
    "draws": ("plan", {"draws": 9}, {"plan"}, ""),
    "alternatives": ("plan", {"alternatives": 0}, {"plan", "plan_budget"}, ""),
    "within": ("plan", {"within": 1e-9}, {"plan", "plan_budget"}, ""),
    "limits": ("regulator", {"limits": {"qtd_drop_rate_pct": 1.0}}, {"threshold"}, ""),
    "complaints": ("targets", {"complaints_per_1000": {"network": 0.1}}, {"place_rate"}, ""),
    # who could complain is known, so calls are no exposure
    "complaints by calls": ("targets", {"complaints_per_10k_attempts": {"network": 9}}, set(), ""),
    "nps": ("targets", {"nps": {"relationship": 90}}, {"place_rate"}, ""),
    "sure": ("targets", {"sure": 0.51}, {"place_rate"}, ""),
    "false discovery": ("targets", {"false_discovery": 1e-6}, {"place_rate"}, ""),
}  # fmt: skip


def _settings(config: Path) -> Settings:
    """The operator's own, with one budget."""
    settings = load(config, environ={})
    return settings.model_copy(update={"plan": settings.plan.model_copy(update={"budgets": (60,)})})


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An operator of few cells, and a catalogue beside it in which all works cost more."""
    folder = tmp_path_factory.mktemp("one setting")
    dear = re.sub(r"^cost = (\d+)$", r"cost = \g<1>7", DEFAULT.read_text("utf-8"), flags=re.M)
    found = write_operator(folder, n_cells=26, n_days=42, n_months=0)
    (found.parent / "dear.toml").write_text(dear, encoding="utf-8")
    return found


class Watched:
    """Settings that note which of their sections are read."""

    def __init__(self, settings: Settings, read: set[str]) -> None:
        self._settings, self._read = settings, read

    def __getattr__(self, name: str) -> Any:
        if name in Settings.model_fields:
            self._read.add(name)
        elif callable(method := vars(Settings).get(name)):
            # what a method of ours reads is noted, too
            return MethodType(method, self)
        else:
            # one of pydantic's may read any section
            self._read.update(Settings.model_fields)
        return getattr(self._settings, name)


class WatchedFindings(Findings):
    """Findings that note which of them are read."""

    def __init__(self, findings: Findings, read: set[str]) -> None:
        super().__init__(findings)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)


class Once:
    """A family that works once for the sections and the earlier findings that it reads."""

    def __init__(self, find: Callable[[Inputs, Findings], Findings]) -> None:
        self.find = find
        self.known: list[tuple[dict[str, Any], Findings, Findings]] = []

    def __call__(self, inputs: Inputs, earlier: Findings) -> Findings:
        for sections, before, findings in self.known:
            is_same = all(getattr(inputs.settings, name) == sections[name] for name in sections)
            if is_same and all(_is_equal(earlier[name], before[name]) for name in before):
                return findings
        read: set[str] = set()
        read_before: set[str] = set()
        settings: Any = Watched(inputs.settings, read)
        findings = self.find(
            replace(inputs, settings=settings), WatchedFindings(earlier, read_before)
        )
        sections = {name: getattr(inputs.settings, name) for name in read}
        before = Findings({name: earlier[name] for name in read_before})
        self.known.append((sections, before, findings))
        return findings


class Read:
    """Tables of a warehouse, each read again where its files are others."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.known: dict[str, tuple[list[tuple[Path, int]], pd.DataFrame]] = {}

    def read(self, name: str) -> pd.DataFrame:
        """The table without run_id."""
        version = [(path, path.stat().st_mtime_ns) for path in self.warehouse.files(name)]
        if name not in self.known or self.known[name][0] != version:
            rows = self.warehouse.read(name).drop(columns="run_id", errors="ignore")
            self.known[name] = (version, rows)
        return self.known[name][1]


def _is_equal(one: Any, other: Any) -> bool:
    return one is other or bool(one.equals(other))


@pytest.fixture(scope="module")
def analysed(config: Path) -> Iterator[Callable[..., Tables]]:
    """Gives the published tables that settings make, without run_id; `anew`: nothing is reused.

    The search by the hour is done once for each number of days: no other setting here reaches it.
    """
    plain, searched, find = _settings(config), {}, stage.find

    def once(inputs: Inputs, earlier: Findings) -> Findings:
        days = inputs.settings.priority.days
        if days not in searched:
            searched[days] = find(inputs, earlier)
        return searched[days]

    with workers(plain.run) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "find", once)
        families = [Once(family.find) for family in analysis.run.FAMILIES[1:]]
        for family, remembered in zip(analysis.run.FAMILIES[1:], families, strict=True):
            patch.setattr(family, "find", remembered)
        # so few weeks and answers tell nothing of opinions, and value follows from them
        patch.setattr(slopes, "MIN_WEEKS", 2)
        patch.setattr(slopes, "MIN_CASES", 20)
        ingest.run.run(plain, client)
        tables = Read(Warehouse(plain.resolve(plain.warehouse.path)))

        def made(settings: Settings, *, anew: bool = False) -> Tables:
            for family in families if anew else ():
                family.known.clear()
            analysis.run.run(settings, client)
            return {name: tables.read(name) for name in PUBLISHED}

        yield made


@pytest.fixture(scope="module")
def plain(config: Path, analysed: Callable[..., Tables]) -> Tables:
    """What the operator's own settings make."""
    return analysed(_settings(config))


def _changed(one: Tables, other: Tables) -> set[str]:
    return {name for name in one if not _is_equal(one[name], other[name])}


def test_the_same_settings_make_the_same_tables(
    config: Path, analysed: Callable[..., Tables], plain: Tables
) -> None:
    assert _changed(plain, analysed(_settings(config), anew=True)) == set()
    for name in ("priority", "benefit", "what_if", "action_share", "plan", "place_rate"):
        assert len(plain[name]) > 0, name


@pytest.mark.parametrize("case", CASES)
def test_one_setting_changes_what_it_should_and_nothing_else(
    case: str, config: Path, analysed: Callable[..., Tables], plain: Tables
) -> None:
    section, given, tables, columns = CASES[case]
    settings = _settings(config)
    part = getattr(settings, section)
    other = settings.model_copy(
        update={section: type(part).model_validate(part.model_dump() | given)}
    )
    made = analysed(other)
    assert _changed(plain, made) == tables
    if "priority" in tables:
        keys = ["place_type", "place_name"]
        left, right = (frame["priority"].set_index(keys).sort_index() for frame in (plain, made))
        moved = {name for name in left if not left[name].equals(right[name])}
        assert moved
        assert {name for name in moved if not re.search(columns, name)} == set()
