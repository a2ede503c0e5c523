"""Members are read in place; what is no honest archive is refused with the reason."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from ingest.containers import archives, paths
from ingest.containers.kinds import NotOpened
from tests.ingest.workbook_files import written

FILES = {"march/pm_1.csv": b"a,b\n1,2\n", "march/pm_2.csv": b"a,b\n3,4\n", "readme.txt": b"hello"}


def zipped(files: Mapping[str, bytes]) -> bytes:
    with zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    with tarfile.open(fileobj=(out := io.BytesIO()), mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


PACKED = {
    "zip": zipped(FILES),
    "tar": tarred(FILES),
    "tar.gz": tarred(FILES, "w:gz"),
    "tar.bz2": tarred(FILES, "w:bz2"),
    "tar.xz": tarred(FILES, "w:xz"),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_glob_leads_into_an_archive_whatever_its_name(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "export.dat"
    path.write_bytes(PACKED[kind])
    both = [path / "march/pm_1.csv", path / "march/pm_2.csv"]
    assert paths.found(path / "*" / "*.csv", 1) == both
    assert paths.found(path / "**" / "*.csv", 1) == both
    assert paths.found(tmp_path / "*.dat" / "march" / "*_1.csv", 1) == both[:1]
    assert paths.found(path, 1) == [*both, path / "readme.txt"]
    assert paths.opened(both[1], 1).read() == FILES["march/pm_2.csv"]
    assert paths.outer(both[0]) == path
    assert paths.found(path / "*.csv", 1) == []
    assert "holds march/pm_1.csv, march/pm_2.csv, readme.txt" in paths.held(path / "*.csv", 1)
    assert len({paths.content_hash(one, 1) for one in both}) == 2


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(b"a,b\n1,2\n", mtime=0),
        gzip.compress(b"a,b\n", mtime=0) + gzip.compress(b"1,2\n", mtime=0) + bytes(99),
        bz2.compress(b"a,b\n1,2\n"),
        lzma.compress(b"a,b\n1,2\n"),
        pa.compress(b"a,b\n1,2\n", "zstd", asbytes=True),
        b"a,b\n1,2\n",
    ],
)
def test_what_is_packed_is_known_by_its_content(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pm.csv"
    path.write_bytes(packed)
    assert paths.opened(path, 1).read() == b"a,b\n1,2\n"
    assert paths.found(path, 1) == [path]
    # inside of an archive too: mediation packs each file, and then all of them
    path.write_bytes(zipped({"pm.csv.gz": packed}))
    assert paths.opened(path / "pm.csv.gz", 1).read() == b"a,b\n1,2\n"


def test_what_is_cut_off_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pm.csv.gz"
    packed = gzip.compress(bytes(range(256)) * 9)
    for broken in (packed[:-9], packed[:40] + b"\xff" * 9 + packed[49:]):
        path.write_bytes(broken)
        with pytest.raises(NotOpened, match="cut off or damaged"):
            paths.opened(path, 1).read()


@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_that_is_cut_off_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "export.dat"
    files = {"a.csv": bytes(range(256)) * 50, "b.csv": b"x" * 3000}
    whole = zipped(files) if kind == "zip" else tarred(files, f"w:{kind[4:]}")
    path.write_bytes(whole[: len(whole) // 2])
    assert paths.found(path / "*.csv", 1) == [path]
    with pytest.raises(NotOpened, match="cut off"):
        archives.members(path, 1)
    with pytest.raises(NotOpened):
        paths.opened(path, 1).read()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\b", "C:\\b"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_name_that_leads_out_of_the_archive_is_refused(
    pack: object, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "export.dat"
    path.write_bytes(pack({"a.csv": b"a", name: b"b"}))  # type: ignore[operator]
    with pytest.raises(NotOpened, match="leads out of the archive"):
        archives.members(path, 1)


def test_an_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.csv", "2")
    with pytest.raises(NotOpened, match=r"a\.csv twice"):
        archives.members(path, 1)


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "export.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("pm.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert paths.found(path / "*.csv", 1) == [path / "pm.csv"]
    with pytest.raises(NotOpened, match="a link or a device"):
        paths.opened(path / "pm.csv", 1)


def test_a_password_is_named(tmp_path: Path) -> None:
    path, data = tmp_path / "export.zip", bytearray(zipped({"a.csv": b"a"}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = data.index(mark) + (6 if mark == b"PK\x03\x04" else 8)
        data[at] |= 1
    path.write_bytes(data)
    with pytest.raises(NotOpened, match="password"):
        paths.opened(path / "a.csv", 1)


def test_an_archive_inside_of_an_archive_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({"march.zip": PACKED["zip"], "april.tar.gz": PACKED["tar.gz"]}))
    for name in ("march.zip", "april.tar.gz"):
        with pytest.raises(NotOpened, match="unpack the outer one"):
            paths.opened(path / name, 1).read()
    path.write_bytes(gzip.compress(gzip.compress(b"a")))
    with pytest.raises(NotOpened, match="packed twice"):
        paths.opened(path, 1).read()


def test_a_bomb_is_refused_before_it_fills_anything(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    stream, zeros = gzip.GzipFile(path, "wb"), bytes(1 << 20)
    with stream:
        for _ in range(40):
            stream.write(zeros)
    with pytest.raises(NotOpened, match=r"more than 0\.03 GB"):
        for _ in paths.unpacked(path, 0.03):
            pass
    path.write_bytes(zipped({"a.csv": bytes(40 << 20)}))
    with pytest.raises(NotOpened, match=r"more than 0\.03 GB"):
        paths.opened(path / "a.csv", 0.03)


def test_other_kinds_are_named(tmp_path: Path) -> None:
    path = tmp_path / "pm.csv"
    for start, word in (
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"%PDF-1", "PDF"),
    ):
        path.write_bytes(start + bytes(600))
        with pytest.raises(NotOpened, match=word):
            paths.opened(path, 1).read()


def test_what_systems_add_is_no_member(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({"__MACOSX/._a.csv": b"", ".DS_Store": b"", "a.csv": b"a"}))
    assert paths.found(path, 1) == paths.found(path / "**" / "*.csv", 1) == [path / "a.csv"]


def test_sheets_are_named_like_members(tmp_path: Path) -> None:
    book = written({"Sites": [["a"]], "Cells": [["b"]], "Old": [["c"]]}, hidden=["Old"])
    path, archive = tmp_path / "cells.xlsx", tmp_path / "export.zip"
    path.write_bytes(book)
    archive.write_bytes(zipped({"in/cells.xlsx": book}))
    for one in (path, archive / "in/cells.xlsx"):
        assert paths.found(one / "*", 1) == [one / "Cells", one / "Sites"]
        assert paths.found(one / "Old", 1) == [one / "Old"]
        assert paths.found(one, 1) == [one]
        assert paths.is_workbook(one, 1)
        assert [*paths.rows(one / "Sites", paths.sheets(one / "Sites", 1)[0], 1)] == [(1, ["a"])]
        hashes = {paths.content_hash(one / name, 1) for name in ("Sites", "Cells")}
        assert len(hashes) == 2
    with pytest.raises(NotOpened, match="no sheet 'x'; the workbook has Sites, Cells, Old"):
        paths.sheets(path / "x", 1)
