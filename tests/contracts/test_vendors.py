"""What is wrong in a vendor's TOML is named once, with its file and key."""

from pathlib import Path

import pytest

from contracts import vendors
from contracts.errors import SettingsError
from contracts.settings.load import load
from contracts.settings.sections import Settings

MINE = """
table = "pm"
[columns]
cell_id = "Cell"
period_start_utc = "Start"
[constants]
period_s = 900
[counters]
call_attempts = "A + B"
dropped_calls = ["D1 + D2", "D"]
"""
CONFIG = '[[source]]\nvendor = "mine.toml"\npath = "x.csv"\n'


def _load(folder: Path, vendor: str, config: str = CONFIG) -> Settings:
    (folder / "mine.toml").write_text(vendor, encoding="utf-8")
    (folder / "hexperience.toml").write_text(config, encoding="utf-8")
    return load(folder / "hexperience.toml", environ={})


def _faults(folder: Path, vendor: str, config: str = CONFIG) -> list[str]:
    with pytest.raises(SettingsError) as error:
        _load(folder, vendor, config)
    return [fault.replace(f"{folder}/", "") for fault in error.value.faults]


def test_a_source_may_give_any_key_of_its_vendor_anew(tmp_path: Path) -> None:
    own = (
        CONFIG + 'delimiter = ";"\n[source.constants]\nperiod_s = 3600\n'
        '[source.counters]\nrrc_att = "R"\ndropped_calls = ""\nrel_norm = "N"\nrel_abn_act = "M"\n'
    )
    (source,) = _load(tmp_path, MINE, own).source
    assert (source.table, source.delimiter, source.constants) == ("pm", ";", {"period_s": 3600})
    assert source.columns == {"cell_id": "Cell", "period_start_utc": "Start"}
    assert {*source.counters} == {"call_attempts", "rrc_att", "rel_norm", "rel_abn_act"}


def test_a_vendor_of_the_shelf_is_named(tmp_path: Path) -> None:
    config = '[[source]]\nvendor = "huawei_csv"\npath = "x.csv"\n'
    (source,) = _load(tmp_path, "", config).source
    assert source.groups == {"cell": ["Cell"]}
    (fault,) = _faults(tmp_path, "", config.replace("huawei_csv", "huawei_cvs"))
    assert fault.startswith("[[source]] number 1 vendor:")
    assert "did you mean huawei_csv?" in fault
    assert "nokia_csv" in fault


def test_every_fault_of_a_vendor_is_named_once_with_file_and_key(tmp_path: Path) -> None:
    broken = (
        MINE.replace('"A + B"', '"A + "').replace("period_s =", "perod_s =")
        + 'vendor_name = "a + b"\nlat = "a"\n[objects]\nCell = "(?P<cell>"\nB = "x"\n'
    )
    faults = _faults(tmp_path, broken)
    assert sorted(faults) == sorted(
        [
            "mine.toml: [constants] perod_s: no column of pm; did you mean period_s?",
            "mine.toml: [counters] call_attempts: 'A + ': at character 5: "
            'expected a name, a number or "(", found the end',
            next(t for t in faults if t.startswith("mine.toml: [counters] vendor_name: no column")),
            next(t for t in faults if t.startswith("mine.toml: [counters] lat: no column of pm")),
            next(t for t in faults if t.startswith("mine.toml: [objects] Cell: no regex (")),
            "mine.toml: [objects] B: no named group (?P<name>...) in 'x'",
            "[[source]] number 1 (pm): [source.columns] period_s: required by pm; "
            "name their column",
        ]
    )


def test_keys_and_types_that_a_vendor_can_t_have_are_named(tmp_path: Path) -> None:
    faults = _faults(tmp_path, 'path = "x"\nfooters = "a"\nskip_lines = -1\n' + MINE)
    assert faults[0] == "mine.toml: path: belongs to the [[source]]"
    assert faults[1].startswith("mine.toml: skip_lines: Input should be greater than")
    assert faults[2].startswith("mine.toml: footers: unknown key; did you mean footer?")
    assert len(faults) == 3
    (not_toml,) = _faults(tmp_path, "table = \n")
    assert "mine.toml: not TOML" in not_toml


def test_counters_that_can_t_be_are_named_in_a_source_too(tmp_path: Path) -> None:
    own = CONFIG + (
        'repeated_rows = "sum"\ntime_is = "end"\nfooter = "("\n[source.counters]\n'
        'rrc_att = "v[0]"\nsuspect = "a"\ncell_id = "b"\n'
    )
    faults = _faults(tmp_path, MINE, own)
    assert any("rrc_att: repeated_rows = 'sum' can't add the vectors v" in t for t in faults)
    assert any("suspect: no number; name their column" in t for t in faults)
    assert any("cell_id: also in [source.columns]" in t for t in faults)
    assert any("footer: no regex" in t for t in faults)
    ends = '[[source]]\ntable = "complaint"\npath = "x"\ntime_is = "end"\n'
    assert any(
        "time_is: rows of complaint have no period" in t for t in _faults(tmp_path, "", ends)
    )


def test_the_shelf_is_where_the_package_says() -> None:
    assert {"huawei_csv", "nokia_csv", "nokia_omes", "ericsson_csv"} < {*vendors.names()}
