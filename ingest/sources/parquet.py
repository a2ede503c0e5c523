"""Parquet: columns keep their own types."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.source import Source
from ingest.containers import paths

UNREADABLE = (pa.ArrowInvalid, OSError)


def header(path: Path, source: Source) -> list[str]:
    """Names of the columns. `path`: the file. `source`: the mapping."""
    return list(pq.ParquetFile(paths.seekable(path, source.max_gigabytes)).schema_arrow.names)


def may_be_absent(name: str) -> bool:  # noqa: ARG001  (one signature for all readers)
    """False for every `name`: a table has all of its columns in every file."""
    return False


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mapped columns with `source_row`, counted from 1; and no refusals: source_row, reason.

    `path`: the file. `source`: the mapping. One of `UNREADABLE` where it can't be read whole.
    """
    table = pq.ParquetFile(paths.seekable(path, source.max_gigabytes)).read(
        columns=list(source.theirs)
    )
    # texts that are none are found here, and not in the middle of a run
    table.validate(full=True)
    frame = table.to_pandas(integer_object_nulls=True)
    frame["source_row"] = range(1, len(frame) + 1)
    return frame, pd.DataFrame({"source_row": [], "reason": []})
