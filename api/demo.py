"""New workspaces: an empty one for a named city, and the Lanzhou sample."""

import shutil
import tempfile
from pathlib import Path

from api.imports import keep
from api.settings import load_settings
from api.version import code_version
from data.frames import AREAS, CONTEXT, DEMAND, STREETS
from data.network import with_elevation
from data.read.files import parse_crs
from data.read.gazetteer import places_called
from data.stores.base import City, DamagedError
from data.stores.embedded import EmbeddedStore
from geo.crs import is_metric, metric_crs_for
from geo.errors import AmbiguousError, ConflictError, ParameterError
from layers.facilities.catalogue import FACILITY_LAYERS

LANZHOU = City("620100", "兰州市", "Lanzhou", metric_crs_for(103.83, 36.06))


def new_workspace(path: Path, *, name: str, name_en: str = "", code: str = "", crs: str = "") -> City:
    """Make an empty workspace and return its city.

    A city or county of China is found by its name or code and gets the metric CRS of its place; elsewhere the CRS
    is that of the first streets unless given. Raises ConflictError where something is there, AmbiguousError.
    """
    if crs and not is_metric(parse_crs(crs)):
        raise ParameterError(f"{crs} does not measure in metres on the ground; choose a 3° zone or UTM zone")
    city = _find(name, name_en=name_en, code=code, crs=crs)
    EmbeddedStore.create(path, city, actor=load_settings().steward, code_version=code_version())
    return city


def _find(name: str, *, name_en: str, code: str, crs: str) -> City:
    found = places_called(name, code=code)
    if len(found) > 1:
        listed = ", ".join(place.code for place in found)
        raise AmbiguousError(f"{name} names {len(found)} places: {listed}. Mend: give the one meant with --code.")
    if not found:
        return City(code or name, name, name_en or name, crs)
    return City(found[0].code, name, name_en or name, crs or metric_crs_for(found[0].lon, found[0].lat))


def demo_directory() -> Path:
    """Return where the sample's workspace is kept: the selected workspace."""
    return load_settings().workspace


def build_demo(path: Path) -> bool:
    """Build the Lanzhou sample as a workspace at ``path`` and return True; False where a workspace is there already.

    Built aside and renamed into place: an interrupted build leaves nothing. Raises ConflictError where something
    else is at ``path``.
    """
    if (path / "state.sqlite").exists():
        return False
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConflictError(f"{path} is there and no workspace. Mend: choose another place with --workspace.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as aside:
        built = Path(aside) / "built"
        _publish_sample(built)
        if path.is_dir():
            path.rmdir()
        shutil.move(built, path)
    return True


def _publish_sample(path: Path) -> None:
    from data.sample.build import build_sample

    sample = build_sample({layer.id: layer.spec for layer in FACILITY_LAYERS.items})
    frames = dict(sample.frames)
    frames["streets"], counts = with_elevation(frames["streets"], sample.elevation, LANZHOU.crs)
    metas = {layer: dict(sample.meta.get(layer, {})) for layer in frames}
    metas["streets"] |= {"elevation": True, **counts}
    specs = {"streets": STREETS, "areas": AREAS, "context": CONTEXT}
    specs |= {layer: DEMAND for layer in frames if layer.startswith("demand.")}
    store = EmbeddedStore.create(path, LANZHOU, actor=load_settings().steward, code_version=code_version())
    report = keep(
        store,
        "兰州示例",
        {layer: (frames[layer], spec, metas[layer]) for layer, spec in specs.items()},
        {},
        places=[(one, frames[one.layer], metas[one.layer]) for one in FACILITY_LAYERS.items],
    )
    if store.quarantined():
        raise DamagedError(f"the sample does not pass its own checks: {report.diagnostics['checked']}")
    store.publish("兰州示例数据（合成） · the Lanzhou sample (synthetic)")
