"""What every store keeps and answers: cities, editions, drafts. Adapters stand beside this file.

A draft is what a steward has brought in and not yet published. ``publish`` lays the draft's layers over
those of the last edition and makes the next edition of them, whole or not at all. An edition never changes.

Stewards work on one draft together: ``DraftBatch.merge`` writes single rows, and what another steward has changed
since the last edition is named as a conflict, not overwritten.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.stores.diff import EditionDiff
from data.stores.quarantine import QuarantineRow
from geo.errors import ParameterError, QuantuError

DRAFT: Final = "draft"
"""The name of the draft where an edition's number may stand."""

_LAYER: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


class DamagedError(QuantuError):
    """What the store wrote is no longer what it wrote; the message names the file. No input is at fault."""


class StorageError(QuantuError, OSError):
    """The place where the workspace is kept takes no more: full, read-only or failing. The draft is as it was."""


@dataclass(frozen=True, slots=True)
class City:
    """The city a workspace is of: its code and names, and the metric CRS its lengths are measured in."""

    code: str
    name: str
    name_en: str
    crs: str


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """One kept layer: the SHA-256 and size in bytes of its GeoParquet, its number of rows, and its metadata.

    ``meta`` is plain JSON data and is shared: read it, never change it.
    """

    name: str
    sha256: str
    rows: int
    bytes: int
    meta: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Edition:
    """One immutable, published state of all layers of a city.

    ``sha256`` is of its content, not of its number, message or time.
    """

    number: int
    sha256: str
    published_at: datetime
    message: str
    city: City
    layers: Mapping[str, LayerEntry] = field(hash=False)
    parent: int | None
    published_by: str = "local"
    code_version: str = ""

    @property
    def id(self) -> str:
        """Return the edition's name in paths and answers: its number."""
        return str(self.number)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log: when (UTC), who, what, and its particulars."""

    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class RowConflict:
    """A row that another steward has changed in this draft to something else; it was not written.

    ``yours`` and ``theirs`` hold the values of ``columns``, those in which the two differ; None stands for a row
    that is taken out. ``by`` changed it, ``at`` that time (UTC).
    """

    key: str
    columns: tuple[str, ...]
    yours: Mapping[str, Any] | None = field(hash=False)
    theirs: Mapping[str, Any] | None = field(hash=False)
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge did, in rows; added + changed + unchanged + conflicts of written rows = rows handed in.

    ``entry`` is the layer as it stands in the draft after it, None where nothing changed.
    """

    added: int
    changed: int
    unchanged: int
    removed: int
    conflicts: tuple[RowConflict, ...]
    entry: LayerEntry | None = None


class DraftBatch(Protocol):
    """Changes to the draft that are made together when the batch ends, or not at all.

    From its first merge, or its first look at what is there, to its end a batch holds the draft for itself; other
    processes and threads wait. Do the slow reading before.
    """

    def present(self, layer: str) -> gpd.GeoDataFrame | None:
        """Return the layer as the next edition would hold it with this batch, None where it would not.

        From here on nobody else changes the draft. Raises ConflictError (the draft is kept by another process).
        """
        ...

    def present_meta(self, layer: str) -> Mapping[str, Any]:
        """Return the metadata of what ``present`` returns; empty where there is none."""
        ...

    def put(
        self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any], *, overwrite: bool = True
    ) -> LayerEntry:
        """Replace the whole ``layer``; see ``Store.put_draft``.

        Without ``overwrite`` a layer that another steward has drafted or taken out since the last edition is left as
        it is: ConflictError names who and when. What equals it is no conflict.
        """
        ...

    def drop(self, layer: str) -> None:
        """Take ``layer`` out of the draft; NotFoundError, when the batch ends, if it is not in it."""
        ...

    def merge(
        self,
        layer: str,
        rows: gpd.GeoDataFrame,
        meta: Mapping[str, Any],
        *,
        key: str,
        replace: bool = False,
        overwrite: bool = False,
        remove: Collection[Any] = (),
    ) -> MergeResult:
        """Lay ``rows`` over the layer as the next edition would hold it, by the column ``key``.

        Rows equal to what is there, value by value, change nothing; a merge that changes no row and no metadata
        leaves the draft as it is. ``replace`` takes out every row that is not handed in, ``remove`` those of the
        keys it names. A row that another steward has changed in this draft to something else is left as it is and
        returned as a conflict; ``overwrite`` writes it all the same. ``meta`` is laid over the layer's metadata.

        Raises what ``put`` raises, InputError (a key twice or empty, a column that cannot be left empty) and
        ConflictError (the draft is kept by another process).
        """
        ...

    def remove(self, layer: str) -> None:
        """Make the next edition hold no ``layer``. Raises NotFoundError where it would hold none anyway."""
        ...

    def quarantine(self, rows: Sequence[QuarantineRow]) -> None:
        """Keep ``rows`` until they are accepted.

        The same file, sheet, layer, row and cells are one entry, however often they come; other cells at a place
        are another. An entry that comes again by its id keeps its first place.
        """
        ...

    def accept(self, file: str, sheet: str | None, layer: str, rows: NDArray[np.int64]) -> None:
        """Release what is quarantined of these rows of that file: this import has accepted them."""
        ...

    def release(self, ids: Collection[str]) -> None:
        """Take entries out of quarantine; those that are gone already are none of it."""
        ...


class Store(Protocol):
    """Editions and the draft of one city. Every method may be called from any thread."""

    def city(self) -> City:
        """Return the city."""
        ...

    def editions(self) -> list[Edition]:
        """Return every whole edition, newest last."""
        ...

    def edition(self, ref: str | int | None = None) -> Edition:
        """Return the edition of that number, the newest for None.

        Raises NotFoundError, and DamagedError where that edition is there but not whole.
        """
        ...

    def read(self, edition: Edition, layer: str) -> gpd.GeoDataFrame:
        """Return the layer as it was published, in EPSG:4490.

        Raises NotFoundError (naming the edition's layers) and DamagedError.
        """
        ...

    def verify(self, edition: Edition) -> None:
        """Hash every layer of the edition again; raises DamagedError naming each that differs."""
        ...

    def put_draft(self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any]) -> LayerEntry:
        """Replace the whole ``layer`` in the draft. ``frame`` must have passed ``data.frames.conform``.

        Raises InputError (not conformed), MissingCRSError, CRSMismatchError, and ParameterError (the
        layer's name, or a ``meta`` that is not JSON).
        """
        ...

    def batch(self) -> AbstractContextManager[DraftBatch]:
        """Return a context that collects changes to the draft and makes them in one transaction at its end.

        An exception inside leaves the draft as it was.
        """
        ...

    def draft_layers(self) -> Mapping[str, LayerEntry]:
        """Return the draft's layers by name."""
        ...

    def read_draft(self, layer: str) -> gpd.GeoDataFrame:
        """Return the layer as it stands in the draft; raises NotFoundError."""
        ...

    def drop_draft(self, layer: str) -> None:
        """Take the layer out of the draft; raises NotFoundError."""
        ...

    def present(self, layer: str) -> gpd.GeoDataFrame | None:
        """Return the layer as the next edition would hold it, None where it would not."""
        ...

    def present_meta(self, layer: str) -> Mapping[str, Any]:
        """Return the metadata of the layer as the next edition would hold it; empty where there is none."""
        ...

    def removed_layers(self) -> tuple[str, ...]:
        """Return the layers that the next edition will no longer hold."""
        ...

    def preview(self) -> Edition:
        """Return the edition that publishing now would make, without making it.

        ``read`` takes it as long as the draft stays as it is. Raises NotFoundError where there would be no layer.
        """
        ...

    def quarantined(self) -> list[QuarantineRow]:
        """Return the rows that were not accepted, by file, sheet, layer and row."""
        ...

    def diff(self, a: str | int, b: str | int) -> EditionDiff:
        """Return what leads from edition ``a`` to ``b``; either may be ``DRAFT``. Raises NotFoundError."""
        ...

    def restore(self, ref: str | int, *, discard: bool = False) -> tuple[str, ...]:
        """Make the draft such that publishing it gives that edition's layers again; return the layers it changes.

        Raises NotFoundError, and ConflictError where something is drafted, unless ``discard`` gives it up.
        """
        ...

    def prune(self, keep: int, *, also: Collection[int] = (), dry_run: bool = False) -> tuple[int, ...]:
        """Delete all but the newest ``keep`` editions and those in ``also``; return the numbers of the deleted.

        The newest is never deleted, numbers are never used again. Raises ParameterError and NotFoundError.
        """
        ...

    def publish(self, message: str) -> Edition:
        """Make the next edition: the draft's layers over the last edition's. The draft is then empty.

        Raises ConflictError (nothing is drafted, or nothing differs from the last edition, or another process
        keeps publishing) and ParameterError (no message).
        """
        ...

    def audit(self) -> list[AuditEntry]:
        """Return the audit log, oldest first."""
        ...


def checked_layer(layer: str) -> str:
    """Return ``layer``, which is also its file's name.

    Raises ParameterError.

    >>> checked_layer("facilities.sports")
    'facilities.sports'
    """
    if not _LAYER.fullmatch(layer):
        raise ParameterError(f"{layer!r} is no layer name; wanted: small letters, digits and _, parts joined by dots")
    return layer


def canonical_json(value: object) -> str:
    """Return the one JSON text of ``value``: keys sorted, no spaces, no NaN.

    Raises ParameterError.

    >>> canonical_json({"b": (1, 2), "a": "圈"})
    '{"a":"圈","b":[1,2]}'
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ParameterError(f"the metadata cannot be written as JSON: {error}") from None
