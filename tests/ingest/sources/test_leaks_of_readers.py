"""A person in an archive's tickets and a workbook's survey leaves no trace; all else: test_leak."""

import json
import zipfile
from collections.abc import Callable

from tests.bench.operator import CONFIG, Operator
from tests.ingest.workbook_files import written
from tests.leaks import leaks
from tests.test_leak import NUMBER, SPELLINGS, TEXT

TICKETS_AND_SURVEYS = """
[privacy]
key_file = "a.key"
names_file = "names.txt"
[[source]]
table = "complaint"
path = "raw/tickets.zip/**/*.json"
reader = "trouble_ticket"
[source.columns]
subscriber_id = "ticketCharacteristic.msisdn"
[[source]]
table = "nps"
path = "raw/survey.xlsx"
reader = "qualtrics"
subscriber = "account"
timezone = "Asia/Kolkata"
[source.columns]
subscriber_id = "ExternalReference"
text_redacted = "Q2"
[source.constants]
survey_type = "relationship"
"""


def _tickets() -> str:
    """Tickets by the line, each with another spelling; the last ones are broken."""
    tickets = [
        {
            "id": str(n), "creationDate": "2026-03-02T10:00:00Z", "name": f"call {who}",
            "description": TEXT.format(who), "ticketType": f"drops {NUMBER}",
            "note": [{"author": "Zoe Quillfeather", "text": TEXT.format(who)}],
            "ticketCharacteristic": [{"name": "msisdn", "value": who}],
            "relatedParty": [{"role": "customer", "id": "ACC-ZQ-9", "name": "Zoe Quillfeather"}],
        }
        for n, who in enumerate(SPELLINGS)
    ]  # fmt: skip
    lines = [json.dumps(ticket) for ticket in [*tickets, {**tickets[0], "creationDate": NUMBER}]]
    return "\n".join([*lines, f'{{"id": "broken", "name": "{NUMBER}', ""])


def _survey() -> list[list[str]]:
    names = ["ResponseId", "EndDate", "Status", "Finished", "IPAddress", "RecipientEmail",
             "RecipientLastName", "ExternalReference", "Q1", "Q2"]  # fmt: skip
    zoned = '{"ImportId":"endDate","timeZone":"Asia/Kolkata"}'
    imports = [zoned if name == "EndDate" else f'{{"ImportId":"{name}"}}' for name in names]
    rows = [
        [f"R_{n}", "2026-03-02 10:00:00", status, "True", NUMBER, "zoe.q@example.org",
         "Quillfeather", "ACC-ZQ-9", score, TEXT.format(NUMBER)]
        for n, (status, score) in enumerate([("IP Address", "9"), ("Survey Preview", NUMBER)])
    ]  # fmt: skip
    return [names, names, imports, *rows, rows[0][:4]]


def test_tickets_and_surveys_leave_no_trace_either(
    operator: Operator, counters: Callable[..., str]
) -> None:
    folder = operator.folder
    config = CONFIG.replace("[operator]\n", '[operator]\ncountry = "GB"\n')
    (folder / "hexperience.toml").write_text(config + TICKETS_AND_SURVEYS, "utf-8")
    (folder / "names.txt").write_text("Quillfeather\nZoe\n", "utf-8")
    operator.give_key("k" * 64)
    operator.write("pm_1.csv", counters("2026-03-02", n=4))
    with zipfile.ZipFile(folder / "raw" / "tickets.zip", "w") as archive:
        archive.writestr("march/tickets.json", _tickets())
    (folder / "raw" / "survey.xlsx").write_bytes(written({"Notes": [["x"]], "All": _survey()}))
    receipt = operator.ingest()
    accepted = receipt["n_accepted"]
    assert (accepted["complaint"], accepted["nps"]) == (len(SPELLINGS), 1)
    assert receipt.loc[["complaint", "nps"], "n_refused"].tolist() == [2, 2]
    # all under one name, and the search does see what lies there
    assert len(set(operator.warehouse.read("complaint")["subscriber_id"])) == 1
    (folder / "raw" / "tickets.json").write_text(_tickets(), encoding="utf-8")
    assert leaks([folder / "raw"]) != []
    assert leaks([folder / "warehouse"]) == []
