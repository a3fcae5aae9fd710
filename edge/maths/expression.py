"""Arithmetic from a configuration: read by a small parser of its own, never by Python's.

sum     = product { ("+" | "-") product }
product = sign { ("*" | "/") sign }
sign    = ("-" | "+") sign | power
power   = atom [ "^" sign ]                      from the right: 2^3^2 is 2^9, and -2^2 is -4
atom    = number | name | "{" sensor/quantity "}" | function "(" sum { "," sum } ")" | "(" sum ")"
"""

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from edge.maths.formulas import FORMULAS, Formula

LENGTH = 500  # characters of an expression at most
DEPTH = 32  # brackets, signs and powers within each other at most

Value = Callable[[Mapping[str, float]], float]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|\{(?P<far>[^{}]*)\}|(?P<sign>[-+*/^(),])|(?P<end>$)|(?P<wrong>.))",
    re.ASCII | re.DOTALL,
)
_FAR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[a-z][a-z0-9_]*")


class ExpressionError(ValueError):
    """What is wrong with an expression, at which column (from 1) and for how many characters, and the remedy."""

    def __init__(self, what: str, column: int, length: int, remedy: str) -> None:
        super().__init__(what)
        self.column, self.length, self.remedy = column, length, remedy


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


class Expression:
    """A checked expression. ``names`` are the quantities that it needs; of other sensors they have a slash."""

    def __init__(self, text: str, functions: Mapping[str, Formula] = FORMULAS) -> None:
        """Raises ``ExpressionError``."""
        if len(text) > LENGTH:
            raise ExpressionError(f"an expression of {len(text)} characters", LENGTH + 1, 1, f"at most {LENGTH}")
        parser = _Parser(text, functions)
        self.text = text
        self._value = parser.whole()
        self.names: Mapping[str, int] = parser.names  # with the column where each stands first

    def __call__(self, values: Mapping[str, float]) -> float | None:
        """The value with these inputs; None where it has none, as for a division by zero or a root of -1."""
        try:
            value = self._value(values)
        except (ArithmeticError, ValueError):
            return None
        return value if math.isfinite(value) else None


def others(text: str) -> list[tuple[str, int]]:
    """The values of other sensors that an expression names, ``sensor/quantity``, with their columns."""
    return [(token.text, token.column) for token in _tokens(text) if token.kind == "far"]


class _Parser:
    """Recursive descent; each method reads one rule of the grammar and gives what computes it."""

    def __init__(self, text: str, functions: Mapping[str, Formula]) -> None:
        self.names: dict[str, int] = {}
        self._functions = functions
        self._tokens = list(_tokens(text))
        self._at = self._depth = 0

    def whole(self) -> Value:
        value = self._sum()
        if self._now.kind != "end":
            raise self._wrong("an operator is missing before", "+ - * / ^ between two values")
        return value

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _next(self, *signs: str) -> str | None:
        """The sign that stands here, if it is one of these, and goes on."""
        token = self._now
        if token.kind != "sign" or token.text not in signs:
            return None
        self._at += 1
        return token.text

    def _sum(self) -> Value:
        return self._row(self._product, "+", "-")

    def _product(self) -> Value:
        return self._row(self._sign, "*", "/")

    def _row(self, part: Callable[[], Value], *signs: str) -> Value:
        """Parts with signs between them, from left to right; in a loop, so that a long row is not a deep one."""
        first, rest = part(), []
        while sign := self._next(*signs):
            rest.append((_OPERATORS[sign], part()))
        return _folded(first, rest) if rest else first

    def _sign(self) -> Value:
        self._depth += 1
        if self._depth > DEPTH:
            raise self._wrong("too deep at", f"at most {DEPTH} brackets and signs within each other")
        sign = self._next("-", "+")
        value = self._sign() if sign else self._power()
        self._depth -= 1
        return (lambda values: -value(values)) if sign == "-" else value

    def _power(self) -> Value:
        base = self._atom()
        return _folded(base, [(math.pow, self._sign())]) if self._next("^") else base

    def _atom(self) -> Value:
        token = self._now
        self._at += token.kind != "end"
        match token.kind:
            case "number":
                number = float(token.text)
                return lambda values: number
            case "far":
                return self._input(token.text, token)
            case "name":
                return self._call(token) if self._next("(") else self._input(token.text, token)
        if token.text == "(":
            value = self._sum()
            self._close()
            return value
        self._at -= token.kind != "end"
        raise self._wrong("a value is missing before", "a number, a quantity, a function or ( ... )")

    def _input(self, name: str, token: _Token) -> Value:
        if token.kind == "far" and not _FAR.fullmatch(name):
            what = f"'{name[:64]}' is no value of a sensor"
            raise ExpressionError(what, token.column, len(token.text), "{sensor/quantity}, e.g. {air/temperature}")
        self.names.setdefault(name, token.column)
        return lambda values: values[name]

    def _call(self, token: _Token) -> Value:
        formula = self._functions.get(token.text)
        if formula is None:
            remedy = f"known: {', '.join(self._functions)}"
            raise ExpressionError(f"no function is called '{token.text[:64]}'", token.column, len(token.text), remedy)
        arguments = [self._sum()]
        while self._next(","):
            arguments.append(self._sum())
        self._close()
        if not formula.fits(len(arguments)):
            what = f"'{token.text}' does not take {len(arguments)} value{'s' * (len(arguments) > 1)}"
            remedy = f"{token.text}({formula.takes.replace(' ', ', ')})"
            raise ExpressionError(what, token.column, len(token.text), remedy)
        work = formula.work
        return lambda values: work(*[argument(values) for argument in arguments])

    def _close(self) -> None:
        if not self._next(")"):
            raise self._wrong("a ) is missing before", "every ( needs its )")

    def _wrong(self, what: str, remedy: str) -> ExpressionError:
        token = self._now
        text = f"'{token.text}'" if token.kind != "end" else "the end"
        return ExpressionError(f"{what} {text}", token.column, max(1, len(token.text)), remedy)


_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def _folded(first: Value, rest: Sequence[tuple[Callable[[float, float], float], Value]]) -> Value:
    def value(values: Mapping[str, float]) -> float:
        result = first(values)
        for operate, operand in rest:
            result = operate(result, operand(values))
        return result

    return value


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):  # "wrong" takes whatever the others leave, so it never skips
        kind = match.lastgroup or ""
        token = _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "wrong":
            raise ExpressionError(
                f"'{token.text}' means nothing here", token.column, 1, "numbers, names, + - * / ^ ( )"
            )
        yield token
        if kind == "end":
            return
