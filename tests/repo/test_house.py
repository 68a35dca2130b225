"""The frame of the repo: packages, import rule, sizes, locks, and what may not stand in a tracked file."""

import ast
import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
PACKAGES = ("geo", "data", "layers", "api")
MODULE_LINES = 450
FUNCTION_LINES = 80
FILE_BYTES = 1_000_000
MESSY = REPO / "tests" / "fixtures" / "messy"  # in whatever encoding a bureau writes


@cache
def repo_files() -> tuple[Path, ...]:
    """Every file that is tracked, or would be with the next `git add`."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={REPO}", "ls-files", "-z", "-c", "-o", "--exclude-standard"],
        cwd=REPO, check=True, capture_output=True, text=True,
    )  # fmt: skip
    names = {name for name in listed.stdout.split("\0") if name}
    return tuple(sorted(REPO / name for name in names if (REPO / name).is_file()))


@cache
def texts() -> dict[Path, str]:
    found = {}
    for path in repo_files():
        raw = path.read_bytes()
        if b"\0" not in raw and MESSY not in path.parents:
            found[path] = raw.decode("utf-8")
    return found


def sources() -> list[Path]:
    return [path for name in PACKAGES for path in sorted((REPO / name).rglob("*.py"))]


def lock_files() -> list[Path]:
    return [path for path in repo_files() if path.suffix == ".lock" or path.name == "package-lock.json"]


@pytest.mark.parametrize("name", PACKAGES)
def test_top_level_names_are_ours(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == REPO / name / "__init__.py"


def test_imports_go_down_only() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=REPO, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_lock_files() -> None:
    assert {path.name for path in lock_files()} >= {"run.lock", "dev.lock", "node.lock", "package-lock.json"}


def test_lock_files_hold_no_address() -> None:
    bad = [
        f"{path.relative_to(REPO)}:{number}: {line.strip()}"
        for path in lock_files()
        for number, line in enumerate(texts()[path].splitlines(), 1)
        if re.search(r"\w+://|file:", line)
    ]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("name", ["run.lock", "dev.lock", "node.lock"])
def test_every_locked_distribution_has_hashes(name: str) -> None:
    joined = (REPO / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    bad = [line[:80] for line in lines if not re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]
    assert not bad, "\n".join(bad)


def test_no_copyleft_is_locked() -> None:
    # LGPL and MPL may be linked against; GPL and AGPL may not be dependencies at all.
    bad = {}
    for name in re.findall(r"^([\w.-]+)==", (REPO / "requirements" / "dev.lock").read_text(), re.MULTILINE):
        try:
            about = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # locked for another platform
        stated = " ".join([about.get("License-Expression") or "", *(about.get_all("Classifier") or [])])
        if re.search(r"(?<!L)(?<!Lesser )(?:\bA?GPL|GNU (?:Affero )?General Public)", stated):
            bad[name] = stated
    assert not bad, bad


def test_every_locked_npm_package_has_integrity() -> None:
    packages = json.loads((REPO / "web" / "package-lock.json").read_text())["packages"]
    bad = [name for name, entry in packages.items() if name and not entry.get("link") and "integrity" not in entry]
    assert not bad, bad


def test_no_machine_or_registry_is_named() -> None:
    # Put together here, so that this file does not name them either.
    hosts = (
        "py" + "pi.org",
        "python" + "hosted.org",
        "registry." + "npmjs",
        "registry." + "yarnpkg",
        "deb." + "debian.org",
    )
    absolute = re.compile(r"(?<![\w.}/])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/\w")
    bad = [
        f"{path.relative_to(REPO)}:{number}: {line.strip()[:120]}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if absolute.search(line) or any(host in line for host in hosts) or str(REPO) in line
    ]
    assert not bad, "\n".join(bad)


def test_no_file_is_large() -> None:
    bad = [
        f"{path.relative_to(REPO)}: {path.stat().st_size}" for path in repo_files() if path.stat().st_size >= FILE_BYTES
    ]
    assert not bad, "\n".join(bad)


def test_no_module_is_long() -> None:
    sizes = {str(path.relative_to(REPO)): len(path.read_text().splitlines()) for path in sources()}
    bad = {name: lines for name, lines in sizes.items() if lines > MODULE_LINES}
    assert not bad, f"over {MODULE_LINES} lines: {bad}"


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(REPO)}:{node.lineno} {node.name}", node


def test_no_function_is_long() -> None:
    sizes = {name: (node.end_lineno or node.lineno) - node.lineno + 1 for name, node in functions()}
    bad = {name: lines for name, lines in sizes.items() if lines > FUNCTION_LINES}
    assert not bad, f"over {FUNCTION_LINES} lines: {bad}"


def test_ci_installs_before_it_tests() -> None:
    run = REPO / ".ci" / "run"
    assert run.stat().st_mode & 0o111, "not executable"
    subprocess.run(["bash", "-n", run], check=True)
    for script in sorted((REPO / "scripts").glob("*.sh")):
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
        subprocess.run(["bash", "-n", script], check=True)
