"""Answers as files: for eyes, for programs and for maps; whole or not at all."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pandas as pd

from contracts.errors import QuestionError
from geo import hexgrid, regions

FORMATS = ("table", "csv", "json", "parquet", "geojson", "gpkg", "geoparquet")
# a spreadsheet takes full-width signs for plain ones
_FORMULA = (*"=+-@\t\r\n\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def encoded(frame: pd.DataFrame, form: str) -> bytes:
    """The frame in one of FORMATS; times as ISO 8601 in UTC, missing values empty or null."""
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
        return (_as_text(frame).to_string(index=False, na_rep="") + "\n").encode()
    raise QuestionError(f"--format: no '{form}'; there are: {', '.join(FORMATS)}")


def _as_map(frame: pd.DataFrame, form: str) -> bytes:
    """Hexagons with their outlines, else places as points, in WGS84: what QGIS opens."""
    if "hex_text" in frame and frame["hex_text"].notna().all():
        shapes = regions.outlines(hexgrid.from_text(frame["hex_text"])).geometry.array
    elif {"lat", "lon"} <= set(frame):
        shapes = gpd.points_from_xy(frame["lon"], frame["lat"])
    else:
        told = f"--format {form}: the answer has neither hex_text nor lat and lon"
        raise QuestionError(f"{told}; it has: {', '.join(map(str, frame))}")
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
    """Puts the file in place at once, so that nobody reads half of it."""
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
