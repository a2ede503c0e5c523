"""The KPIs: the catalogue of kpis.toml and the operator's own, each checked and taken apart.

A KPI has one or more parts, each a sum of counters over a sum of counters. What adds is stored and
added; the ratio is formed last, at the level shown.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Literal

from pydantic import Field

from contracts import expressions
from contracts.errors import ExpressionError, nearest
from contracts.expressions import Expression, Known, Name, Number, Product, Sum
from contracts.fields import FIELDS
from contracts.source import Section
from contracts.tables import ADDITIVE

Family = Literal[
    "accessibility", "retainability", "mobility", "availability", "integrity", "utilisation", "own"
]
FAMILIES: dict[str, str] = {
    "accessibility": "Can it be reached",
    "retainability": "Does it keep the call",
    "mobility": "Does it hand over",
    "availability": "Is it up",
    "integrity": "Is it fast",
    "utilisation": "Is it full",
    "own": "The operator's own",
}
"""What a KPI of each family answers, in the order in which they are shown."""

COLUMNS = {
    **{name: name for name in ADDITIVE},
    "period_s": "covered_s",
    "prb_dl_used": "prb_dl_used_prb_s",
    "prb_dl_avail": "prb_dl_avail_prb_s",
    "prb_ul_used": "prb_ul_used_prb_s",
    "prb_ul_avail": "prb_ul_avail_prb_s",
    "rrc_users_mean": "rrc_user_s",
}
"""Counter of table `pm` -> the column of `cell_day` that holds its sum, or its sum times time."""
BUSY_HOUR = {
    "prb_dl_used": "bh_prb_dl_used_prb_s",
    "prb_dl_avail": "bh_prb_dl_avail_prb_s",
    "call_attempts": "bh_call_attempts",
    "dropped_calls": "bh_dropped_calls",
}
"""Counter -> the column of `cell_day` that holds its sum over the busy hour."""
_TIME_OF_STATE = {"rrc_users_mean": "rrc_covered_s"}
_WAYS = {
    **{name: ((name,),) for name in ADDITIVE},
    "unavail_s": (("unavail_s",), ("availability",)),
    "period_s": ((),),
    "prb_dl_used": (("prb_dl_used", "prb_dl_avail"), ("prb_dl_util_pct",)),
    "prb_dl_avail": (("prb_dl_used", "prb_dl_avail"), ("prb_dl_util_pct",)),
    "prb_ul_used": (("prb_ul_used", "prb_ul_avail"), ("prb_ul_util_pct",)),
    "prb_ul_avail": (("prb_ul_used", "prb_ul_avail"), ("prb_ul_util_pct",)),
    "rrc_users_mean": (("rrc_users_mean",),),
}


class Kpi(Section):
    """One KPI: what is counted, over what, and how it is read."""

    name: str = Field(min_length=1, description="Title on map, pages and reports.")
    family: Family = Field("own", description="Under which it is offered.")
    form: Literal["ratio", "product", "state_mean", "sum"] = Field(
        "ratio",
        description="ratio = numerator / denominator; product = of the ratios in `factors`; "
        "state_mean = mean of a state over time, added over cells; sum = of the numerator.",
    )
    numerator: str = Field(
        "", description="What is counted: counters, numbers, + - *, known(a, b)."
    )
    denominator: str = Field("", description="What it is counted among; of a ratio only.")
    factors: tuple[str, ...] = Field((), description="KPIs that a product is made of.")
    at: Literal["day", "busy_hour"] = Field(
        "day", description="busy_hour = counters of the busy hour of each cell alone."
    )
    unit: str = Field("share", description="Of the value; share = 0 to 1, shown in per cent.")
    factor: float = Field(1.0, gt=0, description="What numerator / denominator is multiplied by.")
    better: Literal["higher", "lower", "neither"] = Field(
        description="Which way is good; neither = it says how much, not how well."
    )
    failures: bool = Field(
        False,
        description="Whether it counts failures: the numerator where lower is better, else the "
        "denominator less the numerator. Changes of them are searched for by the search of drops.",
    )
    least: float = Field(
        100, ge=0, description="Least denominator, in its own unit; below it no value is shown."
    )
    interval: Literal["", "counts", "days", "none"] = Field(
        "",
        description="counts = binomial with the scatter of days; days = by the spread between "
        "days; empty = counts where a count is counted among counts, else days; of sums none.",
    )
    source: str = Field("the operator's own", description="Where its formula comes from.")
    version: int = Field(1, ge=1, description="Raised when the formula changes.")
    caveat: str = Field("", description="What a reader must know of it.")


@dataclass(frozen=True)
class Part:
    """One ratio of a KPI, over columns of `cell_day`; a sum has no denominator."""

    numerator: Expression
    denominator: Expression | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it needs, each once."""
        named = list(expressions.names(self.numerator))
        if self.denominator is not None:
            named += expressions.names(self.denominator)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class Catalogue:
    """All KPIs of one operator, by id: the built-in ones first."""

    kpis: Mapping[str, Kpi]

    def parts(self, kpi: str) -> tuple[Part, ...]:
        """The ratios whose product a KPI is; one of most.

        `kpi`: id.
        """
        of = self.kpis[kpi]
        if of.form == "product":
            return tuple(part for name in of.factors for part in self.parts(name))
        columns = BUSY_HOUR if of.at == "busy_hour" else COLUMNS
        numerator = _over(expressions.parse(of.numerator), columns)
        if of.form == "sum":
            return (Part(numerator, None),)
        if of.form == "state_mean":
            return (Part(numerator, Name(_TIME_OF_STATE[of.numerator])),)
        return (Part(numerator, _over(expressions.parse(of.denominator), columns)),)

    def formula(self, kpi: str) -> str:
        """The formula in words of counters, as people read it.

        `kpi`: id.
        """
        of = self.kpis[kpi]
        factor = "" if of.factor == 1 else f"{of.factor:g} * "
        if of.form == "product":
            return factor + " * ".join(of.factors)
        if of.form == "sum":
            return f"{factor}sum({of.numerator})"
        if of.form == "state_mean":
            return f"{factor}mean over time({of.numerator})"
        above, below = (_in_brackets(text) for text in (of.numerator, of.denominator))
        return f"{factor}{above} / {below}"

    def counters(self, kpi: str) -> tuple[str, ...]:
        """Counters of table `pm` that a KPI is made of, each once.

        `kpi`: id.
        """
        of = self.kpis[kpi]
        if of.form == "product":
            named = [name for factor in of.factors for name in self.counters(factor)]
        else:
            texts = filter(None, (of.numerator, of.denominator))
            named = [name for text in texts for name in expressions.names(expressions.parse(text))]
        return tuple(dict.fromkeys(named))

    def ways(self, kpi: str) -> tuple[frozenset[str], ...]:
        """Sets of columns of files, any of which is enough for a KPI.

        `kpi`: id.
        """
        ways = [_WAYS[name] for name in self.counters(kpi)]
        sets = [frozenset(column for way in chosen for column in way) for chosen in product(*ways)]
        # a way that asks for more than another adds nothing
        return tuple(way for way in dict.fromkeys(sets) if not any(less < way for less in sets))

    def is_own(self, kpi: str) -> bool:
        """Whether the operator defined a KPI, and not kpis.toml.

        `kpi`: id.
        """
        return kpi not in BUILT_IN

    def interval(self, kpi: str) -> str:
        """How the interval of a KPI is made: counts, days or none.

        `kpi`: id.
        """
        of = self.kpis[kpi]
        if of.interval or of.form == "sum":
            return of.interval or "none"
        units = {FIELDS[name].unit for name in self.counters(kpi) if name in FIELDS}
        return "counts" if units == {"n"} else "days"

    def search(self, kpi: str) -> Literal["failures", "level", "none"]:
        """How changes of a KPI are searched for: as failures among tries, as a level, or not.

        Products have factors that are searched, availability has outages, and the busy hour is
        part of its day. `kpi`: id.
        """
        of = self.kpis[kpi]
        if of.failures and self._is_of_counts(of.numerator):
            return "failures"
        is_level = of.form != "product" and self.interval(kpi) != "counts"
        is_searched = is_level and of.at == "day" and of.family != "availability"
        return "level" if is_searched else "none"

    def _is_of_counts(self, text: str) -> bool:
        named = expressions.names(expressions.parse(text))
        return all(FIELDS[COLUMNS[name]].unit == "n" for name in named)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of `cell_day` that any KPI needs, each once."""
        parts = [part for kpi in self.kpis for part in self.parts(kpi)]
        return tuple(dict.fromkeys(name for part in parts for name in part.columns))


def built_in() -> dict[str, Kpi]:
    """The KPIs of kpis.toml by id."""
    text = Path(__file__).with_name("kpis.toml").read_text(encoding="utf-8")
    return {name: Kpi(**entry) for name, entry in tomllib.loads(text)["kpi"].items()}


BUILT_IN = built_in()


def catalogue(own: Mapping[str, Kpi] | None = None) -> Catalogue:
    """The built-in KPIs and the operator's own.

    `own`: by id, as the configuration has them, found without faults; None = none.
    """
    return Catalogue({**BUILT_IN, **(own or {})})


# ------------------------------------------------------------------------------------ faults


def faults(own: Mapping[str, Kpi]) -> Iterator[str]:
    """Yields what can't be right in the operator's own KPIs, each with its place and remedy.

    `own`: by id, each key well formed.
    """
    for name, kpi in own.items():
        where = f"[kpi.{name}]"
        if not name.isidentifier() or name != name.lower():
            yield f"{where}: an id has small letters, digits and underscores; give another"
        if name in BUILT_IN:
            yield f"{where}: there is a built-in KPI of that id; give another"
        elif name in FIELDS:
            yield f"{where}: {name} is a column of ours; give another id"
        yield from _form_faults(where, kpi, {**BUILT_IN, **own})


def _form_faults(where: str, kpi: Kpi, known: Mapping[str, Kpi]) -> Iterator[str]:
    yield from _key_faults(where, kpi)
    for factor in kpi.factors:
        if factor not in known or known[factor].form != "ratio":
            ratios = [name for name, one in known.items() if one.form == "ratio"]
            yield f"{where} factors: no ratio '{factor}'{nearest(factor, ratios)}"
    if kpi.form == "state_mean" and kpi.numerator and kpi.numerator not in _TIME_OF_STATE:
        yield f"{where} numerator: no state{nearest(kpi.numerator, _TIME_OF_STATE)}"
        return
    units = {}
    for key in ("numerator", "denominator"):
        try:
            units[key] = _unit(getattr(kpi, key), kpi)
        except ExpressionError as error:
            yield f"{where} {key}: {getattr(kpi, key)!r}: {error}"
    if len(units) == 2 and all(units.values()):
        yield from _ratio_faults(where, kpi, units)


def _key_faults(where: str, kpi: Kpi) -> Iterator[str]:
    """What is missing of a form, or does not belong to it."""
    wanted = {"ratio": ("numerator", "denominator"), "product": ("factors",)}
    asked = wanted.get(kpi.form, ("numerator",))
    for key in ("numerator", "denominator", "factors"):
        if key in asked and not getattr(kpi, key):
            yield f"{where} {key}: missing; form = '{kpi.form}' needs it"
        elif key not in asked and getattr(kpi, key):
            yield f"{where} {key}: form = '{kpi.form}' has none; take it out"
    if kpi.failures and (kpi.form != "ratio" or kpi.better == "neither"):
        yield f"{where} failures: only of a ratio whose `better` is higher or lower"


def _ratio_faults(where: str, kpi: Kpi, units: Mapping[str, str]) -> Iterator[str]:
    if kpi.unit == "share" and units["numerator"] != units["denominator"]:
        given = f"{units['numerator']} over {units['denominator']}"
        yield f"{where} unit: {given} is no share; give the unit that it is in"
    weights = _weights(expressions.parse(kpi.denominator))
    if all(weight <= 0 for name, weight in weights.items() if name):
        text = f"'{kpi.denominator}' is never above 0, so that nothing can be divided by it"
        yield f"{where} denominator: {text}"


def _unit(text: str, kpi: Kpi) -> str:
    """The unit of a sum of counters, empty without any; raises ExpressionError where it is none."""
    if not text:
        return ""
    expression = expressions.parse(text)
    columns = BUSY_HOUR if kpi.at == "busy_hour" else COLUMNS
    named = [*expressions.names(expression)]
    for name in named:
        if name not in columns:
            raise ExpressionError(f"no counter '{name}'{nearest(name, columns)}")
    if not named:
        raise ExpressionError("it names no counter")
    if any(True for _ in expressions.vectors(expression)):
        raise ExpressionError("elements of vectors are taken in [source.counters] only")
    if _weights(expression).get(""):
        raise ExpressionError("a number that is added counts once a cell and day; take it out")
    units = sorted({FIELDS[columns[name]].unit for name in named})
    if len(units) > 1:
        raise ExpressionError(f"{' and '.join(units)} can't be added")
    return units[0]


def _weights(expression: Expression) -> dict[str, float]:
    """How often each counter counts in a sum; "" is a number that is added.

    Raises ExpressionError where counters are multiplied or divided: that would not add over cells.
    """
    if isinstance(expression, Number):
        return {"": expression.value}
    if isinstance(expression, Name):
        return {expression.text: 1.0}
    if isinstance(expression, Product):
        return _scaled(expression)
    terms: Iterable[tuple[int, Expression]]
    terms = expression.terms if isinstance(expression, Sum) else ((1, t) for t in expression.terms)
    weights: dict[str, float] = {}
    for sign, term in terms:
        for name, weight in _weights(term).items():
            weights[name] = weights.get(name, 0.0) + sign * weight
    return weights


def _scaled(expression: Product) -> dict[str, float]:
    weights: dict[str, float] = {"": 1.0}
    for mark, factor in expression.factors:
        theirs = _weights(factor)
        is_number = set(theirs) == {""}
        if not is_number and (mark == "/" or set(weights) != {""}):
            raise ExpressionError(
                "counters multiplied or divided do not add over cells; give numerator and "
                "denominator apart"
            )
        if is_number and mark == "/" and theirs[""] == 0:
            raise ExpressionError("it divides by 0")
        if is_number:
            by = theirs[""] if mark == "*" else 1 / theirs[""]
            weights = {name: weight * by for name, weight in weights.items()}
        else:
            weights = {name: weight * weights[""] for name, weight in theirs.items()}
    return weights


# ------------------------------------------------------------------------------- expressions


def _over(expression: Expression, columns: Mapping[str, str]) -> Expression:
    """The expression with each counter's column in place of its name."""
    if isinstance(expression, Name):
        return Name(columns[expression.text])
    if isinstance(expression, Sum):
        return Sum(tuple((sign, _over(term, columns)) for sign, term in expression.terms))
    if isinstance(expression, Product):
        return Product(tuple((mark, _over(one, columns)) for mark, one in expression.factors))
    if isinstance(expression, Known):
        return Known(tuple(_over(term, columns) for term in expression.terms))
    return expression


def _in_brackets(text: str) -> str:
    return f"({text})" if " " in text else text
