#!/usr/bin/env bash
# Make .venv with pip in it, also where Debian's python3-venv is missing. A half-made one is never left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
asked=${1:-python3}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

candidates=("$asked")
[ "$asked" != python3 ] || candidates+=(python3.14 python3.13 python3.12 python3.11) # nobody asked for one by name
python=
for candidate in "${candidates[@]}"; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Quantu needs Python 3.11 or later; '$asked' is $("$asked" --version 2>/dev/null || echo 'not there'). Try: make PYTHON=/path/to/python3.12 demo" >&2
    exit 1
fi

rm -rf .venv
trap 'rm -rf .venv' ERR
if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv .venv
elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip .venv
    "$python" -m pip --python .venv/bin/python install --quiet pip
elif command -v uv >/dev/null; then
    uv venv --quiet --seed --python "$python" .venv
else
    echo "No way to make a virtual environment: install Debian's python3-venv (or python3-pip, or uv) and try again." >&2
    exit 1
fi
.venv/bin/python -m pip --version >/dev/null
