"""The dictionary of tables and columns, as docs/dictionary.md holds it."""

from contracts.fields import Field, pick
from contracts.tables import TABLES
from contracts.tables.table import Table


def dictionary() -> str:
    """Every table and column in Markdown, as docs/dictionary.md holds it."""
    return "\n".join([*_head(), *(line for of in TABLES.values() for line in _page(of))])


def _head() -> list[str]:
    return [
        "# Dictionary",
        "",
        "Made from `contracts/` by `make docs`; do not edit. Times are UTC. A KPI is the sum of "
        "its numerators over the sum of its denominators, at any level.",
        "",
    ]


def _page(of: Table) -> list[str]:
    promise = "" if of.filled else " **Promised; nothing fills it yet.**"
    lines = [f"## {of.name}", "", f"{of.layer.capitalize()} table: {of.grain}.{promise}"]
    lines += [f"Key: {', '.join(f'`{c}`' for c in of.key)}.", ""]
    lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
    lines += [_line(field, of) for field in of.fields]
    lines += [_line(field, of) for field in pick(of.read_instead)]
    return [*lines, ""]


def _line(field: Field, of: Table) -> str:
    must = " Required." if field.name in of.required else ""
    choices = f" One of: {', '.join(field.choices)}." if field.choices else ""
    return f"| {field.name} | {field.type} | {field.unit} | {field.meaning}{choices}{must} |"
