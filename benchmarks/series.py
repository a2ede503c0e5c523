"""How well does `segments.segment` agree with people on public series? Its default, and left out.

The Turing Change Point Dataset (arXiv 2003.06222): its 14 series without gaps, marks of five
people each. The default's two penalties were chosen on these same series; so they are also chosen
on 13 of them and scored on the one left out, in turn.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.changes import segments
from benchmarks import scores

PENALTIES, LINES = (3.0, 4.0, 5.0, 6.0, 8.0), (1.0, 2.0, 3.0, 5.0)
NOT_MEASURED = "not measured in this run: HEXPERIENCE_OUTSIDE names no folder with change_points"

Series = dict[str, npt.NDArray[np.float64]]
Marks = dict[str, list[list[int]]]


def read(folder: Path) -> tuple[Series, Marks]:
    """Values of each series, NaN = gap, and the marks of each annotator, both by name."""
    names = [path.stem for path in sorted((folder / "series").glob("*.json"))]
    series = {
        name: np.array(_json(folder, f"series/{name}")["series"][0]["raw"], np.float64)
        for name in names
    }
    return series, {k: list(own.values()) for k, own in _json(folder, "annotations").items()}


def told(folder: Path | None) -> str:
    """The sentence for the page, from the files in this folder."""
    if folder is None or not (folder / "annotations.json").exists():
        return f"mean covering and F1 were {NOT_MEASURED}."
    series, marks = read(folder)
    whole = {name: values for name, values in series.items() if not np.isnan(values).any()}
    scored = by_penalties(whole, marks)
    default = scored.xs((segments.PENALTY_PER_LOG_POINT, segments.LINE_PER_LOG_POINT)).mean()
    chosen, rival = left_out(scored).mean(), _published(folder, list(whole))
    n_pairs = len(PENALTIES) * len(LINES)
    return (
        f"mean covering {default['covering']:.3f} and F1 {default['f1']:.3f} with its one default; "
        f"{chosen['covering']:.3f} and {chosen['f1']:.3f}\nwhere the default was chosen on the "
        f"{len(whole) - 1} other series (leave-one-out over {n_pairs} pairs of penalties).\nThe "
        f"best published defaults reach {rival['cover']:.3f} and {rival['f1']:.3f}."
    )


def by_penalties(series: Series, marks: Marks) -> pd.DataFrame:
    """Columns covering and f1, one row a pair of penalties and series."""
    rows = []
    for penalty, line in product(PENALTIES, LINES):
        with patch.multiple(segments, PENALTY_PER_LOG_POINT=penalty, LINE_PER_LOG_POINT=line):
            for name, values in series.items():
                found = segments.segment(values)
                cover = scores.covering(marks[name], found, len(values))
                rows.append((penalty, line, name, cover, scores.f1(marks[name], found)))
    frame = pd.DataFrame(rows, columns=["penalty", "line", "series", "covering", "f1"])
    return frame.set_index(["penalty", "line", "series"]).sort_index()


def left_out(scored: pd.DataFrame) -> pd.DataFrame:
    """Each series under the pair that serves the others best, by covering and F1 together."""
    kept = []
    for name in scored.index.unique("series"):
        own = scored.index.get_level_values("series") == name
        others = scored[~own].groupby(["penalty", "line"]).mean().sum(axis=1)
        kept.append(scored.loc[(*others.idxmax(), name)])
    return pd.DataFrame(kept)


def _published(folder: Path, names: list[str]) -> "pd.Series[float]":
    """Mean score of the best default of `published_default_scores`, for each measure."""
    told = _json(folder, "published_default_scores")
    return pd.Series({m: pd.DataFrame(of)[names].mean(axis=1).max() for m, of in told.items()})


def _json(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text("utf-8"))
