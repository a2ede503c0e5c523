"""`segment` on public series with human marks: the Turing Change Point Dataset, one default."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from analysis.changes import segments
from benchmarks import scores
from benchmarks import series as published

OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")
FOLDER = Path(OUTSIDE) / "change_points"

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data"),
]


@pytest.fixture(scope="module")
def series() -> published.Series:
    """Values of each series by name; NaN = gap."""
    return published.read(FOLDER)[0]


@pytest.fixture(scope="module")
def marks() -> published.Marks:
    """Marks of each annotator by series."""
    return published.read(FOLDER)[1]


def test_the_scorer_gives_the_published_scores_of_finding_nothing(
    series: published.Series, marks: published.Marks
) -> None:
    told = json.loads((FOLDER / "published_default_scores.json").read_text("utf-8"))
    assert len(series) == 15
    for name, values in series.items():
        cover = scores.covering(marks[name], [], len(values))
        assert cover == pytest.approx(told["cover"][name]["zero"], abs=1e-4)
        assert scores.f1(marks[name], []) == pytest.approx(told["f1"][name]["zero"], abs=1e-4)


def test_one_default_agrees_with_people_better_than_any_published_default(
    series: published.Series, marks: published.Marks
) -> None:
    whole = [name for name, values in series.items() if not np.isnan(values).any()]
    found = {name: segments.segment(series[name]) for name in whole}
    cover = np.mean([scores.covering(marks[n], found[n], len(series[n])) for n in whole])
    f1 = np.mean([scores.f1(marks[n], found[n]) for n in whole])
    assert len(whole) == 14
    assert cover >= 0.71
    assert f1 >= 0.79


def test_a_default_chosen_on_the_other_series_is_as_good(
    series: published.Series, marks: published.Marks
) -> None:
    whole = {name: values for name, values in series.items() if not np.isnan(values).any()}
    scored = published.by_penalties(whole, marks)
    chosen = published.left_out(scored)
    assert len(chosen) == 14
    assert chosen["covering"].mean() >= 0.71
    assert chosen["f1"].mean() >= 0.79
    # the pair that serves the others best is never better than the best for the series itself
    best = scored.sum(axis=1).groupby("series").max()
    assert (chosen.sum(axis=1).to_numpy() <= best.to_numpy() + 1e-12).all()


def test_a_series_with_gaps_is_segmented_too(
    series: published.Series, marks: published.Marks
) -> None:
    name = "uk_coal_employ"
    found = segments.segment(series[name])
    assert np.isnan(series[name]).any()
    assert scores.covering(marks[name], found, len(series[name])) > 0.48
