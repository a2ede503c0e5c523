"""Gathers what cleaning refuses and doubts, row by row."""

from dataclasses import dataclass, field

import pandas as pd

from ingest.privacy import door

POSITION = ("lat", "lon")
# a fault of so many of a file's positions is the file's
FILE_DOUBT = 0.5


@dataclass
class Findings:
    """Faults as they are found: of rows, of values, of the file."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    file: list[str] = field(default_factory=list)

    def add(
        self, scope: str, name: str, frame: pd.DataFrame, bad: pd.Series, reason: str | pd.Series
    ) -> None:
        if bad.any():
            raw = frame[name] if name in frame else pd.Series("", index=frame.index)
            found = pd.DataFrame({"source_row": frame["source_row"], "reason": reason})[bad]
            found["masked_value"] = door.masked(raw[bad].astype("object").fillna(""))
            self.rows.append(found.assign(column_name=name, scope=scope))
