"""In which hours can a cell not be judged? During its outages, and while somebody works on it."""

import pandas as pd

# an intervention logged as longer is a project: its dates don't say when the cell was touched
LONGEST = pd.Timedelta(hours=72)
_NAMES = ["cell_id", "start_utc", "end_utc"]


def masked(outages: pd.DataFrame, interventions: pd.DataFrame, sites: pd.Series) -> pd.DataFrame:
    """Rows cell_id, start_utc, end_utc of tables `outage` and `intervention` together.

    `outages`, `interventions`: the two tables. Of interventions only those that were done, with a
    begin and an end at most 72 h apart; one on a site is one on each of its cells. `sites`: site of
    each cell by cell_id, missing = none. An outage without an end is not over.
    """
    length = interventions["end_utc"] - interventions["start_utc"]
    is_done = interventions["status"].fillna("done") != "planned"
    is_brief = (length > pd.Timedelta(0)) & (length <= LONGEST)
    brief = interventions[is_done & is_brief]
    cells_of_sites = sites[sites.notna()].rename("site_id").rename_axis("cell_id").reset_index()
    of_sites = brief[brief["cell_id"].isna()].drop(columns="cell_id")
    on_sites = of_sites.merge(cells_of_sites, on="site_id")
    on_cells = brief[brief["cell_id"].notna()]
    parts = [part[_NAMES] for part in (outages, on_cells, on_sites) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else outages[_NAMES]
