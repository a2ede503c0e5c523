"""Global cell identities as text, identifiers as spreadsheets wrap them or make numbers of them.

An ECGI is mcc-mnc-ECI, the ECI of 28 bits being 256 x eNodeB + cell; an NCGI is mcc-mnc-NCI, of 36
bits; a CGI of the older generations is mcc-mnc-lac-ci (after 3GPP TS 23.003).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from contracts.fields import Field

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
ROUNDED = (
    "all numbers of more than 15 digits end in zeros, as a spreadsheet rounds them: format the "
    "column as text and export it again; if they are so, put them together of two columns"
)
TOTALS = "a row of totals, and no cell"
"""Why a row is refused in whose place of a cell a total or a mean is named."""

NONE = "a word for nothing, and no identifier"
"""Why an identifier is missing in whose place N/A, null or the like stands."""

_NONE = r"n/a|null|none|nil|nan|undefined|unknown|[(<]?(?:null|blank|none|empty)[)>]?|\\n|[-?.]+"
_TOTAL = (
    r"(?:grand |sub-?)?totals?|total (?:general|g\u00e9n\u00e9ral)|sum(?:me|ma)?|gesamt(?:summe)?|"
    r"gesamtergebnis|teilergebnis|ergebnis|insgesamt|somme|totale|totaal|totalt|overall|celkem|"
    r"razem|suma|og\u00f3\u0142em|toplam|\u00f6sszesen|yhteens\u00e4|jumlah|"
    r"averages?|avg|mean|mittelwert|durchschnitt|moyenne|media|promedio|"
    r"\u0438\u0442\u043e\u0433\u043e|\u0432\u0441\u0435\u0433\u043e|\u03c3\u03cd\u03bd\u03bf\u03bb\u03bf|"
    r"\u5408\u8ba1|\u603b\u8ba1|\u5c0f\u8ba1|\u5408\u8a08|\u7dcf\u8a08|\u5c0f\u8a08|"
    r"\u0627\u0644\u0645\u062c\u0645\u0648\u0639|\u0627\u0644\u0625\u062c\u0645\u0627\u0644\u064a"
)
_TOTALS = rf"(?:{_TOTAL}|all(?: cells)?)(?:\s*[:=(].*)?"
_TOTAL_OF = rf"(.+?)\s+(?:{_TOTAL}):?"
# letters of Greek and Cyrillic that look like Latin ones
_LOOKALIKES = str.maketrans(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405",
    "ABEZHIKMNOPTYXABEKMHOPCTYXIJS",
)
_WRAPPED = r"[^\x20-\x7e]|^[='\"` ]|[\"' ]$|  "
_FORMULA = re.compile(r"=?\s*\"(.*)\"|=?\s*'(.*)'|['`=](.*)", re.DOTALL)
_UNSEEN = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")
_FLOAT = r"\d(?:[.,]\d+)?[eE]\+\d+|\d+\.0+"
_LONG, _DIGITS, _ROUNDED = r"\d{16,}", 15, 5
_BETWEEN = re.compile(r"[-_:/\s]+")
_BITS = {"lte": 28, "nr": 36}
_LTE_CELLS, _ENB_BITS, _LAC_BITS, _CI_BITS = 256, 20, 16, 28


def is_id(column: Field) -> bool:
    """Whether a column of ours holds identifiers of things, not of persons. `column`: ours."""
    is_text = column.type == "VARCHAR" and column.name.endswith("_id")
    return column.name in IDENTIFIERS or (is_text and column.name != "subscriber_id")


def unwrapped(ids: pd.Series) -> pd.Series:
    """Identifiers without what spreadsheets and copying put around them.

    `ids`: identifiers as texts; a missing one stays missing, and one of nothing else becomes it.
    A formula (="00123"), a leading apostrophe, quotation marks, marks that nobody sees (of no
    width, of direction, control characters) and blanks at the ends go; a blank of another kind
    becomes a plain one, and wide characters become those of usual width. Case stays.

    >>> unwrapped(pd.Series(['="00123"', "'00124", "\u200b00125\u00a0", "\uff10\uff11"])).tolist()
    ['00123', '00124', '00125', '01']
    """
    distinct = pd.Series(ids.dropna().unique(), dtype="str")
    odd = distinct[distinct.str.contains(_WRAPPED, regex=True)]
    if odd.empty:
        return ids
    plain = {text: _bare(text) for text in odd}
    return ids.astype("object").map(lambda text: plain.get(text, text)).astype("str")


def _bare(text: str) -> str | None:
    while True:
        seen = (c for c in unicodedata.normalize("NFKC", text) if _is_seen(c))
        bare = " ".join("".join(seen).split())
        if match := _FORMULA.fullmatch(bare):
            bare = next(part for part in match.groups() if part is not None).strip()
        if bare == text:
            return bare or None
        text = bare


def _is_seen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in _UNSEEN


def alike(ids: pd.Series, others: pd.Series) -> pd.Series:
    """The other spelling of each id that is not among the others, by the id.

    `ids` and `others`: distinct ids as texts. Two ids are alike that differ only in case, in zeros
    before a number, in marks of thousands or between their parts, or in letters of another script
    that look the same. Left out are ids that are among the others,
    and those like none.

    >>> alike(pd.Series(["lds03-1", "B2"]), pd.Series(["LDS003_1"])).to_dict()
    {'lds03-1': 'LDS003_1'}
    """
    strange = ids[~ids.isin(others)]
    spellings = pd.Series(others.to_numpy(), index=_keys(others)).groupby(level=0).first()
    spelling = spellings.reindex(_keys(strange)).set_axis(strange.to_numpy())
    return spelling.dropna()


def _keys(ids: pd.Series) -> pd.Index:
    texts = (
        ids.astype("str")
        .str.replace(r"(?<=\d),(?=\d{3}(?!\d))", "", regex=True)
        .str.upper()
        .str.translate(_LOOKALIKES)
        .str.casefold()
        .str.replace(r"[\W_]+", " ", regex=True)
    )
    return pd.Index(texts.str.replace(r"(^|\D)0+(\d)", r"\1\2", regex=True).str.strip())


def of_totals(ids: pd.Series) -> pd.Series:
    """Whether each text is the name of a total or a mean over cells, as exports end with them.

    `ids`: cell_id as texts; a missing one is none. "C1 Total" is one where C1 is a cell too.
    """
    distinct = pd.Series(ids.dropna().unique(), dtype="str")
    of_one = distinct.str.extract(re.compile(_TOTAL_OF, re.IGNORECASE))[0]
    is_total = distinct.str.fullmatch(_TOTALS, case=False) | of_one.isin(distinct)
    totals = distinct[is_total]
    return ids.isin(totals) if len(totals) else pd.Series(False, index=ids.index)


def of_nothing(ids: pd.Series) -> pd.Series:
    """Whether each text says that there is no identifier, such as N/A, null or a dash.

    `ids`: identifiers as texts; a missing one is none.

    >>> of_nothing(pd.Series(["N/A", "NA-1", "-"])).tolist()
    [True, False, True]
    """
    distinct = pd.Series(ids.dropna().unique(), dtype="str")
    words = distinct[distinct.str.fullmatch(_NONE, case=False)]
    return ids.isin(words) if len(words) else pd.Series(False, index=ids.index)


def shared_ids(cells: pd.DataFrame) -> set[str]:
    """Ids under which an inventory has cells of several technologies at once: they are several.

    `cells`: cell_id, valid_from, technology and source_file of table `cell` as accepted. Rows of
    one file and one begin say so, and files that hold one technology each; a file of both that
    comes later replaces what an earlier one said.
    """
    known = cells.dropna(subset=["technology"])
    per_file = known.groupby("source_file")["technology"].transform("nunique")
    # files of one technology each are parts of one inventory
    part = known["source_file"].mask(per_file == 1, "")
    begins = known["valid_from"].astype("str").fillna("")
    keys = [known["cell_id"], begins, part]
    n = known.groupby(keys)["technology"].transform("nunique")
    return set(known.loc[n > 1, "cell_id"])


def shared_of_counters(files: Iterable[Mapping[str, Collection[str]]]) -> set[str]:
    """Ids under which counters of several technologies come, where no inventory says so.

    `files`: of each file its ids by technology.

    >>> shared_of_counters([{"lte": ["1", "2"]}, {"nr": ["2"], "lte": ["3"]}])
    {'2'}
    """
    technology: dict[str, str] = {}
    shared = set[str]()
    for name, ids in (pair for file in files for pair in file.items()):
        shared |= {one for one in ids if technology.setdefault(one, name) != name}
    return shared


def kept_apart(ids: pd.Series, technology: pd.Series, shared: Collection[str]) -> pd.Series:
    """The ids, those that several technologies share with the technology behind them.

    `ids`: cell_id of rows. `technology`: of each; where it is missing the id stays. `shared`: as
    `shared_ids` gives them.

    >>> kept_apart(pd.Series(["1", "2"]), pd.Series(["nr", "nr"]), {"1"}).tolist()
    ['1 nr', '2']
    """
    is_shared = ids.isin(list(shared)) & technology.notna()
    return ids.mask(is_shared, ids + " " + technology.astype("str"))


def from_a_spreadsheet(ids: pd.Series) -> pd.Series:
    """Whether each text is a number with an exponent or a decimal point, such as 2.34E+14.

    `ids`: identifiers as texts; a missing one is none.
    """
    distinct = pd.Series(ids.dropna().unique(), dtype="str")
    numbers = distinct[distinct.str.fullmatch(_FLOAT)]
    return ids.isin(numbers) if len(numbers) else pd.Series(False, index=ids.index)


def are_rounded(ids: pd.Series) -> bool:
    """Whether a spreadsheet rounded the longest ids: it keeps 15 digits and makes the rest zeros.

    `ids`: identifiers as texts; a missing one is none. Ids of 16 digits end in 0 by chance one time
    in ten, so five of them and more that all do are not as they were.

    >>> are_rounded(pd.Series([f"31026012345{n}0000" for n in range(10, 16)]))
    True
    """
    distinct = pd.Series(ids.dropna().unique(), dtype="str")
    longest = distinct[distinct.str.fullmatch(_LONG)]
    return len(longest) >= _ROUNDED and bool((longest.str[_DIGITS:].str.strip("0") == "").all())


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
