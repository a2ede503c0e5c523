"""In which hours can a cell not be judged? During its outages, and while somebody works on it."""

import pandas as pd

# works logged as longer are projects: their dates don't tell when the cell was touched
LONGEST_WORK = pd.Timedelta(hours=72)
_NAMES = ["cell_id", "start_utc", "end_utc"]


def masked(outages: pd.DataFrame, works: pd.DataFrame, sites: pd.Series) -> pd.DataFrame:
    """Rows cell_id, start_utc, end_utc of tables `outage` and `intervention` together.

    Of works only those that were done, with a begin and an end at most 72 h apart; a work on a site
    is one on each of its cells. `sites`: site of each cell by cell_id. An outage without an end is
    not over.
    """
    length = works["end_utc"] - works["start_utc"]
    done = works["status"].fillna("done") != "planned"
    brief = works[done & (length > pd.Timedelta(0)) & (length <= LONGEST_WORK)]
    of_site = sites[sites.notna()].rename("site_id").rename_axis("cell_id").reset_index()
    on_sites = brief[brief["cell_id"].isna()].drop(columns="cell_id").merge(of_site, on="site_id")
    on_cells = brief[brief["cell_id"].notna()]
    parts = [part[_NAMES] for part in (outages, on_cells, on_sites) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else outages[_NAMES]
