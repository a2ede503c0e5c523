"""Public series that people marked the changes of, and how well found changes agree with the marks.

The Turing Change Point Dataset; covering and F1 as in arXiv 2003.06222.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.changes import segments

PENALTIES, LINES = (3.0, 4.0, 5.0, 6.0, 8.0), (1.0, 2.0, 3.0, 5.0)
MARGIN = 5

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


def by_penalties(series: Series, marks: Marks) -> pd.DataFrame:
    """Columns covering and f1, one row a pair of penalties and series."""
    rows = []
    for penalty, line in product(PENALTIES, LINES):
        with patch.multiple(segments, PENALTY_PER_LOG_POINT=penalty, LINE_PER_LOG_POINT=line):
            for name, values in series.items():
                found = segments.segment(values)
                cover = covering(marks[name], found, len(values))
                rows.append((penalty, line, name, cover, f1(marks[name], found)))
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


def covering(marks: Iterable[Sequence[int]], found: Sequence[int], n: int) -> float:
    """How well the segments found cover those of each annotator, mean over annotators, 0..1.

    `marks`: one list of changes (0-based first points of segments) for each annotator.
    """
    segments = _segments(found, n)
    return float(np.mean([_covered(_segments(own, n), segments) / n for own in marks]))


def f1(marks: Iterable[Sequence[int]], found: Sequence[int], margin: int = MARGIN) -> float:
    """F1 of the changes found; point 0 counts as one that all mark and all find.

    Precision is against what anyone marked, recall the mean over annotators.
    """
    own = [{0, *changes} for changes in marks]
    predicted, anyone = {0, *found}, set[int]().union(*own)
    precision = n_matched(anyone, predicted, margin) / len(predicted)
    recall = float(np.mean([n_matched(true, predicted, margin) / len(true) for true in own]))
    return 2 * precision * recall / (precision + recall)


def n_matched(true: Iterable[int], found: Iterable[int], margin: int) -> int:
    """How many true changes have a found one within the margin, each found one used once."""
    left, n = set(found), 0
    for change in sorted(true):
        near = [(abs(change - other), other) for other in left if abs(change - other) <= margin]
        if near:
            left.remove(min(near)[1])
            n += 1
    return n


def _segments(changes: Sequence[int], n: int) -> list[range]:
    edges = [0, *sorted(set(changes) - {0, n}), n]
    return [range(*pair) for pair in pairwise(edges)]


def _covered(true: list[range], found: list[range]) -> float:
    return sum(len(own) * max(_overlap(own, other) for other in found) for own in true)


def _overlap(one: range, other: range) -> float:
    both = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return both / (len(one) + len(other) - both)


def _json(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text("utf-8"))
