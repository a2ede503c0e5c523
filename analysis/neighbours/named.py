"""What relations call a neighbour -> its cell_id."""

import pandas as pd

from ingest.clean.cell_identity import global_ids


def under_cell_ids(pairs: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The pairs with each neighbour under the inventory's id of it.

    `pairs`: cell_id and neighbour_cell_id. `cells`: the newest inventory, one row a cell. A
    neighbour that is no cell_id is looked for by its global identity: mcc-mnc-number, or of lte
    also mcc-mnc-eNodeB-cell; MCC and MNC may stand together. One that nobody knows keeps the name
    that the file has for it.
    """
    names = pd.Series(pairs["neighbour_cell_id"].unique(), dtype="str")
    strange = names[~names.isin(cells["cell_id"])]
    by_identity = cells.dropna(subset=["ecgi_or_ncgi"]).drop_duplicates("ecgi_or_ncgi")
    if strange.empty or by_identity.empty:
        return pairs
    ids, _ = global_ids(_apart(strange), pd.Series("lte", index=strange.index))
    known = ids.map(by_identity.set_index("ecgi_or_ncgi")["cell_id"])
    meaning = dict(zip(strange[known.notna()], known.dropna(), strict=True))
    return pairs.assign(neighbour_cell_id=pairs["neighbour_cell_id"].replace(meaning))


def _apart(texts: pd.Series) -> pd.Series:
    """Identities with a mark between MCC and MNC: an MCC always has three digits."""
    return texts.str.replace(r"^(\d{3})(\d{2,3})-", r"\1-\2-", regex=True)
