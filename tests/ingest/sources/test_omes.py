"""Nokia OMeS files: starts, minutes, odd offsets, and counters named by elements."""

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.errors import InputError
from contracts.source import Source
from ingest import sources
from ingest.privacy.door import Door
from ingest.privacy.keys import Key
from ingest.sources import omes

COLUMNS = {
    "site_id": "@managed_element",
    "cell_id": "@object",
    "period_start_utc": "@start",
    "period_s": "@duration_s",
    "suspect": "@suspect",
    "call_attempts": "M8013C17",
    "dropped_calls": "M8013C18",
    "prb_dl_util_pct": "M8011C24",
}
MINUTES = "PMSetup interval '{}' is no number of minutes"
CELL = "PLMN-PLMN/MRBTS-1/LNBTS-1/LNCEL-"


def _result(dn: str, target: str, **counters: str) -> str:
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in counters.items())
    mo = f'<MO dimension="network_element"><DN>{dn}</DN></MO>'
    return f'<PMMOResult>{mo}<PMTarget measurementType="{target}">{inside}</PMTarget></PMMOResult>'


def _setup(
    *results: str, start: str = "2026-03-01T07:00:00.000+01:00:00", minutes: str = "15"
) -> str:
    return f'<PMSetup startTime="{start}" interval="{minutes}">{"".join(results)}</PMSetup>'


def _file(*setups: str) -> str:
    return f'<?xml version="1.0"?>\n<OMeS version="2.3">{"".join(setups)}</OMeS>\n'


WHOLE = _file(
    _setup(
        _result(CELL + "1", "LTE_EPS_Bearer", M8013C17="10", M8013C18="1", M8013C99="5"),
        _result(CELL + "2", "LTE_EPS_Bearer", M8013C17="20"),
        _result(CELL + "1", "LTE_Cell_Resource", M8011C24="41.5"),
        _result(CELL + "3", "LTE_S1AP", M8000C0="3"),
    ),
    _setup(_result(CELL + "1", "LTE_EPS_Bearer", M8013C17="", M8013C18="2"), minutes="60"),
)


def _read(path: Path, text: str | bytes, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return omes.read(path, _source(**changes))


def _source(**changes: Any) -> Source:
    given = {"table": "pm", "path": "x", "reader": "omes", "columns": COLUMNS}
    return Source.model_validate({**given, **changes})


def _lists(frame: pd.DataFrame) -> list[list[Any]]:
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "etlexpmx_MRBTS_20260301.xml"


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_targets_of_one_object_and_period_become_one_row(pack: Any, path: Path) -> None:
    frame, malformed = _read(path, pack(WHOLE))
    assert malformed.empty
    columns = ["@object", "@start", "@duration_s", *list(COLUMNS.values())[-3:], "source_row"]
    start = "2026-03-01T07:00:00+01:00"
    assert _lists(frame[columns]) == [
        [CELL + "1", start, "900", "10", "1", "41.5", 1],
        [CELL + "2", start, "900", "20", None, None, 2],
        [CELL + "1", start, "3600", None, "2", None, 5],
    ]
    assert frame["@managed_element"].unique().tolist() == ["PLMN-PLMN/MRBTS-1"]
    assert frame["@suspect"].unique().tolist() == ["false"]


@pytest.mark.parametrize(
    ("start", "utc"),
    [
        ("2019-08-20T09:30:00.000+09:00", "2019-08-20T00:30"),
        ("2019-08-20T09:30:00.000-04:00:00", "2019-08-20T13:30"),
        ("2019-08-20T09:30:00+0200", "2019-08-20T07:30"),
        ("2019-08-20T09:30:00Z", "2019-08-20T09:30"),
    ],
)
def test_the_start_is_the_start_and_offsets_have_many_spellings(
    start: str, utc: str, path: Path
) -> None:
    text = _file(_setup(_result("A/B", "T", M8013C17="1"), start=start))
    frame, _ = _read(path, text)
    assert pd.Timestamp(frame["@start"][0]) == pd.Timestamp(utc, tz="UTC")


def test_older_files_name_the_target_by_its_element_and_have_namespaces(path: Path) -> None:
    text = WHOLE.replace("<OMeS", '<OMeS xmlns="pm/cnf_rnc_nsn.1.0.xsd"')
    text = text.replace("<PMTarget", "<NE-WBTS_1.0").replace("</PMTarget", "</NE-WBTS_1.0")
    pd.testing.assert_frame_equal(_read(path, text)[0], _read(path, WHOLE)[0])


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ("<M8013C99>5</M8013C99>", "<M8013C17>11</M8013C17>", {1: "gives a counter twice"}),
        (f"<DN>{CELL}2</DN>", "", {2: "no MO with a DN"}),
        ('interval="60"', 'interval="x"', {5: MINUTES.format("x")}),
        ('interval="60"', 'interval="nan"', {5: MINUTES.format("nan")}),
        ('interval="60"', 'interval="1e30"', {5: MINUTES.format("1e30")}),
        ('interval="60"', 'interval="0"', {5: "a period of 0 s"}),
        ("T07:00:00", "T7h00", dict.fromkeys(
            (1, 2, 3), "PMSetup startTime '2026-03-01T7h00.000+01:00:00' is no time")),
        ("<M8000C0>3</M8000C0>", "<M8013C17>7</M8013C17><M8000C0/>", {}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_the_rest_is_kept(
    old: str, new: str, reasons: dict[int, str], path: Path
) -> None:
    frame, malformed = _read(path, WHOLE.replace(old, new, 1))
    assert dict(zip(malformed["source_row"], malformed["reason"], strict=True)) == reasons
    assert not {*reasons} & {*frame["source_row"]}
    assert frame["M8013C17"].tolist().count("7") == ("7" in new and not reasons)


def test_a_file_cut_anywhere_keeps_what_is_whole_and_names_the_cut(path: Path) -> None:
    text = WHOLE.encode()
    first = text.index(b"</PMMOResult>") + len(b"</PMMOResult>")
    for cut in range(first, text.rindex(b">"), 3):
        frame, malformed = _read(path, text[:cut])
        n_whole = text[:cut].count(b"</PMMOResult>")
        assert len(frame) == (0, 1, 2, 2, 2, 3)[n_whole]
        assert malformed["source_row"].tolist() == [n_whole + 1]
        assert malformed["reason"].str.endswith("the file may have been cut off here").all()


def test_another_kind_of_xml_is_refused(path: Path) -> None:
    path.write_text("<measCollecFile><measData/></measCollecFile>", "utf-8")
    with pytest.raises(InputError, match="its root is measCollecFile, not OMeS"):
        sources.read(path, _source(), door=Door(lambda: [Key(b"k" * 32)]))


def test_absent_counters_are_missing(path: Path) -> None:
    path.write_text(WHOLE, "utf-8")
    source = _source(columns=COLUMNS | {"call_setups": "M1C1"})
    assert sources.missing_columns(path, source) == []
    assert omes.read(path, source)[0]["M1C1"].isna().all()
    assert omes.header(path, source)[-4:] == ["M8013C18", "M8013C99", "M8011C24", "M8000C0"]
