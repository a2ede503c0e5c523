"""How well found changes agree with marked ones: covering and F1 of arXiv 2003.06222."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

MARGIN = 5


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
