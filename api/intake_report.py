"""What a steward says of a file, and what the file's import reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.stores.base import RowConflict
from geo.errors import Fault


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """What a steward says of a file.

    Attributes:
        crs: the datum or CRS of its positions; ``mixed`` reads each row by the one it fits.
        sheet: the sheet of a workbook, or the layer of a vector file.
        encoding: of a text table.
        columns: heading → field.
        fill: field → the value of every row that has none.
        accept_similar: use headings that only resemble a field.
        trust: keep the declared or stated datum though another fits for sure.
        replace: rows of the layer that the file does not hold are taken out.
        overwrite: write rows that another steward has changed in this draft.
        dry_run: change nothing.
    """

    crs: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    fill: Mapping[str, str] = field(default_factory=dict)
    accept_similar: bool = False
    trust: bool = False
    replace: bool = False
    overwrite: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What became of a file: rows = accepted + quarantined; what was matched, placed, found and changed."""

    file: str
    layer: str
    form: str
    sheet: str | None
    encoding: str | None
    dry_run: bool
    rows: int
    accepted: int
    quarantined: int
    merge: Mapping[str, int]
    conflicts: tuple[RowConflict, ...]
    left_out: tuple[Mapping[str, Any], ...]
    headings: tuple[Mapping[str, Any], ...]
    datum: Mapping[str, Any]
    placed_by_address: int
    faults: tuple[Fault, ...]
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name not in {"faults", "conflicts"}}
        return {
            **{key: dict(value) if isinstance(value, Mapping) else value for key, value in plain.items()},
            "faults": [fault.as_dict() for fault in self.faults],
            "conflicts": [
                {"fac_id": one.key, "columns": one.columns, "yours": _plain(one.yours), "theirs": _plain(one.theirs),
                 "by": one.by, "at": one.at.isoformat()}
                for one in self.conflicts
            ],
        }  # fmt: skip


def _plain(values: Mapping[str, Any] | None) -> dict[str, str] | None:
    return None if values is None else {key: str(value) for key, value in values.items()}
