"""Footprints share out each cell whole, where the network says that its traffic is."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from geo import footprint, hexgrid, sites

DAYS = (date(2026, 1, 1), date(2026, 3, 31))
MISSING: dict[str, Any] = {
    "operator": None, "technology": "lte", "cell_type": None, "site_id": None, "sector_id": None,
    "derived": None, "azimuth_deg": np.nan, "h_beamwidth_deg": np.nan, "power_dbm": np.nan,
    "range_m": np.nan, "valid_from": None, "valid_to": None,
}  # fmt: skip
NONE = pd.DataFrame(
    {"cell_id": pd.Series(dtype="str"), "hex_id": np.zeros(0, np.uint64), "weight": np.zeros(0),
     "method": pd.Series(dtype="str")}
)  # fmt: skip
KM_LAT, KM_LON = 111.195, 65.67  # a degree at 53.8 N


def inventory(*rows: tuple[str, float, float, float], **more: Any) -> pd.DataFrame:
    """Table `cell` as geo reads it, of rows cell_id, lat, lon, azimuth_deg."""
    frame = pd.DataFrame(rows, columns=["cell_id", "lat", "lon", "azimuth_deg"])
    absent = {name: value for name, value in MISSING.items() if name != "azimuth_deg"}
    return sites.with_sites(frame.assign(**{**absent, **more}))


def spread(
    cells: pd.DataFrame, supplied: pd.DataFrame = NONE, *, level: int = 9, reach: float = 4_000
) -> pd.DataFrame:
    return footprint.footprints(cells, supplied, level=level, max_range_m=reach, days=DAYS)


def star(name: str, lat: float, lon: float, turn: float = 0.0) -> list[Any]:
    """A site of three sectors."""
    return [(f"{name}{n}", lat, lon, (turn + 120 * n) % 360) for n in range(3)]


TOWN = inventory(
    *star("a", 53.80, -1.55), *star("b", 53.83, -1.50, 40), *star("c", 53.75, -1.60, 80),
    ("omni", 53.78, -1.45, np.nan),
)  # fmt: skip
BLIND = TOWN.assign(azimuth_deg=np.nan, sector_id=None)


def sums(weights: pd.DataFrame) -> pd.Series:
    return weights.groupby("cell_id")["weight"].sum()


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    pair = [part[["hex_id", "weight"]].sort_values("hex_id") for part in (one, other)]
    return bool(np.array_equal(*(p["hex_id"] for p in pair))) and bool(
        np.allclose(*(p["weight"] for p in pair), rtol=1e-12)
    )


# ------------------------------------------------------------------------------- what always holds


@pytest.mark.parametrize(("cells", "method"), [(TOWN, "sector_model"), (BLIND, "voronoi")])
def test_weights_sum_to_one_per_cell_at_every_level(cells: pd.DataFrame, method: str) -> None:
    fine = spread(cells)
    assert set(fine["method"]) == {method}
    for weights in (fine, footprint.coarser(fine, level=8), footprint.coarser(fine, level=5)):
        assert sums(weights).index.tolist() == sorted(TOWN["cell_id"])
        np.testing.assert_allclose(sums(weights), 1, rtol=1e-12)
        assert not weights.duplicated(["cell_id", "hex_id"]).any()


def test_no_sum_of_parts_is_above_one() -> None:
    # 343 hexagons of one ancestor, whose weights may sum to 1 + 2e-16
    rng = np.random.default_rng(0)
    ancestor = hexgrid.hexes_of(lat=[53.8], lon=[-1.55], level=6)
    hexes, _ = hexgrid.children(ancestor, level=9)
    parts = [
        pd.DataFrame({"cell_id": f"{n}", "hex_id": hexes, "weight": rng.random(len(hexes))})
        for n in range(20)
    ]
    supplied = pd.concat(parts, ignore_index=True).assign(method="coverage")
    fine = spread(inventory().reindex(columns=TOWN.columns), supplied, level=9)
    assert (sums(fine) > 1).any()
    for level in (8, 7, 6, 5):
        weights = footprint.coarser(fine, level=level)
        assert weights["weight"].max() <= 1
        np.testing.assert_allclose(sums(weights), 1, rtol=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_any_inventory_is_shared_out_whole_and_without_crumbs(seed: int) -> None:
    # positions alike, missing, at the poles and the date line; odd beams, powers and kinds
    rng = np.random.default_rng(seed)
    n = 40
    lat = rng.choice([-90.0, 90.0, 53.8, 53.8 + 1e-5, 0.0, np.nan, 89.99], n)
    lon = rng.choice([180.0, -180.0, 179.999, -1.5, -1.5001, np.nan], n)
    azimuth = rng.choice([np.nan, 0.0, 359.9, 360.0, 120.0, 121.0], n)
    cells = inventory(
        *((f"c{i}", lat[i], lon[i], azimuth[i]) for i in range(n)),
        h_beamwidth_deg=rng.choice([np.nan, 0.0, 65.0, 360.0], n),
        power_dbm=rng.choice([np.nan, -50.0, 46.0, 100.0], n),
        range_m=rng.choice([np.nan, 0.0, 10.0, 900.0], n),
        cell_type=rng.choice(np.array([None, "macro", "micro", "indoor"], object), n),
        technology=rng.choice(np.array([None, "lte", "nr"], object), n),
    )
    weights = spread(cells, reach=2_000)
    placed = cells["lat"].notna() & cells["lon"].notna()
    assert set(weights["cell_id"]) == set(cells.loc[placed, "cell_id"])
    np.testing.assert_allclose(sums(weights), 1, rtol=1e-9)
    largest = weights.groupby("cell_id")["weight"].transform("max")
    assert (weights["weight"] >= 0.05 * largest - 1e-12).all()
    assert (weights["hex_id"] != hexgrid.NO_HEX).all()


def test_no_position_no_footprint() -> None:
    nowhere = spread(TOWN.assign(lat=np.nan))
    assert nowhere.empty
    assert footprint.coarser(nowhere, level=8).empty


def test_own_range_beats_the_setting_only_downwards() -> None:
    alone = inventory(("a", 53.8, -1.55, 90.0))
    near, far = (spread(alone.assign(range_m=m)) for m in (800.0, 50_000.0))
    assert len(near) < len(far) == len(spread(alone))
    lat, lon = hexgrid.centres(near["hex_id"])
    assert np.hypot((lat - 53.8) * KM_LAT, (lon + 1.55) * KM_LON).max() < 0.81


# ------------------------------------------------------------------------------ the sector model


def test_a_sector_looks_ahead_and_fades_with_distance() -> None:
    weights = spread(inventory(*star("a", 53.8, -1.55)))
    lat, lon = hexgrid.centres(weights["hex_id"])
    of_north = (weights["cell_id"] == "a0").to_numpy()
    weight = weights["weight"].to_numpy()[of_north]
    km = np.hypot((lat - 53.8) * KM_LAT, (lon + 1.55) * KM_LON)[of_north]
    assert np.average(lat[of_north], weights=weight) > 53.81
    assert weight[lat[of_north] < 53.795].sum() < 0.02
    # beyond what is usable, it serves less and less
    assert weight[km < 1.5].mean() > 2 * weight[km > 3.5].mean()


def test_carriers_of_a_sector_overlay_it_and_take_nothing_from_each_other() -> None:
    second = TOWN[TOWN["cell_id"].str.startswith("a")].copy()
    second["cell_id"] = "second " + second["cell_id"]
    alone, both = spread(TOWN), spread(pd.concat([TOWN, second], ignore_index=True))
    for name in ("a0", "a1", "a2"):
        mine = alone[alone["cell_id"] == name]
        assert same(mine, both[both["cell_id"] == name])
        assert same(mine, both[both["cell_id"] == f"second {name}"])
    # nor does the second carrier push the neighbours back
    assert same(alone[alone["cell_id"] == "b0"], both[both["cell_id"] == "b0"])


def test_a_carrier_aimed_a_little_off_is_of_the_same_sector() -> None:
    off = TOWN[TOWN["cell_id"] == "a1"].assign(cell_id="off", azimuth_deg=128.0, sector_id=None)
    before, moved = spread(TOWN).query("cell_id == 'b1'").set_index("hex_id")["weight"], []
    for sector_id in (None, "another"):
        more = pd.concat([TOWN, off.assign(sector_id=sector_id)], ignore_index=True)
        after = spread(sites.with_sites(more)).query("cell_id == 'b1'").set_index("hex_id")
        moved.append(after["weight"].sub(before, fill_value=0).abs().sum() / 2)
    assert moved[0] < 0.3 * moved[1]


def test_layers_and_operators_do_not_compete_neighbours_do() -> None:
    rival = [("x", 53.805, -1.54, 240.0)]
    alone = spread(TOWN)
    for more, competes in (
        ({"technology": "nr"}, False), ({"operator": "other"}, False),
        ({"cell_type": "micro"}, False), ({}, True),
    ):  # fmt: skip
        both = spread(pd.concat([TOWN, inventory(*rival, **more)], ignore_index=True))
        assert same(alone.query("cell_id == 'a0'"), both.query("cell_id == 'a0'")) != competes


def test_a_cell_squeezed_out_keeps_the_hexagon_it_stands_in() -> None:
    crowd = [(str(i), 53.8 + i * 6e-4, -1.55, 0.0) for i in range(40)]
    weights = spread(inventory(*crowd))
    assert weights["cell_id"].nunique() == 40
    np.testing.assert_allclose(sums(weights), 1, rtol=1e-12)


# ------------------------------------------------------------------------------ Voronoi


def test_without_any_azimuth_each_hexagon_belongs_to_the_nearest_mast_within_range() -> None:
    weights = spread(BLIND)
    lat, lon = hexgrid.centres(weights["hex_id"])
    masts = BLIND.drop_duplicates(["lat", "lon"])
    north = (lat[:, None] - masts["lat"].to_numpy()) * KM_LAT
    km = np.hypot(north, (lon[:, None] - masts["lon"].to_numpy()) * KM_LON)
    assert km.min(axis=1).max() < 4.02
    clear = np.diff(np.sort(km, axis=1)[:, :2]).ravel() > 0.02
    nearest = masts["site_id"].to_numpy()[km.argmin(axis=1)]
    mine = weights["cell_id"].map(BLIND.set_index("cell_id")["site_id"]).to_numpy()
    assert (nearest == mine)[clear].all()
    # cells at one place share it
    assert same(weights.query("cell_id == 'a0'"), weights.query("cell_id == 'a2'"))


# ------------------------------------------------------------------------------ what is supplied


def test_what_is_supplied_wins_and_the_cell_still_competes() -> None:
    here = hexgrid.hexes_of(lat=[53.9, 53.9], lon=[-1.5, -1.51], level=9)
    given = pd.DataFrame({"cell_id": ["a0", "a0", "unlisted"], "hex_id": [*here, here[0]],
                          "weight": [3.0, 1.0, 7.0], "method": "coverage"})  # fmt: skip
    weights, without = spread(TOWN, given), spread(TOWN)
    mine = weights[weights["cell_id"] == "a0"].set_index("hex_id")["weight"]
    assert mine.to_dict() == {here[0]: 0.75, here[1]: 0.25}
    assert weights.query("cell_id == 'unlisted'")["weight"].tolist() == [1.0]
    assert same(weights.query("cell_id == 'a1'"), without.query("cell_id == 'a1'"))


# ------------------------------------------------------------------------------ time


def history() -> pd.DataFrame:
    """a stays, b is replaced by a turned b, c ends, d begins, e is planned after the data."""
    rows = inventory(
        *star("a", 53.80, -1.55), ("b", 53.82, -1.52, 30.0), ("b", 53.82, -1.52, 210.0),
        ("c", 53.79, -1.52, 0.0), ("d", 53.81, -1.57, 90.0), ("e", 53.80, -1.50, 0.0),
        ("far", 54.9, -1.6, 0.0),
    )  # fmt: skip
    begins = [None, None, None, date(2019, 5, 1), date(2026, 2, 1), None, date(2026, 2, 20),
              date(2027, 1, 1), None]  # fmt: skip
    ends = [None, None, None, None, None, date(2026, 3, 1), None, None, None]
    return rows.assign(valid_from=begins, valid_to=ends)


def test_each_day_has_the_footprints_of_the_inventory_of_that_day() -> None:
    cells = history()
    weights = spread(cells)
    for day in (date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 25),
                date(2026, 3, 1), date(2026, 3, 31)):  # fmt: skip
        begun = cells["valid_from"].map(lambda d, day=day: d is None or d <= day)
        lasting = cells["valid_to"].map(lambda d, day=day: d is None or d > day)
        then = cells[begun & lasting].drop_duplicates("cell_id", keep="last")
        fresh = spread(then.assign(valid_from=None, valid_to=None))
        valid = footprint.valid_on(weights, day)
        assert sorted(valid["cell_id"].unique()) == sorted(then["cell_id"])
        for name in then["cell_id"]:
            assert same(valid[valid["cell_id"] == name], fresh[fresh["cell_id"] == name]), name


def test_what_nothing_near_touched_keeps_one_footprint() -> None:
    weights = spread(history())
    spans = weights.drop_duplicates(["cell_id", "valid_from", "valid_to"])
    far = spans[spans["cell_id"] == "far"]
    assert far[["valid_from", "valid_to"]].isna().all(axis=None)
    assert spans[spans["cell_id"] == "b"]["valid_from"].dropna().min() == date(2026, 2, 1)
    assert "e" not in set(spans["cell_id"])
    # spans of a cell follow each other without a gap
    for _, mine in spans.groupby("cell_id"):
        assert mine["valid_from"].tolist()[1:] == mine["valid_to"].tolist()[:-1]


# ------------------------------------------------------------------------------ planted truth


def people(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    """Where calls are made, km east and north of the centre: hot spots on a thin ground."""
    spots, width = rng.uniform(-8, 8, (40, 2)), rng.uniform(0.2, 1.2, 40)
    callers = rng.choice(40, n, p=rng.dirichlet(np.full(40, 0.7)))
    places = spots[callers] + rng.normal(size=(n, 2)) * width[callers, None]
    thin = rng.random(n) < 0.4
    places[thin] = rng.uniform(-8, 8, (int(thin.sum()), 2))
    return places


def serving(
    rng: np.random.Generator, cells: pd.DataFrame, callers: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """The cell that each caller hears best; -1 = none.

    Another world than the model's: exponent 3.5, shadowing of 8 dB in blocks of 100 m of which half
    the variance is common to all masts, and a cosine antenna.
    """
    block = np.unique(np.floor(callers / 0.1), axis=0, return_inverse=True)[1].ravel()
    common = rng.normal(size=block.max() + 1)
    best, who = np.full(len(callers), -155.0), np.full(len(callers), -1)
    for _, site in cells.groupby("site_id"):
        shadow = 8 * np.sqrt(0.5) * (common + rng.normal(size=len(common)))[block]
        east = callers[:, 0] - (site["lon"].iloc[0] + 1.5) * KM_LON
        north = callers[:, 1] - (site["lat"].iloc[0] - 53.8) * KM_LAT
        loss = 35 * np.log10(np.maximum(1000 * np.hypot(east, north), 30))
        for row, azimuth in site["azimuth_deg"].items():
            off = (np.degrees(np.arctan2(east, north)) - azimuth + 180) % 360 - 180
            gain = 40 * np.log10(np.maximum(np.cos(np.radians(np.clip(0.7 * off, -85, 85))), 0.2))
            power = shadow - loss + gain
            who[power > best] = row
            best = np.maximum(best, power)
    return who


def misplaced(seed: int, n_sites: int) -> tuple[float, float]:
    """Share of drops put into a wrong hexagon, twice: by the sector model and by Voronoi."""
    rng = np.random.default_rng(seed)
    lat = 53.8 + rng.uniform(-8, 8, n_sites) / KM_LAT
    lon = -1.5 + rng.uniform(-8, 8, n_sites) / KM_LON
    cells = inventory(*(row for i in range(n_sites)
                        for row in star(f"{i}-", lat[i], lon[i], rng.uniform(0, 360))))  # fmt: skip
    callers = people(rng, 40_000)
    who = serving(rng, cells, callers)
    dropped = (rng.random(len(callers)) < rng.gamma(1.5, 0.02, len(cells))[who]) & (who >= 0)
    place = callers[dropped]
    truth = pd.Series(hexgrid.hexes_of(
        lat=53.8 + place[:, 1] / KM_LAT, lon=-1.5 + place[:, 0] / KM_LON, level=8,
    )).value_counts()  # fmt: skip
    drops = np.bincount(who[dropped], minlength=len(cells))
    shares = []
    for method in ("sector_model", "voronoi"):
        weights = footprint.of_layer(cells, method, level=9, max_range_m=10_000)
        parents = hexgrid.parents(weights["hex_id"], level=8)
        ours = (weights["weight"] * drops[weights["row"]]).groupby(parents).sum()
        assert ours.sum() == pytest.approx(drops.sum(), rel=1e-9)
        shares.append(float(ours.sub(truth, fill_value=0).abs().sum() / 2 / drops.sum()))
    return shares[0], shares[1]


@pytest.mark.parametrize(("n_sites", "ratio"), [(20, 0.9), (120, 0.97)])
def test_the_sector_model_puts_drops_nearer_to_where_they_were_than_voronoi(
    n_sites: int, ratio: float
) -> None:
    model, voronoi = np.mean([misplaced(seed, n_sites) for seed in range(2)], axis=0)
    print(f"{n_sites} sites: {model:.3f} and {voronoi:.3f}, ratio {model / voronoi:.3f}")  # noqa: T201
    assert model < ratio * voronoi


def test_counts_are_conserved_however_the_footprints_lie() -> None:
    rng = np.random.default_rng(3)
    weights = spread(history())
    for day in (DAYS[0] + timedelta(days=n) for n in range(0, 90, 7)):
        valid = footprint.valid_on(weights, day)
        counts = pd.Series(rng.integers(0, 10_000, valid["cell_id"].nunique()),
                           index=np.sort(valid["cell_id"].unique()))  # fmt: skip
        total = (valid["weight"] * valid["cell_id"].map(counts)).sum()
        assert total == pytest.approx(counts.sum(), rel=1e-9)
