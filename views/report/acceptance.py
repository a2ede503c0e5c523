"""The acceptance sheet of one intervention or project, as a page to print and sign."""

from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from views.words import effected
from views.words.numbers import rows


def page(sheet: Any, figures: pd.DataFrame, facts: pd.Series) -> str:
    """HTML of the sheet: each KPI against untouched places, the plain means marked as such.

    `sheet`: row of effects about the drop rate. `figures`: answer of effect_why of the same.
    `facts`: of the run, with operator_name and run_id.
    """
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    world = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined,
                               trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    return world.get_template("acceptance.html").render(
        operator=facts["operator_name"],
        run=facts["run_id"],
        title=effected.title(sheet),
        sheet=sheet,
        verdict=effected.verdict(sheet),
        said=[text for text in (effected.avoided(sheet), effected.undone_by(sheet),
                                effected.judged(sheet)) if text],
        lines=[_line(row) for row in rows(figures)],
        how=effected.HOW,
        plain=effected.PLAIN,
        method=", ".join(sorted(set(figures["method_version"].dropna()))),
    )  # fmt: skip


def _line(row: Any) -> dict[str, str]:
    why = row.no_effect_reason if isinstance(row.no_effect_reason, str) else ""
    return {
        "kpi": effected.kpi_name(row),
        "said": effected.SAID[row.effect_kind],
        "why": why,
        "size": effected.size(row),
        "between": effected.size_between(row),
        "p": effected.p(row),
        "expected": effected.value(row, "value_expected"),
        "after": effected.value(row, "value_after"),
        "before": effected.value(row, "value_before"),
        "plain": effected.plain_change(row),
    }
