"""The limits a regulator holds a network to, and where each comes from: regulator.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Threshold:
    """One limit: its value, what it means, and its source."""

    name: str
    value: float
    unit: str
    meaning: str
    source: str


def _read(path: Path) -> dict[str, Threshold]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["threshold"]
    return {entry["name"]: Threshold(**entry) for entry in entries}


THRESHOLDS = _read(Path(__file__).with_name("regulator.toml"))


def in_force(limits: Mapping[str, float], source: str) -> pd.DataFrame:
    """The thresholds as rows of `threshold`, those in `limits` with the operator's own source.

    `limits`: values by the name of their threshold. `source`: where the operator has them from.
    """
    chosen = [
        replace(one, value=limits[name], source=source) if name in limits else one
        for name, one in THRESHOLDS.items()
    ]
    return pd.DataFrame([asdict(one) for one in chosen]).rename(
        columns={name: f"threshold_{name}" for name in ("name", "value", "source")}
    )
