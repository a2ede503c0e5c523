"""Where a postcode or a named place is: the centroids an operator supplies."""

import functools
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from contracts.errors import InputError
from contracts.settings.sections import Settings

_NAMES = ("postcode", "place")
_OTHER = re.compile(r"[\W_]+")


def of_operator(settings: Settings) -> pd.DataFrame:
    """Columns lat and lon in degrees by key, as `keys` writes them; empty where none are supplied.

    `settings`: `[operator] postcodes` is the file. A key that stands at several places is left out.
    InputError where the file can't be read.
    """
    if not settings.operator.postcodes:
        return pd.DataFrame({"lat": [], "lon": []}, index=pd.Index([], dtype="str"), dtype=float)
    path = settings.resolve(settings.operator.postcodes)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError("[operator] postcodes can't be read", [f"{path}: {reason}"]) from None


def keys(texts: pd.Series) -> pd.Series:
    """Texts as they are looked up: letters and digits alone, in lower case.

    `texts`: postcodes or names of places.

    >>> keys(pd.Series(["LS1 4AP", "Leeds (Centre)"])).tolist()
    ['ls14ap', 'leedscentre']
    """
    return texts.astype("str").str.replace(_OTHER, "", regex=True).str.casefold()


@functools.lru_cache(maxsize=1)
def _read(path: Path, changed_ns: int) -> pd.DataFrame:  # noqa: ARG001  (a new file is read anew)
    table = _table(path)
    table.columns = [str(name).strip().lower() for name in table.columns]
    columns = [name for name in _NAMES if name in table]
    if not columns or not {"lat", "lon"} <= set(table):
        names = ", ".join(map(str, table))
        raise ValueError(f"it needs postcode or place, lat, lon; it has {names}")
    points = table[["lat", "lon"]].apply(pd.to_numeric, errors="coerce")
    places = pd.concat([points.assign(key=keys(table[name])) for name in columns]).dropna()
    places = places[places["key"] != ""].drop_duplicates()
    return places.drop_duplicates("key", keep=False).set_index("key")


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    with pa.input_stream(str(path)) as stream:
        head = stream.read(1 << 16).partition(b"\n")[0]
    separator = max(",;\t|", key=lambda mark: head.count(mark.encode()))
    with pa.input_stream(str(path)) as stream:
        names = head.decode("utf-8-sig").strip().split(separator)
        text = dict.fromkeys((name.strip('"') for name in names), pa.string())
        return pa.csv.read_csv(
            stream,
            parse_options=pa.csv.ParseOptions(delimiter=separator),
            convert_options=pa.csv.ConvertOptions(column_types=text),
        ).to_pandas()
