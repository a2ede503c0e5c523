"""What files lack is a warning only where a KPI is lost by it."""

from typing import Any

import pandas as pd

from contracts.kpis import catalogue
from contracts.tables import TABLES, check
from ingest.quality import availability

MESSAGE = "no column X"


def _load(*given: str, lacks: str = "", partial: bool = False) -> dict[str, Any]:
    absent = {lacks: MESSAGE} if lacks else {}
    return {"given": [*given], "absent": absent, "partial": partial, "file": "f.csv"}


def _verdicts(*loads: dict[str, Any]) -> dict[str, str]:
    notes = availability.notes([*loads], catalogue())
    return {check: verdict for _, check, verdict, _ in notes}


def test_a_column_that_has_a_substitute_in_its_file_is_no_warning() -> None:
    blocks = ("prb_dl_used", "prb_dl_avail")
    name = "not available: prb_dl_util_pct"
    assert _verdicts(_load(*blocks, lacks="prb_dl_util_pct"))[name] == "ok"
    # that another file has the blocks is no help to this one
    assert _verdicts(_load(*blocks), _load(lacks="prb_dl_util_pct"))[name] == "warn"
    parts = _load(*blocks), _load(lacks="prb_dl_util_pct", partial=True)
    assert _verdicts(*parts)[name] == "ok"


def test_a_kpi_without_any_way_is_noted_as_disabled() -> None:
    verdicts = _verdicts(_load("call_attempts", lacks="dropped_calls"))
    disabled = {f"KPI {kpi}": "warn" for kpi in ("drop_rate", "drop_rate_bh", "volte_drop_rate")}
    assert verdicts == {"not available: dropped_calls": "warn", **disabled}


def test_an_absent_kpi_has_its_reason_and_no_other_has_one() -> None:
    rows = availability.kpi_rows([_load("rrc_att", "rrc_succ", lacks="ho_exe_att")], catalogue())
    reasons = rows.set_index("kpi")["absent_reason"]
    assert pd.isna(reasons["rrc_setup_sr"])
    assert reasons["ho_exec_sr"] == (
        f"ho_exe_att: {MESSAGE} in f.csv; ho_exe_succ: no source gives it"
    )
    assert reasons["prb_dl_util_pct"] == "prb_dl_util_pct: no source gives it"
    assert check(rows.assign(run_id="r"), TABLES["kpi"]) == []
