"""A change that many cells make at once has a note of their number, and one of its own has none."""

import pandas as pd

from analysis.changes import network_note

AT = pd.Timestamp("2026-06-10 02:00", tz="UTC")


def changes(*of: tuple[str, str, float]) -> pd.DataFrame:
    """Returns changes of (cell, direction, hours after the upgrade)."""
    rows = [(cell, way, AT + pd.Timedelta(hours=hours)) for cell, way, hours in of]
    return pd.DataFrame(rows, columns=["cell_id", "direction", "change_utc"])


def test_each_cell_of_an_upgrade_notes_how_many_they_are() -> None:
    upgraded = [(f"c{i}", "up", 5.0 * (i % 3)) for i in range(20)]
    found = changes(*upgraded, ("c0", "up", 120.0), ("c30", "down", 1.0))
    notes = network_note.notes(found, 80)
    assert notes[:20].str.startswith("20 of 80 cells went the same way").all()
    assert notes[20:].isna().all()


def test_a_few_of_many_cells_or_all_of_a_handful_are_no_crowd() -> None:
    some = changes(*[(f"c{i}", "up", 0.0) for i in range(15)])
    assert network_note.notes(some, 80).isna().all()
    assert network_note.notes(some[:4], 4).isna().all()
    assert network_note.notes(some[:0], 80).empty
