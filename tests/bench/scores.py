"""How right are changes that were found on an invented network? Scored against its truth.

A change found counts if it lies within 48 h of a planted one of its cell and goes the same way;
planted changes count from a ratio of 1.18 on, a find near a smaller one counts neither way.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ingest.synth.radio.network import Network

HOURS_APART, MATERIAL = 48, np.log(1.18)


class Truth(NamedTuple):
    """What is true of a network."""

    changes: pd.DataFrame
    """One row a change, as of `ingest.synth.radio.network.truth_of`."""
    quiet: frozenset[str]
    """Cells in which, and for whose neighbour, nothing was planted."""
    n_cells: int
    n_days: int


def truth_of(network: Network) -> Truth:
    """What is true of a network of `ingest.synth`.

    `network`: the invented one.
    """
    episode = network.truth["kind"].isin(["neighbour_outage", "neighbour_outage_over"])
    changes = network.truth.assign(is_episode=episode)
    return Truth(changes, _quiet(network), len(network.cells), len(network.clock.days))


def score(true: Truth, found: pd.DataFrame) -> dict[str, float]:
    """All figures of one method on one network; NaN where the method says nothing of the kind.

    `true`: of the network. `found`: columns `cell_id`, `change_utc`, `ratio` and `attribution`, and
    those of `change_point` that the method gives.
    """
    truth = judged(true.changes)
    found = found.reset_index(drop=True)
    pairs = matched(truth, found)
    sound = pairs[pairs["material"]]
    n_months, quiet = true.n_days / 30, true.quiet
    alarms = found[~found.index.isin(pairs["found"])]
    figures = {
        "detection F1": _f1(len(sound), len(alarms), truth["material"].sum() - len(sound)),
        "load and relief F1": _load_f1(truth, found, pairs),
        "false alarms per cell and month": len(alarms) / true.n_cells / n_months,
        "the same in quiet cells": alarms["cell_id"].isin(quiet).sum() / len(quiet) / n_months,
        "onset error h, median": sound["apart"].median(),
        "onset error h, 90th percentile": sound["apart"].quantile(0.9),
    }
    return figures | _attribution(sound) | _calibration(sound) | _recall(truth, sound)


def judged(truth: pd.DataFrame) -> pd.DataFrame:
    """The truth with two flags: `material`, a ratio that counts; `is_load`, due to load or relief.

    `truth`: one row a change.
    """
    return truth.reset_index(drop=True).assign(
        material=np.abs(np.log(truth["ratio"].to_numpy())) >= MATERIAL,
        is_load=truth["attribution"].isin(["load", "relief"]).to_numpy(),
    )


def matched(truth: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Nearest pairs first, each change used once: columns of both, `_true` for the truth's."""
    pairs = found.rename_axis("found").reset_index().merge(
        truth.rename_axis("true").reset_index(), on="cell_id", suffixes=("", "_true")
    )  # fmt: skip
    pairs["apart"] = (pairs["change_utc"] - pairs["start_utc"]).abs() / pd.Timedelta(hours=1)
    near = (pairs["apart"] <= HOURS_APART) & ((pairs["ratio"] > 1) == (pairs["ratio_true"] > 1))
    pairs = pairs[near].sort_values(["apart", "found", "true"])
    taken: tuple[set[int], set[int]] = set(), set()
    kept = []
    for row, (one, other) in zip(pairs.index, pairs[["found", "true"]].to_numpy(), strict=True):
        if one not in taken[0] and other not in taken[1]:
            taken[0].add(one)
            taken[1].add(other)
            kept.append(row)
    return pairs.loc[kept]


def _f1(hits: float, false: float, missed: float) -> float:
    return 2 * hits / max(2 * hits + false + missed, 1)


def _load_f1(truth: pd.DataFrame, found: pd.DataFrame, pairs: pd.DataFrame) -> float:
    """End to end: found, and named load or relief where, and only where, it is."""
    named = found["attribution"].isin(["load", "relief"])
    right = pairs[pairs["attribution"] == pairs["attribution_true"]]
    hits = right[right["material"] & right["is_load"]]
    excused = set(hits["found"]) | set(pairs.loc[~pairs["material"], "found"])
    false = sum(index not in excused for index in found.index[named])
    return _f1(len(hits), false, (truth["material"] & truth["is_load"]).sum() - len(hits))


def _quiet(network: Network) -> frozenset[str]:
    names = network.cells["cell_id"]
    touched = set(network.truth["cell_id"]) | set(network.truth["partner_cell_id"].dropna())
    return frozenset(names) - touched


def _attribution(sound: pd.DataFrame) -> dict[str, float]:
    decided = sound[sound["attribution"] != "undecided"]
    misled = sound[sound["kind"].str.endswith("raising_prb")]
    return {
        "attribution right when decided": (
            decided["attribution"] == decided["attribution_true"]
        ).mean(),
        "undecided": 1 - len(decided) / max(len(sound), 1),
        "PRB-raising interference called load": (misled["attribution"] == "load").mean(),
    }


def _calibration(sound: pd.DataFrame) -> dict[str, float]:
    if "p_load" not in sound:
        return {}
    p, is_load = sound["p_load"], sound["is_load"].astype(float)
    tenth = (p * 10).clip(upper=9).astype(int)
    gap = (p.groupby(tenth).mean() - is_load.groupby(tenth).mean()).abs()
    share = sound["load_share_true"].clip(0, 1)
    mixed = sound[sound["load_share_true"].between(0.05, 0.95)]
    return {
        "p_load Brier": ((p - is_load) ** 2).mean(),
        "p_load calibration error": float((gap * tenth.value_counts(normalize=True)).sum()),
        "load share off by": (sound["load_share"] - share).abs().mean(),
        "load share, mean error": (sound["load_share"] - share).mean(),
        "90 % interval of ratio holds": _holds(sound, "ratio"),
        "90 % interval of share holds": _holds(mixed, "load_share"),
    }


def _holds(pairs: pd.DataFrame, name: str) -> float:
    true = pairs[f"{name}_true"]
    return float(true.between(pairs[f"{name}_lo"], pairs[f"{name}_hi"]).mean())


def _recall(truth: pd.DataFrame, sound: pd.DataFrame) -> dict[str, float]:
    material = truth[truth["material"]]
    hit = material.index.isin(sound["true"])
    fresh = {
        f"recall, {days} days old": _share(hit[(material["age_days"] == days).to_numpy()])
        for days in (3, 7, 14)
    }
    clear = (material["visible_sd"] >= 3).to_numpy()
    episode = clear & material["is_episode"].to_numpy()
    sure = {
        "recall": _share(hit),
        "recall where counts alone show 3 sd": _share(hit[clear]),
        "recall of episodes": _share(hit[episode]),
    }
    return sure | fresh


def _share(hit: npt.NDArray[np.bool_]) -> float:
    return float(hit.mean()) if len(hit) else np.nan
