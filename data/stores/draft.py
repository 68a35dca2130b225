"""A batch: changes to the draft of an embedded workspace, made together at its end."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from data.stores.base import LayerEntry, MergeResult, canonical_json, checked_layer
from data.stores.changes import Accept, Change, Drop, Put, Quarantine, Release, Remove, now
from data.stores.codec import check_kept, pack, sha256
from data.stores.merge import Authors, Request, Standing, merge
from data.stores.quarantine import QuarantineRow
from geo.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What a batch sees of its store: ``hold`` keeps the draft to itself from now to the batch's end."""

    actor: str
    hold: Callable[[], None]
    standing: Callable[[str], Standing]
    published: Callable[[str], Standing]


class EmbeddedBatch:
    """Changes to the draft, packed and waiting for the end of the batch."""

    def __init__(self, sight: Sight) -> None:
        self.changes: list[Change] = []
        self._sight = sight
        self._mine: dict[str, Standing] = {}

    def present(self, layer: str) -> gpd.GeoDataFrame | None:
        """Return the layer as it stands; see ``DraftBatch.present``."""
        self._sight.hold()
        return self._standing(layer).frame

    def present_meta(self, layer: str) -> Mapping[str, Any]:
        """Return the metadata of the layer as it stands; see ``DraftBatch.present_meta``."""
        self._sight.hold()
        return self._standing(layer).meta

    def put(
        self, layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any], *, overwrite: bool = True
    ) -> LayerEntry:
        """Replace the whole ``layer``; see ``DraftBatch.put``."""
        plain = _plain(meta)
        entry, payload = _packed(layer, frame, plain)
        if not overwrite:
            self._sight.hold()
            self._refuse_others(layer, entry)
        self.changes.append(Put(entry, payload))
        self._mine[layer] = Standing(frame, plain, Authors(self._sight.actor, now()))
        return entry

    def drop(self, layer: str) -> None:
        """Take ``layer`` out of the draft."""
        self.changes.append(Drop(layer))
        self._mine[layer] = self._sight.published(layer)

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
        """Lay ``rows`` over the layer; see ``DraftBatch.merge``."""
        checked_layer(layer)
        check_kept(rows)
        ask = Request(_plain(meta), key, replace, overwrite, remove, self._sight.actor, now())
        self._sight.hold()
        merged = merge(self._standing(layer), lambda: self._sight.published(layer).frame, rows, ask)
        done = merged.standing
        if done is not None and done.frame is not None:
            entry, payload = _packed(layer, done.frame, done.meta)
            counts = {name: getattr(merged.result, name) for name in ("added", "changed", "removed")}
            self.changes.append(Put(entry, payload, done.authors, "merge_draft", counts))
            self._mine[layer] = done
            return with_(merged.result, entry=entry)
        return merged.result

    def remove(self, layer: str) -> None:
        """Make the next edition hold no ``layer``; see ``DraftBatch.remove``."""
        self._sight.hold()
        if self._standing(layer).frame is None:
            raise NotFoundError(f"the next edition would hold no layer {layer!r} anyway")
        self.changes.append(Remove(layer))
        self._mine[layer] = Standing(None, {}, Authors(self._sight.actor, now()))

    def quarantine(self, rows: Sequence[QuarantineRow]) -> None:
        """Keep rows that were not accepted; see ``DraftBatch.quarantine``."""
        if rows:
            self.changes.append(Quarantine(tuple(rows)))

    def accept(self, file: str, sheet: str | None, layer: str, rows: NDArray[np.int64]) -> None:
        """Release what is quarantined of these rows; see ``DraftBatch.accept``."""
        self.changes.append(Accept(file, sheet, layer, np.asarray(rows, dtype=np.int64)))

    def release(self, ids: Collection[str]) -> None:
        """Take entries out of quarantine; see ``DraftBatch.release``."""
        self.changes.append(Release(tuple(ids)))

    def _refuse_others(self, layer: str, entry: LayerEntry) -> None:
        """Raise ConflictError where others have drafted ``layer`` to something else than ``entry``."""
        stands = self._standing(layer)
        others = stands.authors.others(self._sight.actor) if stands.authors is not None else []
        if not others or (
            stands.frame is not None and stands.meta == entry.meta and sha256(pack(stands.frame)) == entry.sha256
        ):
            return
        named = ", ".join(f"{by} ({datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC)" for by, at in others)
        raise ConflictError(
            f"{layer} has been {'drafted' if stands.frame is not None else 'taken out'} by {named} since the last "
            "edition. Nothing is written. Mend: publish or agree first, or overwrite it (--overwrite)."
        )

    def _standing(self, layer: str) -> Standing:
        return self._mine[layer] if layer in self._mine else self._sight.standing(layer)


def _plain(meta: Mapping[str, Any]) -> dict[str, Any]:
    # Through JSON and back: what is compared later is what is kept.
    plain: dict[str, Any] = json.loads(canonical_json(dict(meta)))
    return plain


def _packed(layer: str, frame: gpd.GeoDataFrame, meta: Mapping[str, Any]) -> tuple[LayerEntry, bytes]:
    checked_layer(layer)
    payload = pack(frame)
    return LayerEntry(layer, sha256(payload), len(frame), len(payload), meta), payload
