"""How well does `segments.segment` agree with people on public series? Its default, and left out.

The Turing Change Point Dataset (arXiv 2003.06222): its 14 series without gaps, marks of five
people each. The default's two penalties were chosen on these same series; so they are also chosen
on 13 of them and scored on the one left out, in turn.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.changes import segments
from tests.bench.marked_series import LINES, PENALTIES, by_penalties, left_out, read

NOT_MEASURED = "not measured in this run: HEXPERIENCE_OUTSIDE names no folder with change_points"


def sentence(folder: Path | None) -> str:
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


def _published(folder: Path, names: list[str]) -> "pd.Series[float]":
    """Mean score of the best default of `published_default_scores`, for each measure."""
    text = (folder / "published_default_scores.json").read_text("utf-8")
    measures = json.loads(text).items()
    return pd.Series({m: pd.DataFrame(runs)[names].mean(axis=1).max() for m, runs in measures})
