"""Global cell identities as text, and identifiers that a spreadsheet made numbers of.

An ECGI is mcc-mnc-ECI, the ECI of 28 bits being 256 x eNodeB + cell; an NCGI is mcc-mnc-NCI, of 36
bits; a CGI of the older generations is mcc-mnc-lac-ci (after 3GPP TS 23.003).
"""

import re

import pandas as pd

IDENTIFIERS = (
    "cell_id",
    "start_cell_id",
    "end_cell_id",
    "previous_cell_id",
    "stable_cell_key",
    "site_id",
    "ecgi_or_ncgi",
)
"""Our columns whose texts may look like numbers and are none."""

SPREADSHEET = (
    "a number as a spreadsheet writes it, not an identifier: digits or leading zeros are lost; "
    "format the column as text and export it again"
)
_FLOAT = r"\d(?:[.,]\d+)?[eE]\+\d+|\d+\.0+"
_BETWEEN = re.compile(r"[-_:/\s]+")
_BITS = {"lte": 28, "nr": 36}
_LTE_CELLS, _ENB_BITS, _LAC_BITS, _CI_BITS = 256, 20, 16, 28


def from_a_spreadsheet(ids: pd.Series) -> pd.Series:
    """Whether each text is a number with an exponent or a decimal point, such as 2.34E+14.

    `ids`: identifiers as texts; a missing one is none.
    """
    distinct = pd.Series(ids.dropna().unique(), dtype="str")
    numbers = distinct[distinct.str.fullmatch(_FLOAT)]
    return ids.isin(numbers) if len(numbers) else pd.Series(False, index=ids.index)


def global_ids(texts: pd.Series, technology: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Each identity as mcc-mnc-number (or mcc-mnc-lac-ci), and why it is none; else empty.

    `texts`: identities as a file has them; a missing one stays missing, without a reason.
    `technology`: lte, nr, gsm or umts of each; another or a missing one leaves more open. Parts may
    be set apart by any of - _ : / and blanks; of lte also mcc-mnc-eNodeB-cell is understood. The
    MNC keeps its two or three digits.

    >>> ids, reasons = global_ids(pd.Series(["234-15-1234-1", "23415"]), pd.Series(["lte", "lte"]))
    >>> ids[0], reasons[1][:18]
    ('234-15-315905', 'no mcc-mnc-number;')
    """
    pairs = pd.DataFrame({"text": texts, "technology": technology.fillna("")})
    distinct = pairs[texts.notna()].drop_duplicates()
    judgements = {pair: _one(*pair) for pair in distinct.itertuples(index=False, name=None)}
    rows = [judgements.get(pair, (None, "")) for pair in pairs.itertuples(index=False, name=None)]
    ids, reasons = zip(*rows, strict=True) if rows else ((), ())
    return (
        pd.Series(ids, index=texts.index, dtype="str"),
        pd.Series(reasons, index=texts.index, dtype="str"),
    )


def enb_ids(ids: pd.Series) -> pd.Series:
    """Number of the eNodeB in each ECGI of three parts; NaN where there is none.

    `ids`: as `global_ids` writes them. An ECI is 256 x eNodeB + cell.
    """
    eci = pd.to_numeric(ids.str.split("-").str[2], errors="coerce")
    return eci // _LTE_CELLS


def _one(text: str, technology: str) -> tuple[str | None, str]:
    """One identity, and why it is none."""
    mcc, mnc, *numbers = [*_BETWEEN.split(text.strip()), "", ""]
    numbers = [number for number in numbers if number]
    if not numbers or len(numbers) > 2 or not all(n.isdecimal() for n in (mcc, mnc, *numbers)):
        return None, (
            "no mcc-mnc-number; without marks between them nobody knows whether the MNC has two "
            'digits or three: put it together, as in "{MCC}-{MNC}-{ECI}"'
        )
    if len(mcc) != 3 or len(mnc) not in (2, 3):
        return None, "an MCC has 3 digits, an MNC 2 or 3: a leading zero was lost; export as text"
    number, reason = _number([int(n) for n in numbers], technology)
    return (None, reason) if reason else (f"{mcc}-{mnc}-{number}", "")


def _number(numbers: list[int], technology: str) -> tuple[str, str]:
    """The part behind the MNC, and why there is none."""
    if len(numbers) == 1:
        bits = _BITS.get(technology, max(_BITS.values()))
        beyond = numbers[0] >> bits
        return str(numbers[0]), f"more than the {bits} bits of its identity" if beyond else ""
    first, second = numbers
    if technology == "lte":
        beyond = first >> _ENB_BITS or second >= _LTE_CELLS
        reason = "eNodeB of more than 20 bits, or cell above 255" if beyond else ""
        return str(first * _LTE_CELLS + second), reason
    if technology in ("gsm", "umts"):
        beyond = first >> _LAC_BITS or second >> _CI_BITS
        return (
            f"{first}-{second}",
            "LAC of more than 16 bits, or CI of more than 28" if beyond else "",
        )
    return "", (
        "two numbers behind the MNC are eNodeB and cell of lte, LAC and CI of gsm and umts; how "
        "long a gNB's is, its operator decides: give the NCI whole, and the technology"
    )
