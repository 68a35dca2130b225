"""A table of counts by area code, read from a spreadsheet or text table."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

import pandas as pd

from data.read.files import id_text
from data.read.raw import LeftOut
from data.read.tables import read_table
from geo.errors import Fault

_WHOLE: Final = 1e-6
"""How far from whole a converted count may be: 1484016.0000000002 is 1484016."""


class _NotWholeError(ValueError):
    """A converted count is no whole number of persons."""


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

    def numbers(self, column: str, faults: list[Fault], *, each: float = 1.0) -> list[float | None]:
        """Return a column as numbers, None where it is empty; what is none, or below 0, is added to ``faults``.

        Where a count stands for ``each`` persons other than 1, it is multiplied and must come out whole.
        """
        out: list[float | None] = []
        for row, value in zip(self.rows, self.cells[column], strict=True):
            number: float | None
            try:
                number = _number(value, each)
            except _NotWholeError as error:
                faults.append(
                    Fault("not_whole", f"换算后不是整数：{error}人。 It comes out as {error} persons, not whole.",
                          "给出整数人数，或更多小数位。 Give whole persons, or more decimals.", self.file,
                          row, column, str(value))
                )  # fmt: skip
                number = None
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


def _number(value: Any, each: float = 1.0) -> float | None:
    """Return a cell's number times ``each``, None where it is empty. Raises ValueError.

    >>> _number("１,234"), _number(" "), _number(3), _number(435.9446, 1e4)
    (1234.0, None, 3.0, 4359446.0)
    """
    if pd.isna(value):
        return None
    text = unicodedata.normalize("NFKC", str(value)).replace(",", "").replace(" ", "")
    if each == 1.0:  # under 万人, "410人" contradicts its heading
        text = text.removesuffix("人")
    if not text:
        return None
    number = float(text)
    if not isfinite(number) or number < 0:
        raise ValueError(text)
    if each == 1.0:
        return number
    whole = round(number * each)
    if abs(number * each - whole) > _WHOLE:
        raise _NotWholeError(f"{number * each:,.10g}")
    return float(whole)


def left_out_words(left_out: Sequence[LeftOut]) -> list[str]:
    """Return what to report of the lines that are no records."""
    return [f"row {one.row}: {one.why}: {one.text}" for one in left_out]
