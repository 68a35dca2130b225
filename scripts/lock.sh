#!/usr/bin/env bash
# Resolve every dependency anew: requirements/*.lock and web/package-lock.json, with versions and hashes and no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml --group build -o requirements/run.lock
compile pyproject.toml --group build --group dev -c requirements/run.lock -o requirements/dev.lock
compile --group bench -c requirements/dev.lock -o requirements/bench.lock
compile --group node -o requirements/node.lock
if [ -f web/package.json ]; then
    scripts/node.sh npm --prefix web install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
    # "funding" is the one other place where npm writes addresses.
    scripts/node.sh node -e '
        const fs = require("node:fs"), file = "web/package-lock.json", lock = JSON.parse(fs.readFileSync(file, "utf8"))
        for (const entry of Object.values(lock.packages)) { delete entry.funding; delete entry.resolved }
        fs.writeFileSync(file, JSON.stringify(lock, null, 2) + "\n")'
fi
