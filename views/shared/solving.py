"""Plans of any budget, solved on demand in a process beside the page."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from contracts.errors import QuestionError
from ingest.warehouse.files import read_rows
from views.shared import data

_TABLES = ("plan", "plan_budget", "plan_limit")
_MOST_S = 120


@dataclass(frozen=True)
class Solved:
    """The tables of one plan, which stand for the published ones."""

    tables: Mapping[str, pa.Table]

    def answer(self, query: str, **params: Any) -> pd.DataFrame:
        """Answer of a query file over this plan.

        `query`: its name. `params`: by name; None = the default.
        """
        given = {name: value for name, value in params.items() if value is not None}
        return data.marts().query_over(query, self.tables, **given)


def solve(budget: float, crew_weeks: str, floors: str) -> Solved:
    """The plan of one budget; raises QuestionError where it can't be solved.

    `budget`: in the catalogue's currency. `crew_weeks`, `floors`: limits by region, as
    `REGION=number` with commas between; empty = those of the settings.
    """
    published = data.marts()
    config = os.environ.get("HEXPERIENCE_CONFIG", "hexperience.toml")
    kept_under = f"{published.file} {Path(config).stat().st_mtime_ns}"
    return Solved(_solved(kept_under, str(Path(config).absolute()), budget, crew_weeks, floors))


@st.cache_data(show_spinner="Solving the plan", max_entries=50)
def _solved(
    kept_under: str,  # noqa: ARG001 - part of the key
    config: str,
    budget: float,
    crew_weeks: str,
    floors: str,
) -> dict[str, pa.Table]:
    with TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "hexperience", "plan", f"--budget={budget!r}"]
        line += [f"--crew-weeks={one}" for one in listed(crew_weeks)]
        line += [f"--floor={one}" for one in listed(floors)]
        _run([*line, f"--folder={folder}", f"--config={config}"])
        return {name: read_rows(Path(folder) / f"{name}.parquet") for name in _TABLES}


def _run(line: list[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603  our own
            line, capture_output=True, text=True, timeout=_MOST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise QuestionError(f"the plan took over {_MOST_S} s: ask for it on the console, "
                            "hexperience plan") from None  # fmt: skip
    if done.returncode:
        raise QuestionError(done.stderr.strip() or "the plan could not be solved")


def listed(limits: str) -> list[str]:
    """Limits one by one, without blanks around them.

    `limits`: REGION=number, with commas between.
    """
    return [one.strip() for one in limits.split(",") if one.strip()]
