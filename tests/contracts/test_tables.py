"""Contracts hold what they promise, and the dictionary says the same as they do."""

import pandas as pd
import pytest

from contracts.errors import NothingFound
from contracts.fields import FIELDS, METRICS
from contracts.tables import PAIRS, PUBLISHED, TABLES, check, table, to_arrow


def _hexes(**changes: object) -> pd.DataFrame:
    row = {"hex_id": 1, "level": 8, "lat": 53.8, "lon": -1.5, "region": "Leeds"}
    return pd.DataFrame([{**row, **changes}])


def test_every_table_names_known_columns_and_its_key_is_among_them() -> None:
    for of in TABLES.values():
        assert set(of.columns) <= set(FIELDS), of.name
        assert set(of.key) <= set(of.columns), of.name
        assert set(of.required) <= set(of.columns), of.name
        assert len(set(of.columns)) == len(of.columns), of.name


def test_no_field_is_left_without_a_table() -> None:
    held = {name for of in TABLES.values() for name in (*of.columns, *of.read_instead)}
    assert FIELDS.keys() - held <= {*METRICS}


def test_persons_rows_are_never_published() -> None:
    assert not {"call", "complaint", "nps", "refused"} & set(PUBLISHED)


def test_pairs_are_counters() -> None:
    assert {name for pair in PAIRS for name in pair} <= set(TABLES["pm"].columns)


def test_a_good_frame_has_no_faults() -> None:
    assert check(_hexes(), TABLES["hex_place"]) == []


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        (_hexes(lat=412.0), "hex_place.lat: 1 values above 90 (first: 412.0)"),
        (_hexes().drop(columns="region"), "hex_place.region: missing"),
        (_hexes(colour="red"), "hex_place.colour: not a column of this table"),
        (_hexes(level="eight"), "hex_place.level: str, should be INTEGER"),
        (pd.concat([_hexes(), _hexes()]), "hex_place: 1 rows repeat the key (hex_id)"),
    ],
)
def test_a_fault_is_named_with_its_column(frame: pd.DataFrame, fault: str) -> None:
    assert check(frame, TABLES["hex_place"]) == [fault]


def test_all_faults_are_named_at_once() -> None:
    assert len(check(_hexes(lat=412.0, level=99, colour="red"), TABLES["hex_place"])) == 3


def test_a_value_outside_its_choices_is_refused() -> None:
    notes = pd.DataFrame(
        [
            {
                "table_name": "pm",
                "check_name": "x",
                "verdict": "green",
                "message": "",
                "run_id": "r",
            }
        ]
    )
    assert check(notes, TABLES["quality"]) == [
        "quality.verdict: green not among ok, warn, unsafe, high, low, high_low, low_high, none"
    ]


def test_arrow_has_the_contract_s_types_and_missing_values() -> None:
    arrow = to_arrow(_hexes(region=None), TABLES["hex_place"])
    assert arrow.schema == TABLES["hex_place"].schema
    assert arrow["region"].null_count == 1


def test_an_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NothingFound, match="no table 'cells'; there are: cell, pm"):
        table("cells")
