"""Gathers what cleaning refuses and doubts: single rows, single values, the file as a whole."""

from dataclasses import dataclass, field

import pandas as pd

from ingest.privacy import door

POSITION = ("lat", "lon")
"""Our columns of a position; of both or of neither is a use."""

REQUIRED = "missing or impossible, and required"
"""Why a row is refused that lacks a value it can't do without."""

FILE_DOUBT = 0.5
"""Share of a file's positions above which a fault they have in common is the file's."""


@dataclass
class Findings:
    """Faults, in the order in which the steps of cleaning add them."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    """Faults of rows and values: source_row, reason, masked_value, column_name, scope."""
    file: list[str] = field(default_factory=list)
    """Faults of the whole file, in words; one of them and no row of it is used."""

    days: dict[str, pd.Series] = field(default_factory=dict)
    """Of each column of times a flag of each row: a day without a clock."""

    unwrapped: dict[str, int] = field(default_factory=dict)
    """Of each column of identifiers how many had marks around them that were taken off."""

    def add(
        self, scope: str, name: str, frame: pd.DataFrame, bad: pd.Series, reason: str | pd.Series
    ) -> None:
        """Notes a fault of each row where `bad` is true; nothing where it nowhere is.

        `scope`: "row" (refused) or "value" (set to missing). `name`: our column at fault. `frame`:
        the file's columns, with source_row; the value in column `name` is kept only masked. `bad`:
        flag of each row. `reason`: in words, for all rows or for each.
        """
        if not bad.any():
            return
        values = frame[name] if name in frame else pd.Series("", index=frame.index)
        faults = pd.DataFrame({"source_row": frame["source_row"], "reason": reason})[bad]
        faults["masked_value"] = door.masked(values[bad].astype("object").fillna(""))
        self.rows.append(faults.assign(column_name=name, scope=scope))
