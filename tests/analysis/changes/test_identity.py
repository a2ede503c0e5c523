"""A change that was reported keeps its name, and names the intervention it follows."""

import pandas as pd

from analysis.changes import identity

NOW = pd.Timestamp("2026-07-01", tz="UTC")


def _changes(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "direction", "change_utc"])
    frame["change_utc"] = pd.to_datetime(frame["change_utc"], utc=True, format="ISO8601").astype(
        "datetime64[us, UTC]"
    )
    for name, shift in (("change_lo_utc", -1), ("change_hi_utc", 1)):
        frame[name] = frame["change_utc"] + pd.Timedelta(days=shift)
    return frame.assign(metric="drop_rate")


def _keep(changes: pd.DataFrame, earlier: pd.DataFrame, day: str = "2026-07-01") -> pd.DataFrame:
    return identity.keep_identity(changes, earlier, as_of=pd.Timestamp(day, tz="UTC"))


NOTHING = _changes().assign(
    change_id=pd.Series(dtype="str"), first_reported_utc=pd.Series(dtype="datetime64[us, UTC]")
)


def test_a_refit_that_moves_the_date_keeps_the_name() -> None:
    first = _keep(_changes(("a", "up", "2026-06-01")), NOTHING)
    assert first["change_id"].tolist() == ["a-up-20260601T00"]
    again = _keep(_changes(("a", "up", "2026-06-02")), first, "2026-07-08")
    assert again["change_id"].tolist() == ["a-up-20260601T00"]
    assert again["first_reported_utc"].tolist() == [NOW]


def test_another_date_direction_or_cell_is_another_change() -> None:
    earlier = _keep(_changes(("a", "up", "2026-06-01")), NOTHING)
    changes = _changes(
        ("a", "up", "2026-06-04"), ("a", "down", "2026-06-01"), ("b", "up", "2026-06-01")
    )
    assert not set(_keep(changes, earlier)["change_id"]) & set(earlier["change_id"])


def test_of_two_near_ones_the_nearest_takes_the_name() -> None:
    earlier = _keep(_changes(("a", "up", "2026-06-03")), NOTHING)
    changes = _keep(_changes(("a", "up", "2026-06-01T12"), ("a", "up", "2026-06-04")), earlier)
    assert changes["change_id"].tolist() == ["a-up-20260601T12", "a-up-20260603T00"]


def _works(**changes: object) -> pd.DataFrame:
    work = {
        "intervention_id": "W1", "cell_id": "a", "site_id": None, "status": "done",
        "start_utc": pd.Timestamp("2026-06-01T02:00Z"), "end_utc": pd.NaT, **changes,
    }  # fmt: skip
    return pd.DataFrame([work])


def _named(works: pd.DataFrame, changes: pd.DataFrame) -> list[object]:
    return list(
        identity.interventions_of(changes, works, pd.Series({"a": "S", "b": "S", "c": "T"}))
    )


def test_a_change_names_the_work_on_its_cell_or_site_before_it() -> None:
    changes = _changes(("a", "down", "2026-06-02"), ("b", "down", "2026-06-02"))
    at_site = _named(_works(cell_id=None, site_id="S"), changes)
    assert at_site == ["W1", "W1"]
    assert pd.isna(_named(_works(), changes)[1])


def test_a_change_dated_just_before_a_work_is_the_work_s() -> None:
    changes = _changes(("a", "down", "2026-06-02"))
    end = changes["change_hi_utc"].iloc[0]
    named = [
        _named(_works(start_utc=end + pd.Timedelta(hours=late)), changes)[0] for late in (2, 4)
    ]
    assert named[0] == "W1"
    assert pd.isna(named[1])


def test_a_planned_a_later_or_a_long_past_work_is_not_named() -> None:
    changes = _changes(("a", "down", "2026-06-02"))
    for works in (
        _works(status="planned"),
        _works(start_utc=pd.Timestamp("2026-06-04T00:00Z")),
        _works(start_utc=pd.Timestamp("2026-05-20T00:00Z")),
    ):
        assert pd.isna(_named(works, changes)[0])
