"""Every error a caller can cause, as one tree.

* QuantuError
  - InputError         (also ValueError)   faults in data handed in, all of them at once
  - MissingCRSError    (also ValueError)
  - CRSMismatchError   (also ValueError)
  - NotFoundError      (also LookupError)
      - AmbiguousError                     a name that fits several things
  - ParameterError     (also ValueError)   a parameter out of its range, or unknown
  - ConflictError                          the state does not allow it (nothing to publish, changed meanwhile)
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the input: where it is, what it is, and the mend.

    An ``error`` keeps its row out; a ``warning`` is accepted and shown; a ``notice`` is only said.
    """

    code: str
    message: str
    mend: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        """Return one line for people."""
        place = [
            str(part)
            for part in (
                self.file,
                None if self.row is None else f"row {self.row}",
                None if self.column is None else f"column {self.column}",
                None if self.value is None else f"value {self.value!r}",
            )
            if part is not None
        ]
        head = ", ".join(place)
        return f"{head + ': ' if head else ''}{self.message} Mend: {self.mend}"

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the fault as plain data for reports and problem bodies."""
        return asdict(self)


class QuantuError(Exception):
    """Base of every error Quantu raises on purpose."""


class InputError(QuantuError, ValueError):
    """Data handed in has faults; ``faults`` lists all of them."""

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class MissingCRSError(QuantuError, ValueError):
    """A frame or file has no CRS; none is ever guessed."""


class CRSMismatchError(QuantuError, ValueError):
    """Two inputs are in different CRSs."""


class NotFoundError(QuantuError, LookupError):
    """A named place, layer, circle, edition or standard does not exist."""


class AmbiguousError(NotFoundError):
    """A name fits several things; the message names them."""


class ParameterError(QuantuError, ValueError):
    """A parameter is unknown or out of its range."""


class ConflictError(QuantuError):
    """The present state does not allow what was asked."""
