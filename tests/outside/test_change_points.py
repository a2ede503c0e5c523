"""`segment` on public series with human marks: the Turing Change Point Dataset, one default."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from analysis.changes import segments
from tests.bench import marked_series

OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")
FOLDER = Path(OUTSIDE) / "change_points"

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data"),
]


@pytest.fixture(scope="module")
def series() -> marked_series.Series:
    """Values of each series by name; NaN = gap."""
    return marked_series.read(FOLDER)[0]


@pytest.fixture(scope="module")
def marks() -> marked_series.Marks:
    """Marks of each annotator by series."""
    return marked_series.read(FOLDER)[1]


def test_the_scorer_gives_the_published_scores_of_finding_nothing(
    series: marked_series.Series, marks: marked_series.Marks
) -> None:
    published = json.loads((FOLDER / "published_default_scores.json").read_text("utf-8"))
    assert len(series) == 15
    for name, values in series.items():
        cover = marked_series.covering(marks[name], [], len(values))
        assert cover == pytest.approx(published["cover"][name]["zero"], abs=1e-4)
        f1 = marked_series.f1(marks[name], [])
        assert f1 == pytest.approx(published["f1"][name]["zero"], abs=1e-4)


def test_one_default_agrees_with_people_better_than_any_published_default(
    series: marked_series.Series, marks: marked_series.Marks
) -> None:
    whole = [name for name, values in series.items() if not np.isnan(values).any()]
    found = {name: segments.segment(series[name]) for name in whole}
    cover = np.mean([marked_series.covering(marks[n], found[n], len(series[n])) for n in whole])
    f1 = np.mean([marked_series.f1(marks[n], found[n]) for n in whole])
    assert len(whole) == 14
    assert cover >= 0.71
    assert f1 >= 0.79


def test_a_default_chosen_on_the_other_series_is_as_good(
    series: marked_series.Series, marks: marked_series.Marks
) -> None:
    whole = {name: values for name, values in series.items() if not np.isnan(values).any()}
    scored = marked_series.by_penalties(whole, marks)
    chosen = marked_series.left_out(scored)
    assert len(chosen) == 14
    assert chosen["covering"].mean() >= 0.71
    assert chosen["f1"].mean() >= 0.79
    # the pair that serves the others best is never better than the best for the series itself
    best = scored.sum(axis=1).groupby("series").max()
    assert (chosen.sum(axis=1).to_numpy() <= best.to_numpy() + 1e-12).all()


def test_a_series_with_gaps_is_segmented_too(
    series: marked_series.Series, marks: marked_series.Marks
) -> None:
    name = "uk_coal_employ"
    found = segments.segment(series[name])
    assert np.isnan(series[name]).any()
    assert marked_series.covering(marks[name], found, len(series[name])) > 0.48
