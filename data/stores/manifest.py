"""The manifest of an edition's directory: what was published, and the hashes that prove it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from data.stores.base import City, DamagedError, Edition, LayerEntry, canonical_json
from data.stores.codec import sha256

FILE: Final = "manifest.json"
_FORMAT: Final = 1


def content_sha256(city: City, layers: Mapping[str, LayerEntry]) -> str:
    """Return the hash of what an edition says: its city, and name, file and metadata of each layer."""
    rows = [[name, layers[name].sha256, layers[name].meta] for name in sorted(layers)]
    return sha256(canonical_json([asdict(city), rows]).encode())


def directory_name(edition: Edition) -> str:
    """Return the name of the edition's directory, e.g. ``000001-3f2a…``."""
    return f"{edition.number:06d}-{edition.sha256[:12]}"


def layer_file(layer: str) -> str:
    """Return the name of the layer's file."""
    return f"{layer}.parquet"


def encode(edition: Edition) -> bytes:
    """Return the manifest's bytes."""
    body = asdict(edition) | {
        "format": _FORMAT,
        "published_at": edition.published_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "layers": {name: asdict(entry) | {"file": layer_file(name)} for name, entry in edition.layers.items()},
    }
    return (json.dumps(body, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1) + "\n").encode()


def load(directory: Path) -> Edition:
    """Return the edition in ``directory``; layers are there in full size, their hashes are not yet taken.

    Raises DamagedError naming the file that is absent, cut or altered.
    """
    path = directory / FILE
    try:
        edition = _decode(json.loads(path.read_bytes()))
    except FileNotFoundError:
        raise DamagedError(f"{path} is missing; restore the edition from a backup") from None
    except (ValueError, KeyError, TypeError) as error:
        raise _altered(path, f"cannot be read: {error!r}") from None
    if content_sha256(edition.city, edition.layers) != edition.sha256:
        raise _altered(path, "does not match its own SHA-256")
    if directory_name(edition) != directory.name:
        raise _altered(path, f"is of edition {directory_name(edition)}")
    for entry in edition.layers.values():
        _check_size(directory / layer_file(entry.name), entry)
    return edition


def read_layer(directory: Path, entry: LayerEntry) -> bytes:
    """Return the bytes of a layer, the very ones that were published; raises DamagedError naming the file."""
    path = directory / layer_file(entry.name)
    try:
        payload = path.read_bytes()
    except FileNotFoundError:
        raise DamagedError(f"{path} is missing; restore the edition from a backup") from None
    if sha256(payload) != entry.sha256:
        raise _altered(path, "is not what was published: its SHA-256 differs")
    return payload


def _check_size(path: Path, entry: LayerEntry) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise DamagedError(f"{path} is missing; restore the edition from a backup") from None
    if size != entry.bytes:
        raise _altered(path, f"has {size} bytes where {entry.bytes} were published")


def _altered(path: Path, what: str) -> DamagedError:
    return DamagedError(f"{path} {what}; restore the edition from a backup")


def _decode(raw: Mapping[str, Any]) -> Edition:
    if raw["format"] != _FORMAT:
        raise ValueError(f"format {raw['format']} is unknown to this Quantu")
    layers = {
        name: LayerEntry(name, row["sha256"], row["rows"], row["bytes"], row["meta"])
        for name, row in raw["layers"].items()
    }
    return Edition(
        number=raw["number"],
        sha256=raw["sha256"],
        published_at=datetime.fromisoformat(raw["published_at"]),
        message=raw["message"],
        city=City(**raw["city"]),
        layers=layers,
        parent=raw["parent"],
        published_by=raw["published_by"],
        code_version=raw["code_version"],
    )
