"""Do the intervals of complaint rates and NPS hold what they promise? Planted truth, fresh seeds.

Invents towns of some 400 hexagons whose true rates and shares are known, has `analysis.rates`
make figures of what was reported, suppressed as always, and counts how many 90 % intervals of shown
places hold the truth: `python -m benchmarks.rates` writes docs/accuracy/rates.md. Beside them:

- plain: exact Poisson (Garwood 1936), and NPS with its plain standard error;
- plug-in: empirical Bayes with the parent's mean, the place in it, and the dispersion as known.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv, gammaincinv

from analysis.arrays import Floats
from analysis.rates import estimates, nps
from analysis.rates.complaints import complaint_rates
from contracts.settings.sections import Privacy, Targets
from geo import hexgrid
from ingest.privacy import release

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "rates.md"
N_TOWNS, SEED = 32, 7000
LEVEL = {"complaints_per_1000": 7, "nps": 6}
BOX = {"west": -2.0, "east": -1.1, "south": 53.55, "north": 54.05}
JUNE = pd.Timestamp("2026-06-01")
Z90 = 1.6448536269514722
WAYS = ("pooled", "plain", "plug-in")

Ends = tuple[Floats, Floats]


@dataclass(frozen=True)
class Town:
    """Hexagons of level 7 with what is true of them.

    `hexes`: hex_id, region, n (subscribers), rate (complainants per 1,000 and month), answers
    (expected), promoters and detractors (shares). `days`: each day's part of the complaints.
    """

    kind: str
    hexes: pd.DataFrame
    days: Floats


# --- what is planted ----------------------------------------------------------------------------


def town(kind: str, seed: int) -> Town:
    """Rates and shares that scatter about those of parents of levels 6 and 5.

    `kind`: how rates of hexagons scatter: gamma (as the model has it), lognormal (less than half as
    much), or hot spots (one hexagon in 16 has four times the rate of all others around it).
    `seed`: of all that is drawn.
    """
    rng = np.random.default_rng(seed)
    hexes = np.sort(hexgrid.hexes_in_box(**BOX, level=7))
    around = _effects(rng, hexes, 5, 0.3) + _effects(rng, hexes, 6, 0.2)
    scatter: dict[str, Callable[[], Floats]] = {
        "gamma": lambda: rng.gamma(4, 1 / 4, len(hexes)),
        "lognormal": lambda: np.exp(rng.normal(-0.02, 0.2, len(hexes))),
        "hot spots": lambda: np.where(rng.random(len(hexes)) < 1 / 16, 4.0, 1.0),
    }
    people = np.maximum(rng.lognormal(6.8, 1.0, len(hexes)).round(), 20)
    lat, lon = hexgrid.centres(hexgrid.parents(hexes, level=6))
    names = np.array(["West", "Middle", "East"])[np.digitize(lon, [-1.75, -1.4])]
    up = 0.45 * np.exp(-around / 3 + rng.normal(0, 0.1, len(hexes)))
    down = 0.25 * np.exp(around / 2 + rng.normal(0, 0.2, len(hexes)))
    days = rng.gamma(25, size=30)
    return Town(kind, days=days / days.sum(), hexes=pd.DataFrame({
        "hex_id": hexes, "region": names + np.where(lat > 53.8, " North", " South"), "n": people,
        "rate": 5 * np.exp(around) * scatter[kind](), "answers": 0.015 * people,
        "promoters": np.minimum(up, 0.6), "detractors": np.minimum(down, 0.38),
    }))  # fmt: skip


def _effects(
    rng: np.random.Generator, hexes: npt.NDArray[np.uint64], level: int, sd: float
) -> Floats:
    parent = np.unique(hexgrid.parents(hexes, level=level), return_inverse=True)[1]
    effects: Floats = rng.normal(0, sd, parent.max() + 1)[parent]
    return effects


def truth_of(planted: Town) -> pd.DataFrame:
    """What is true of every place on every grid: PLACE, complaints_per_1000 and nps.

    `planted`: the town.
    """
    hexes = planted.hexes.assign(
        cases=lambda x: x["rate"] * x["n"],
        net=lambda x: 100 * (x["promoters"] - x["detractors"]) * x["answers"],
    )
    sums = [grid.groupby(release.PLACE)[["cases", "n", "net", "answers"]].sum()
            for grid in release.on_grids(hexes, 7)]  # fmt: skip
    whole = pd.concat(sums)
    return pd.DataFrame({
        "complaints_per_1000": whole["cases"] / whole["n"], "nps": whole["net"] / whole["answers"],
    }).reset_index()  # fmt: skip


def complaints_of(planted: Town, rng: np.random.Generator) -> pd.DataFrame:
    """A month of complaints, each by another person.

    `planted`: the town. `rng`: all randomness.
    """
    hexes = planted.hexes
    n = rng.poisson(hexes["rate"] * hexes["n"] / 1000)
    where = np.repeat(hexes["hex_id"].to_numpy(), n)
    names = [f"c{i}" for i in range(len(where))]
    minutes = 1440 * rng.choice(30, len(where), p=planted.days) + rng.integers(0, 1440, len(where))
    return pd.DataFrame({
        "complaint_id": names, "person_key": names, "complaint_class": "network",
        "created_utc": JUNE.tz_localize("UTC") + pd.to_timedelta(minutes, "min"),
        "day_local": (JUNE + pd.to_timedelta(minutes, "min")).date,
        "time_grain": "instant", "hex_id": pd.array(where, dtype="UInt64"), "weight": 1.0,
    })  # fmt: skip


def answers_of(planted: Town, rng: np.random.Generator) -> pd.DataFrame:
    """A month of answers, with survey weights that have nothing to do with the score.

    `planted`: the town. `rng`: all randomness.
    """
    hexes = planted.hexes
    n = rng.poisson(hexes["answers"])
    each = hexes.loc[hexes.index.repeat(n)]
    luck = rng.random(len(each))
    score = np.where(luck < each["promoters"], 10, np.where(luck > 1 - each["detractors"], 3, 8))
    return pd.DataFrame({
        "response_id": [f"r{i}" for i in range(len(each))],
        "person_key": [f"r{i}" for i in range(len(each))],
        "survey_type": "relationship", "score": score.astype(float),
        "survey_weight": rng.lognormal(0, 0.4, len(each)),
        "day_local": pd.date_range(JUNE, periods=len(each), end="2026-06-30").date,
        "hex_id": pd.array(each["hex_id"], dtype="UInt64"),
    })  # fmt: skip


# --- three ways ---------------------------------------------------------------------------------


def figures(planted: Town, seed: int) -> pd.DataFrame:
    """Shown figures of a town as they are released, with PLACE.

    `planted`: the town. `seed`: of its complaints and answers.
    """
    rng, hexes = np.random.default_rng(seed), planted.hexes
    exposure = hexes[["hex_id", "n"]].assign(period_start=JUNE)
    regions = hexes.set_index("hex_id")["region"]
    how = {"rule": Privacy(), "targets": Targets()}
    coarse = regions.groupby(hexgrid.parents(regions.index.to_numpy(), level=6)).first()
    found = pd.concat([
        complaint_rates(complaints_of(planted, rng), exposure, level=7, regions=regions,
                                  metric="complaints_per_1000", **how),
        nps.nps(answers_of(planted, rng), level=6, regions=coarse, **how),
    ], ignore_index=True)  # fmt: skip
    found["level"] = found["level"].fillna(release.REGION).astype(int)
    found["hex_id"] = found["hex_id"].fillna(hexgrid.NO_HEX).astype(np.uint64)
    return found.assign(region=found["region"].fillna("")).query("shown == 'shown'")


def garwood(count: Floats, exposure: Floats) -> Ends:
    """Exact Poisson limits (Garwood 1936).

    `count`: events, (place,). `exposure`: over 0, in the unit that rates are of.
    """
    low = np.where(count > 0, gammaincinv(np.maximum(count, 1e-9), 0.05), 0.0)
    return low / exposure, gammaincinv(count + 1, 0.95) / exposure


def plain_nps(up: Floats, down: Floats, n: Floats) -> Ends:
    """The score less and plus 1.645 standard errors, in points.

    `up`, `down`: shares of promoters and detractors, 0 to 1, (place,). `n`: answers, over 0.
    """
    half = 100 * Z90 * np.sqrt(np.maximum(up + down - (up - down) ** 2, 0.0) / n)
    return 100 * (up - down) - half, 100 * (up - down) + half


def plug_in_rate(count: Floats, exposure: Floats, family: npt.NDArray[np.int64]) -> Ends:
    """Gamma-Poisson with each family's pooled rate and one method-of-moments scatter as known.

    `count`, `exposure`: as of `garwood`. `family`: number of the parent of each place, from 0.
    """
    mean = (np.bincount(family, count) / np.bincount(family, exposure))[family]
    expected = np.maximum(mean * exposure, 1e-9)
    scatter = max((((count - expected) ** 2 - expected).sum()) / (expected**2).sum(), 1e-3)
    shape, rate = 1 / scatter + count, 1 / (scatter * np.maximum(mean, 1e-9)) + exposure
    return gammaincinv(shape, 0.05) / rate, gammaincinv(shape, 0.95) / rate


def plug_in_nps(up: Floats, down: Floats, n: Floats, family: npt.NDArray[np.int64]) -> Ends:
    """Dirichlet-multinomial likewise, its posterior as a beta of the same mean and variance.

    `up`, `down`, `n`: as of `plain_nps`. `family`: as of `plug_in_rate`.
    """
    weight = np.bincount(family, n)
    mean_up, mean_down = ((np.bincount(family, n * share) / weight)[family] for share in (up, down))
    between, within = 0.0, 0.0
    for share, mean in ((up, mean_up), (down, mean_down)):
        between += float((n * (share - mean) ** 2 - mean * (1 - mean)).sum())
        within += float(((n - 1) * mean * (1 - mean)).sum())
    pull = 1 / min(max(between / within, 1e-3), 0.9) - 1
    whole = n + pull
    a, b = ((n * s + pull * m) / whole for s, m in ((up, mean_up), (down, mean_down)))
    variance = (a + b - (a - b) ** 2) / (whole + 1)
    size = (1 - (a - b) ** 2) / variance - 1
    first, second = size * (1 + a - b) / 2, size * (1 - a + b) / 2
    return 200 * betaincinv(first, second, 0.05) - 100, 200 * betaincinv(first, second, 0.95) - 100


def judged(planted: Town, seed: int) -> pd.DataFrame:
    """One row a shown place and way: metric, grid, whether it held, width, error, called bad.

    `planted`: the town. `seed`: of its complaints and answers.
    """
    found = figures(planted, seed)
    truth = truth_of(planted).melt(release.PLACE, var_name="metric", value_name="truth")
    found = found.merge(truth, on=[*release.PLACE, "metric"])
    daily = found["period_grain"] == "day"
    of_day = planted.days[found["period_start"].dt.day - 1] * len(planted.days)
    found["truth"] *= np.where(daily, of_day, 1.0)
    found["grid"] = np.where(daily, "regions by day",
        np.where(found["level"] < 0, "regions", "level " + found["level"].astype(str)))  # fmt: skip
    parts = [part for _, group in found.groupby(["metric", "grid"]) for part in _ways(group)]
    return pd.concat(parts, ignore_index=True).assign(kind=planted.kind, town=seed)


def _ways(group: pd.DataFrame) -> Iterator[pd.DataFrame]:
    family = _families(group)
    counts = [group[c].to_numpy(float) for c in ("numerator", "denominator", "n_effective")]
    up, down = (group[c].to_numpy(float) for c in ("promoter_share", "detractor_share"))
    if group["metric"].iloc[0] == "nps":
        plain, plugged = plain_nps(up, down, counts[2]), plug_in_nps(up, down, counts[2], family)
    else:
        months = np.where(group["period_grain"] == "day", 1 / 30, 1.0)
        exposure = counts[1] * months / 1000
        plain, plugged = garwood(counts[0], exposure), plug_in_rate(counts[0], exposure, family)
    pooled = group["value_lo"].to_numpy(), group["value_hi"].to_numpy()
    for way, (low, high) in zip(WAYS, (pooled, plain, plugged), strict=True):
        centre = group["value" if way == "pooled" else "value_raw"]
        yield group[["metric", "grid"]].assign(
            way=way, held=(low <= group["truth"]) & (group["truth"] <= high), width=high - low,
            error=(centre - group["truth"]) ** 2, bad=group["standing"] == "bad",
            false=(group["standing"] == "bad")
            & np.where(group["metric"] == "nps", group["truth"] >= group["target"],
                       group["truth"] <= group["target"]),
        )  # fmt: skip


def _families(group: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The parent one level up; all together where there is none."""
    level = int(group["level"].iloc[0])
    parent = (hexgrid.parents(group["hex_id"], level=level - 1) if level > release.COARSEST_LEVEL
              else group["region"].where(group["period_grain"] == "day", ""))  # fmt: skip
    return np.unique(np.asarray(parent), return_inverse=True)[1]


# --- the page -----------------------------------------------------------------------------------


def run(n_towns: int) -> pd.DataFrame:
    """All judgements over as many towns of each kind.

    `n_towns`: of each kind.
    """
    kinds = ("gamma", "lognormal", "hot spots")
    return pd.concat([
        judged(town(kind, SEED + 100 * k + i), SEED + 100 * k + i)
        for k, kind in enumerate(kinds) for i in range(n_towns)
    ], ignore_index=True)  # fmt: skip


def cost(n_hexes: int = 20_000) -> dict[str, float]:
    """Seconds for complaint rates of a country: counting and suppression, and the estimates.

    `n_hexes`: at most so many, of level 8.
    """
    rng = np.random.default_rng(SEED)
    hexes = np.sort(hexgrid.hexes_in_box(west=-4, east=0, south=51, north=54, level=8))[:n_hexes]
    planted = Town(
        "cost", pd.DataFrame({"hex_id": hexes, "n": 400.0, "rate": 8.0}), np.full(30, 1 / 30)
    )
    complaints = complaints_of(planted, rng)
    spent = 0.0
    plain = estimates.of_counts

    def timed(*given: pd.DataFrame | str | Targets) -> pd.DataFrame:
        nonlocal spent
        began = time.perf_counter()
        made = plain(*given)  # type: ignore[arg-type]
        spent += time.perf_counter() - began
        return made

    estimates.of_counts = timed  # type: ignore[assignment]
    began = time.perf_counter()
    complaint_rates(
        complaints, pd.DataFrame({"hex_id": hexes, "n": 400.0, "period_start": JUNE}), level=8,
        metric="complaints_per_1000", regions=pd.Series("All", index=hexes),
        rule=Privacy(), targets=Targets(),
    )  # fmt: skip
    whole = time.perf_counter() - began
    estimates.of_counts = plain
    return {"hexes": len(hexes), "estimates": spent, "rest": whole - spent}


def page(scored: pd.DataFrame, took: dict[str, float], n_towns: int) -> str:
    """docs/accuracy/rates.md.

    `scored`: as of `run`. `took`: as of `cost`. `n_towns`: of each kind.
    """
    n_places = (scored["way"] == "pooled").sum()
    lines = [_HEAD.format(n_towns=n_towns, n_places=f"{n_places:,}")]
    for metric, title in (("complaints_per_1000", "Complaint rates"), ("nps", "NPS")):
        mine = scored[scored["metric"] == metric]
        lines += [
            f"## {title}",
            "",
            "| towns | grid | shown places | pooled | plain | plug-in | width: "
            "pooled of plain | error: pooled of raw |",
            "|---|---|---|---|---|---|---|---|",
        ]
        groups = [("all", "all", mine)]
        groups += [(str(kind), "all", part) for kind, part in mine.groupby("kind")]
        groups += [("all", str(grid), part) for grid, part in mine.groupby("grid")]
        lines += [_line(kind, grid, part) for kind, grid, part in groups]
        ours = mine[mine["way"] == "pooled"]
        wrong = ours["false"].sum() / max(ours["bad"].sum(), 1)
        lines += ["", f"Called bad against the network's own figure: {ours['bad'].sum():,}, "
                  f"{wrong:.3f} of them wrongly (allowed: {Targets().false_discovery}).",
                  ""]  # fmt: skip
    return "\n".join([*lines, _COST.format(ratio=took["estimates"] / took["rest"], **took)])


def _line(kind: str, grid: str, part: pd.DataFrame) -> str:
    holds = [_held(part[part["way"] == way]) for way in WAYS]
    by_way = part.groupby("way")[["width", "error"]].mean()
    n = (part["way"] == "pooled").sum()
    width = by_way.loc["pooled", "width"] / by_way.loc["plain", "width"]
    error = np.sqrt(by_way.loc["pooled", "error"] / by_way.loc["plain", "error"])
    return f"| {kind} | {grid} | {n:,} | {' | '.join(holds)} | {width:.2f} | {error:.2f} |"


def _held(part: pd.DataFrame) -> str:
    """Share of intervals that hold, and its Monte-Carlo error over towns."""
    towns = part.groupby("town")["held"].agg(["sum", "size"])
    share = towns["sum"].sum() / towns["size"].sum()
    off = towns["sum"] - share * towns["size"]
    return f"{share:.3f} ± {np.sqrt((off**2).sum()) / towns['size'].sum():.3f}"


_HEAD = """# Rates of customers

Written by `python -m benchmarks.rates`; do not edit.

{n_towns} invented towns of each of three kinds, some 420 hexagons of level 7 each, {n_places} shown
figures in all, made by `analysis.rates` with the release rule in force. What a 90 % interval
should hold is the planted long-run rate of the place. Hexagons' true rates scatter about those of
their parents: as the model has it (gamma), hardly (lognormal), or a few stand out fourfold (hot
spots); days scatter by a gamma of standard deviation .2, alike in all regions; true shares of an
NPS are lognormal about their parents', and its answers carry random weights. After ±: Monte-Carlo
standard error, towns being independent. Plain: Garwood's exact Poisson interval, and the NPS with
its plain standard error. Plug-in: the parent's mean (with the place in it) and the dispersion taken
as known. Width: mean width. Error: root mean square against the truth.

Zero counts are shown and 1 to 4 are not, so plain intervals face selected places; a plain interval
holds more than it promises at small counts because it must be exact for every rate.

Not in these figures: months that are worse everywhere for a while (the interval is for the long-run
rate if the month is like the others), subscribers counted in the wrong place, surveys that some
kinds of customers do not answer.
"""

_COST = """## Cost

{hexes:,} hexagons of level 8 and all coarser grids, one month and class, one process: estimates
{estimates:.1f} s beside {rest:.1f} s for the counting and suppression of the same data, ratio
{ratio:.2f}.
"""


def main() -> None:
    """Runs the benchmark and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--towns", type=int, default=N_TOWNS, help="towns of each kind")
    parser.add_argument("--out", type=Path, default=PAGE)
    chosen = parser.parse_args()
    chosen.out.write_text(page(run(chosen.towns), cost(), chosen.towns), encoding="utf-8")


if __name__ == "__main__":
    main()
