"""LibreOffice opens the table and the notice of the plan and prints both."""

import shutil
import subprocess

import pytest

from api.plan import write_plan
from api.wiring import open_runner


@pytest.mark.parametrize("form", ["xlsx", "docx"])
def test_libreoffice_prints_it(demo_path, tmp_path, form):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("soffice is absent")
    write_plan(open_runner(demo_path), 2025, form, tmp_path / f"plan.{form}")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    done = subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path / form, tmp_path / f"plan.{form}"],
        check=False, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    # a LibreOffice without libreoffice-writer (or -calc) cannot load it and says so
    assert "could not be loaded" not in done.stderr, done.stderr
    assert (tmp_path / form / "plan.pdf").read_bytes().startswith(b"%PDF"), done.stderr
