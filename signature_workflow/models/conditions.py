"""Conditions that people write: domains, kept as text for later."""

import ast
import contextlib

import psycopg2
from odoo.exceptions import AccessError
from odoo.fields import Domain

# what reading a domain, searching by it, or comparing values with it may raise when it is wrong
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    psycopg2.DataError,
    psycopg2.ProgrammingError,
)


class ConditionError(Exception):
    """A condition cannot be read, or not be compared with records."""


@contextlib.contextmanager
def usable():
    """Raise ConditionError where what is done with a condition shows that it is wrong."""
    try:
        yield
    except BROKEN as error:
        raise ConditionError from error


def read_condition(text):
    """Return the Domain that `text`, a literal, stands for. Raises ConditionError."""
    with usable():
        return Domain(ast.literal_eval(text or "[]"))


def check_condition(model, text):
    """Raise ConditionError unless the user of `model`, an empty recordset, may search it by `text`."""
    condition = read_condition(text)
    try:
        with usable(), model.env.cr.savepoint():
            model.search(condition, limit=1)
    except AccessError as error:
        raise ConditionError from error
