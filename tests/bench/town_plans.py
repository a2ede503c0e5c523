"""Where to look first in the invented town, and what two budgets would pay for."""

from datetime import date

import numpy as np
import pandas as pd

from geo import hexgrid
from tests.bench.frames import rows


def priority(cells: pd.DataFrame) -> pd.DataFrame:
    """Three sites and their hexagons, as rows of `priority`."""
    sites = cells.iloc[[1, 2, 4]]
    hexes = hexgrid.hexes_of(lat=sites["lat"], lon=sites["lon"], level=8)
    parts = [
        rows(
            "priority",
            place_type=kind,
            rank=[1, 2, 3],
            hex_id=hexes,
            level=8,
            shown_hex_id=hexes,
            site_id=sites["site_id"].to_numpy(),
            place_name=names,
            region=sites["region"].to_numpy(),
            lat=sites["lat"].to_numpy(),
            lon=sites["lon"].to_numpy(),
            period_start=date(2025, 4, 4),
            period_end=date(2025, 5, 1),
            call_attempts=[140_000.0, 150_000.0, 180_000.0],
            dropped_calls=[2900.0, 2300.0, 4300.0],
            drop_rate=[0.0207, 0.0153, 0.0239],
            drop_rate_lo=[0.0198, 0.0146, 0.023],
            drop_rate_hi=[0.0216, 0.016, 0.0248],
            normal_rate=0.014,
            drops_excess_month=[1234.0, 480.0, 91.0],
            drops_excess_month_lo=[1100.0, 300.0, -20.0],
            drops_excess_month_hi=[1400.0, 660.0, 200.0],
            prb_dl_util_bh_pct=[71.0, 55.0, 66.0],
            complainants=["23", "<5", ""],
            nps=[-12.0, np.nan, 20.0],
            dominant_cell_id=sites["cell_id"].to_numpy(),
            change_id=["c1", None, None],
            change_utc=[pd.Timestamp("2025-04-12", tz="UTC"), None, None],
            seen=[
                "drops doubled on 12 Apr at LDS-02; busy-hour PRB 51 % to 69 %",
                "steadily above normal",
                "steadily above normal",
            ],
            run_id="r",
        )
        for kind, names in (
            ("site", ["Mast 1", "Mast 2", "Mast 3"]),
            ("hex", hexgrid.as_text(hexes)),
        )
    ]
    return pd.concat(parts, ignore_index=True)


def plans(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Two budgets, for the larger one another plan and an action that waits; a third impossible."""
    at = cells.iloc[[1, 2, 4]]
    actions = {
        "place_type": "cell",
        "cell_id": at["cell_id"].to_numpy(),
        "sector_id": None,
        "site_id": at["site_id"].to_numpy(),
        "region": at["region"].to_numpy(),
        "lat": at["lat"].to_numpy(),
        "lon": at["lon"].to_numpy(),
        "cost_currency": "<EUR>",
        "reason": "takes off 30 % (20 to 40) of the load in the cell",
        "run_id": "r",
        "crew_weeks": 2.0,
        "benefit_month": [300.0, 120.0, 90.0],
        "benefit_month_lo": [200.0, 60.0, 40.0],
        "benefit_month_hi": [400.0, 200.0, 150.0],
        "p_in_plan": [1.0, 0.7, 0.3],
    }
    cost = np.array([40.0, 50.0, 45.0])
    action = np.array(["add_carrier", "fix + tilt", "tilt"])
    plans = [(50.0, 1, [0]), (100.0, 1, [0, 1]), (100.0, 2, [0, 2]), (50.0, 0, [1])]
    whole = rows("plan", budget=0.0, plan_number=0, action=action, cost_amount=cost, **actions)
    budgets = [
        rows(
            "plan_budget",
            budget=[budget],
            plan_number=number,
            n_actions_offered=3,
            n_actions=len(held),
            cost_amount=cost[held].sum(),
            cost_currency="<EUR>",
            costs_invented=True,
            crew_weeks=2.0 * len(held),
            benefit_month=whole["benefit_month"].iloc[held].sum(),
            benefit_month_lo=100.0,
            benefit_month_hi=700.0,
            optimality_gap=0.0,
            run_id="r",
        )
        for budget, number, held in plans
        if number
    ]
    refused = rows(
        "plan_budget",
        budget=[500.0],
        plan_number=1,
        n_actions_offered=3,
        n_actions=0,
        costs_invented=True,
        cost_amount=0.0,
        benefit_month=0.0,
        run_id="r",
        unsafe_reason="floors: East shall get 400; lower its floor",
    )
    limits = rows(
        "plan_limit",
        budget=[100.0, 100.0],
        limit_name=["budget", "floor"],
        region=["", "East"],
        limit_amount=[100.0, 10.0],
        used_amount=[90.0, 50.0],
        benefit_lost_month=[90.0, 0.0],
        run_id="r",
    )
    return {
        "plan": pd.concat(
            [
                whole.iloc[held].assign(budget=budget, plan_number=number)
                for budget, number, held in plans
            ]
        ),
        "plan_budget": pd.concat([*budgets, refused]),
        "plan_limit": limits,
    }
