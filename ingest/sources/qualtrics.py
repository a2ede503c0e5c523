"""Survey answers as Qualtrics exports them: delimited text under three rows of names.

Row 1 names the columns, row 2 has the questions, row 3 their ImportId. Answers that no customer
gave to the end are refused with the reason: previews, tests, spam, unfinished ones.
"""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pandas as pd

from contracts.source import Source
from ingest.sources import delimited

_HEADER_ROWS = 3
_ZONE = re.compile(r'"timeZone"\s*:\s*"([^"]+)"')
_STATUS, _FINISHED, _GROUP = "Status", "Finished", "_NPS_GROUP"
# as numbers the states are bits: 1 preview, 2 test, 8 spam
_NOT_GIVEN = {"preview": 1, "test": 2, "spam": 8}
_GROUPS = {"1": "detractor", "2": "passive", "3": "promoter"}
# above this share it is the scale that differs, not a few odd answers
_SCALE_DOUBT = 0.01


class NotAsExported(ValueError):
    """The file is not what Qualtrics writes, or says other than the source."""


UNREADABLE = (*delimited.UNREADABLE, NotAsExported)


def header(path: Path, source: Source) -> list[str]:
    """Names in the first row; raises NotAsExported without the two below it, or of another zone."""
    rows = list(islice(delimited.records(path, source), _HEADER_ROWS))
    if not rows:
        return []
    imports = rows[-1] if len(rows) == _HEADER_ROWS else []
    if not any("ImportId" in text for text in imports):
        raise NotAsExported(
            "row 3 holds no ImportId, as an export of Qualtrics does; "
            'export it again, or set reader = "delimited" if the rows were taken out'
        )
    zones = {found[1] for text in imports if (found := _ZONE.search(text))}
    zones = {"UTC" if zone in ("Z", "GMT") else zone for zone in zones}
    if zones and zones != {source.timezone}:
        told = ", ".join(sorted(zones))
        raise NotAsExported(f'its times are of {told} by row 3; set [source] timezone = "{told}"')
    return rows[0]


def may_be_absent(name: str) -> bool:  # noqa: ARG001  (one signature for all readers)
    """Never: an export has all of its columns in every file."""
    return False


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mapped columns as text with `source_row`, and the rows that are no customer's answer.

    Raises NotAsExported where scores and their groups contradict each other throughout.
    """
    group = source.columns.get("score", "") + _GROUP
    there = set(header(path, source))
    beside = [name for name in (_STATUS, _FINISHED, group) if name in there]
    frame, odd = delimited.read(path, source, beside=beside)
    frame = frame[frame["source_row"] > _HEADER_ROWS].reset_index(drop=True)
    odd = odd[odd["source_row"] > _HEADER_ROWS]
    reasons = pd.Series("", index=frame.index)
    for bad, reason in _refusals(frame, source.columns.get("score", "")):
        reasons = reasons.mask(bad & (reasons == ""), reason)
    refused = pd.DataFrame({"source_row": frame["source_row"], "reason": reasons})[reasons != ""]
    malformed = pd.concat([part for part in (odd, refused) if len(part)] or [odd])
    return frame[reasons == ""].reset_index(drop=True), malformed.reset_index(drop=True)


def _refusals(frame: pd.DataFrame, score: str) -> Iterator[tuple[pd.Series, str]]:
    """Rows that are no answer, each with the reason; the first one that fits is told."""
    if _STATUS in frame:
        status = frame[_STATUS].str.strip().str.lower()
        bits = pd.to_numeric(status, errors="coerce").fillna(0).astype(int)
        for kind, bit in _NOT_GIVEN.items():
            told = f"a {kind}, by its Status: no customer's answer"
            yield status.str.contains(kind) | (bits & bit > 0), told
    if _FINISHED in frame:
        unfinished = frame[_FINISHED].str.strip().str.lower().isin(["false", "0"])
        yield unfinished, "Finished is false: the answer was not completed"
    if score + _GROUP in frame:
        yield _contradict(frame[score], frame[score + _GROUP]), f"{score} and its group contradict"


def _contradict(score: pd.Series, group: pd.Series) -> pd.Series:
    """Whether a score lies in another group than the export says; an unknown group is no doubt."""
    value = pd.to_numeric(score, errors="coerce")
    mine = pd.cut(value, [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"]).astype("str")
    told = group.str.strip().str.lower().replace(_GROUPS)
    judged = told.isin(list(_GROUPS.values())) & value.notna()
    odd = judged & (mine != told)
    if odd.sum() > max(_SCALE_DOUBT * judged.sum(), 1):
        raise NotAsExported(
            f"{int(odd.sum())} of {int(judged.sum())} scores lie in another group than "
            f"{score.name}{_GROUP} says: the answers are coded otherwise than 0 to 10; "
            "recode the question's values in Qualtrics, or name the right column as score"
        )
    return odd
