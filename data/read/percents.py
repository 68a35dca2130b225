"""Which cells of a workbook are shown in per cent: their numbers are a hundredth of what people read."""

from pathlib import Path

from openpyxl import load_workbook

_SUFFIXES = frozenset({".xlsx", ".xlsm"})


def percent_cells(path: Path, sheet: str | None) -> frozenset[tuple[int, float]]:
    """Return (row, number) of every number a workbook shows as a percentage; rows count from 1.

    Only XLSX states the format; of other files the set is empty. Without ``sheet`` all sheets are looked at.
    """
    if path.suffix.lower() not in _SUFFIXES:
        return frozenset()
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return frozenset(
            (int(cell.row), float(cell.value))
            for page in book.worksheets
            if sheet is None or page.title == sheet
            for row in page.iter_rows()
            for cell in row
            if isinstance(cell.value, int | float) and "%" in (cell.number_format or "")
        )
    finally:
        book.close()
