"""Expressions mean what Python's own arithmetic says, and missing is never a number."""

import math
import random

import numpy as np
import pandas as pd
import pytest

from contracts.errors import ExpressionError
from contracts.expressions import Name, names, parse
from ingest.numerals import numbers_of
from ingest.sources.expressions import Header, elements, value_of

NAMES = ("a", "b.c", "L.E-RAB.Att (s)", "d")


def _value(text: str, row: dict[str, float]) -> float:
    frame = pd.DataFrame([row])
    return float(value_of(parse(text), lambda name: frame[name.text], frame.index).iloc[0])


def _invented(random_: random.Random, depth: int) -> str:
    """An expression that Python understands too, names being x0, x1, ..."""
    if depth == 0 or random_.random() < 0.2:
        return random_.choice([f"x{random_.randrange(4)}", "2", "0.5", "1e3", ".25"])
    left, right = _invented(random_, depth - 1), _invented(random_, depth - 1)
    shape = random_.choice(["{} + {}", "{}-({})", "{} * {}", "{}/{}", "({} - {})", "-({}) +{}"])
    return shape.format(left, right)


def _by_python(text: str, row: dict[str, float]) -> float:
    """What Python makes of it; NaN where it divides by zero."""
    try:
        return float(eval(text, {"__builtins__": {}}, dict(row)))  # noqa: S307  its own text
    except ZeroDivisionError:
        return math.nan


@pytest.mark.parametrize("seed", range(200))
def test_any_expression_comes_to_what_python_says(seed: int) -> None:
    random_ = random.Random(seed)  # noqa: S311  no secret
    text = _invented(random_, 4)
    row = {f"x{i}": random_.choice([0.0, 1.0, -3.0, 7.5, math.nan]) for i in range(4)}
    quoted = text
    for i, name in enumerate(NAMES):
        quoted = quoted.replace(f"x{i}", f'"{name}"')
    wanted = _by_python(text, row)
    wanted = wanted if math.isfinite(wanted) else math.nan
    got = _value(quoted, {name: row[f"x{i}"] for i, name in enumerate(NAMES)})
    assert got == pytest.approx(wanted, nan_ok=True)


def test_missing_and_a_division_by_zero_are_missing() -> None:
    row = {"a": 1.0, "b": math.nan, "zero": 0.0}
    for text in ("a + b", "b * 0", "a / zero", "zero / zero", "known(b)", "a + known(b, b)"):
        assert math.isnan(_value(text, row)), text
    assert _value("known(a, b)", row) == 1
    assert _value("a + known(b, 0)", row) == 1


def test_elements_and_sums_of_vectors() -> None:
    vectors = pd.Series(["1,0,3", "[4; 5;6]", "7", "1,,2", None, "1,x,2"], dtype="str")
    assert elements(vectors, 2)[:2].tolist() == [3, 6]
    assert elements(vectors, 2).isna().tolist() == [False, False, True, False, True, False]
    assert elements(vectors, "sum")[:3].tolist() == [4, 15, 7]
    # a sum with an element that is missing or no number is missing
    assert elements(vectors, "sum")[3:].isna().all()
    assert parse("pm[3] / sum(pm)") == parse(" pm [ 3 ]/sum( pm )")
    assert [*names(parse('pm[0] + "x y" * known(a, sum(v))'))] == ["pm", "x y", "a", "v"]
    assert parse("sum") == Name("sum")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'at character 1: expected a name, a number or "(", found the end'),
        ("a +", 'at character 4: expected a name, a number or "(", found the end'),
        ("(a + b", "at character 7: expected an operator or ')', found the end"),
        ("a b", "at character 3: expected an operator or the end, found 'b'"),
        ("a ** 2", "at character 4: expected a name, a number or \"(\", found '*'"),
        ("a; drop", "at character 2: expected an operator or the end, found ';'"),
        ("exp(a)", "at character 4: expected an operator; there are only sum(...) and known"),
        ("a[b]", "at character 3: expected the number of an element"),
        ("a[1.5]", "at character 3: expected the number of an element"),
        ("sum(a + b)", "at character 7: expected ')'; sum(name) adds the elements of one vector"),
        ('"open', 'at character 1: expected a name, a number or "(", found \'"\''),
        ("L.E-RAB.AttEst", "at character 1: L.E-RAB.AttEst is one name or a difference"),
        ("(" * 60 + "a" + ")" * 60, "more than 50 parentheses or signs"),
        ("-" * 10_000 + "a", "more than 50 parentheses or signs"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert str(error.value).startswith(message)


def test_a_sum_of_thousands_of_terms_is_read() -> None:
    assert _value("+".join(["a"] * 5000), {"a": 2.0}) == 10_000


@pytest.mark.parametrize("seed", range(300))
def test_no_text_at_all_breaks_the_parser(seed: int) -> None:
    random_ = random.Random(seed)  # noqa: S311  no secret
    text = "".join(random_.choices('ab.1 "+-*/()[],sumknown\n\0é½', k=random_.randrange(30)))
    try:
        parse(text)
    except ExpressionError as error:
        message = str(error)
    else:
        message = "in quotes" if [*names(parse(text))] == [*names(parse(f" ({text}) "))] else ""
    assert "expected" in message or "in quotes" in message


def test_a_name_finds_its_column_by_unit_and_number() -> None:
    header = Header(
        ["Cell", "L.Avail (s)", "L.Att (None)", "L.Bits", "MAX_RTWP (M8005C314)", "A (s)", "B (s)"]
    )
    assert header.find("L.Avail (s)") == header.find("L.Avail") == "L.Avail (s)"
    assert header.find("L.Att (n)") == header.find("L.Att") == "L.Att (None)"
    assert header.find("L.Bits (bit)") == "L.Bits"
    assert header.find("M8005C314") == header.find("MAX_RTWP") == "MAX_RTWP (M8005C314)"
    # another unit, what several have, what none has
    assert header.find("L.Avail (ms)") == header.find("s") == header.find("L.Other") == ""
    assert header.why_not("L.Avail (ms)") == 'no column "L.Avail (ms)", but L.Avail (s)'
    assert header.why_not("L.Other") == 'no column "L.Other"'


def test_texts_become_numbers_by_their_decimal_mark() -> None:
    texts = pd.Series(["1.5", "1,5", "1.234,5", "x", "inf", None], dtype="str")
    assert numbers_of(texts, ".").tolist()[0] == 1.5
    assert numbers_of(texts, ".").isna().tolist() == [False, True, True, True, True, True]
    assert numbers_of(texts, ",").fillna(-1).tolist() == [-1, 1.5, 1234.5, -1, -1, -1]
    assert numbers_of(pd.Series([1, 2]), ",").tolist() == [1.0, 2.0]
    assert np.isnan(numbers_of(pd.Series([np.inf]), ".").iloc[0])
