"""The release rule against an attacker who solves linear programmes over all that is published."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog

from analysis.arrays import Floats
from geo import hexgrid
from ingest.privacy import parts, pieces, release, unseen

FINEST, DAYS, CROWD, MANY = 7, 5, 16, 10_000
MIDDLE = int(hexgrid.hexes_of(lat=[53.8], lon=[-1.55], level=5)[0])
DATES, TYPES = [f"d{day}" for day in range(DAYS)], ["t0", "t1", "t2"]
OVER = DATES[:3]
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


def _persons(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hexagons of `n` towns, and their persons: hexagon (or nowhere), day and type of each.

    Many hexagons have none, few or some. Each town has a month of its own: no published number ties
    months or classes together. Some regions are named: they have days of their own.
    """
    towns, persons = [], []
    for seed in range(n):
        rng, town = np.random.default_rng(seed + 10_000), _town(seed)
        nowhere = pd.DataFrame({"hex_id": [np.uint64(0)], "region": None, "n": 0.0})
        town = pd.concat([town.astype({"hex_id": "uint64"}), nowhere], ignore_index=True)
        town["named"] = town["region"].map(
            {"North": rng.random() < 0.5, "South": rng.random() < 0.5}
        )
        for kind in ("account", "network"):
            mean = rng.choice([0.0, 0.3, 1.0, 4.0], (len(town), 1), p=[0.2, 0.4, 0.3, 0.1])
            counts = rng.poisson(mean, (len(town), DAYS))
            place, day = (np.repeat(at.ravel(), counts.ravel()) for at in np.indices(counts.shape))
            table = {"month": seed, "outcome_class": kind}
            towns.append(town.assign(**table))
            persons.append(town.iloc[place][["hex_id", "region"]].assign(
                **table, day=np.array(DATES)[day], weight=1.0, home=1.0,
                type=rng.choice(TYPES, len(day), p=[0.6, 0.3, 0.1])))  # fmt: skip
    blocks = pd.concat(towns, ignore_index=True)
    blocks["named"] = blocks["named"].eq(True)
    return blocks.assign(persons=blocks["n"]), pd.concat(persons, ignore_index=True)


def _cells(
    blocks: pd.DataFrame, persons: pd.DataFrame, part: str, names: list[str]
) -> pd.DataFrame:
    """Cases of each region, and of what lies outside, and part."""
    key = [*BY, "region"]
    rows = blocks.groupby(key, dropna=False)[["named"]].any().reset_index()
    outside = rows[BY].drop_duplicates().assign(region=None, named=False)
    rows = pd.concat([rows[rows["region"].notna()], outside])
    rows = rows.rename(columns={"named": "is_named"}).assign(is_barred=False)
    cells = rows.merge(pd.Series(names, name=part), how="cross")
    cells = cells.merge(unseen.cases(persons, [*key, part]), "left", [*key, part])
    return cells.fillna(dict.fromkeys(unseen.CASES, 0.0))


def _daily(
    blocks: pd.DataFrame, persons: pd.DataFrame, before: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How the days leave; `before`: as they left already."""
    cells = _cells(blocks, persons, "day", DATES)
    cells = cells.assign(before=None, count_before=0.0)
    if before is not None:
        cells = _with_before(cells, before)
    key = [*BY, "region"]
    is_named = cells[[*key, "is_named"]].drop_duplicates()
    return parts.days(cells, BY).merge(is_named, "left", key)


def _with_before(cells: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    key = [*BY, "day"]
    columns = ["shown", "count"]
    of_regions = before[before["level"] == release.REGION][[*key, "region", *columns]]
    whole = before[before["level"] == release.NETWORK][[*key, *columns]]
    rows = cells.drop(columns=["count_before", "before"]).merge(
        of_regions, "left", [*key, "region"], suffixes=("", "_own"))  # fmt: skip
    rows = rows.merge(whole, "left", key, suffixes=("", "_whole"))
    own = rows["count_own"].where(rows["is_named"], 0.0)
    rest = rows["count_whole"] - own.groupby([rows[name] for name in key]).transform("sum")
    count = own.where(rows["is_named"], rest.where(rows["region"].isna(), 0.0)).fillna(0.0)
    left = rows["shown"].where(rows["is_named"], rows["shown_whole"]).astype("object")
    return rows.assign(count_before=count, before=left)


def _months(blocks: pd.DataFrame, persons: pd.DataFrame, daily: pd.DataFrame) -> pd.DataFrame:
    counted = blocks.merge(unseen.cases(persons, ["hex_id", *BY]), "left", ["hex_id", *BY])
    counted = counted.fillna(dict.fromkeys(unseen.CASES, 0.0))
    counted = unseen.with_days(counted, persons, daily, BY)
    return release.counts(counted, BY, crowd=CROWD)


def _typed(blocks: pd.DataFrame, persons: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    cells = _cells(blocks, persons, "type", TYPES).drop(columns=["is_named", "is_barred"])
    months = months[months["level"] < 0].assign(is_shown=lambda x: x["shown"] == "shown")
    of_regions = months[months["level"] == release.REGION][[*BY, "region", "is_shown"]]
    whole = months[months["level"] == release.NETWORK][[*BY, "is_shown"]]
    cells = cells.merge(of_regions, "left", [*BY, "region"]).merge(
        whole, on=BY, suffixes=("_month", "_network"))  # fmt: skip
    month_shown = cells.pop("is_shown_month").eq(True)
    cells = cells.assign(month_shown=month_shown, network_shown=cells.pop("is_shown_network"))
    return parts.parts(cells, BY, "type", fewest=5)


def _published(blocks: pd.DataFrame, persons: pd.DataFrame) -> list[pd.DataFrame]:
    """Places by month, days and types, as they leave."""
    daily = _daily(blocks, persons)
    months = _months(blocks, persons, daily)
    return [months, daily, _typed(blocks, persons, months)]


# -------------------------------------------------------------------------------- the attacker


def _unknowns(blocks: pd.DataFrame) -> tuple[list[str], npt.NDArray[np.intp], list[int]]:
    """Rows (regions, and '' for what is outside all), the row of each block, where groups begin.

    The attacker doesn't know how many are in each block, on each row's day, of each row's type, and
    how many came late for each row's day. Which hexagon had which day is told by nothing, so these
    need not be crossed.
    """
    names = ["", *sorted(blocks["region"].dropna().unique())]
    row = blocks["region"].fillna("").map(names.index).to_numpy(np.intp)
    sizes = [len(blocks), len(names) * DAYS, len(names) * len(TYPES), len(names) * DAYS]
    return names, row, [0, *np.cumsum(sizes).tolist()]


def _members(blocks: pd.DataFrame, published: pd.DataFrame) -> Floats:
    """Which unknowns each published number counts, as rows of zeros and ones."""
    names, _, begin = _unknowns(blocks)
    parent = {at: hexgrid.parents(blocks["hex_id"], level=at) for at in release.levels(FINEST)}
    members = np.zeros((len(published), begin[-1]))
    for number, cell in enumerate(published.to_dict("records")):
        whose = [at for at, name in enumerate(names)
                 if cell["level"] == release.NETWORK or name == cell["region"]]  # fmt: skip
        days = [
            at * DAYS + DATES.index(cell["day"]) for at in whose if isinstance(cell.get("day"), str)
        ]
        if cell.get("is_late") is True:
            members[number, [begin[3] + at for at in days]] = 1
        elif days:
            members[number, [begin[1] + at for at in days]] = 1
            if cell["with_late"]:
                members[number, [begin[3] + at for at in days]] = 1
        elif isinstance(cell.get("type"), str):
            types = [begin[2] + at * len(TYPES) + TYPES.index(cell["type"]) for at in whose]
            members[number, types] = 1
        elif cell["level"] == release.NETWORK:
            members[number, : begin[1]] = 1
        elif cell["level"] == release.REGION:
            members[number, : begin[1]] = (blocks["region"] == cell["region"]).to_numpy()
        else:
            members[number, : begin[1]] = parent[cell["level"]] == cell["hex_id"]
    return members


def _ties(blocks: pd.DataFrame, *, has_late: bool) -> Floats:
    """What each row's unknowns have in common, as rows that sum to nothing: hexagons less days."""
    names, row, begin = _unknowns(blocks)
    ties = []
    for at in range(len(names)):
        by_day, by_type = np.zeros(begin[-1]), np.zeros(begin[-1])
        by_day[: begin[1]] = by_type[: begin[1]] = row == at
        by_day[begin[1] + at * DAYS : begin[1] + (at + 1) * DAYS] = -1
        by_day[begin[3] + at * DAYS : begin[3] + (at + 1) * DAYS] = -1
        by_type[begin[2] + at * len(TYPES) : begin[2] + (at + 1) * len(TYPES)] = -1
        ties += [by_day, by_type]
    # what comes late is of days that were over
    none_late = np.zeros((1, begin[-1]))
    for at in range(len(names)):
        first = len(OVER) if has_late else 0
        none_late[0, begin[3] + at * DAYS + first : begin[3] + (at + 1) * DAYS] = 1
    return np.vstack([*ties, none_late])


def _intervals(targets: Floats, known: Floats, sums: Floats, few: Floats | None = None) -> Floats:
    """The least and the most cases that what is published allows, of each target: (target, 2).

    One programme for all, each end in variables of its own. `known`: what sums to `sums`. `few`:
    what sums to 1 to 4. MANY stands for unbounded.
    """
    n_ends = 2 * len(targets)
    aim = np.concatenate([targets, -targets])
    few = np.zeros((0, targets.shape[1])) if few is None else few
    each = sparse.identity(n_ends, format="csr")
    found = linprog(
        aim.ravel(), bounds=(0, MANY), method="highs",
        A_eq=sparse.kron(each, sparse.csr_array(known)), b_eq=np.tile(sums, n_ends),
        A_ub=sparse.kron(each, sparse.csr_array(np.vstack([few, -few]))),
        b_ub=np.tile(np.repeat([4.0, -1.0], len(few)), n_ends),
    )  # fmt: skip
    assert found.status == 0
    ends = (aim * found.x.reshape(aim.shape)).sum(axis=1)
    return np.abs(ends).reshape(2, -1).T.round(6)


def _given_away(
    blocks: pd.DataFrame, frames: list[pd.DataFrame], *, has_late: bool = False
) -> Iterator[str]:
    """Numbers of 1 to 4 cases of which fewer than four values remain possible, once published."""
    published = pd.concat(frames, ignore_index=True)
    if "with_late" not in published:
        published["with_late"] = False
    tables = dict(list(published.groupby(BY)))
    for name, town in blocks.groupby(BY):
        yield from _given_away_of(town, tables[name], has_late=has_late)


def _given_away_of(blocks: pd.DataFrame, published: pd.DataFrame, *, has_late: bool) -> list[str]:
    small = published["count"].between(1, 4).to_numpy()
    if not small.any():
        return []
    members, shown = _members(blocks, published), (published["shown"] == "shown").to_numpy()
    ties = _ties(blocks, has_late=has_late)
    known = np.vstack([members[shown], ties])
    sums = np.append(published.loc[shown, "count"].to_numpy(float), np.zeros(len(ties)))
    few = members[(published["shown"] == "few").to_numpy()]
    ends = _intervals(members[small], known, sums, few)
    return [
        f"{row}: {low} to {high}"
        for row, (low, high) in zip(published[small].to_dict("records"), ends, strict=True)
        if np.ceil(low) + 3 > np.floor(high)
    ]


def test_no_small_count_can_be_computed_from_all_that_is_published() -> None:
    blocks, persons = _persons(60)
    frames = _published(blocks, persons)
    assert list(_given_away(blocks, frames)) == []
    months, daily, typed = frames
    assert set(months["shown"]) == {"shown", "few", "hidden"}
    for frame in (months, daily, typed):
        assert {"shown", "hidden"} <= set(frame["shown"])
        assert frame.loc[frame["shown"] == "shown", "count"].between(1, 4).sum() == 0
    for frame in (daily, typed):
        assert set(frame.loc[frame["shown"] == "shown", "level"]) == {-1, -2}


def _caught(n: int) -> int:
    """How many numbers of `n` towns the attacker learns."""
    blocks, persons = _persons(n)
    return len(list(_given_away(blocks, _published(blocks, persons))))


def test_without_complementary_suppression_the_attacker_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pieces, "joined", lambda *_, unfit, **__: unfit)
    assert _caught(15) >= 15


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
        is_region = alone["level"] == release.REGION
        return pd.concat([alone[is_region], nowhere], ignore_index=True)

    together = release.counts
    monkeypatch.setattr(release, "counts", apart)
    assert _caught(30) >= 3


def test_if_the_network_s_days_left_beside_hidden_regions_the_attacker_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_days(*given: object) -> pd.DataFrame:
        leaving = kept(*given)  # type: ignore[arg-type]
        return leaving.assign(shown=leaving["shown"].mask(leaving["level"] == -2, "shown"))

    kept = parts._leaving
    monkeypatch.setattr(parts, "_leaving", all_days)
    assert _caught(30) >= 3


# ------------------------------------------------------------------------- pairs of snapshots


def _two_snapshots(
    n: int, *, late: float, is_kept: bool = True
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """What two snapshots publish: three days of a month, then all of it; some persons came late.

    The last frame says how many came late for each day of a region, which is not published.
    `is_kept`: whether days stay as they left.
    """
    blocks, persons = _persons(n)
    is_late = np.random.default_rng(n).random(len(persons)) < late
    is_late &= persons["day"].isin(OVER).to_numpy()
    early = _daily(blocks, persons[~is_late])
    early = early[early["day"].isin(OVER)].assign(with_late=False)
    daily = _daily(blocks, persons, before=early if is_kept else None)
    months = _months(blocks, persons, daily)
    has_left = daily["day"].isin(OVER) & (daily["shown"] == "shown") & is_kept
    after = daily.assign(with_late=~has_left)
    came_late = (
        persons[is_late].groupby([*BY, "region", "day"]).size().rename("count").reset_index()
    )
    came_late = came_late.assign(level=release.REGION, shown="hidden", is_late=True)
    return blocks, [early, after, months, _typed(blocks, persons, months), came_late]


def test_a_day_that_has_left_stays_as_it_left_whatever_comes_late() -> None:
    _, (early, after, *_) = _two_snapshots(30, late=0.1)
    key = [*BY, "day", "level", "region"]
    both = early.merge(after, on=key)
    assert len(both) == len(early)
    was_shown = both["shown_x"] == "shown"
    assert (was_shown == (both["shown_y"] == "shown")).all()
    assert (both["count_x"] == both["count_y"])[was_shown].all()


@pytest.mark.parametrize("late", [0.0, 0.1])
def test_two_snapshots_give_nobody_away(late: float) -> None:
    blocks, frames = _two_snapshots(40, late=late)
    assert list(_given_away(blocks, frames, has_late=late > 0)) == []


def test_if_months_did_not_heed_days_that_have_left_the_attacker_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = release.counts
    columns = ["unseen_count", "unseen_touched", "unseen_homes", "by_day"]
    monkeypatch.setattr(
        release, "counts", lambda cases, by, **how: together(cases.drop(columns=columns), by, **how)
    )
    blocks, frames = _two_snapshots(40, late=0.1)
    assert len(list(_given_away(blocks, frames, has_late=True))) >= 2


def test_if_days_left_anew_each_time_two_snapshots_would_give_persons_away() -> None:
    blocks, frames = _two_snapshots(30, late=0.1, is_kept=False)
    assert len(list(_given_away(blocks, frames, has_late=True))) >= 10


# ----------------------------------------------------------------------- what else is promised


def test_too_few_subscribers_could_as_well_be_enough() -> None:
    """Denominators stand beside every figure but a hidden one; what remains is none or a crowd."""
    blocks, persons = _persons(60)
    places, *_ = _published(blocks, persons)
    released = places[places["shown"] != "hidden"].drop_duplicates(["month", *release.PLACE])
    every = places.drop_duplicates(["month", *release.PLACE])
    every = every.merge(released[["month", *release.PLACE]], "left", indicator="place_shown")
    towns = blocks.drop_duplicates(["month", "hex_id"])
    for (_, town), (_, of_town) in zip(towns.groupby("month"), every.groupby("month"), strict=True):
        members = _places_of(town, of_town)
        small = of_town["n"].between(1, CROWD - 1).to_numpy()
        shown = (of_town["place_shown"] == "both").to_numpy()
        assert not (small & shown).any()
        if small.any():
            sums = of_town.loc[shown, "n"].to_numpy(float)
            ends = _intervals(members[small], members[shown], sums)
            assert (ends[:, 1] >= CROWD).all()


def _places_of(blocks: pd.DataFrame, places: pd.DataFrame) -> Floats:
    """Which blocks each published place counts, as rows of zeros and ones."""
    return _members(blocks, places)[:, : len(blocks)]


def _differences(n: int) -> Iterator[int]:
    """Answers behind every sum and difference of published surveys that is itself a place."""
    for seed in range(n):
        town = _town(seed).assign(month=6)
        answers = np.random.default_rng(seed).choice([3, 12, 31, 60], len(town))
        places = release.survey(town.assign(answers=answers, persons=answers), ["month"], fewest=30)
        shown = places[places["shown"] == "shown"]
        if len(shown):
            members = np.unique(_places_of(town, shown), axis=0)[:9]
            weights = np.stack(np.meshgrid(*[[-1, 0, 1]] * len(members)), -1)
            left = weights.reshape(-1, len(members)) @ members
            yield from (left[np.isin(left, (0, 1)).all(axis=1)] @ answers).tolist()


def test_no_difference_of_surveys_speaks_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(0 < n < 30 for n in _differences(60))
    monkeypatch.setattr(pieces, "joined", lambda *_, unfit, **__: unfit)
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
            members = np.unique(_places_of(blocks, shown), axis=0)[:9]
            weights = np.stack(np.meshgrid(*[[-1, 0, 1]] * len(members)), -1)
            left = weights.reshape(-1, len(members)) @ members
            left = np.unique(left[np.isin(left, (0, 1)).all(axis=1)], axis=0)
            persons = ((left @ parts.T) > 1e-9).sum(axis=1)
            yield from zip(persons, left @ parts.sum(axis=0), strict=True)


def test_no_difference_of_spread_counts_speaks_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(0 < n < 5 or 0 < held < 5 - 1e-9 for n, held in _touched(60))
    # if all were counted that a place is touched by, as though they added
    touched = lambda rows: (rows["touched"].to_numpy(), rows["touched"] > 0, rows["touched"] >= 0)  # noqa: E731
    monkeypatch.setattr(pieces, "cases", touched)
    assert any(0 < n < 5 for n, _ in _touched(60))


def test_every_figure_of_a_survey_that_is_shown_has_enough_answers() -> None:
    blocks = _town(3).assign(month=6, answers=31, persons=31)
    finest = release.survey(blocks, ["month"], fewest=30).query("level == @FINEST")
    assert (finest["shown"] == "shown").all()
    nearly = release.survey(blocks.assign(persons=29), ["month"], fewest=30)
    assert (nearly.query("level == @FINEST")["shown"] == "hidden").all()


def test_the_order_of_rows_says_nothing() -> None:
    blocks, persons = _persons(20)
    frames = _published(blocks, persons)
    mixed = (frame.sample(frac=1, random_state=1) for frame in (blocks, persons))
    names = ([], ["day"], ["type"])
    for frame, again, more in zip(frames, _published(*mixed), names, strict=True):
        place = [name for name in release.PLACE if name in frame]
        _assert_alike(frame, again, by=[*BY, *place, *more])


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


def _row(*counts: float, before: list[str | None] | None = None) -> list[str]:
    """How the days of a network leave that has no regions."""
    daily = pd.DataFrame({"region": None, "month": 6, "day": range(len(counts)), "count": counts})
    left = before or [None] * len(counts)
    daily = daily.assign(is_named=False, is_barred=False, before=left, count_before=counts)
    return parts.days(daily, ["month"])["shown"].tolist()


def test_a_small_day_stays_and_the_next_with_it_until_enough_stay() -> None:
    shown, hidden = "shown", "hidden"
    assert _row(9, 2, 0, 20, 3, 7) == [shown, hidden, shown, hidden, hidden, shown]
    assert _row(3, 2, 20) == [hidden, hidden, shown]
    # what comes later says nothing of a day before
    assert _row(9, 2, 0, 20)[:3] == _row(9, 2, 0)
    # a day that left goes on as it left
    assert _row(9, 2, 6, before=[None, shown, None]) == [shown, shown, shown]
    assert _row(9, 8, 6, before=[None, hidden, None]) == [shown, hidden, shown]


def test_a_region_without_days_of_its_own_hides_none_of_the_network_s() -> None:
    daily = pd.DataFrame({"region": ["North", "South", None], "month": 6, "day": 1,
                          "count": [3.0, 4.0, 0.0], "is_barred": False, "before": None,
                          "count_before": 0.0})  # fmt: skip
    leaving = parts.days(daily.assign(is_named=False), ["month"]).set_index("region")["shown"]
    assert leaving.to_dict() == {"": "shown", "North": "hidden", "South": "hidden"}
    named = daily.assign(is_named=[True, False, False], count=[9.0, 4.0, 0.0])
    leaving = parts.days(named, ["month"]).set_index("region")["shown"]
    # the rest holds 4: the whole would give them away
    assert leaving.to_dict() == {"": "hidden", "North": "shown", "South": "hidden"}


def test_what_holds_no_persons_is_shown_as_it_is() -> None:
    blocks, persons = _persons(5)
    blocks = blocks.merge(unseen.cases(persons, ["hex_id", *BY]), "left", ["hex_id", *BY])
    blocks = blocks.fillna(dict.fromkeys(unseen.CASES, 0.0))
    places = release.counts(blocks, BY, crowd=0, fewest=0)
    assert set(places["shown"]) == {"shown"}
    assert places["count"].between(1, 4).any()
