"""A table of counts by area code, read from a spreadsheet or text table."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from data.read.files import id_text
from data.read.raw import LeftOut
from data.read.tables import read_table
from geo.errors import Fault


@dataclass(frozen=True, slots=True, eq=False)
class CountTable:
    """The records of a table: headings, cells as written, and each row's number as the steward sees it."""

    file: str
    headings: tuple[str, ...]
    cells: pd.DataFrame
    rows: tuple[int, ...]
    left_out: tuple[LeftOut, ...] = ()

    def text(self, column: str) -> list[str | None]:
        """Return a column as text, whole numbers without a decimal point, None where it is empty."""
        return id_text(self.cells[column])

    def numbers(self, column: str, faults: list[Fault]) -> list[float | None]:
        """Return a column as numbers, None where it is empty; what is none, or below 0, is added to ``faults``."""
        out: list[float | None] = []
        for row, value in zip(self.rows, self.cells[column], strict=True):
            try:
                number = _number(value)
            except ValueError:
                faults.append(
                    Fault("count", "the count is no number of 0 or more.", "correct it.", self.file, row, column,
                          str(value))
                )  # fmt: skip
                number = None
            out.append(number)
        return out


def read_counts(path: Path, *, sheet: str | None = None) -> CountTable:
    """Return the table of a file. Raises InputError as ``data.read.tables.read_table`` does."""
    raw = read_table(path, sheet=sheet)
    return CountTable(path.name, raw.headings, raw.cells, tuple(int(row) for row in raw.rows), raw.left_out)


def _number(value: Any) -> float | None:
    """Return a cell's number, None where it is empty. Raises ValueError.

    >>> _number("１,234"), _number(" "), _number(3)
    (1234.0, None, 3.0)
    """
    if pd.isna(value):
        return None
    text = unicodedata.normalize("NFKC", str(value)).replace(",", "").replace(" ", "").removesuffix("人")
    if not text:
        return None
    number = float(text)
    if not isfinite(number) or number < 0:
        raise ValueError(text)
    return number


def left_out_words(left_out: Sequence[LeftOut]) -> list[str]:
    """Return what to report of the lines that are no records."""
    return [f"row {one.row}: {one.why}: {one.text}" for one in left_out]
