"""`segment` on public series with human marks: the Turing Change Point Dataset, one default."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from analysis import changes
from benchmarks import scores

OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")
FOLDER = Path(OUTSIDE) / "change_points"

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data"),
]


def _json(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def series() -> dict[str, npt.NDArray[np.float64]]:
    """Values of each series by name; NaN = gap."""
    names = [path.stem for path in sorted((FOLDER / "series").glob("*.json"))]
    return {n: np.array(_json(f"series/{n}")["series"][0]["raw"], np.float64) for n in names}


@pytest.fixture(scope="module")
def marks() -> dict[str, list[list[int]]]:
    """Marks of each annotator by series."""
    return {name: list(own.values()) for name, own in _json("annotations").items()}


def test_the_scorer_gives_the_published_scores_of_finding_nothing(
    series: dict[str, npt.NDArray[np.float64]], marks: dict[str, list[list[int]]]
) -> None:
    published = _json("published_default_scores")
    assert len(series) == 15
    for name, values in series.items():
        cover = scores.covering(marks[name], [], len(values))
        assert cover == pytest.approx(published["cover"][name]["zero"], abs=1e-4)
        assert scores.f1(marks[name], []) == pytest.approx(published["f1"][name]["zero"], abs=1e-4)


def test_one_default_agrees_with_people_better_than_any_published_default(
    series: dict[str, npt.NDArray[np.float64]], marks: dict[str, list[list[int]]]
) -> None:
    whole = [name for name, values in series.items() if not np.isnan(values).any()]
    found = {name: changes.segment(series[name]) for name in whole}
    cover = np.mean([scores.covering(marks[n], found[n], len(series[n])) for n in whole])
    f1 = np.mean([scores.f1(marks[n], found[n]) for n in whole])
    assert len(whole) == 14
    assert cover >= 0.71
    assert f1 >= 0.79


def test_a_series_with_gaps_is_segmented_too(
    series: dict[str, npt.NDArray[np.float64]], marks: dict[str, list[list[int]]]
) -> None:
    name = "uk_coal_employ"
    found = changes.segment(series[name])
    assert np.isnan(series[name]).any()
    assert scores.covering(marks[name], found, len(series[name])) > 0.48
