"""Writes the pages that are made from the code: dictionary, settings, console, index of queries."""

from pathlib import Path

import typer

from contracts import kpi_page
from contracts.settings.load import reference
from contracts.tables.dictionary import dictionary
from hexperience import app
from ingest.warehouse.questions import query_index


def console() -> str:
    """Every command and its options in Markdown, as docs/console.md holds it."""
    group = typer.main.get_group(app)
    lines = ["# The console", "", "Made from `hexperience.py` by `make docs`; do not edit.", ""]
    lines += [
        "Exit codes: 0 done, 1 a broken promise or faults that `check` found, 2 wrong input or "
        "settings, 3 stopped.",
        "",
    ]
    for name, command in group.commands.items():
        lines += [f"## hexperience {name}", "", command.help or "", ""]
        lines += ["| option | default | meaning |", "| --- | --- | --- |"]
        for param in command.params:
            named = param.opts[0] if param.param_type_name == "option" else param.opts[0].upper()
            default = f"`{param.default}`" if param.default and not param.required else ""
            meaning = getattr(param, "help", None) or ""
            lines.append(f"| {named} | {'required' if param.required else default} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


HOUSE = Path(__file__).resolve().parents[1]
PAGES = {
    "docs/dictionary.md": dictionary,
    "docs/kpis.md": kpi_page.page,
    "docs/settings.md": reference,
    "docs/console.md": console,
    "queries/README.md": query_index,
}

if __name__ == "__main__":
    for page, text in PAGES.items():
        (HOUSE / page).write_text(text(), encoding="utf-8")
