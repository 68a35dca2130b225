# Two commands do all the set-up: `make demo` and `make test`. Everything lands in .venv and web/node_modules.
SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python
export PYTHONUTF8 := 1

.PHONY: demo test setup lint format types docs web web-test bench lock ci clean help

help:                ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 14

demo: .venv/run.stamp web/dist/index.html   ## build what is missing, then serve the Lanzhou sample
	.venv/bin/quantu demo --port $(or $(PORT),8000)

setup: .venv/dev.stamp web/dist/index.html  ## everything a developer needs

test: setup          ## every test
	$(PY) -m pytest
	scripts/node.sh npm --prefix web test

lint: .venv/dev.stamp   ## linters, types, the import contract, the documentation
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/mkdocs build --strict --quiet
	scripts/node.sh npm --prefix web run check

format: .venv/dev.stamp   ## rewrite the code in the house format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: .venv/dev.stamp   ## the documentation, in site/
	.venv/bin/mkdocs build --strict

bench: .venv/dev.stamp   ## measure, with the peers in the same run
	$(PY) -m benchmarks

.venv/bin/python:
	scripts/venv.sh $(PYTHON)

.venv/run.stamp: requirements/run.lock pyproject.toml | .venv/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/run.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json | .venv/bin/python
	scripts/node.sh npm --prefix web ci --no-audit --no-fund --loglevel=error
	touch $@

WEB := $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json -type f 2>/dev/null)
web/dist/index.html: web/node_modules/.stamp $(WEB)
	scripts/node.sh npm --prefix web run build
	touch $@

lock:                ## resolve the dependencies anew (needs uv)
	scripts/lock.sh
