"""What marts that were not analysed need too: a configuration and the row of their run."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from contracts.tables import SCHEMA_VERSION
from tests.bench.frames import rows


def write_config(folder: Path, name: str, timezone: str, *, level: int, regions: str = "") -> Path:
    """Writes a configuration whose one source has no file, so that nothing could be ingested."""
    config = folder / "hexperience.toml"
    config.write_text(
        f'[operator]\nname = "{name}"\ntimezone = "{timezone}"\nregions = "{regions}"\n'
        f"[grid]\nlevel = {level}\nnps_level = {min(level, 6)}\n"
        '[[source]]\ntable = "call"\npath = "none.csv"\n'
        '[source.columns]\nstart_utc = "a"\noutcome = "b"\n',
        encoding="utf-8",
    )
    return config


def run_row(name: str, timezone: str, level: int) -> pd.DataFrame:
    """The row of `run` of marts that end on 1 May 2025."""
    as_of = datetime(2025, 5, 1, 23, tzinfo=UTC)
    return rows(
        "run",
        run_id=["r"],
        operator_name=[name],
        timezone=[timezone],
        level=[level],
        as_of_utc=[as_of],
        software_version=["0.1.0"],
        schema_version=[SCHEMA_VERSION],
    )
