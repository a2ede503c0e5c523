"""Answers as files: for eyes, for programs and for maps; whole or not at all."""

import io
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd

from contracts.errors import QuestionError
from geo import hexgrid, regions

FORMATS = ("table", "csv", "json", "parquet", "geojson", "gpkg", "geoparquet")
# a spreadsheet takes full-width signs for plain ones
_FORMULA = (*"=+-@\t\r\n\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def encoded(frame: pd.DataFrame, form: str) -> bytes:
    """The frame in one of FORMATS; times as ISO 8601 in UTC, missing values empty or null.

    `frame`: an answer. `form`: one of FORMATS; those of maps need hex_text, or lat and lon in
    degrees. Raises QuestionError for any other form, and where a map has no positions.
    """
    if form == "csv":
        return _without_formulas(_as_text(frame)).to_csv(index=False).encode()
    if form == "json":
        return (_as_text(frame).to_json(orient="records", indent=1) or "").encode()
    if form == "parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    if form in ("geojson", "gpkg", "geoparquet"):
        return _as_map(frame, form)
    if form == "table":
        return table(frame).encode()
    raise QuestionError(f"--format: no '{form}'; there are: {', '.join(FORMATS)}")


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
        shapes = regions.outlines(hexgrid.from_text(frame["hex_text"])).geometry.array
    elif {"lat", "lon"} <= set(frame):
        shapes = gpd.points_from_xy(frame["lon"], frame["lat"])
    else:
        fault = f"--format {form}: the answer has neither hex_text nor lat and lon"
        raise QuestionError(f"{fault}; it has: {', '.join(map(str, frame))}")
    drawn = gpd.GeoDataFrame(_as_text(frame), geometry=shapes, crs="EPSG:4326")
    if form == "geojson":
        return drawn.to_json(drop_id=True).encode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answer.gpkg"
        if form == "geoparquet":
            drawn.to_parquet(path, index=False)
        else:
            drawn.to_file(path, driver="GPKG", layer="answer")
        return path.read_bytes()


def write(content: bytes, path: Path) -> None:
    """Puts the file in place at once, so that nobody reads half of it.

    `content`: all of it. `path`: where it goes, in a folder that exists.
    """
    part = path.with_name(f".part-{path.name}")
    part.write_bytes(content)
    part.replace(path)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    times = frame.select_dtypes("datetimetz")
    return frame.assign(
        **{str(name): times[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in times}
    ).assign(
        **{
            str(name): frame[name].dt.strftime("%Y-%m-%d")
            for name in frame.select_dtypes("datetime")
        }
    )


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula is quoted (OWASP ASVS 5, 1.2.10)."""
    texts = frame.select_dtypes(["str", "object"])
    return frame.assign(**{str(name): texts[name].map(_quoted) for name in texts})


def _quoted(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
