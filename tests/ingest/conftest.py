"""A small operator on disk, and the text of its counter files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.bench.operator import CONFIG, Operator


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Two placed cells and one that is not, counters every quarter of an hour for two days."""
    (tmp_path / "hexperience.toml").write_text(CONFIG, encoding="utf-8")
    one = Operator(tmp_path)
    one.write(
        "cells.csv",
        "cell,tech,lat,lon,azimuth\n001,lte,19.00,73.00,0\n002,lte,19.02,73.05,\n003,lte,0,0,\n",
    )
    return one


@pytest.fixture
def counters() -> Callable[..., str]:
    """Text of a counter file: `counters("2026-03-01", n=96, cells=("001",))`."""

    def text(day: str, *, n: int = 96, cells: tuple[str, ...] = ("001", "002", "003")) -> str:
        starts = pd.date_range(day, periods=n, freq="15min")
        lines = [
            f"{cell},{start.isoformat()},{10 + i % 7 + int(cell)},{i % 3},{20 + i % 60},{i % 9}"
            for cell in cells
            for i, start in enumerate(starts)
        ]
        return "\n".join(["cell,start,attempts,drops,prb,users", *lines]) + "\n"

    return text
