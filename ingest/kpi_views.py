"""The catalogue of KPIs as SQL: one view of every KPI's numerators and denominators.

Names in it are columns of the contracts and ids without any mark, so nothing that somebody wrote
reaches SQL but numbers. What adds them up and forms ratios stands in
`queries/views/kpi_by_day.sql`.
"""

from contracts.expressions import Expression, Known, Name, Number, Product
from contracts.kpis import Catalogue

PARTS = "kpi_part_cell_day"
"""The view: one part of one KPI of one cell on one day on which all its counters are known."""


def parts_view(catalogue: Catalogue) -> str:
    """The statement that makes the view `PARTS` over `cell_day`.

    `catalogue`: all KPIs, found without faults. Columns cell_id, day_local, kpi, kpi_part (from 1),
    form, factor, least_denominator, numerator, denominator; the last is NULL of a sum.
    """
    selects = [select for kpi in catalogue.kpis for select in _selects(kpi, catalogue)]
    return f"create view {PARTS} as\n" + "\nunion all\n".join(selects)


def _selects(kpi: str, catalogue: Catalogue) -> list[str]:
    one, parts = catalogue.kpis[kpi], catalogue.parts(kpi)
    sides = [
        (sql_of(part.numerator), sql_of(part.denominator) if part.denominator else "null")
        for part in parts
    ]
    # of a product too, a day counts where all counters are known
    known = [text for pair in sides for text in pair if text != "null"]
    where = " and ".join(f"{text} is not null" for text in dict.fromkeys(known))
    return [
        f"select cell_id, day_local, '{kpi}' as kpi, {number} as kpi_part, '{one.form}' as form, "
        f"{one.factor!r}::double as factor, {one.least!r}::double as least_denominator, "
        f"cast({above} as double) as numerator, cast({below} as double) as denominator "
        f"from cell_day where {where}"
        for number, (above, below) in enumerate(sides, 1)
    ]


def sql_of(expression: Expression) -> str:
    """An expression over columns as SQL; NULL where an operand is.

    `expression`: of a part of a KPI.

    >>> sql_of(Known((Name("rel_abn"), Number(0.0))))
    'coalesce(rel_abn + 0.0, rel_abn, 0.0)'
    """
    if isinstance(expression, Number):
        return repr(expression.value)
    if isinstance(expression, Name):
        return expression.text
    if isinstance(expression, Known):
        return _known([sql_of(term) for term in expression.terms])
    if isinstance(expression, Product):
        first, *others = expression.factors
        text = sql_of(first[1])
        for mark, factor in others:
            text += f" * {sql_of(factor)}" if mark == "*" else f" / nullif({sql_of(factor)}, 0)"
        return f"({text})"
    terms = "".join(
        f" {'+' if sign > 0 else '-'} {sql_of(term)}" for sign, term in expression.terms
    )
    return f"({terms.removeprefix(' + ').strip()})"


def _known(terms: list[str]) -> str:
    """The sum of those terms that are not NULL."""
    if len(terms) == 1:
        return terms[0]
    first, rest = terms[0], _known(terms[1:])
    return f"coalesce({first} + {rest}, {first}, {rest})"
