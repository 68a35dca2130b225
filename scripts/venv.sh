#!/usr/bin/env bash
# Make .venv with pip in it, also where Debian's python3-venv is missing.
set -euo pipefail
python=${1:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Quantu needs Python 3.11 or later; '$python' is $("$python" --version 2>&1). Try: make PYTHON=python3.12 demo" >&2
    exit 1
}
rm -rf .venv
if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv .venv
elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip .venv
    "$python" -m pip --python .venv/bin/python install --quiet pip
elif command -v uv >/dev/null; then
    uv venv --quiet --seed --python "$python" .venv
else
    echo "No way to make a virtual environment: install Debian's python3-venv (or pip, or uv) and try again." >&2
    exit 1
fi
