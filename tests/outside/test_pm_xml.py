"""A 3GPP file that nobody here made, beside the plainest reading of it; and a consumer's JSON."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from contracts.source import Source
from ingest import sources
from ingest.sources import pm_xml
from tests.ingest.pm_files import Info, written

OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")
FOLDER = Path(OUTSIDE) / "pm_xml"
SAMPLE = FOLDER / "A20230515.0700+0100-0715+0100_GNODEB-0.xml"
NS = "{http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec}"

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data"),
]


def _source(*counters: str) -> Source:
    places = {"site_id": "@managed_element", "cell_id": "@object", "period_start_utc": "@start",
              "period_s": "@duration_s", "suspect": "@suspect"}  # fmt: skip
    columns = places | {name: name for name in counters}
    return Source.model_validate(
        {"table": "pm", "path": "x", "reader": "pm_xml", "columns": columns}
    )


def _plainly(path: Path) -> dict[str, dict[str, str]]:
    """Counters of each object, the whole tree in memory; a `suspect` among them."""
    measured: dict[str, dict[str, str]] = {}
    for info in ET.parse(path).iter(f"{NS}measInfo"):  # noqa: S314  (a file we know)
        names = {kind.get("p"): kind.text for kind in info.iter(f"{NS}measType")}
        for value in info.iter(f"{NS}measValue"):
            row = measured.setdefault(str(value.get("measObjLdn")), {})
            row["@suspect"] = value.findtext(f"{NS}suspect") or row.get("@suspect", "false")
            for r in value.iter(f"{NS}r"):
                text, name = r.text or "", str(names[r.get("p")])
                assert row.setdefault(name, text) == text
    return measured


def test_every_object_and_counter_of_the_sample_comes_out() -> None:
    expected = _plainly(SAMPLE)
    counters = sorted({name for row in expected.values() for name in row} - {"@suspect"})
    frame, malformed = pm_xml.read(SAMPLE, _source(*counters))
    assert malformed.empty
    assert len(counters) > 800
    assert frame["@start"].unique().tolist() == ["2023-05-15T07:00:00+01:00"]
    assert frame["@duration_s"].unique().tolist() == ["900"]
    rows = frame.set_index("@object")[["@suspect", *counters]]
    measured = {str(name): row.dropna().to_dict() for name, row in rows.iterrows()}
    assert measured == expected
    assert sources.missing_columns(SAMPLE, _source(*counters)) == []


@pytest.mark.parametrize("form", ["p-indexed", "positional", "TS 28.532", "mdc"])
def test_a_consumer_s_report_written_as_xml_comes_back(form: str, tmp_path: Path) -> None:
    report: Any = json.loads((FOLDER / "pm_report.json").read_text("utf-8"))
    collection = report["event"]["perf3gppFields"]["measDataCollection"]
    infos, expected = [], dict[str, dict[str, str]]()
    for one in collection["measInfoList"]:
        names = one["measTypes"]["sMeasTypesList"]
        values = {v["measObjInstId"]: [r["sValue"] for r in v["measResults"]]
                  for v in one["measValuesList"]}  # fmt: skip
        doubt = {v["measObjInstId"] for v in one["measValuesList"] if v["suspectFlag"] == "true"}
        infos.append(Info(names, values, suspect=frozenset(doubt)))
        for name, texts in values.items():
            row = expected.setdefault(name, {"@suspect": "false"})
            row |= dict(zip(names, texts, strict=True))
            row["@suspect"] = "true" if name in doubt else row["@suspect"]
    path = tmp_path / "A.xml"
    path.write_text(written(infos, form, element=collection["measuredEntityDn"]), "utf-8")
    counters = [name for info in infos for name in info.counters]
    frame, malformed = pm_xml.read(path, _source(*counters))
    assert malformed.empty
    rows = frame.set_index("@object")[["@suspect", *counters]]
    measured = {str(name): row.dropna().to_dict() for name, row in rows.iterrows()}
    assert measured == expected
    assert frame["@managed_element"].unique().tolist() == [collection["measuredEntityDn"]]
