"""Plans of any budget are made of the actions of the run, exactly as the run's own are."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.plan import kept
from analysis.plan.kept import Asked, actions_of
from contracts.errors import NothingFound, SettingsError
from contracts.settings.load import load
from contracts.settings.sections import Plan
from ingest.warehouse.store import Warehouse


def test_a_budget_of_the_ladder_is_planned_again_as_the_run_planned_it(
    demo: Warehouse, demo_config: Path
) -> None:
    settings = load(demo_config, environ={}).plan
    budget = settings.budgets[0]
    tables = kept.solve(demo, settings, Asked(budget))
    keys = ["plan_number", "action", "cell_id", "sector_id", "site_id"]
    published = demo.read("plan").query("budget == @budget")
    again, before = (
        frame.assign(**frame[keys].astype(str)).sort_values(keys)
        for frame in (
            tables["plan"].fillna({"plan_number": 0}).astype({"plan_number": int}),
            published,
        )
    )
    for name in ("action", "benefit_month", "p_in_plan", "cost_amount"):
        assert again[name].tolist() == before[name].tolist()
    limits = demo.read("plan_limit").query("budget == @budget")
    assert (
        tables["plan_limit"]["benefit_lost_month"].tolist() == limits["benefit_lost_month"].tolist()
    )


def test_more_money_avoids_more_and_no_plan_spends_more_than_it_has(
    demo: Warehouse, demo_config: Path
) -> None:
    settings = load(demo_config, environ={}).plan
    plans = [kept.solve(demo, settings, Asked(budget, {"*": 50.0}))["plan_budget"].iloc[0]
             for budget in (37.0, 111.0)]  # fmt: skip
    assert plans[0]["benefit_month"] < plans[1]["benefit_month"]
    assert all(plan["cost_amount"] <= plan["budget"] for plan in plans)
    few = kept.solve(demo, settings, Asked(111.0, {"*": 0.5}))
    assert few["plan_budget"]["benefit_month"].iloc[0] < plans[1]["benefit_month"]


def test_a_limit_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="floors"):
        Asked(10.0, floors={"*": 3.0}).within(Plan())


def test_before_a_run_kept_actions_there_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="hexperience run"):
        kept.solve(Warehouse(tmp_path), Plan(), Asked(10.0))


def test_kept_actions_are_whole(demo: Warehouse) -> None:
    rows, _ = demo.read_possible_actions()
    actions = actions_of(rows)
    assert actions.benefit.shape[0] == len(actions.known) == actions.treats.shape[0]
    assert (actions.treats.sum(axis=1) > 0).all()


def test_the_console_solves_and_says_what_is_wrong(demo_config: Path) -> None:
    line = [sys.executable, "-m", "hexperience", "plan", "--budget=37", "--floor=Leeds=much"]
    environ = {**os.environ, "HEXPERIENCE_CONFIG": str(demo_config)}
    done = subprocess.run(line, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode
    assert "--floor: write it as REGION=number" in done.stderr


def test_the_page_answers_any_budget(demo_config: Path, configured: Callable[[Path], None]) -> None:
    configured(demo_config)
    at = AppTest.from_string("from views.pages import plan\nplan.page()", default_timeout=120)
    at.query_params["own"] = "37"
    at.run()
    assert not at.exception
    captions = "\n".join(caption.value for caption in at.caption)
    assert "Solved on demand" in captions
    assert at.dataframe[0].value["cost_amount"].sum() <= 37
    at.text_input(key="own budget").set_value("<b>much</b>").run()
    assert not at.exception
    assert any("is no budget" in warning.value for warning in at.warning)
