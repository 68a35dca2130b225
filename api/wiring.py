"""The one composition root: which store, which registries, which cache."""

from pathlib import Path

from api.run import Runner
from api.settings import Settings, load_settings
from api.version import code_version
from data.stores.cache import ResultCache
from data.stores.embedded import EmbeddedStore
from layers.circles.catalogue import CIRCLES
from layers.facilities.catalogue import FACILITY_LAYERS

_MB = 1024**2


def open_runner(workspace: Path | None = None) -> Runner:
    """Return the Runner of a workspace. Raises NotFoundError where there is none."""
    return wire(load_settings(workspace))


def wire(settings: Settings) -> Runner:
    """Return the Runner the settings describe."""
    directory = Path(settings.store) if settings.store else settings.workspace
    return Runner(
        store=EmbeddedStore.open(directory, actor=settings.steward, code_version=code_version()),
        circles=CIRCLES,
        facility_layers=FACILITY_LAYERS,
        settings=settings,
        results=ResultCache(settings.workspace / "cache", max_bytes=settings.cache_mb * _MB),
    )
