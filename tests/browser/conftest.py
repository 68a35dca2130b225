"""A served Lanzhou sample and headless Chromium to look at it with."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

REPO = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
START_S = 60.0
READY_MS = 45_000


def is_ready(url):
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as answer:  # 503 while it warms up
        answer.close()
        return False
    except OSError:
        return False


def end(process):
    """End a server and the workers it started: its group is its own."""
    for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


@pytest.fixture(scope="session")
def served_demo(request, tmp_path_factory):
    """The address of the sample, served as `quantu serve` serves it."""
    workspace = request.getfixturevalue("demo_path")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("serve") / "log"
    serve = ["serve", "--workspace", str(workspace), "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "from api.cli import main; main()", *serve],
            cwd=REPO, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("QUANTU_")},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_S
        while not is_ready(url):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"quantu serve did not become ready:\n{log.read_text()}")
            time.sleep(0.1)
        yield url
    finally:
        end(process)


# Not for the whole session: while Playwright runs, no other test could run an event loop of its own.
@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium that draws WebGL in software."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """One person at the page: the tab, what it asked the network for, and what it complained about."""

    def __init__(self, browser, url, **context):
        self.url = url
        look = {"viewport": {"width": 1120, "height": 720}, "color_scheme": "light", "reduced_motion": "reduce"}
        self.context = browser.new_context(**(look | context))
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # `console.warn("map: …")` is how the page tells of a map that failed.
        self.page.on("console", lambda said: said.text.startswith("map:") and self.complaints.append(said.text))

    def open(self, address=""):
        self.page.goto(f"{self.url}/{address}")
        self.page.wait_for_selector("html[data-ready=true]", timeout=READY_MS)
        return self

    def __getitem__(self, test_id):
        return self.page.get_by_test_id(test_id)


@pytest.fixture
def visit(chromium, served_demo):
    """Open the page as a person would, with the viewport and device asked for."""
    visits = []

    def call(address="", **context):
        visits.append(Visit(chromium, served_demo, **context))
        return visits[-1].open(address)

    yield call
    for one in visits:
        one.context.close()


@pytest.fixture(scope="module")
def look(chromium, served_demo):
    """The page as it opens, for the tests that only look."""
    one = Visit(chromium, served_demo).open()
    yield one
    one.context.close()
