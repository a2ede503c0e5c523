"""Single files of the warehouse: which hold rows of a person or of old days, and without them.

`forget` and `retain` alone look at the warehouse in this way: everybody else reads tables.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingest.warehouse.files import put_rows, read_head, read_note, read_rows
from ingest.warehouse.store import Warehouse


@dataclass(frozen=True)
class Part:
    """One file of the warehouse: its path below it, day, load ('' = settled) and rows concerned."""

    path: str
    day: str
    load: str
    rows: tuple[int, ...]
    source_file: str = ""


# ---------------------------------------------------------------------------- rows of persons


def rows_of(warehouse: Warehouse, name: str, *, column: str, values: Collection[str]) -> list[Part]:
    """Pieces and settled partitions of table `name` with rows whose `column` is one of `values`.

    `warehouse`: with pieces. `name`: a source table. `column`: of texts. `values`: such as
    pseudonyms; a missing value is none of them.
    """
    wanted = pa.array(list(values), pa.string())
    parts = []
    for path in _files(warehouse, name):
        rows = read_rows(path, columns=[column, "source_row", "source_file"])
        rows = rows.filter(pc.is_in(rows[column], wanted))
        if len(rows):
            numbers = tuple(rows["source_row"].to_pylist())
            file = rows["source_file"][0].as_py()
            parts.append(_part(warehouse, path, numbers, file))
    return parts


def take_out(warehouse: Warehouse, part: Part, *, column: str, values: Collection[str]) -> None:
    """Writes a part anew without the rows whose `column` is one of `values`.

    `warehouse`: of the part. `part`: as `rows_of` gives it. `column` and `values`: as of `rows_of`.

    A piece without rows goes; a settled partition stays, without rows.
    """
    rows = read_rows(warehouse.path / part.path)
    gone = pc.is_in(rows[column], pa.array(list(values), pa.string()))
    left = rows.filter(pc.invert(gone))
    if part.load and not len(left):
        (warehouse.path / part.path).unlink()
    else:
        _put(warehouse, part, left)


# --------------------------------------------------------------------------- values of old days


def unblanked(
    warehouse: Warehouse, name: str, *, column: str, days: tuple[str, str], where: str = ""
) -> list[Part]:
    """Parts of table `name` that `make_blank` would change.

    `warehouse`: with pieces. `name`: a source table. `column`: that would be emptied. `days`: first
    day, and the day after the last. `where`: as of `make_blank`.
    """
    parts = []
    for path in _files(warehouse, name):
        if days[0] <= _part(warehouse, path).day < days[1]:
            rows = read_rows(path, columns=[column, *([where] if where else [])])
            filled = pc.and_(pc.is_valid(rows[column]), pc.is_valid(rows[where or column]))
            if n := pc.sum(filled).as_py():
                parts.append(_part(warehouse, path, tuple(range(n))))
    return parts


def make_blank(warehouse: Warehouse, part: Part, *, column: str, where: str = "") -> None:
    """Writes a part anew with a column emptied: everywhere, or where column `where` has a value.

    `warehouse`: of the part. `part`: as `unblanked` gives it. `column`: what is emptied. `where`:
    '' = in every row.
    """
    rows = read_rows(warehouse.path / part.path)
    position = rows.schema.get_field_index(column)
    field = rows.schema.field(column)
    gone = pc.is_valid(rows[where]) if where else pa.scalar(True)
    emptied = pc.if_else(gone, pa.scalar(None, field.type), rows[column])
    _put(warehouse, part, rows.set_column(position, field, emptied))


# ------------------------------------------------------------------------------- days that go


def days_before(
    warehouse: Warehouse, name: str, first: str, *, tables: Collection[str]
) -> list[Part]:
    """Parts of days before `first`: pieces of source `name`, and partitions of `tables`.

    `warehouse`: with pieces. `name`: a source table. `first`: day as YYYY-MM-DD, which stays.
    `tables`: names of settled tables. Each part names as many rows as it holds.
    """
    pieces = _pieces(warehouse, name)
    pieces += sorted((warehouse.path / "pieces" / name).glob("*/*.json"))
    paths = [path for path in pieces if path.parent.name < first]
    for table in tables:
        paths += [path for path in warehouse.files(table) if path.stem < first]
    return [_part(warehouse, path, tuple(range(_n_rows(path)))) for path in sorted(paths)]


def drop(warehouse: Warehouse, name: str, parts: Iterable[Part]) -> None:
    """Takes parts of source `name` away, and what was noted of their days.

    `warehouse`: of the parts. `name`: a source table. `parts`: as `days_before` gives them; one
    that is gone already is passed over.
    """
    for part in parts:
        path = warehouse.path / part.path
        for note in (f"settled/{name}/{part.day}.json", f"repeated/{name}/{part.day}.parquet"):
            (warehouse.path / note).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        if part.load and not any(path.parent.iterdir()):
            path.parent.rmdir()


def piece_rows(warehouse: Warehouse, name: str, load: str) -> dict[str, int]:
    """Number of rows by day that the pieces of one file of source `name` hold.

    `warehouse`: with pieces. `name`: the source table. `load`: name of the file's load. Days are
    YYYY-MM-DD.
    """
    paths = (warehouse.path / "pieces" / name).glob(f"*/{load}.*")
    return {path.parent.name: _n_rows(path) for path in paths}


# --------------------------------------------------------------------------------------- files


def _files(warehouse: Warehouse, name: str) -> Iterator[Path]:
    yield from _pieces(warehouse, name)
    yield from warehouse.files(name)


def _pieces(warehouse: Warehouse, name: str) -> list[Path]:
    return sorted((warehouse.path / "pieces" / name).glob("*/*.parquet"))


def _n_rows(path: Path) -> int:
    """Rows of a file, or of what a reference names."""
    if path.suffix == ".json":
        return int((read_note(path) or {}).get("n_rows", 0))
    return int(read_head(path).num_rows)


def _part(
    warehouse: Warehouse, path: Path, rows: tuple[int, ...] = (), source_file: str = ""
) -> Part:
    below = path.relative_to(warehouse.path).as_posix()
    if below.startswith("pieces"):
        return Part(below, path.parent.name, path.stem, rows, source_file)
    return Part(below, path.stem, "", rows, source_file)


def _put(warehouse: Warehouse, part: Part, rows: pa.Table) -> None:
    put_rows(warehouse.path / part.path, rows)
