"""Handovers between cells: what is refused, corrected and deleted, and by which days kept."""

import pandas as pd

from tests.bench.operator import Operator

SOURCE = """
[[source]]
table = "pm_relation"
path = "raw/relations_*.csv"
[source.columns]
cell_id = "from"
neighbour_cell_id = "to"
period_start_utc = "start"
ho_exe_att = "tried"
ho_exe_succ = "done"
[source.constants]
period_s = 3600
"""
HEADER = "from,to,start,tried,done\n"
FIRST = (
    HEADER + "001,002,2026-03-01T10:00:00,50,49\n"
    "001,003,2026-03-01T10:00:00,20,25\n"
    "001,001,2026-03-01T10:00:00,9,9\n"
    "001,,2026-03-01T10:00:00,9,9\n"
    "001,002,2026-03-01T10:00:00,50,49\n"
)
SECOND = HEADER + "002,001,2026-03-02T10:00:00,-1,0\n002,001,2026-03-02T11:00:00,7,7\n"


def _kept(operator: Operator) -> list[tuple[object, ...]]:
    rows = operator.warehouse.read("pm_relation")
    names = ["cell_id", "neighbour_cell_id", "ho_exe_att", "ho_exe_succ"]
    return list(rows[names].itertuples(index=False, name=None))


def test_relations_are_refused_corrected_and_deleted_like_all_rows(operator: Operator) -> None:
    operator.write("pm_1.csv", "cell,start,attempts,drops,prb,users\n"
                   "001,2026-03-01T10:00:00,9,1,5,2\n")  # fmt: skip
    operator.configure(SOURCE)
    operator.write("relations_1.csv", FIRST)
    operator.write("relations_2.csv", SECOND)
    receipt = operator.ingest().loc["pm_relation"]
    assert (receipt["n_read"], receipt["n_accepted"], receipt["n_refused"]) == (7, 3, 4)
    refused = operator.warehouse.read_refused("pm_relation")
    # the settled repetition stands with the refusals of reading
    assert {"the cell itself", "more than ho_exe_att"} <= {*refused["reason"]}
    assert operator.warehouse.days("pm_relation") == ["2026-03-01", "2026-03-02"]
    (first, odd, last) = _kept(operator)
    assert (first, last) == (("001", "002", 50, 49), ("002", "001", 7, 7))
    # more successes than attempts: which is wrong nobody knows, so successes are missing
    assert odd[:3] == ("001", "003", 20)
    assert pd.isna(odd[3])
    # a newer delivery counts; a file that is gone takes its rows along
    operator.write("relations_3.csv", HEADER + "001,002,2026-03-01T10:00:00,60,59\n")
    (operator.folder / "raw" / "relations_2.csv").unlink()
    operator.ingest()
    assert [row[:3] for row in _kept(operator)] == [("001", "002", 60), ("001", "003", 20)]
    assert operator.warehouse.days("pm_relation") == ["2026-03-01"]
