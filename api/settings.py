"""Every setting: environment ``QUANTU_*``, else ``quantu.toml`` in the workspace, else the default."""

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from geo.errors import Fault, InputError

_FILE = "quantu.toml"


class Settings(BaseSettings):
    """The settings; see ``docs/settings.md``."""

    model_config = SettingsConfigDict(env_prefix="QUANTU_", extra="forbid", frozen=True)
    file: ClassVar[Path | None] = None

    workspace: Path = Field(Path("workspace"), description="the directory with draft and editions")
    store: str = Field("", description="where editions are kept; empty: inside the workspace")
    steward: str = Field("local", min_length=1, description="in whose name rows are drafted and editions published")
    executor: str = Field(
        "serial",
        pattern=r"^(serial|processes|dask://[^/\s:]+:\d{1,5})$",
        description="where a computation runs: serial, processes or dask://HOST:PORT",
    )
    map_review_no: str = Field("", description="审图号 printed on maps; without one they say 内部资料")
    public_decimals: int = Field(4, ge=2, le=7, description="decimals of a degree in public coordinates")
    host: str = Field("127.0.0.1", description="the address quantu serve listens on")
    port: int = Field(8000, ge=1, le=65535, description="the port it listens on")
    cache_mb: int = Field(256, ge=1, description="room for kept results, MB")

    @field_validator("store")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if "://" in value:
            raise ValueError("only a directory can be a store so far")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order: arguments, environment, the workspace's file."""
        toml = TomlConfigSettingsSource(settings_cls, cls.file) if cls.file else None
        return (init_settings, env_settings, *([toml] if toml else []))


def load_settings(workspace: Path | None = None) -> Settings:
    """Return the settings for ``workspace``, else ``QUANTU_WORKSPACE``, else ``./workspace``.

    Raises InputError naming every setting that does not fit.
    """
    directory = workspace or Path(os.environ.get("QUANTU_WORKSPACE", "workspace"))
    path = directory / _FILE

    class Here(Settings):
        file: ClassVar[Path | None] = path if path.is_file() else None

    given: dict[str, Any] = {} if workspace is None else {"workspace": workspace}
    try:
        return Here(**given)
    except tomllib.TOMLDecodeError as error:
        raise InputError(Fault("toml", f"the file is no TOML: {error}.", "correct it.", str(path))) from None
    except ValidationError as error:
        raise InputError(
            Fault(
                "setting",
                f"setting QUANTU_{'.'.join(str(x) for x in fault['loc']).upper()}: {fault['msg']}.",
                "correct it in the environment or in quantu.toml; docs/settings.md lists every setting.",
                str(path) if path.is_file() else None,
                value=str(fault.get("input")),
            )
            for fault in error.errors()
        ) from None
