"""The PM XML reader beside a bare lxml `iterparse` loop over the same file, and its peak memory.

    python -m benchmarks.pm_xml [gigabytes]      1 by default

Writes an invented network's measCollecFile below the temporary folder, by `p` and by position:
twelve measInfo of forty counters for each cell and period. The bare loop is
`for _, element in iterparse(file): element.clear()`, which gets no value; beside it stands the
leanest loop that lxml allows, which is shown measValues only. The reader gives fourteen counters
of four measInfo, as a mapping of `pm` asks for, and then all 480, which none does. Prints the least
processor time of three turns each, and the ratio of the bare loop's to the reader's: above 1 the
reader is faster. Then a new process reads a file of the size given, and tells its peak memory.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from lxml import etree

from contracts.source import Source
from ingest.sources import pm_xml

INFOS, COUNTERS, CELLS = 12, 40, 12
ASKED = [f"c{info}_{counter}" for info in (1, 4, 5, 9) for counter in (0, 3, 17, 38)][:14]
EVERY = [f"c{info}_{counter}" for info in range(INFOS) for counter in range(COUNTERS)]
SMALL = 0.03
TURNS = 3
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<measCollecFile xmlns="http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec">
  <fileHeader fileFormatVersion="32.435 V10.0" vendorName="V" dnPrefix="SubNetwork=G3"/>
"""
OBJECT = "ManagedElement=NODE,ENodeBFunction=1,EUtranCellFDD=NODE-{}"


def write(path: Path, gigabytes: float, *, indexed: bool) -> int:
    """A file of that size, node after node; returns how many cells and periods it tells of.

    `path`: where it goes. `gigabytes`: its least size. `indexed`: counters by `p`, else by
    position.
    """
    rng = np.random.default_rng(1)
    kinds = ["".join(_node(rng, indexed)) for _ in range(50)]
    n_nodes = size = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        while size < gigabytes * 1e9:
            size += file.write(kinds[n_nodes % 50].replace("NODE", f"NODE-{n_nodes}"))
            n_nodes += 1
        file.write("</measCollecFile>\n")
    return n_nodes * CELLS


def _node(rng: np.random.Generator, indexed: bool) -> Iterator[str]:
    yield '  <measData>\n    <managedElement localDn="NODE" swVersion="1"/>\n'
    # half of an element's counters are zero, some are vectors, few are missing
    texts = np.where(
        rng.random((INFOS, CELLS, COUNTERS)) < 0.5, 0, rng.integers(0, 1 << 20)
    ).astype(str)
    texts[:, :, 7], texts[:, :, 11] = "0,0,3,12,5,0,0,1", "NULL"
    texts[:, :, 3] = rng.integers(0, 1 << 30, (INFOS, CELLS))
    for info in range(INFOS):
        names = [f"c{info}_{counter}" for counter in range(COUNTERS)]
        yield f'    <measInfo measInfoId="PmGroup={info}">\n      <job jobId="all"/>\n'
        yield '      <granPeriod duration="PT900S" endTime="2026-03-01T07:15:00+0100"/>\n'
        yield from _types(names, indexed)
        for cell in range(CELLS):
            yield f'      <measValue measObjLdn="{OBJECT.format(cell)}">\n'
            yield from _results(texts[info, cell].tolist(), indexed)
            yield "      </measValue>\n"
        yield "    </measInfo>\n"
    yield "  </measData>\n"


def _types(names: list[str], indexed: bool) -> Iterator[str]:
    if indexed:
        yield from (f'      <measType p="{p}">{n}</measType>\n' for p, n in enumerate(names, 1))
    else:
        yield f"      <measTypes>{' '.join(names)}</measTypes>\n"


def _results(texts: list[str], indexed: bool) -> Iterator[str]:
    if indexed:
        yield from (f'        <r p="{p}">{text}</r>\n' for p, text in enumerate(texts, 1))
    else:
        yield f"        <measResults>{' '.join(texts)}</measResults>\n"


def source(counters: list[str]) -> Source:
    """A mapping that asks for these, whatever our columns would be.

    `counters`: their names in the file.
    """
    columns = {"cell_id": "@object", "period_start_utc": "@start", "period_s": "@duration_s",
               "suspect": "@suspect", **{name: name for name in counters}}  # fmt: skip
    return Source(table="pm", path="", reader="pm_xml", columns=columns)


def bare(path: Path) -> None:
    """Every element, none looked at.

    `path`: of the file.
    """
    for _, element in etree.iterparse(path):
        element.clear()


def leanest(path: Path) -> None:
    """Every measValue, none looked at.

    `path`: of the file.
    """
    for _, element in etree.iterparse(path, tag="{*}measValue"):
        element.clear()


def seconds(path: Path, works: list[Callable[[Path], object]]) -> list[float]:
    """Least processor time of each over some turns, one after the other in every turn.

    `path`: of the file. `works`: what reads it.
    """
    turns = []
    for _ in range(TURNS):
        turns.append([])
        for work in works:
            start = time.process_time()
            work(path)
            turns[-1].append(time.process_time() - start)
    return np.min(turns, axis=0).tolist()


def compare(path: Path, form: str) -> None:
    """Prints the four side by side.

    `path`: of the file. `form`: its form, in words.
    """
    few, all_ = source(ASKED), source(EVERY)
    readers = [lambda p: pm_xml.read(p, few), lambda p: pm_xml.read(p, all_)]
    plain, lean, some, every = seconds(path, [bare, leanest, *readers])
    megabytes = path.stat().st_size / 1e6
    print(f"{form}, {megabytes:.0f} MB: bare loop {plain:.2f} s, leanest loop {lean:.2f} s")
    for name, took in (("14 counters", some), ("all 480 counters", every)):
        print(f"  reader, {name}: {took:.2f} s ({megabytes / took:.0f} MB/s), "
              f"{plain / took:.2f} x the bare loop, {lean / took:.2f} x the leanest")  # fmt: skip


def peak(path: Path) -> None:
    """Reads one file in this process and prints what it took.

    `path`: of the file.
    """
    frame, malformed = pm_xml.read(path, source(ASKED))
    # not getrusage, which begins with what the parent held
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    used = int(line) / 1000
    print(f"  {len(frame):,} rows of {frame.shape[1]} columns, {len(malformed)} refused, "
          f"peak {used:.0f} MB")  # fmt: skip


def main(gigabytes: float) -> None:
    """Both forms: speed on a small file, memory on a large one.

    `gigabytes`: least size of the large one.
    """
    with tempfile.TemporaryDirectory(prefix="hexperience-bench-") as folder:
        path = Path(folder) / "A20260301.0700+0100-0715+0100_NODES.xml"
        for form in ("by p", "by position"):
            write(path, SMALL, indexed=form == "by p")
            compare(path, form)
        for form in ("by p", "by position"):
            n_cells = write(path, gigabytes, indexed=form == "by p")
            size = path.stat().st_size / 1e9
            print(f"{form}, {size:.2f} GB, {n_cells:,} cells, in a process of its own:", flush=True)
            command = [sys.executable, "-m", "benchmarks.pm_xml", "--peak", str(path)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        peak(Path(sys.argv[2]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
