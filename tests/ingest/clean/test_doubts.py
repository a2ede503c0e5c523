"""A rate is no count and a capacity no load: by values, by names, by neighbours."""

import numpy as np
import pandas as pd
import pytest

from contracts.settings.sections import Settings
from contracts.source import Source
from ingest.clean import doubts
from ingest.clean.rows import clean
from ingest.sources import Raw


def _faults(frame: pd.DataFrame, names: dict[str, str] | None = None) -> list[str]:
    rows = frame.rename(columns=names or {})
    columns = {ours: (names or {}).get(ours, ours) for ours in frame}
    source = Source.model_validate({"table": "pm", "path": "x", "columns": columns})
    ours = rows.rename(columns={theirs: ours for ours, theirs in columns.items()})
    raw = Raw(
        ours.astype("str").assign(source_row=range(2, len(ours) + 2)),
        pd.DataFrame({"source_row": [], "reason": []}),
    )
    return clean(raw, source, Settings(), file="f", file_hash="h").faults


def _network(n_cells: int = 4, n_hours: int = 48) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    hours = pd.date_range("2026-03-01", periods=n_hours, freq="h")
    index = pd.MultiIndex.from_product([[f"C{n}" for n in range(n_cells)], hours])
    attempts = rng.poisson(200 + 150 * np.sin(np.arange(len(index)) / 24 * 2 * np.pi))
    return pd.DataFrame(
        {
            "cell_id": index.get_level_values(0),
            "period_start_utc": index.get_level_values(1).strftime("%Y-%m-%d %H:%M"),
            "period_s": 3600,
            "call_attempts": attempts,
            "dropped_calls": rng.binomial(attempts, 0.01),
            "prb_dl_util_pct": (attempts / 5 + rng.normal(0, 5, len(index))).clip(0, 100).round(1),
        }
    )


def test_counts_and_loads_are_what_they_are() -> None:
    assert _faults(_network()) == []


@pytest.mark.parametrize("factor", [0.01, 1.7])
def test_a_rate_is_no_count(factor: float) -> None:
    frame = _network()
    rate = frame["dropped_calls"] / frame["call_attempts"] * (1 if factor < 1 else 100)
    faults = _faults(frame.assign(dropped_calls=rate.round(4)))
    assert "no whole numbers" in faults[0]
    assert ("a share, no count" in faults[0]) == (factor < 1)


def test_what_a_factor_leaves_behind_is_no_fraction() -> None:
    assert doubts.of_fractions(pd.Series([1.1 * 1000, 0.455 * 1000, np.nan, 0.0])) == ""


def test_what_is_free_is_no_load() -> None:
    frame = _network()
    faults = _faults(frame.assign(prb_dl_util_pct=100 - frame["prb_dl_util_pct"]))
    assert "falls where call_attempts rise" in faults[0]


def test_what_a_carrier_has_is_no_load() -> None:
    frame = _network()
    blocks = frame["cell_id"].map({"C0": 50, "C1": 100, "C2": 75, "C3": 50})
    assert "a capacity, no load" in _faults(frame.assign(prb_dl_util_pct=blocks))[0]
    # one load in all cells may be an average
    assert _faults(frame.assign(prb_dl_util_pct=50)) == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("prb_dl_util_pct", "PRB_Available_DL"),
        ("prb_dl_used", "dl_available_bandwidth"),
        ("prb_dl_used", "DL PRB free"),
        ("dropped_calls", "Call Drop Rate (%)"),
        ("dropped_calls", "CDR %"),
        ("call_attempts", "VoLTE Setup Success Ratio"),
    ],
)
def test_names_that_say_what_a_column_is_not(ours: str, theirs: str) -> None:
    assert doubts.by_name(ours, theirs)
    assert theirs in " ".join(_faults(_network().assign(prb_dl_used=5), {ours: theirs}))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("prb_dl_util_pct", "DL PRB (%)"),
        ("prb_dl_util_pct", "PRB usage of available DL"),
        ("prb_dl_avail", "PRB_Available_DL"),
        ("dropped_calls", "VoLTE Drops"),
        ("call_attempts", "Generated calls"),
        ("availability", "Cell Availability Rate (%)"),
    ],
)
def test_names_that_say_nothing_against_a_column(ours: str, theirs: str) -> None:
    assert doubts.by_name(ours, theirs) == ""
