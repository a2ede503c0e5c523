"""Do the intervals of ratio and of load's share hold where load and something else came at once?

The part of docs/accuracy/attribution.md for which the network of `benchmarks.attribution` plants
too few such changes: the same network with fifty of them and six of every other cause.
"""

import numpy as np
import pandas as pd

from ingest.synth.radio.causes import CAUSES

SEEDS = tuple(range(3101, 3109))
PLANTED = {"load_and_fault": 50} | {kind: 6 for kind in CAUSES if kind != "load_and_fault"}

_GROUPS = {
    "drops on both sides": ("drops", (0, 1500, 3000, 6000, np.inf)),
    "true share": ("load_share_true", (0.05, 0.5, 0.6, 0.7, 0.95)),
}


def section(pairs: pd.DataFrame) -> str:
    """The section of the page. `pairs`: columns of finds and of the truth, and `noise`."""
    mixed = pairs[pairs["load_share_true"].between(0.05, 0.95)]
    mixed = mixed.assign(drops=mixed["drops_before"] + mixed["drops_after"])
    lines = [_HEAD.format(n_seeds=len(SEEDS), n=PLANTED["load_and_fault"])]
    for noise, found in mixed.groupby("noise", sort=False):
        lines.append(_row(f"{noise} noise", found))
        for name, (column, edges) in _GROUPS.items():
            for group, part in found.groupby(pd.cut(found[column], edges), observed=True):
                low, high = (f"{end:g}" for end in (group.left, group.right))
                span = f"above {low}" if high == "inf" else f"{low} to {high}"
                lines.append(_row(f"· {name} {span}", part))
    return "\n".join(lines) + "\n"


def _row(name: str, found: pd.DataFrame) -> str:
    holds = [
        _rate(found[f"{n}_true"].between(found[f"{n}_lo"], found[f"{n}_hi"]))
        for n in ("ratio", "load_share")
    ]
    width = (found["load_share_hi"] - found["load_share_lo"]).mean()
    off = found["load_share"] - found["load_share_true"]
    figures = f"{off.mean():+.3f} | {off.abs().mean():.3f} | {width:.2f}"
    return f"| {name} | {len(found)} | {' | '.join(holds)} | {figures} |"


def _rate(holds: "pd.Series[bool]") -> str:
    rate = holds.mean()
    return f"{rate:.3f} ± {np.sqrt(rate * (1 - rate) / len(holds)):.3f}"


_HEAD = """## Changes with two causes at once

The intervals of the share are put to the test apart: {n_seeds} networks that no setting was tuned
on, as above but with {n} cells each in which load rose and a fault came in the same hour. Counted
are found changes with a ratio of at least 1.18 and a true share of .05 to .95; ± is the Monte-Carlo
error of one rate. Wanted are .84 to .95 of each interval.

| changes | n | ratio holds | share holds | share, mean error | share, off by | width |
|---|---|---|---|---|---|---|"""
