"""A third of an invented network's cells change their id mid-way, and no finding changes."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import analysis.run
import ingest.run
from contracts.settings.load import load
from ingest.running.workers import workers
from ingest.synth import write_operator
from ingest.warehouse.store import Warehouse

DAY = pd.Timestamp("2026-10-25")
_NEW = "-R"
_SAME = {
    "cell_day": ["cell_id", "day_local"],
    "cell_hour": ["cell_id", "hour_start_utc"],
    "hex_day": ["hex_id", "day_local"],
    "outage": ["outage_id"],
    "intervention": ["intervention_id"],
    "change_point": ["cell_id", "change_utc"],
    "load_response": ["cell_id", "month"],
    "place_rate": ["place_type", "hex_id", "cell_id", "region", "metric", "outcome_class",
                   "period_grain", "period_start"],
    "priority": ["place_type", "simple_rank"],
}  # fmt: skip
# what the files are, and words that name the cell
_APART = ["run_id", "source_row", "file_hash", "loaded_utc", "reason", "seen"]
# a cell's draws are seeded by its name: what follows from them scatters with it
_DRAWN = re.compile(
    "avoid|^value_|^rank|p_top20|in_top20|^dominant|^change_|relief_cells|^action|^cost|per_cost"
    "|^no_action|^advice|^shown_hex"
)


def _results(config: Path) -> Warehouse:
    settings = load(config, environ={})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    return Warehouse(settings.resolve(settings.warehouse.path))


def _renamed(folder: Path) -> set[str]:
    """Gives a third of the cells another id from DAY on, as an element manager would tell."""
    path = folder / "raw/inventory/cells.csv"
    cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    cells["Off Air"], cells["Was"] = "", ""
    old = cells["Cell Name"].sort_values().iloc[::3].tolist()
    new = cells[cells["Cell Name"].isin(old)].copy()
    new["Was"], new["On Air"] = new["Cell Name"], DAY.strftime("%d/%m/%Y")
    new["Cell Name"] += _NEW
    cells.loc[cells["Cell Name"].isin(old), "Off Air"] = DAY.strftime("%d/%m/%Y")
    pd.concat([cells, new]).to_csv(path, index=False)
    day = r"(\d\d)\.(\d\d)\.(\d{4}) "
    for file in folder.glob("raw/pm/*.csv"):
        file.write_text(_respelt(file.read_text("utf-8"), set(old), day, ";"), "utf-8")
    for name in ("works", "outages"):
        file = folder / f"raw/works/{name}.csv"
        file.write_text(
            _respelt(file.read_text("utf-8"), set(old), r"(\d\d)/(\d\d)/(\d{4}) "), "utf-8"
        )
    config = folder / "hexperience.toml"
    text = config.read_text("utf-8").replace(
        'valid_from = "On Air"\n',
        'valid_from = "On Air"\nvalid_to = "Off Air"\nprevious_cell_id = "Was"\n', 1,
    )  # fmt: skip
    config.write_text(
        text.replace('_from = "%d/%m/%Y"', '_from = "%d/%m/%Y"\nvalid_to = "%d/%m/%Y"')
    )
    return set(old)


def _respelt(text: str, old: set[str], day: str, sep: str = ",") -> str:
    """The lines with cells under the id that is theirs on the line's first date."""
    lines = []
    for line in text.splitlines():
        found = re.search(day, line)
        late = found and pd.Timestamp(f"{found[3]}-{found[2]}-{found[1]}") >= DAY
        fields = line.split(sep)
        lines.append(sep.join(f + _NEW if late and f in old else f for f in fields))
    return "\n".join(lines) + "\n"


def _comparable(warehouse: Warehouse, name: str, old: set[str]) -> pd.DataFrame:
    frame = warehouse.read(name)
    for column in ("cell_id", "dominant_cell_id", "place_name"):
        if column in frame:
            ids = frame[column]
            frame[column] = ids.mask(ids.isin(old), ids + _NEW)
    apart = [column for column in _APART if column in frame]
    if name == "priority":
        apart += [column for column in frame if _DRAWN.search(column)]
    return frame.drop(columns=apart).sort_values(_SAME[name], ignore_index=True)


@pytest.mark.slow
def test_a_third_of_the_cells_renamed_changes_no_finding(tmp_path: Path) -> None:
    size = {"n_cells": 18, "n_days": 45, "n_months": 0}
    config = write_operator(tmp_path / "plain", **size)
    # a plan is no part of what is compared here, and takes its time
    text = config.read_text("utf-8")
    config.write_text(text.replace("budgets = [200, 600, 1800]", "budgets = []"), "utf-8")
    plain = _results(config)
    assert len(plain.read("change_point")) > 0
    shutil.copytree(tmp_path / "plain", tmp_path / "renamed")
    old = _renamed(tmp_path / "renamed")
    # what was read of a cell under its old id keeps its name
    renamed = _results(tmp_path / "renamed" / config.name)
    for name in _SAME:
        wanted = _comparable(plain, name, old)
        found = _comparable(renamed, name, set())
        # sums over cells stand in another order
        pd.testing.assert_frame_equal(found, wanted, rtol=1e-6, obj=name)
        if "cell_id" in found:
            assert not set(found["cell_id"]) & old
    renamed_cells = renamed.read("cell").dropna(subset=["known_as"])
    assert set(renamed_cells["known_as"]) == old
    assert (renamed_cells["known_as"] + _NEW == renamed_cells["cell_id"]).all()
