"""What files lack is a warning only where a KPI is lost by it."""

from typing import Any

from ingest.quality import availability

MESSAGE = "no column X"


def _load(*given: str, lacks: str = "", partial: bool = False) -> dict[str, Any]:
    absent = {lacks: MESSAGE} if lacks else {}
    return {"given": [*given], "absent": absent, "partial": partial, "file": "f.csv"}


def _verdicts(*loads: dict[str, Any]) -> dict[str, str]:
    return {check: verdict for _, check, verdict, _ in availability.notes([*loads])}


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
    assert verdicts == {"not available: dropped_calls": "warn", "KPI drop_rate": "warn"}
