"""Who calls again about the same thing complains once, whatever file and order the rows come in."""

import numpy as np
import pandas as pd
import pytest

from ingest.settle.repeats import repeats, superseded


def _contacts(*rows: tuple[str | None, str, str], **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subscriber_id", "complaint_class", "created_utc"])
    frame["created_utc"] = pd.to_datetime(frame["created_utc"], utc=True).astype(
        "datetime64[us, UTC]"
    )
    ids = [f"c{i}" for i in range(len(rows))]
    return frame.assign(**{"complaint_id": ids, "is_repeat": None, **more})


def _repeats(contacts: pd.DataFrame, days: int = 7, zone: str = "UTC") -> list[bool]:
    return repeats(contacts, days=days, zone=zone).tolist()


def test_a_repeat_is_within_the_days_after_the_former_contact() -> None:
    contacts = _contacts(
        ("a", "network", "2026-06-01 23:00"), ("a", "network", "2026-06-08 23:30"),
        ("a", "network", "2026-06-14 10:00"), ("a", "network", "2026-06-22 09:00"),
        ("a", "network", "2026-06-29 23:59"),
    )  # fmt: skip
    assert _repeats(contacts) == [False, True, True, False, True]
    assert _repeats(contacts, days=6) == [False, False, True, False, False]


def test_another_person_or_class_and_nobody_repeat_nothing() -> None:
    contacts = _contacts(
        ("a", "network", "2026-06-01"), ("b", "network", "2026-06-02"),
        ("a", "account", "2026-06-02"), (None, "network", "2026-06-02"),
        (None, "network", "2026-06-02"),
    )  # fmt: skip
    assert _repeats(contacts) == [False] * 5


def test_what_the_source_says_stands() -> None:
    contacts = _contacts(
        ("a", "network", "2026-06-01"), ("a", "network", "2026-06-02"),
        ("a", "network", "2026-06-03"), (None, "network", "2026-06-03"),
        is_repeat=[True, False, None, True],
    )  # fmt: skip
    assert _repeats(contacts) == [True, False, True, True]


def test_days_are_local_ones() -> None:
    contacts = _contacts(("a", "network", "2026-06-01 20:00"), ("a", "network", "2026-06-02 01:00"))
    assert _repeats(contacts, days=0) == [False, False]
    assert _repeats(contacts, days=0, zone="Asia/Kolkata") == [False, True]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_files_and_rows_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2026-06-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 60, 400), "D")
    rows = zip(rng.choice(["a", "b", "c"], 400), rng.choice(["network", "device"], 400), days,
               strict=True)  # fmt: skip
    contacts = _contacts(*rows)  # type: ignore[arg-type]
    found = repeats(contacts, days=3, zone="UTC")
    shuffled = contacts.sample(frac=1, random_state=seed)
    pd.testing.assert_series_equal(repeats(shuffled, days=3, zone="UTC").sort_index(), found)
    # once more, contact by contact
    last: dict[tuple[str, str], pd.Timestamp] = {}
    for row in contacts.sort_values(["created_utc", "complaint_id"]).itertuples():
        of = (str(row.subscriber_id), str(row.complaint_class))
        again = of in last and row.created_utc - last[of] <= pd.Timedelta(days=3)
        assert found[row.Index] == again
        last[of] = row.created_utc


def test_of_a_person_s_answers_in_a_wave_the_last_counts() -> None:
    answers = pd.DataFrame(
        [
            ("r1", "a", "relationship", "Q1", "2026-06-01 10:00"),
            ("r2", "a", "relationship", "Q1", "2026-07-20 10:00"),
            ("r3", "a", "transactional", "Q1", "2026-06-02 10:00"),
            ("r4", "a", "relationship", "Q2", "2026-06-02 10:00"),
            ("r5", None, "relationship", "Q1", "2026-06-02 10:00"),
            ("r6", None, "relationship", "Q1", "2026-06-02 10:00"),
            # without a wave: the same local month, although not the same month in UTC
            ("r7", "b", "relationship", None, "2026-06-30 20:00"),
            ("r8", "b", "relationship", None, "2026-07-02 10:00"),
        ],
        columns=["response_id", "subscriber_id", "survey_type", "wave", "answered_utc"],
    )
    answers["answered_utc"] = pd.to_datetime(answers["answered_utc"], utc=True)
    for rows in (answers, answers[::-1]):
        former = rows.loc[superseded(rows, zone="Asia/Kolkata"), "response_id"]
        assert sorted(former) == ["r1", "r7"]
    former = answers.loc[superseded(answers, zone="UTC"), "response_id"]
    assert sorted(former) == ["r1"]
