# Two commands do all the set-up: `make demo` and `make test`. Everything lands in .venv and web/node_modules.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
export PYTHONUTF8 := 1
# The theme's notice of its successor is no news at every build.
export NO_MKDOCS_2_WARNING := 1
# What a person has set for other work must not turn the packages away from .venv.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PIP_REQUIRE_HASHES PYTHONPATH PYTHONHOME

.PHONY: help demo setup test soak lint format docs bench lock ci clean

help:                ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 10

demo: .venv/run.stamp web/dist/index.html   ## build what is missing, then serve the Lanzhou sample (PORT=8000)
	.venv/bin/quantu demo --port $(PORT)

setup: .venv/dev.stamp web/dist/index.html  ## everything a developer needs

test: setup          ## every test, Python's and the web's
	$(PY) -m pytest -p tests.ci_skips
	scripts/node.sh npm --prefix web test

soak: setup          ## the long tests: hours of use in minutes
	@if compgen -G 'tests/soak/test_*.py' >/dev/null; then $(PY) -m pytest -p tests.ci_skips tests/soak; \
	else echo 'tests/soak holds no test yet'; fi

lint: setup          ## linters, types, the import contract, the documentation
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/mkdocs build --strict --quiet
	scripts/node.sh npm --prefix web run check

format: .venv/dev.stamp   ## rewrite the code in the house format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: .venv/dev.stamp     ## the documentation, in site/
	.venv/bin/mkdocs build --strict --quiet
	@echo 'open site/index.html'

bench: .venv/bench.stamp  ## measure, with the peers in the same run (FULL=1: 5 M and 20 M nodes too)
	$(PY) -m benchmarks $(if $(FULL),--full)

lock: .venv/bin/python    ## resolve the dependencies anew (needs uv)
	scripts/lock.sh

ci:                  ## what a submission must pass, on a machine that may lack everything
	.ci/run

clean:               ## take away all that make and the tools have built
	rm -rf .venv web/node_modules web/dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	scripts/venv.sh $(PYTHON)

.venv/run.stamp: requirements/run.lock pyproject.toml | .venv/bin/python
	@echo 'installing what Quantu runs on (.venv)'
	$(PIP) --require-hashes --only-binary :all: -r requirements/run.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	@echo 'installing what Quantu is developed with (.venv)'
	$(PIP) --require-hashes --only-binary :all: -r requirements/dev.lock
	touch $@

# Peers, some of them AGPL, are installed for measuring alone. Valhalla's wheel wants Python 3.12 or later: where ours is
# older it gets an environment of its own, and where none is at hand (VALHALLA_PYTHON=…) its case says so.
VALHALLA_PYTHON ?= python3.12
.venv/bench.stamp: requirements/bench.lock .venv/dev.stamp
	@echo 'installing the peers that are measured (.venv)'
	$(PIP) --require-hashes --only-binary :all: -r requirements/bench.lock
	@$(PY) -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || exit 0; \
	if $(VALHALLA_PYTHON) -m venv .venv/valhalla 2>/dev/null; then \
		sed -n '/^pyvalhalla==/,/[^\\]$$/p' requirements/bench.lock >.venv/valhalla/only.txt; \
		.venv/valhalla/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
			--only-binary :all: -r .venv/valhalla/only.txt || rm -rf .venv/valhalla; \
	fi
	touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json | .venv/bin/python
	scripts/node.sh npm --prefix web ci --no-audit --no-fund --loglevel=error
	touch $@

WEB := $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json -type f 2>/dev/null)
web/dist/index.html: web/node_modules/.stamp $(WEB)
	scripts/node.sh npm --prefix web run build
	touch $@
