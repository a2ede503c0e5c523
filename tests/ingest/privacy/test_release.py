"""The release rule against an attacker who solves linear programmes over all that is published."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog

from analysis.arrays import Flags, Floats
from geo import hexgrid
from ingest.privacy import release

FINEST, DAYS, CROWD, MANY = 7, 3, 16, 10_000
MIDDLE = int(hexgrid.hexes_of(lat=[53.8], lon=[-1.55], level=5)[0])
DATES = [f"d{day}" for day in range(DAYS)]
BY = ["month", "outcome_class"]


def _town(seed: int) -> pd.DataFrame:
    """A few hexagons of three neighbouring families, in regions that cut through families."""
    rng = np.random.default_rng(seed)
    near = hexgrid.disk(int(hexgrid.disk(MIDDLE, 1)[0]), 1)
    lat, lon = hexgrid.centres(near[:3])
    everywhere = hexgrid.hexes_in_box(
        west=min(lon) - 0.1, east=max(lon) + 0.1,
        south=min(lat) - 0.05, north=max(lat) + 0.05, level=FINEST,
    )  # fmt: skip
    hexes = rng.choice(everywhere, rng.integers(4, 14), replace=False)
    north = hexgrid.centres(hexes)[0] + rng.normal(0, 0.02, len(hexes)) > np.mean(lat)
    region = np.where(rng.random(len(hexes)) < 0.15, None, np.where(north, "North", "South"))
    persons = np.where(rng.random(len(hexes)) < 0.15, rng.integers(0, 16, len(hexes)), 400)
    return pd.DataFrame({"hex_id": hexes, "region": region, "n": persons.astype(float)})


def _cases(n: int) -> pd.DataFrame:
    """Cases of each hexagon, day and class in `n` towns; many zero, few or some.

    Each town has a month of its own: no published number ties months or classes together.
    """
    parts = []
    for seed in range(n):
        rng, town = np.random.default_rng(seed + 10_000), _town(seed)
        for kind in ("account", "network"):
            mean = rng.choice([0.0, 0.3, 1.0, 4.0], (len(town), 1), p=[0.2, 0.4, 0.3, 0.1])
            counts = rng.poisson(mean, (len(town), DAYS)).astype(float)
            part = town.join(pd.DataFrame(counts, columns=DATES))
            parts.append(part.assign(outcome_class=kind, month=seed, count=counts.sum(axis=1)))
    return pd.concat(parts, ignore_index=True).assign(persons=lambda x: x["n"])


def _daily(cases: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Each region's days, with how they leave."""
    long = cases.melt([*BY, "region"], DATES, "day", "cases")
    daily = long.groupby([*BY, "region", "day"])["cases"].sum().rename("count").reset_index()
    months = places[places["level"] == release.REGION].rename(columns={"shown": "month_shown"})
    daily = daily.merge(months[[*BY, "region", "month_shown"]], on=[*BY, "region"])
    return daily.assign(shown=release.days(daily, [*BY, "region"]))


def _published(cases: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    places = release.counts(cases, BY, crowd=CROWD)
    return places, _daily(cases, places)


# -------------------------------------------------------------------------------- the attacker


def _members(cases: pd.DataFrame, places: pd.DataFrame, daily: pd.DataFrame) -> Floats:
    """Which cases (hexagon, day) each published number counts, as rows of zeros and ones."""
    parent = {at: hexgrid.parents(cases["hex_id"], level=at) for at in release.levels(FINEST)}
    rows = [
        (cases["region"] == row.region) if row.level == release.REGION
        else parent[row.level] == row.hex_id
        for row in places.itertuples()
    ]  # fmt: skip
    monthly = [np.repeat(np.asarray(row, float), DAYS) for row in rows]
    dated = [
        np.outer(cases["region"] == row.region, np.arange(DAYS) == int(row.day[1:])).ravel()
        for row in daily.itertuples()
    ]
    return np.array([*monthly, *dated], float)


def _intervals(targets: Floats, members: Floats, shown: Flags, few: Flags, value: Floats) -> Floats:
    """The least and the most cases that what is published allows, of each target: (target, 2).

    One programme for all, each end in variables of its own. Both families of places are nested, so
    the ends are whole numbers (a network matrix). MANY stands for unbounded.
    """
    n_ends = 2 * len(targets)
    aim = np.concatenate([targets, -targets])
    each = sparse.identity(n_ends, format="csr")
    between = np.tile(np.repeat([4.0, -1.0], few.sum()), n_ends)
    found = linprog(
        aim.ravel(), bounds=(0, MANY), method="highs",
        A_eq=sparse.kron(each, members[shown]), b_eq=np.tile(value[shown], n_ends),
        A_ub=sparse.kron(each, np.vstack([members[few], -members[few]])), b_ub=between,
    )  # fmt: skip
    assert found.status == 0
    held = (aim * found.x.reshape(aim.shape)).sum(axis=1)
    return np.abs(held).reshape(2, -1).T.round(6)


def _given_away(cases: pd.DataFrame) -> Iterator[str]:
    """Numbers of 1 to 4 cases of which fewer than four values remain possible, once published."""
    places, daily = _published(cases)
    by_table = (frame.groupby(BY) for frame in (cases, places, daily))
    for parts in zip(*by_table, strict=True):
        yield from _given_away_of(*(part for _, part in parts))


def _given_away_of(cases: pd.DataFrame, places: pd.DataFrame, daily: pd.DataFrame) -> list[str]:
    published = pd.concat([places, daily], ignore_index=True)
    members, shown = _members(cases, places, daily), published["shown"].to_numpy()
    value = published["count"].where(shown == "shown").to_numpy(float)
    small = published["count"].between(1, 4).to_numpy()
    if not small.any():
        return []
    ends = _intervals(members[small], members, shown == "shown", shown == "few", value)
    return [
        f"{row}: {low} to {high}"
        for row, (low, high) in zip(published[small].to_dict("records"), ends, strict=True)
        if low + 3 > high
    ]


def test_no_small_count_can_be_computed_from_all_that_is_published() -> None:
    cases = _cases(100)
    assert list(_given_away(cases)) == []
    places, daily = _published(cases)
    for frame in (places, daily):
        assert set(frame["shown"]) == {"shown", "few", "hidden"}
        assert frame.loc[frame["shown"] == "shown", "count"].between(1, 4).sum() == 0


def _caught(n: int) -> int:
    """How many numbers of `n` towns the attacker learns."""
    return len(list(_given_away(_cases(n))))


def test_without_complementary_suppression_the_attacker_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release, "_joined", lambda *_, unfit, **__: unfit)
    assert _caught(20) >= 20


def test_if_every_small_count_were_shown_as_few_the_attacker_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release, "_labelled", lambda _piece, root, *_, **__: root >= 0)
    assert _caught(30) >= 3


def test_if_regions_were_suppressed_by_themselves_the_attacker_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def apart(cases: pd.DataFrame, by: list[str], *, crowd: float) -> pd.DataFrame:
        alone = together(cases, by, crowd=crowd)
        nowhere = together(cases.assign(region=None), by, crowd=crowd)
        return pd.concat([alone[alone["level"] == release.REGION], nowhere], ignore_index=True)

    together = release.counts
    monkeypatch.setattr(release, "counts", apart)
    assert _caught(30) >= 3


# ----------------------------------------------------------------------- what else is promised


def test_too_few_subscribers_could_as_well_be_enough() -> None:
    """Denominators stand beside every figure but a hidden one; what remains is none or a crowd."""
    cases = _cases(60)
    places, _ = _published(cases)
    released = places[places["shown"] != "hidden"].drop_duplicates(["month", *release.PLACE])
    every = places.drop_duplicates(["month", *release.PLACE])
    every = every.merge(released[["month", *release.PLACE]], "left", indicator="place_shown")
    towns = cases.drop_duplicates(["month", "hex_id"])
    for (_, town), (_, of_town) in zip(towns.groupby("month"), every.groupby("month"), strict=True):
        members = _members(town, of_town, pd.DataFrame())[:, ::DAYS]
        small = of_town["n"].between(1, CROWD - 1).to_numpy()
        shown = (of_town["place_shown"] == "both").to_numpy()
        assert not (small & shown).any()
        if small.any():
            value = of_town["n"].to_numpy()
            ends = _intervals(members[small], members, shown, np.zeros(len(value), bool), value)
            assert (ends[:, 1] >= CROWD).all()


def _differences(n: int) -> Iterator[int]:
    """Answers behind every sum and difference of published surveys that is itself a place."""
    for seed in range(n):
        town = _town(seed).assign(month=6)
        answers = np.random.default_rng(seed).choice([3, 12, 31, 60], len(town))
        places = release.survey(town.assign(answers=answers, persons=answers), ["month"], fewest=30)
        shown = places[places["shown"] == "shown"]
        if len(shown):
            members = np.unique(_members(town, shown, pd.DataFrame())[:, ::DAYS], axis=0)[:9]
            weights = np.stack(np.meshgrid(*[[-1, 0, 1]] * len(members)), -1)
            left = weights.reshape(-1, len(members)) @ members
            yield from (left[np.isin(left, (0, 1)).all(axis=1)] @ answers).tolist()


def test_no_difference_of_surveys_speaks_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(0 < n < 30 for n in _differences(60))
    monkeypatch.setattr(release, "_joined", lambda *_, unfit, **__: unfit)
    assert any(0 < n < 30 for n in _differences(60))


def _spread_cases(seed: int) -> tuple[pd.DataFrame, Floats]:
    """Blocks of a town whose cases are known by cell only, and each case's parts: (case, block)."""
    rng, town = np.random.default_rng(seed), _town(seed).assign(month=6, persons=400.0)
    near = rng.random((int(rng.choice([3, 12, 40])), len(town))) ** 6
    parts = (
        np.where(near > 0.2, near, 0.0) + np.eye(len(town))[rng.integers(0, len(town), len(near))]
    )
    parts /= parts.sum(axis=1, keepdims=True)
    homes = np.bincount(parts.argmax(axis=1), minlength=len(town)).astype(float)
    touched = (parts > 0).sum(axis=0).astype(float)
    return town.assign(count=parts.sum(axis=0), homes=homes, touched=touched), parts


def _touched(n: int) -> Iterator[tuple[float, float]]:
    """Persons and sum of parts behind every sum and difference of shown places that is a place."""
    for seed in range(n):
        blocks, parts = _spread_cases(seed)
        places = release.counts(blocks, ["month"], crowd=CROWD)
        shown = places[places["shown"] == "shown"]
        if len(shown):
            members = np.unique(_members(blocks, shown, pd.DataFrame())[:, ::DAYS], axis=0)[:9]
            weights = np.stack(np.meshgrid(*[[-1, 0, 1]] * len(members)), -1)
            left = weights.reshape(-1, len(members)) @ members
            left = np.unique(left[np.isin(left, (0, 1)).all(axis=1)], axis=0)
            persons = ((left @ parts.T) > 1e-9).sum(axis=1)
            yield from zip(persons, left @ parts.sum(axis=0), strict=True)


def test_no_difference_of_spread_counts_speaks_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(0 < n < 5 or 0 < held < 5 - 1e-9 for n, held in _touched(60))
    # if all were counted that a place is touched by, as though they added
    touched = lambda rows: (rows["touched"].to_numpy(), rows["touched"] > 0, rows["touched"] >= 0)  # noqa: E731
    monkeypatch.setattr(release, "_cases", touched)
    assert any(0 < n < 5 for n, _ in _touched(60))


def test_every_figure_of_a_survey_that_is_shown_has_enough_answers() -> None:
    blocks = _town(3).assign(month=6, answers=31, persons=31)
    finest = release.survey(blocks, ["month"], fewest=30).query("level == @FINEST")
    assert (finest["shown"] == "shown").all()
    nearly = release.survey(blocks.assign(persons=29), ["month"], fewest=30)
    assert (nearly.query("level == @FINEST")["shown"] == "hidden").all()


def test_the_order_of_rows_says_nothing() -> None:
    cases = _cases(20)
    places, daily = _published(cases)
    again, days_again = _published(cases.sample(frac=1, random_state=1))
    _assert_alike(places, again, by=[*BY, *release.PLACE])
    _assert_alike(daily, days_again, by=[*BY, "region", "day"])


def _assert_alike(one: pd.DataFrame, other: pd.DataFrame, *, by: list[str]) -> None:
    ordered = (frame.sort_values(by, ignore_index=True) for frame in (one, other))
    pd.testing.assert_frame_equal(*ordered)


def _family(*counts: float) -> list[str]:
    """How the children of one hexagon leave, by their counts; nobody else complains."""
    hexes = hexgrid.disk(MIDDLE, 0)
    lat, lon = hexgrid.centres(hexes)
    middle = int(hexgrid.hexes_of(lat=lat, lon=lon, level=FINEST - 1)[0])
    centre = hexgrid.hexes_of(lat=hexgrid.centres([middle])[0], lon=hexgrid.centres([middle])[1],
                              level=FINEST)  # fmt: skip
    children = hexgrid.disk(int(centre[0]), 1)[: len(counts)]
    assert set(hexgrid.parents(children, level=FINEST - 1)) == {middle}
    blocks = pd.DataFrame({"hex_id": children, "region": None, "n": 900.0, "persons": 900.0,
                           "count": counts, "month": 6})  # fmt: skip
    found = release.counts(blocks, ["month"], crowd=CROWD).query("level == @FINEST")
    return found.set_index("hex_id")["shown"].reindex(children).tolist()


def test_zeros_are_shown_and_a_sibling_hides_a_small_count() -> None:
    assert _family(0, 0, 9) == ["shown", "shown", "shown"]
    assert _family(2, 30, 9) == ["few", "shown", "hidden"]
    # two that are few hide each other
    assert _family(2, 3, 9) == ["few", "few", "shown"]


def test_what_is_few_everywhere_is_shown_as_few_only_as_often_as_is_safe() -> None:
    # seven ones make the parent's seven: all shown as 1 to 4, each would have to be 1
    assert _family(*[1] * 7).count("few") == 4
    # twice four make the parent's eight: both shown as 1 to 4, each would have to be 4
    assert _family(4, 4).count("few") == 1


def test_a_place_of_few_residents_hides_behind_another() -> None:
    town = _town(5).assign(count=0.0, month=6, region=None, persons=400.0)
    town.loc[0, "persons"] = 5.0
    found = release.counts(town, ["month"], crowd=CROWD)
    finest = found[found["level"] == FINEST].set_index("hex_id")["shown"]
    assert finest[town["hex_id"][0]] == "hidden"
    assert (found.loc[found["level"] == release.COARSEST_LEVEL, "shown"] == "shown").any()


def test_days_hide_as_places_do() -> None:
    daily = pd.DataFrame({"region": "North", "month": 6, "day": range(4), "month_shown": "shown"})
    assert release.days(daily.assign(count=[0, 9, 2, 20]), ["region", "month"]).tolist() == [
        "shown", "hidden", "few", "shown",
    ]  # fmt: skip
    hidden = daily.assign(count=[0, 1, 1, 1], month_shown="hidden")
    assert set(release.days(hidden, ["region", "month"])) == {"hidden"}
