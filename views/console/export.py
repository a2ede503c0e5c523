"""Answers as files: for eyes, for programs and for maps; whole or not at all."""

import io
import json
import os
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from contracts.errors import QuestionError
from geo import hexgrid, regions
from views.console import kml
from views.console.workbook import workbook

FORMATS = (
    *("table", "csv", "json", "xlsx", "parquet"),
    *("geojson", "gpkg", "geoparquet", "kml", "kmz"),
)
# a spreadsheet takes full-width signs for plain ones
_RESERVED = {"geojson": ("geometry",), "geoparquet": ("geometry",), "gpkg": ("fid", "geom")}
"""Names of columns that a format of maps keeps for itself, whatever their case."""
_MOST_EXACT = 2**53
"""Largest number up to which JavaScript, R and spreadsheets count every whole one."""
_FORMULA = (*"=+-@\t\r\n\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def encoded(frame: pd.DataFrame, form: str) -> bytes:
    """The frame in one of FORMATS; times as ISO 8601 in UTC, missing values empty or null.

    `frame`: an answer. `form`: one of FORMATS; those of maps need hex_text, or lat and lon in
    degrees. In CSV and JSON a hexagon is its 15-character text, and another whole number beyond
    2^53 its digits as text: most readers would round it. Raises QuestionError for any other form,
    where a map has no positions or wrong ones, and for a column that the form can't hold.
    """
    if form not in FORMATS:
        raise QuestionError(f"--format: no '{form}'; there are: {', '.join(FORMATS)}")
    if fault := next(_faults_of_names(frame, form), ""):
        raise QuestionError(f"--format {form}: {fault}; call it otherwise: select ... as ...")
    if form == "csv":
        return _without_formulas(_as_text(_exact(_simple(frame)))).to_csv(index=False).encode()
    if form == "xlsx":
        return workbook_of({"answer": frame})
    if form == "json":
        text = _as_text(_exact(_simple(frame, nested=True))).to_json(orient="records", indent=1)
        return (text or "").encode()
    if form == "parquet":
        buffer = io.BytesIO()
        _simple(frame).to_parquet(buffer, index=False)
        return buffer.getvalue()
    return table(frame).encode() if form == "table" else _as_map(frame, form)


def workbook_of(answers: Mapping[str, pd.DataFrame]) -> bytes:
    """Answers as one Excel workbook, a sheet for each, and one of definitions.

    `answers`: by the name of the sheet. Raises QuestionError as `encoded` does.
    """
    return workbook({name: _exact(_simple(answer)) for name, answer in answers.items()})


def _faults_of_names(frame: pd.DataFrame, form: str) -> Iterator[str]:
    """What is wrong with the names of an answer's columns for one of FORMATS."""
    names = [str(name) for name in frame]
    # SQLite, which GeoPackage is, does not tell cases apart
    same = [name.lower() if form == "gpkg" else name for name in names]
    for position, name in enumerate(names):
        if same[position] in same[:position]:
            yield f"two columns are called {name}"
        if name.lower() in _RESERVED.get(form, ()):
            yield f"a column can't be called {name}, which the format keeps for itself"


def _simple(frame: pd.DataFrame, *, nested: bool = False) -> pd.DataFrame:
    """The same answer with texts and numbers alone; lists and structures too, if `nested`."""
    objects = [str(name) for name in frame if frame[name].dtype == object]
    return frame.assign(
        **{name: [_simple_value(value, nested=nested) for value in frame[name]] for name in objects}
    )


def _simple_value(value: Any, *, nested: bool) -> Any:
    if isinstance(value, np.ndarray | list | tuple | dict):
        text = json.dumps(value, default=_listed)
        return json.loads(text) if nested else text
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, pd.DateOffset):
        parts = value.kwds
        return f"P{parts['months']}M{parts['days']}DT{parts['nanoseconds'] / 1e9:g}S"
    is_simple = value is None or isinstance(value, str | bool | int | float | np.generic)
    return value if is_simple or pd.isna(value) else str(value)


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def _exact(frame: pd.DataFrame) -> pd.DataFrame:
    """The same answer, columns of whole numbers beyond 2^53 as text, hexagons as theirs."""
    whole = frame.select_dtypes("integer")
    large = [str(name) for name in whole if whole[name].abs().gt(_MOST_EXACT).any()]
    return frame.assign(**{name: frame[name].map(_exact_text, "ignore") for name in large})


def _exact_text(number: Any) -> str:
    text = f"{int(number):x}"
    return text if hexgrid.from_text([text])[0] != hexgrid.NO_HEX else str(int(number))


def table(frame: pd.DataFrame, *, width: int | None = None) -> str:
    """Text for eyes: figures to six digits on the right, text on the left, missing values empty.

    `frame`: an answer. Where the lines would be longer than `width` characters, each row is a block
    of its own with a line for each value that is not missing; None = lines of any length.
    """
    if frame.empty:
        return f"no rows; columns: {', '.join(map(str, frame))}\n"
    texts = _as_text(frame).map(_said)
    right = {str(name) for name in frame.select_dtypes("number")}
    lines = _lines(texts, right)
    if width is not None and max(map(len, lines)) > width:
        lines = _blocks(texts, width)
    return "\n".join(lines) + "\n"


def _said(value: Any) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 1e5 or value.is_integer() else f"{value:.6g}"


def _lines(texts: pd.DataFrame, right: set[str]) -> list[str]:
    columns = []
    for name, values in texts.items():
        column = [str(name), *values]
        size = max(map(len, column))
        columns.append([x.rjust(size) if name in right else x.ljust(size) for x in column])
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _blocks(texts: pd.DataFrame, width: int) -> list[str]:
    size = max(len(str(name)) for name in texts) + 2
    lines = []
    for number, row in enumerate(texts.to_dict("records"), start=1):
        lines.append(f"-- {number} of {len(texts)} ".ljust(width, "-"))
        for name, text in row.items():
            if text:
                lines += textwrap.wrap(text, max(width, size + 20), subsequent_indent=" " * size,
                                       initial_indent=f"{name:{size}}")  # fmt: skip
    return lines


def _as_map(frame: pd.DataFrame, form: str) -> bytes:
    """Hexagons with their outlines, else places as points, in WGS84: what QGIS opens."""
    if "hex_text" in frame and frame["hex_text"].notna().all():
        shapes = _outlines(frame["hex_text"], form)
    elif {"lat", "lon"} <= set(frame):
        shapes = _points(frame, form)
    elif "hex_text" in frame:
        row = int(np.flatnonzero(frame["hex_text"].isna())[0]) + 1
        remedy = "leave such rows out: where hex_text is not null"
        raise QuestionError(f"--format {form}: row {row} has no hex_text; {remedy}")
    else:
        fault = f"--format {form}: the answer has neither hex_text nor lat and lon"
        raise QuestionError(f"{fault}; it has: {', '.join(map(str, frame))}")
    plain = _simple(frame)
    values = _as_text(_exact(plain) if form in ("geojson", "kml", "kmz") else plain)
    if form in ("kml", "kmz"):
        document = kml.kml(values, shapes)
        return document if form == "kml" else kml.kmz(document)
    drawn = gpd.GeoDataFrame(values, geometry=shapes, crs="EPSG:4326")
    if form == "geojson":
        # JSON knows no endless numbers
        return drawn.replace([np.inf, -np.inf], np.nan).to_json(drop_id=True).encode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answer.gpkg"
        if form == "geoparquet":
            drawn.to_parquet(path, index=False)
        else:
            drawn.to_file(path, driver="GPKG", layer="answer")
        return path.read_bytes()


def _outlines(texts: pd.Series, form: str) -> Any:
    """Outline of each hexagon; raises QuestionError with the first text that is none."""
    hexes = hexgrid.from_text(texts)
    if (bad := hexes == hexgrid.NO_HEX).any():
        row = int(np.flatnonzero(bad)[0])
        fault = f"row {row + 1}: hex_text '{texts.iloc[row]}' is no H3 hexagon"
        raise QuestionError(f"--format {form}: {fault}; there are {int(bad.sum())} such row(s)")
    return regions.outlines(hexes).geometry.array


def _points(frame: pd.DataFrame, form: str) -> Any:
    """Place of each row, empty where it has none; raises QuestionError with the first wrong one."""
    sides = {"lat": 90, "lon": 180}
    degrees = frame[[*sides]].apply(pd.to_numeric, errors="coerce").astype("float64")
    for name, most in sides.items():
        bad = frame[name].notna() & ~(degrees[name].abs() <= most)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            fault = f"row {row + 1}: {name} '{frame[name].iloc[row]}' is not -{most} to {most}"
            raise QuestionError(f"--format {form}: {fault} degrees")
    points = gpd.points_from_xy(degrees["lon"], degrees["lat"])
    return np.where(degrees.notna().all(axis=1), points, None)


def write(content: bytes, path: Path) -> None:
    """Puts the file in place at once, so that nobody reads half of it.

    `content`: all of it. `path`: where it goes, in a folder that exists.
    """
    part = path.with_name(f".part-{path.name}")
    part.unlink(missing_ok=True)
    # in a folder of many users somebody may have put a link there
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    part.replace(path)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    times = frame.select_dtypes("datetimetz")
    return frame.assign(
        **{str(name): times[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in times}
    ).assign(**{str(name): _days(frame[name]) for name in frame.select_dtypes("datetime")})


def _days(values: pd.Series) -> pd.Series:
    """Days as 2026-03-02; where some are no midnights, times without a zone."""
    is_day = (values.dropna() == values.dropna().dt.normalize()).all()
    return values.dt.strftime("%Y-%m-%d" if is_day else "%Y-%m-%dT%H:%M:%S")


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula is quoted (OWASP ASVS 5, 1.2.10)."""
    texts = frame.select_dtypes(["str", "object"])
    return frame.assign(**{str(name): texts[name].map(_quoted) for name in texts})


def _quoted(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
