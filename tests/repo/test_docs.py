"""The documentation names what exists and nothing else, builds without a warning and asks no other host."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli import app
from api.settings import Settings
from data.standards import standards

REPO = Path(__file__).resolve().parents[2]
DOCS = REPO / "docs"
PREFIX = "QUANTU_"


def test_docs_name_every_setting_and_no_other() -> None:
    assert Settings.model_config.get("env_prefix") == PREFIX
    text = (DOCS / "settings.md").read_text()
    described = set(re.findall(r"^\| `(QUANTU_\w+)` \|", text, re.MULTILINE))
    assert described == {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_docs_give_the_default_of_every_setting(name: str) -> None:
    text = (DOCS / "settings.md").read_text()
    row = re.search(rf"^\| `{PREFIX}{name.upper()}` \| (.+?) \|", text, re.MULTILINE)
    assert row, name
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    assert row[1] == ("—" if default in {None, ""} else f"`{default}`")


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield ("quantu import osm", command) of every command that does something."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
        return
    for name, one in inner.items():
        yield from commands(one, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app), ("quantu",)))


def sections() -> dict[str, str]:
    """The text of cli.md below each heading that is a command."""
    parts = re.split(r"^#{2,3} `(quantu[^`]*)`.*$", (DOCS / "cli.md").read_text(), flags=re.MULTILINE)
    return {name.strip(): body for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def test_docs_name_every_command_and_no_other() -> None:
    assert set(sections()) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_docs_name_every_option(name: str) -> None:
    body = sections().get(name, "")
    options = [
        option
        for parameter in COMMANDS[name].params
        if parameter.param_type_name == "option" and parameter.name != "help"
        for option in parameter.opts
        if option.startswith("--")
    ]
    missing = [option for option in options if not re.search(rf"{re.escape(option)}(?![\w-])", body)]
    assert not missing, f"{name}: {missing} not in docs/cli.md"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    assert COMMANDS[name].help, name


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", out],
        cwd=REPO, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not re.search("^WARNING", done.stderr, re.MULTILINE), done.stderr
    return out


def test_the_site_asks_no_other_host(site: Path) -> None:
    loads = re.compile(
        r"<(?:script|img|iframe)[^>]+src=[\"']?https?:|<link[^>]+(?:stylesheet|preconnect|preload)[^>]*https?:"
    )
    bad = [str(page.relative_to(site)) for page in site.rglob("*.html") if loads.search(page.read_text())]
    assert not bad


def test_the_site_shows_every_standard(site: Path) -> None:
    page = (site / "standards.html").read_text()
    assert [key for key in standards() if f"<code>{key}</code>" not in page] == []


def test_no_table_mark_is_left(site: Path) -> None:
    assert [page.name for page in site.rglob("*.html") if "<!-- table:" in page.read_text()] == []


def test_the_docs_quote_the_standards_rightly() -> None:
    text = (DOCS / "coverage.md").read_text().replace("−", "-")
    quoted = re.findall(r"`(\w+)` \(?(-?[\d.]+)(?: (%|\S+))?", text)
    known = [(standards()[key], float(number), unit) for key, number, unit in quoted if key in standards()]
    assert len(known) >= 10
    wrong = [
        (one.key, number, unit)
        for one, number, unit in known
        if number != (round(one.value * 100, 9) if unit.startswith("%") and one.unit == "1" else one.value)
    ]
    assert not wrong


def test_licences_name_every_dependency() -> None:
    text = (DOCS / "licences.md").read_text().lower()
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    python = [re.split(r"[><=~\[]", one)[0] for one in project["dependencies"]]
    web = json.loads((REPO / "web" / "package.json").read_text()).get("dependencies", {})
    assert [name for name in [*python, *web] if name.lower() not in text] == []


def readme_links() -> list[str]:
    found = re.findall(r"\]\(([^)#\s]+)", (REPO / "README.md").read_text())
    return [link for link in found if "://" not in link]


def test_the_readme_leads_somewhere() -> None:
    links = readme_links()
    assert links
    assert [link for link in links if not (REPO / link).exists()] == []


def test_the_readme_shows_a_result() -> None:
    text = (REPO / "README.md").read_text()
    shown = re.search(r"<!-- result -->(.*)<!-- /result -->", text, re.DOTALL)
    assert shown
    assert "|" in shown[1]
