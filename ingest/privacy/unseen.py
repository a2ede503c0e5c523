"""What months would tell of days: cases of days that have not left, and what came since others did.

A month less those of its days that have left is a sum of the other days, and of what came too late
for a day that had left. Readers know the days of each row of `parts.days` (a named region, or the
rest of the network), so that sum holds nothing, or enough, of each row whose month they can tell.
"""

from collections.abc import Sequence

import pandas as pd

from ingest.privacy.pieces import Flags
from ingest.privacy.release import NETWORK, REGION

CASES = ["count", "homes", "touched"]


def cases(first: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """What `release.counts` needs of each group: cases, how many are at home, how many touch it.

    `first`: one row a person and hexagon, with weight and home. `keys`: columns that name a group.
    """
    grouped = first.groupby(list(keys), dropna=False)
    sums = grouped.agg(count=("weight", "sum"), homes=("home", "sum"), touched=("home", "size"))
    return sums.astype(float).round(9).reset_index()


def is_among(rows: pd.DataFrame, others: pd.DataFrame, key: Sequence[str]) -> Flags:
    """Which rows have their `key` among those of the others."""
    keys = others[list(key)].drop_duplicates()
    found = rows[list(key)].merge(keys, "left", list(key), indicator="_")["_"]
    return (found == "both").to_numpy(bool)


def with_days(
    blocks: pd.DataFrame, first: pd.DataFrame, daily: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """The blocks with what `release.counts` needs of days: `by_day`, and cases of hidden days.

    `blocks`: `by`, hex_id, region. `first`: one row a person and hexagon: `by`, hex_id, region,
    day, weight and home. `daily`: as of `parts.days`, with is_named. `by`: columns that name a
    table.
    """
    regions = daily[(daily["level"] == REGION) & daily["is_named"].eq(True)]
    whole = daily[daily["level"] == NETWORK]
    key, row = [*by, "region"], [*by, "row"]
    # whatever lies in no named region is one row, whose name is empty
    persons = first.assign(row=first["region"].where(is_among(first, regions, key), ""))
    counted = blocks.assign(row=blocks["region"].where(is_among(blocks, regions, key), ""))
    known = pd.concat([regions, whole]).rename(columns={"region": "row"})
    persons = persons.merge(known[[*row, "day", "shown"]], "left", [*row, "day"])
    is_seen = persons["shown"] == "shown"
    hidden = cases(persons[~is_seen], ["hex_id", *by])
    hidden = hidden.rename(columns={name: f"unseen_{name}" for name in CASES})
    counted = counted.merge(hidden, "left", ["hex_id", *by])
    late = _late(persons[is_seen], regions, whole, by)
    counted = counted.merge(late, "left", row)
    # what came late stands in the first block of its row
    more = counted["late"].fillna(0.0).where(~counted.duplicated(row), 0.0)
    for name in CASES:
        counted[f"unseen_{name}"] = counted[f"unseen_{name}"].fillna(0.0) + more
    has_cases = regions[(regions["shown"] == "shown") & (regions["count"] > 0)]
    return counted.assign(by_day=is_among(counted, has_cases, key)).drop(columns=["row", "late"])


def _late(
    seen: pd.DataFrame, regions: pd.DataFrame, whole: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """How much each row's days differ from what left of them: `by`, row, late.

    `seen`: persons on days of their row that have left. `regions`, `whole`: rows of `parts.days`.
    """
    row = [*by, "row"]
    now = seen.groupby(row)["weight"].sum()
    of_network = whole[whole["shown"] == "shown"]
    in_regions = regions.merge(of_network[[*by, "day"]], on=[*by, "day"])
    rest = of_network.groupby(list(by))["count"].sum()
    rest = rest.sub(in_regions.groupby(list(by))["count"].sum(), fill_value=0.0)
    own = regions[regions["shown"] == "shown"].rename(columns={"region": "row"})
    of_regions = own.groupby(row)["count"].sum().reset_index()
    both = pd.concat([of_regions, rest.reset_index().assign(row="")])
    left = both.set_index(row)["count"]
    return left.sub(now, fill_value=0.0).abs().round(6).rename("late").reset_index()
