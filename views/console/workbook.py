"""Answers as an Excel workbook: typed columns, a sheet a question, and one of definitions."""

import io
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from contracts.errors import QuestionError
from contracts.fields import FIELDS

_MOST_ROWS, _MOST_COLUMNS, _LONGEST_TEXT, _LONGEST_NAME = 1_048_575, 16_384, 32_767, 31
_DEFINITIONS = "definitions"
_MADE = datetime(2000, 1, 1, tzinfo=UTC)
"""Instant that every workbook says it was made at: the same answers make the same file."""


def workbook(answers: Mapping[str, pd.DataFrame]) -> bytes:
    """A workbook with a sheet for each answer, and what their columns mean on the last one.

    `answers`: by the name of the sheet, their texts, numbers and times as a spreadsheet holds them:
    whole numbers beyond 2^53 as text, lists as text. Text stays text, whatever it begins with; a
    missing or endless number is an empty cell; times are UTC. Raises QuestionError for more rows or
    longer texts than Excel takes.
    """
    # here and not above: of all formats this one alone needs it
    import xlsxwriter  # noqa: PLC0415

    buffer = io.BytesIO()
    how = {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(buffer, how) as book:
        book.set_properties({"created": _MADE})
        forms = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        for name, frame in {**answers, _DEFINITIONS: _definitions(answers)}.items():
            _write(book.add_worksheet(_sheet_name(name)), frame, forms)
    return buffer.getvalue()


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:_LONGEST_NAME].strip() or "answer"


def _definitions(answers: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    names = dict.fromkeys(str(name) for frame in answers.values() for name in frame)
    known = [FIELDS[name] for name in names if name in FIELDS]
    return pd.DataFrame(
        [(field.name, field.unit, field.meaning) for field in known],
        columns=["column", "unit", "meaning"],
    )


def _write(sheet: Any, frame: pd.DataFrame, forms: Mapping[str, Any]) -> None:
    if len(frame) > _MOST_ROWS or frame.shape[1] > _MOST_COLUMNS:
        raise QuestionError(f"--format xlsx: Excel takes {_MOST_ROWS:,} rows; write parquet or csv")
    sheet.freeze_panes(1, 0)
    for position, (name, values) in enumerate(frame.items()):
        sheet.write_string(0, position, str(name), forms["head"])
        _write_column(sheet, position, values, forms)
    sheet.autofit(300)


def _write_column(sheet: Any, position: int, values: pd.Series, forms: Mapping[str, Any]) -> None:
    write = _writer_of(values, forms)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    for row, value in enumerate(values, start=1):
        if not pd.isna(value):
            write(sheet, row, position, value)


def _writer_of(values: pd.Series, forms: Mapping[str, Any]) -> Callable[..., None]:
    """What writes a value of a column, by the column's type."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return partial(_write_time, form=forms["time"])
    if pd.api.types.is_datetime64_dtype(values):
        is_day = (values.dropna() == values.dropna().dt.normalize()).all()
        return partial(_write_time, form=forms["day" if is_day else "time"])
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return _write_number if is_number else _write_text


def _write_time(sheet: Any, row: int, position: int, value: Any, *, form: Any) -> None:
    sheet.write_datetime(row, position, value.to_pydatetime(), form)


def _write_number(sheet: Any, row: int, position: int, value: Any) -> None:
    if np.isfinite(float(value)):
        sheet.write_number(row, position, float(value))


def _write_text(sheet: Any, row: int, position: int, value: Any) -> None:
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, position, bool(value))
        return
    text = str(value)
    if len(text) > _LONGEST_TEXT:
        fault = f"row {row}: a text of {len(text):,} characters, and Excel takes {_LONGEST_TEXT:,}"
        raise QuestionError(f"--format xlsx: {fault}; write parquet or csv")
    # as text even where it begins as a formula does
    sheet.write_string(row, position, text)
