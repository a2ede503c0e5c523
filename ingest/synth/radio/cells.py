"""The demo operator's masts and cells: what its inventory has, and what each cell is truly like.

No two cells answer load alike: about half of them drop no more calls however full they are, the
others by a smooth curve on the load offered, which the counters only show up to 100 %.
"""

from itertools import cycle

import numpy as np
import pandas as pd

from ingest.synth.radio.country import (
    BRADFORD,
    CENTRES,
    EAST,
    KM_PER_DEGREE,
    LEEDS,
    NORTH,
    SETTINGS,
    SOUTH,
    TOWNS,
    WEST,
    Floats,
    km_between,
)

Rng = np.random.Generator

NEXT_TOWN, COUNTRY = -1, -2
# where the next mast goes, over and over
SITE_MIX = (
    *(LEEDS, NEXT_TOWN, BRADFORD, COUNTRY),
    *(LEEDS, NEXT_TOWN, LEEDS, BRADFORD),
    *(LEEDS, NEXT_TOWN, COUNTRY, LEEDS),
)
KM_OUT_OF_TOWN, RURAL_CODE = 4.5, "RUR"
SECOND_CARRIER_SHARE = 0.25
HARM_SHARE, UPLINK_SHARE = 0.45, 0.08
CARRIERS = (("LTE", "B3", 20.0), ("LTE", "B7", 20.0), ("NR", "n78", 80.0))


def invent_cells(rng: Rng, *, n_cells: int, first_day: pd.Timestamp) -> pd.DataFrame:
    """One row per cell: its mast and carrier, and the true parameters behind its counters.

    `rng`: the stream to draw from. `n_cells`: how many. `first_day`: of the counters; every cell is
    on air before it.
    """
    return _cells(rng, _sites(rng, n_cells), first_day)


def _sites(rng: Rng, n_cells: int) -> pd.DataFrame:
    """Masts in the order of `SITE_MIX`, until their sectors and carriers make `n_cells` cells."""
    rows: list[tuple[int, str, int, int, float, float]] = []
    next_town, mix = cycle(range(BRADFORD + 1, len(TOWNS))), cycle(SITE_MIX)
    while room := n_cells - sum(row[3] for row in rows):
        place = next(mix)
        town = next(next_town) if place == NEXT_TOWN else place
        setting = {LEEDS: "city", BRADFORD: "city", COUNTRY: "country"}.get(town, "town")
        sectors = int(rng.choice([1, 2, 3], p=[0.25, 0.35, 0.4])) if setting == "country" else 3
        second = setting == "city" and rows and rng.random() < SECOND_CARRIER_SHARE
        lat, lon = _spot(rng, town, np.array([row[4:] for row in rows]).reshape(-1, 2))
        rows.append((town, setting, sectors, min(room, sectors * (2 if second else 1)), lat, lon))
    return _named(
        pd.DataFrame(rows, columns=["town", "setting", "n_sectors", "n_cells", "lat", "lon"])
    )


def _spot(rng: Rng, town: int, others: Floats) -> Floats:
    """A place for a mast: of some candidates, the one farthest from other masts."""
    if town == COUNTRY:
        edge = 0.04  # degrees that keep the mast off the map's rim
        spots = rng.uniform((SOUTH + edge, WEST + edge), (NORTH - edge, EAST - edge), (200, 2))
        spots = spots[(km_between(spots, CENTRES) > KM_OUT_OF_TOWN).all(axis=1)]
    else:
        spots = CENTRES[town] + rng.normal(0, TOWNS[town].radius_km * 0.7, (6, 2)) / KM_PER_DEGREE
    apart = km_between(spots, others).min(axis=1, initial=np.inf)
    return np.asarray(spots[apart.argmax()].round(5))


def _named(sites: pd.DataFrame) -> pd.DataFrame:
    """The sites with a key and a name each, numbered within their town or the countryside."""
    nearest = km_between(sites[["lat", "lon"]].to_numpy(), CENTRES).argmin(axis=1)
    towns, rural = [TOWNS[town] for town in nearest], sites["town"] == COUNTRY
    code = pd.Series([RURAL_CODE if r else t.code for t, r in zip(towns, rural, strict=True)])
    number = [f"{n:02d}" for n in sites.groupby(code).cumcount() + 1]
    area = [t.name + " Rural" * r for t, r in zip(towns, rural, strict=True)]
    return sites.assign(
        site_id=[c + n for c, n in zip(code, number, strict=True)],
        site_name=[f"{a} {n}" for a, n in zip(area, number, strict=True)],
    )


def _cells(rng: Rng, sites: pd.DataFrame, first_day: pd.Timestamp) -> pd.DataFrame:
    """One row per cell: what the inventory has, and the true parameters behind its counters."""
    cells = sites.loc[sites.index.repeat(sites["n_cells"])].rename_axis("site").reset_index()
    number, n_sectors, site = cells.groupby("site").cumcount(), cells["n_sectors"], cells["site"]
    sector, second = number % n_sectors, number // n_sectors
    carrier = second * (1 + site % 2)  # a second carrier is LTE on even sites, NR on odd ones
    radio = pd.DataFrame(CARRIERS, columns=["technology", "band", "bandwidth_mhz"])
    azimuth = (rng.integers(0, 12, len(sites))[site] * 10 + sector * 360 // n_sectors) % 360
    age = pd.to_timedelta(rng.integers(200, 3000, len(sites)), unit="D")[site]
    return cells.assign(
        cell_id=cells["site_id"] + sector.map(dict(enumerate("ABC"))) + (second + 1).astype(str),
        azimuth_deg=np.where(n_sectors == 1, np.nan, azimuth),
        on_air=first_day - age,
        **{str(column): radio[column].to_numpy()[carrier] for column in radio},
        **_parameters(rng, cells["setting"]),
    )


def _parameters(rng: Rng, settings: pd.Series) -> dict[str, Floats]:
    """True parameters of each cell; `harm` 0 and `harm_at_pct` NaN where load does no harm."""
    n = len(settings)
    drawn = {
        name: rng.uniform(*np.array([getattr(SETTINGS[s], name) for s in settings]).T)
        for name in ("busy_attempts", "prb_busy_pct", "height_m", "rsrp_dbm")
    }
    harmed, uplink = rng.random(n) < HARM_SHARE, rng.random(n) < UPLINK_SHARE
    # business districts empty on free days, places for walks fill
    free = rng.choice([0.55, 0.8, 1.05], n, p=[0.25, 0.55, 0.2]) * rng.lognormal(0, 0.06, n)
    return drawn | {
        "uplink_per_downlink": np.where(uplink, rng.uniform(1.1, 1.4, n), rng.uniform(0.3, 0.7, n)),
        "base_rate": np.exp(rng.uniform(np.log(0.003), np.log(0.008), n)),
        "harm": np.where(harmed, rng.uniform(0.8, 4.0, n), 0.0),
        "harm_at_pct": np.where(harmed, rng.uniform(78, 112, n), np.nan),
        "harm_width_pct": rng.uniform(4, 9, n),
        "evening_drops": rng.normal(0.08, 0.06, n),
        "free_day_demand": free,
        "later_hours": rng.normal(0, 0.8, n),
        "users_per_attempt": rng.uniform(0.12, 0.3, n),
        "mb_per_prb_pct": rng.lognormal(2, 0.12, n),
    }
