"""A person counts once in each group: where and when he first complained."""

import pandas as pd

from analysis.places.complainants import first_complaints


def _complaint(name: str, who: str, day: int, *hexes: int) -> pd.DataFrame:
    created = pd.Timestamp(f"2026-06-{day:02}", tz="UTC")
    return pd.DataFrame({
        "complaint_id": name, "person_key": who, "created_utc": created, "week": day // 7,
        "hex_id": hexes, "weight": 1 / len(hexes),
    })  # fmt: skip


def test_the_first_of_each_group_counts_with_all_its_hexagons() -> None:
    complaints = pd.concat([
        _complaint("later", "ann", 3, 7), _complaint("first", "ann", 2, 8, 9),
        _complaint("other week", "ann", 9, 7), _complaint("ben's", "ben", 5, 7),
    ])  # fmt: skip
    first = first_complaints(complaints, by=["week"])
    assert first["complaint_id"].tolist() == ["first", "first", "ben's", "other week"]
    assert first["hex_id"].tolist() == [8, 9, 7, 7]
    assert first["weight"].sum() == 3
    assert first_complaints(complaints, by=[])["complaint_id"].tolist() == ["first"] * 2 + ["ben's"]


def test_of_two_at_one_instant_the_first_by_name_counts() -> None:
    complaints = pd.concat([_complaint("b", "ann", 2, 7), _complaint("a", "ann", 2, 8)])
    assert first_complaints(complaints, by=["week"])["complaint_id"].tolist() == ["a"]
