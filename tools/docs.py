"""Writes the pages that are made from the code: dictionary, settings, console, index of queries."""

from pathlib import Path

from contracts.settings import reference
from contracts.tables import dictionary
from hexperience import console
from ingest.warehouse import query_index

HOUSE = Path(__file__).resolve().parents[1]
PAGES = {
    "docs/dictionary.md": dictionary,
    "docs/settings.md": reference,
    "docs/console.md": console,
    "queries/README.md": query_index,
}

if __name__ == "__main__":
    for page, text in PAGES.items():
        (HOUSE / page).write_text(text(), encoding="utf-8")
