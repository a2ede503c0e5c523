"""What an expression over counters says, such as ``"L.E-RAB.AbnormRel" + 2 * pmBins[3] / pmTotal``.

Names, numbers, + - * / and parentheses; nothing is run, and nothing of it reaches SQL. A name of
letters, digits, dots and underscores stands as it is, any other in double quotes. ``name[3]`` is
one element of a vector, the first being 0; ``sum(name)`` the sum of its elements;
``known(a, b, ...)`` the sum of those terms that are there: it says that an absent one counts
nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from contracts.errors import ExpressionError

_TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"[^"]*")|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)'
    r"|(?P<name>[^\W\d][\w.]*)|(?P<mark>[-+*/()\[\],]))"
)
_DEEPEST = 50
_HYPHEN = re.compile(r"([^\W\d][\w.]*)-([^\W\d][\w.]*)")


@dataclass(frozen=True)
class Number:
    """A number as it stands."""

    value: float


@dataclass(frozen=True)
class Name:
    """One counter; of a vector its element number `element`, or "sum" of all elements."""

    text: str
    element: int | Literal["sum"] | None = None


@dataclass(frozen=True)
class Sum:
    """Terms, each with +1 or -1; missing where one is missing."""

    terms: tuple[tuple[int, "Expression"], ...]


@dataclass(frozen=True)
class Product:
    """Factors, each with * or /; missing where one is missing or a divisor is zero."""

    factors: tuple[tuple[Literal["*", "/"], "Expression"], ...]


@dataclass(frozen=True)
class Known:
    """Sum of those terms that are known; missing where none is."""

    terms: tuple["Expression", ...]


Expression = Number | Name | Sum | Product | Known


def parse(text: str) -> Expression:
    """The expression; raises ExpressionError with the place and what was expected there.

    `text`: an expression of counters, as a vendor's TOML has it.
    """
    reader = _Reader(text)
    expression = reader.total()
    reader.expect("", "an operator or the end")
    return expression


def names(expression: Expression) -> Iterator[str]:
    """Yields every counter named, in order, repetitions included.

    `expression`: as `parse` gives it.
    """
    if isinstance(expression, Name):
        yield expression.text
    for part in _parts(expression):
        yield from names(part)


def vectors(expression: Expression) -> Iterator[str]:
    """Yields every counter of which elements are taken.

    `expression`: as `parse` gives it.
    """
    if isinstance(expression, Name) and expression.element is not None:
        yield expression.text
    for part in _parts(expression):
        yield from vectors(part)


def lacking(expression: Expression, has: Callable[[str], bool]) -> str:
    """The first counter without which the expression has no value; empty = none.

    `expression`: as `parse` gives it. `has`: whether a counter of that name is there.
    """
    if isinstance(expression, Name):
        return "" if has(expression.text) else expression.text
    lacks = [lacking(part, has) for part in _parts(expression)]
    if isinstance(expression, Known) and not all(lacks):
        return ""
    return next(filter(None, lacks), "")


def _parts(expression: Expression) -> tuple[Expression, ...]:
    if isinstance(expression, Sum):
        return tuple(term for _, term in expression.terms)
    if isinstance(expression, Product):
        return tuple(factor for _, factor in expression.factors)
    return expression.terms if isinstance(expression, Known) else ()


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0
        self._kind, self._word, self._start = "", "", 0
        self._forward()

    def total(self) -> Expression:
        terms = [(1, self._product())]
        while self._word in ("+", "-") and self._kind == "mark":
            sign = 1 if self._take() == "+" else -1
            terms.append((sign, self._product()))
        return terms[0][1] if len(terms) == 1 else Sum(tuple(terms))

    def expect(self, token: str, wanted: str) -> None:
        if self._word != token or self._kind not in ("mark", ""):
            self._refuse(wanted)
        self._forward()

    def _product(self) -> Expression:
        factors: list[tuple[Literal["*", "/"], Expression]] = [("*", self._factor())]
        while self._word in ("*", "/") and self._kind == "mark":
            mark: Literal["*", "/"] = "*" if self._take() == "*" else "/"
            factors.append((mark, self._factor()))
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def _factor(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(f"more than {_DEEPEST} parentheses or signs within each other")
        factor = self._one()
        self._depth -= 1
        return factor

    def _one(self) -> Expression:
        kind, word = self._kind, self._word
        if kind == "mark" and word in ("+", "-"):
            self._forward()
            return Sum(((1 if word == "+" else -1, self._factor()),))
        if kind == "mark" and word == "(":
            self._forward()
            inner = self.total()
            self.expect(")", "an operator or ')'")
            return inner
        if kind == "number":
            return Number(float(self._take()))
        if kind not in ("name", "quoted") or word == '""':
            self._refuse('a name, a number or "("')
        return self._named(self._take(), quoted=kind == "quoted")

    def _named(self, name: str, *, quoted: bool) -> Expression:
        if quoted:
            name = name[1:-1]
        elif self._is("(") and name == "known":
            return self._known()
        elif self._is("(") and name == "sum":
            return self._vector_sum()
        elif self._is("("):
            self._refuse("an operator; there are only sum(...) and known(...)")
        if not self._is("["):
            return Name(name)
        self._forward()
        if self._kind != "number" or not self._word.isdigit():
            self._refuse("the number of an element, the first being 0")
        element = int(self._take())
        self.expect("]", "']'")
        return Name(name, element)

    def _known(self) -> Expression:
        self._forward()
        terms = [self.total()]
        while self._is(","):
            self._forward()
            terms.append(self.total())
        self.expect(")", "',' or ')'")
        return Known(tuple(terms))

    def _vector_sum(self) -> Expression:
        self._forward()
        if self._kind not in ("name", "quoted"):
            self._refuse("the name of a vector counter")
        name = self._take().strip('"')
        self.expect(")", "')'; sum(name) adds the elements of one vector")
        return Name(name, "sum")

    def _is(self, mark: str) -> bool:
        return self._kind == "mark" and self._word == mark

    def _take(self) -> str:
        token = self._word
        self._forward()
        return token

    def _forward(self) -> None:
        rest = self._text[self._at :]
        self._start = self._at + len(rest) - len(rest.lstrip())
        token = _TOKEN.match(self._text, self._at)
        if not rest.strip():
            self._kind, self._word, self._at = "", "", len(self._text)
        elif not token:
            self._kind, self._word = "odd", rest.lstrip()[0]
        else:
            self._kind, self._at = str(token.lastgroup), token.end()
            self._word = token[self._kind]
            self._refuse_glued_hyphen()

    def _refuse_glued_hyphen(self) -> None:
        glued = _HYPHEN.match(self._text, self._start) if self._kind == "name" else None
        if glued:
            raise ExpressionError(
                f"at character {self._start + 1}: {glued[0]} is one name or a difference; write "
                f'"{glued[0]}..." in quotes, or {glued[1]} - {glued[2]}'
            )

    def _refuse(self, wanted: str) -> None:
        word = f"'{self._word}'" if self._word else "the end"
        raise ExpressionError(f"at character {self._start + 1}: expected {wanted}, found {word}")
