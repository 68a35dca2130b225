"""What every store keeps and answers: cities, editions, drafts. Adapters stand beside this file.

A draft is what a steward has brought in and not yet published. ``publish`` lays the draft's layers over
those of the last edition and makes the next edition of them, whole or not at all. An edition never changes.
"""

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import geopandas as gpd

from geo.errors import ParameterError, QuantuError

_LAYER: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


class DamagedError(QuantuError):
    """What the store wrote is no longer what it wrote; the message names the file. No input is at fault."""


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


class DraftBatch(Protocol):
    """Changes to the draft that are made together when the batch ends, or not at all."""

    def put(self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any]) -> LayerEntry:
        """Replace the whole ``layer``; see ``Store.put_draft``."""
        ...

    def drop(self, layer: str) -> None:
        """Take ``layer`` out of the draft; NotFoundError, when the batch ends, if it is not in it."""
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
