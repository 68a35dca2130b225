#!/usr/bin/env bash
# Resolve every dependency anew into requirements/*.lock: versions and hashes, no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --group build -o requirements/run.lock
compile pyproject.toml --group build --group dev -c requirements/run.lock -o requirements/dev.lock
compile --group node -o requirements/node.lock
