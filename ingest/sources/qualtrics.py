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
    """Names in the first row; none where the file is empty.

    `path`: the file. `source`: the mapping. NotAsExported where the two rows below are not there,
    or name another zone than the source.
    """
    rows = list(islice(delimited.records(path, source), _HEADER_ROWS))
    if not rows:
        return []
    imports = rows[-1] if len(rows) == _HEADER_ROWS else []
    if not any("ImportId" in text for text in imports):
        raise NotAsExported(
            "row 3 holds no ImportId, as an export of Qualtrics does; "
            'export it again, or set reader = "delimited" if the rows were taken out'
        )
    zones = {match[1] for text in imports if (match := _ZONE.search(text))}
    zones = {"UTC" if zone in ("Z", "GMT") else zone for zone in zones}
    if zones and zones != {source.timezone}:
        zone = ", ".join(sorted(zones))
        raise NotAsExported(f'its times are of {zone} by row 3; set [source] timezone = "{zone}"')
    return rows[0]


def may_be_absent(name: str) -> bool:  # noqa: ARG001  (one signature for all readers)
    """False for every `name`: an export has all of its columns in every file."""
    return False


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mapped columns as text with `source_row`, and the rows refused: source_row, reason.

    `path`: the file. `source`: the mapping. Refused are rows of another width and those that are no
    customer's answer. NotAsExported where scores and their groups contradict each other throughout.
    """
    group = source.columns.get("score", "") + _GROUP
    names = set(header(path, source))
    beside = [name for name in (_STATUS, _FINISHED, group) if name in names]
    frame, malformed = delimited.read(path, source, beside=beside)
    frame = frame[frame["source_row"] > _HEADER_ROWS].reset_index(drop=True)
    malformed = malformed[malformed["source_row"] > _HEADER_ROWS]
    reasons = pd.Series("", index=frame.index)
    for bad, reason in _refusals(frame, source.columns.get("score", "")):
        reasons = reasons.mask(bad & (reasons == ""), reason)
    refused = pd.DataFrame({"source_row": frame["source_row"], "reason": reasons})[reasons != ""]
    malformed = pd.concat([part for part in (malformed, refused) if len(part)] or [malformed])
    return frame[reasons == ""].reset_index(drop=True), malformed.reset_index(drop=True)


def _refusals(frame: pd.DataFrame, score: str) -> Iterator[tuple[pd.Series, str]]:
    """Flags of rows that are no answer, each with its reason; the first that is true counts."""
    if _STATUS in frame:
        status = frame[_STATUS].str.strip().str.lower()
        bits = pd.to_numeric(status, errors="coerce").fillna(0).astype(int)
        for kind, bit in _NOT_GIVEN.items():
            reason = f"a {kind}, by its Status: no customer's answer"
            yield status.str.contains(kind) | (bits & bit > 0), reason
    if _FINISHED in frame:
        is_unfinished = frame[_FINISHED].str.strip().str.lower().isin(["false", "0"])
        yield is_unfinished, "Finished is false: the answer was not completed"
    if score + _GROUP in frame:
        yield _contradict(frame[score], frame[score + _GROUP]), f"{score} and its group contradict"


def _contradict(score: pd.Series, group: pd.Series) -> pd.Series:
    """Whether a score lies in another group than the export says; an unknown group is no doubt."""
    value = pd.to_numeric(score, errors="coerce")
    labels = ["detractor", "passive", "promoter"]
    by_score = pd.cut(value, [-1, 6, 8, 10], labels=labels).astype("str")
    by_export = group.str.strip().str.lower().replace(_GROUPS)
    has_both = by_export.isin(labels) & value.notna()
    differs = has_both & (by_score != by_export)
    if differs.sum() > max(_SCALE_DOUBT * has_both.sum(), 1):
        raise NotAsExported(
            f"{int(differs.sum())} of {int(has_both.sum())} scores lie in another group than "
            f"{score.name}{_GROUP} says: the answers are coded otherwise than 0 to 10; "
            "recode the question's values in Qualtrics, or name the right column as score"
        )
    return differs
