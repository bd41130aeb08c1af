"""The numbers that the commands take, named in words: click's own say `'x' is not a valid float range`."""

import click


class Integer(click.IntRange):
    """An integer in a range."""

    name = "integer"


class Number(click.FloatRange):
    """A number in a range, with or without decimals."""

    name = "number"
