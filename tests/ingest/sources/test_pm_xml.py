"""3GPP PM files: every form tells the same, and a broken one costs only what is broken."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts.errors import InputError
from contracts.source import Source
from ingest import sources
from ingest.privacy.door import Door
from ingest.privacy.keys import Key
from ingest.sources import pm_xml
from tests.bench.operator import Operator
from tests.ingest.pm_files import FORMS, Info, written

IDENTITY = {
    "site_id": "@managed_element",
    "cell_id": "@object",
    "period_start_utc": "@start",
    "period_s": "@duration_s",
    "suspect": "@suspect",
}
VOICE = Info(
    ["VOICE.Att", "VOICE.Drop", "Other"],
    {"Cell=1": ["10", "1", "7"], "Cell=2": ["20", "", "0,1,2"]},
    suspect=frozenset({"Cell=2"}),
)
LOAD = Info(["RRU.PrbTotDl.1"], {"Cell=1": ["41.5"], "Site=1": ["3"]})
CONFIG = """
[operator]
timezone = "Europe/Oslo"
[[source]]
table = "pm"
path = "raw/*.xml*"
reader = "pm_xml"
[source.columns]
cell_id = "@object"
period_start_utc = "@start"
period_s = "@duration_s"
suspect = "@suspect"
call_attempts = "VOICE.Att"
dropped_calls = "VOICE.Drop"
prb_dl_util_pct = "RRU.PrbTotDl.1"
"""


def _source(*counters: str, **changes: Any) -> Source:
    columns = {"end": "@end"} | IDENTITY | {name: name for name in counters}
    return Source.model_validate(
        {"table": "pm", "path": "x", "reader": "pm_xml", "columns": columns, **changes}
    )


def _read(
    path: Path, text: str | bytes, *counters: str, **changes: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return pm_xml.read(path, _source(*counters, **changes))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "A20260301.0700+0100-0715+0100_NE-1.xml"


@pytest.mark.parametrize("form", FORMS)
def test_groups_of_one_object_and_period_become_one_row(form: str, path: Path) -> None:
    text = written([VOICE, LOAD], form)
    frame, malformed = _read(path, text, "VOICE.Att", "VOICE.Drop", "RRU.PrbTotDl.1")
    assert malformed.empty
    when = {
        "@managed_element": "NE-1",
        "@start": "2026-03-01T07:00:00+01:00",
        "@end": "2026-03-01T07:15:00+01:00",
        "@duration_s": "900",
    }
    assert _records(frame.drop(columns="source_row")) == [
        {"@object": name, "@suspect": doubt, "VOICE.Att": att, "VOICE.Drop": drop,
         "RRU.PrbTotDl.1": prb} | when
        for name, doubt, att, drop, prb in [
            ("Cell=1", "false", "10", "1", "41.5"),
            ("Cell=2", "true", "20", None, None),
            ("Site=1", "false", None, None, "3"),
        ]
    ]  # fmt: skip
    assert frame["source_row"].tolist() == [1, 2, 4]


@pytest.mark.parametrize("seed", range(20))
def test_all_forms_tell_the_same_whatever_the_file(seed: int, path: Path) -> None:
    rng = np.random.default_rng(seed)
    names = [f"C{n}" for n in range(9)]
    infos = [
        Info(
            counters := rng.choice(names, rng.integers(1, 6), replace=False).tolist(),
            {
                f"Cell={cell}": rng.choice(["", "0", "1", "2.5", "1,0,3"], len(counters)).tolist()
                for cell in rng.choice(9, rng.integers(0, 6), replace=False)
            },
            end=f"2026-03-01T0{rng.integers(1, 3)}:00:00+01:00",
            suspect=frozenset({f"Cell={rng.integers(9)}"}),
        )
        for _ in range(rng.integers(1, 7))
    ]
    wanted = names[: rng.integers(1, 6)]
    first, *others = [_read(path, written(infos, form), *wanted) for form in FORMS]
    for other in others:
        pd.testing.assert_frame_equal(first[0], other[0])
        pd.testing.assert_frame_equal(first[1], other[1])
    assert _accounted(infos, set(wanted)) == (len(first[0]), len(first[1]))


def _accounted(infos: list[Info], wanted: set[str]) -> tuple[int, int]:
    """Rows and refusals, as one would count them by hand."""
    known: dict[tuple[str, str], dict[str, str]] = {}
    refused = 0
    for info in infos:
        for cell, texts in info.values.items() if wanted & {*info.counters} else ():
            expected = {
                name: text
                for name, text in zip(info.counters, texts, strict=True)
                if name in wanted and text
            }
            row = known.setdefault((cell, info.end), {})
            # the first to give a counter is believed
            refused += any(row.get(name, text) != text for name, text in expected.items())
            for name, text in expected.items():
                row.setdefault(name, text)
    return len(known), refused


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("PT900S", 900), ("PT15M", 900), ("PT1H", 3600), ("PT1H30M", 5400), ("P1D", 86400),
     ("PT900.0S", 900), ("PT0H15M0S", 900)],
)  # fmt: skip
def test_the_start_is_the_end_less_the_duration(duration: str, seconds: int, path: Path) -> None:
    one = Info(["A"], {"Cell=1": ["1"]}, duration=duration)
    frame, _ = _read(path, written([one], "p-indexed"), "A")
    assert frame["@duration_s"].tolist() == [str(seconds)]
    end, start = (pd.Timestamp(frame[name][0]) for name in ("@end", "@start"))
    assert (end - start).total_seconds() == seconds
    assert end == pd.Timestamp("2026-03-01T06:15:00Z")


@pytest.mark.parametrize(
    "end", ["2026-03-01T06:15:00Z", "2026-03-01T11:45:00+0530", "2026-03-01T02:15:00-04:00:00",
            "2026-03-01T07:15:00.000+01", "20260301071500+0100"],
)  # fmt: skip
def test_offsets_of_every_spelling(end: str, path: Path) -> None:
    frame, _ = _read(path, written([Info(["A"], {"C": ["1"]}, end=end)], "positional"), "A")
    assert pd.Timestamp(frame["@start"][0]) == pd.Timestamp("2026-03-01T06:00:00Z")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('p="2">VOICE.Drop', 'p="1">VOICE.Drop', "its measInfo declares p=1 twice"),
        ("VOICE.Drop", "VOICE.Att", "its measInfo declares 'VOICE.Att' twice"),
        ("PT900S", "900", "granPeriod duration '900' is no length of time"),
        ("PT900S", "PT0S", "granPeriod duration 'PT0S' is no length of time"),
        ("PT900S", "P999999999DT9H", "granPeriod endTime '2026-03-01T07:15:00+0100' is no time"),
        ("T07:15:00", "T27:15:00", "granPeriod endTime '2026-03-01T27:15:00+0100' is no time"),
        ("granPeriod", "period", "granPeriod duration '' is no length of time"),
    ],
)
def test_a_group_that_makes_no_sense_costs_only_itself(
    old: str, new: str, reason: str, path: Path
) -> None:
    text = written([VOICE, LOAD], "p-indexed").replace(old, new, 1)
    frame, malformed = _read(path, text, "VOICE.Att", "VOICE.Drop", "RRU.PrbTotDl.1")
    assert _records(malformed) == [{"source_row": n, "reason": reason} for n in (1, 2)]
    assert frame["RRU.PrbTotDl.1"].tolist() == ["41.5", "3"]
    assert frame["VOICE.Att"].isna().all()


@pytest.mark.parametrize(
    ("form", "old", "new", "reason"),
    [
        ("p-indexed", '<r p="2">1<', '<r p="9">1<',
         "a value with p=9, its measInfo declares no such type"),
        ("p-indexed", '<r p="2">1<', '<r p="1">1<', "two values with p=1"),
        ("p-indexed", 'measObjLdn="Cell=1"', "", "no measObjLdn"),
        ("p-indexed", 'measObjLdn="Cell=1"', 'measObjLdn=""', "no measObjLdn"),
        ("positional", "10 1 7", "10 1", "2 values, its measInfo declares 3 types"),
        ("positional", "10 1 7", "", "0 values, its measInfo declares 3 types"),
        ("mdc", "<r>1</r>", "", "2 values, its measInfo declares 3 types"),
        ("mdc", "<moid>Cell=1</moid>", "", "no measObjLdn"),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_costs_only_itself(
    form: str, old: str, new: str, reason: str, path: Path
) -> None:
    text = written([VOICE, LOAD], form).replace(old, new, 1)
    frame, malformed = _read(path, text, "VOICE.Att", "VOICE.Drop")
    assert _records(malformed) == [{"source_row": 1, "reason": reason}]
    assert frame["@object"].tolist() == ["Cell=2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<measValue", "<vendorNote><x>1</x></vendorNote><measValue"),
        ("</measValue>", "<vendorNote/></measValue>"),
        ("<suspect>true</suspect>", "<suspect> TRUE </suspect><!-- why not -->"),
        ("<measData>", '<measData xmlns:v="urn:v"><v:extra v:a="1"/>'),
        ("<job ", "<?pi?><job "),
        ("32.435#measCollec", "32.435/>#measCollec"),
        ('<r p="1">10</r>', '<r p="1"> 10\n</r>'),
        ('<r p="1">10</r>', '<r p="1"><![CDATA[10]]></r>'),
        ('<r p="1">10</r>', '<r p="1">1<!-- -->0</r>'),
    ],
)
def test_what_is_unknown_changes_nothing(old: str, new: str, path: Path) -> None:
    text = written([VOICE, LOAD], "p-indexed")
    assert old in text
    expected = _read(path, text, "VOICE.Att", "VOICE.Drop", "RRU.PrbTotDl.1")
    frame, malformed = _read(
        path, text.replace(old, new), "VOICE.Att", "VOICE.Drop", "RRU.PrbTotDl.1"
    )
    pd.testing.assert_frame_equal(frame, expected[0])
    assert malformed.empty


def test_an_object_given_again_is_merged_where_it_agrees_and_refused_where_not(path: Path) -> None:
    again = Info(["VOICE.Att", "New"], {"Cell=1": ["10", "5"], "Cell=2": ["21", "6"]})
    frame, malformed = _read(path, written([VOICE, again], "p-indexed"), "VOICE.Att", "New")
    assert frame["VOICE.Att"].tolist() == ["10", "20"]
    assert frame["New"].fillna("-").tolist() == ["5", "-"]
    reason = "gives a counter of its object and period once more, with another value"
    assert _records(malformed) == [{"source_row": 4, "reason": reason}]


def test_of_two_that_disagree_the_later_is_refused_whatever_else_its_measinfo_has(
    path: Path,
) -> None:
    one, other = Info(["A", "B"], {"Cell=1": ["1", "2"]}), Info(["A"], {"Cell=2": ["3"]})
    late = Info(["A", "B"], {"Cell=2": ["4", "5"]})
    frame, malformed = _read(path, written([one, other, late], "positional"), "A", "B")
    assert frame["A"].tolist() == ["1", "3"]
    assert malformed["source_row"].tolist() == [3]


def test_what_stands_between_measvalues_is_kept_apart(path: Path) -> None:
    text = written([Info(["A"], {f"Cell={n}": [str(n)] for n in range(1, 4)})], "p-indexed")
    stray = '<measValue measObjLdn="X"><r p="1">9</r></measValue><managedElement localDn="NE-2"/>'
    text = text.replace("</measInfo>", f"</measInfo>{stray}")
    more = written([Info(["A"], {"Cell=7": ["7"]})], "p-indexed")
    info = more[more.index("<measInfo") : more.index("</measData>")]
    text = text.replace("</measData>", f"{info}</measData>")
    frame, malformed = _read(path, text, "A")
    assert frame["@object"].tolist() == ["Cell=1", "Cell=2", "Cell=3", "Cell=7"]
    assert frame["@managed_element"].tolist() == ["NE-1"] * 3 + ["NE-2"]
    reason = "its measInfo declares no measTypes"
    assert _records(malformed) == [{"source_row": 4, "reason": reason}]


def test_periods_and_elements_are_kept_apart(path: Path) -> None:
    later = Info(VOICE.counters, {"Cell=1": ["11", "2", "8"]}, end="2026-03-01T07:30:00+0100")
    one, two = written([VOICE, later], "positional"), written([VOICE], "positional", element="NE-2")
    both = one.replace("</measCollecFile>", two[two.index("<measData>") :])
    frame, malformed = _read(path, both, "VOICE.Att")
    assert malformed.empty
    assert frame[["@managed_element", "@object", "@start"]].agg("".join, axis=1).tolist() == [
        "NE-1Cell=12026-03-01T07:00:00+01:00",
        "NE-1Cell=22026-03-01T07:00:00+01:00",
        "NE-1Cell=12026-03-01T07:15:00+01:00",
        "NE-2Cell=12026-03-01T07:00:00+01:00",
        "NE-2Cell=22026-03-01T07:00:00+01:00",
    ]


def test_a_file_cut_anywhere_keeps_what_is_whole_and_names_the_cut(path: Path) -> None:
    text = written([VOICE, LOAD], "p-indexed").encode()
    starts = text.index(b"</fileHeader" if b"</fileHeader" in text else b"fileHeader")
    whole = text.rindex(b">")
    for cut in range(text.index(b">", starts) + 1, whole + 1):
        frame, malformed = _read(path, text[:cut], "VOICE.Att", "RRU.PrbTotDl.1")
        n_whole = text[:cut].count(b"</measValue>")
        assert len(frame) == (0, 1, 2, 2, 3)[n_whole]
        assert malformed["source_row"].tolist() == [n_whole + 1]
        assert malformed["reason"].str.endswith("the file may have been cut off here").all()


def test_a_file_broken_in_the_middle_keeps_what_stands_before(path: Path) -> None:
    text = written([VOICE, LOAD], "p-indexed").replace('<measValue measObjLdn="Cell=2"', "<<")
    frame, malformed = _read(path, text, "VOICE.Att", "RRU.PrbTotDl.1")
    assert frame["@object"].tolist() == ["Cell=1"]
    (reason,) = malformed["reason"]
    assert reason.startswith("no XML from here on (StartTag: invalid element name, line 14)")
    assert "cut off" not in reason


def test_gzip_is_known_by_its_content_and_may_be_cut_too(path: Path) -> None:
    rng = np.random.default_rng(3)
    values = {f"Cell={n}": [str(rng.integers(1 << 40))] for n in range(500)}
    packed = gzip.compress(written([Info(["A"], values)], "p-indexed").encode())
    frame, _ = _read(path, packed, "A")
    assert frame["A"].tolist() == [texts[0] for texts in values.values()]
    cut, malformed = _read(path, packed[: len(packed) // 2], "A")
    pd.testing.assert_frame_equal(cut, frame.head(len(cut)))
    assert 100 < len(cut) < 400
    assert malformed["reason"].str.contains("gzip has no end.*cut off here").tolist() == [True]


def _refusal(path: Path, content: str | bytes, **changes: Any) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as refusal:
        sources.read(path, _source("A", **changes), door=Door(lambda: [Key(b"k" * 32)]))
    return str(refusal.value)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Document is empty"),
        (b"\x00" * 100, "Start tag expected"),
        ("cell,attempts\n1,2\n", "Start tag expected"),
        ("<html><body/></html>", "its root is html, not mdc or measCollecFile or measDataFile"),
        ("<OMeS><PMSetup/></OMeS>", "its root is OMeS"),
        (gzip.compress(b"<measCollecFile/>" * 99, mtime=0)[:15], "no XML from here on"),
        (gzip.compress(b"<measCollecFile><measData/>" * 2, mtime=0)[:-8] + b"01234567",
         "incorrect data check"),
        (b"\x1f\x8b" + b"junk" * 9, "unknown compression method"),
        (f'<!DOCTYPE m [<!ENTITY l0 "ha">{LAUGHS}]>'
         "<measCollecFile>&l9;<measData/></measCollecFile>",
         "entity amplification"),
        (f'<!DOCTYPE m [<!ENTITY l0 "ha">{LAUGHS}]>'
         '<measCollecFile><measData/><x y="&l9;"/></measCollecFile>', "entit"),
        ('<!DOCTYPE m [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
         "<measCollecFile>&e;<measData/></measCollecFile>", "declares entities"),
        ('<!DOCTYPE m [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]>'
         "<measCollecFile><measData/></measCollecFile>", "declares entities"),
        ("<measCollecFile>" + "<a/>" * (1 << 20) + "<measData/></measCollecFile>",
         "4 MB before byte"),
        ("<measCollecFile>" + "<a>" * 5000, "depth"),
    ],
)  # fmt: skip
def test_no_pm_file_or_a_hostile_one_is_refused_whole(
    content: str | bytes, reason: str, path: Path
) -> None:
    message = _refusal(path, content)
    assert str(path) in message
    assert reason in message


def test_a_gzip_bomb_is_refused_at_the_cap(path: Path) -> None:
    one = b'<measValue measObjLdn="C"><r p="1">1</r></measValue>'
    bomb = gzip.compress(b"<measCollecFile><measData><measInfo>" + one * 400_000, 9)
    assert len(bomb) < 100_000
    message = _refusal(path, bomb, max_gigabytes=0.01)
    assert (
        "unpacked it has more than 0.01 GB; split it or raise [[source]] max_gigabytes" in message
    )


def test_an_external_dtd_is_not_fetched(path: Path, tmp_path: Path) -> None:
    (tmp_path / "m.dtd").write_text('<!ATTLIST measValue measObjLdn CDATA "planted">', "utf-8")
    text = written([VOICE], "p-indexed").replace(
        "<measCollecFile", f'<!DOCTYPE measCollecFile SYSTEM "{tmp_path}/m.dtd"><measCollecFile'
    )
    text = text.replace('measObjLdn="Cell=1"', "")
    frame, malformed = _read(path, text, "VOICE.Att")
    assert frame["@object"].tolist() == ["Cell=2"]
    assert malformed["reason"].tolist() == ["no measObjLdn"]


def test_absent_counters_are_missing_and_misspelt_places_are_faults(path: Path) -> None:
    path.write_text(written([VOICE], "p-indexed"), "utf-8")
    assert sources.missing_columns(path, _source("VOICE.Att", "Absent")) == []
    frame, _ = pm_xml.read(path, _source("VOICE.Att", "Absent"))
    assert frame["Absent"].isna().all()
    columns = {"cell_id": "@objekt", "call_attempts": "VOICE.Att"}
    (fault,) = sources.missing_columns(path, _source().model_copy(update={"columns": columns}))
    assert "no column '@objekt' (for cell_id); it has: @managed_element, @object" in fault


def test_the_header_is_read_no_farther_than_needed(path: Path) -> None:
    text = written([VOICE], "positional")
    path.write_text(text[: text.index("</measValue>") + 12] + "<<", "utf-8")
    header = pm_xml.header(path, _source("VOICE.Att"))
    assert header[-3:] == ["VOICE.Att", "VOICE.Drop", "Other"]


def test_a_run_reads_refuses_and_repeats_nothing(operator: Operator) -> None:
    (operator.folder / "hexperience.toml").write_text(CONFIG, "utf-8")
    text = written([VOICE, LOAD], "p-indexed").replace('<r p="1">20<', '<r p="7">20<')
    operator.write("A20260301.0700+0100-0715+0100_NE-1.xml", text)
    later = Info(VOICE.counters, {"Cell=1": ["11", "2", "8"]}, end="2026-03-01T07:30:00+0100")
    packed = operator.folder / "raw" / "A20260301.0715+0100-0730+0100_NE-1.xml.gz"
    packed.write_bytes(gzip.compress(written([later], "positional").encode()))
    receipt = operator.ingest()
    assert receipt.loc["pm", ["n_read", "n_accepted", "n_refused"]].tolist() == [4, 3, 1]
    hours = operator.warehouse.read("cell_hour").set_index("cell_id")
    assert hours.loc["Cell=1", ["call_attempts", "dropped_calls"]].tolist() == [21, 3]
    refused = operator.warehouse.read_refused("pm")
    assert refused["reason"].tolist() == ["a value with p=7, its measInfo declares no such type"]
    before = {p: p.stat().st_mtime_ns for p in operator.warehouse.path.rglob("*.parquet")}
    pd.testing.assert_frame_equal(operator.ingest(), receipt)
    pieces = [p for p in before if "pieces" in p.parts]
    assert pieces
    assert all(p.stat().st_mtime_ns == before[p] for p in pieces)


def test_an_empty_list_of_types_beside_single_types_is_no_list(path: Path) -> None:
    whole = written([Info(["VOICE.Att"], {"C=1": ["7"]})], "p-indexed")
    for empty in ("<measTypes/>", "<measTypes> </measTypes>"):
        frame, refused = _read(
            path, whole.replace("<measType ", f"{empty}<measType ", 1), "VOICE.Att"
        )
        assert len(refused) == 0
        assert frame["VOICE.Att"].tolist() == ["7"]


@pytest.mark.parametrize(
    "before",
    [
        '<?xml-stylesheet type="text/xsl" href="m.xsl"?>\n',
        "\n\n",
        "\ufeff\n<!-- made by x -->\n",
    ],
)
def test_lines_before_the_declaration_are_survived(before: str, path: Path) -> None:
    whole = '<?xml version="1.0"?>\n' + re.sub(
        r"^<\?xml[^>]*>\s*", "", written([Info(["VOICE.Att"], {"C=1": ["7"]})], "p-indexed")
    )
    frame, refused = _read(path, before + whole, "VOICE.Att")
    assert len(refused) == 0
    assert frame["VOICE.Att"].tolist() == ["7"]


@pytest.mark.parametrize(
    ("inside", "lacking"),
    [
        ("<fileHeader/>", "no measData, no managedElement, no measInfo, no measValue"),
        ("<fileHeader/><measData><managedElement/></measData>", "no measInfo, no measValue"),
        ("<measData/>", "no fileHeader, no managedElement, no measInfo, no measValue"),
    ],
)
def test_a_file_without_measurements_says_what_it_lacks(
    inside: str, lacking: str, path: Path
) -> None:
    frame, refused = _read(path, f"<measCollecFile>{inside}</measCollecFile>", "VOICE.Att")
    assert len(frame) == 0
    assert refused["reason"].tolist() == [f"the file holds no measurement: it has {lacking}"]
