#!/bin/bash
# Makes .venv from requirements.lock, by uv, itself from the lock. Nothing is installed into the host's Python.
# The machine's own package index, proxy and CA bundle are used, as pip is configured here.
#   --lock   renew the locks instead (needs .venv)
set -euo pipefail
cd "$(dirname "$0")/.."

stop() { echo "oneroof: $1" >&2; [ -z "${2:-}" ] || echo "  HINT: $2" >&2; exit 2; }

index=$(python3 -m pip config get global.index-url 2>/dev/null || true)
export UV_SYSTEM_CERTS=1 UV_NO_PROGRESS=1 UV_LINK_MODE=copy
[ -z "${PIP_INDEX_URL:-$index}" ] || export UV_DEFAULT_INDEX="${PIP_INDEX_URL:-$index}"

if [ "${1:-}" = --lock ]; then
    lock() { .venv/bin/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 "$@"; }
    lock pyproject.toml --group dev -o requirements.lock
    lock playbooks/constraints/openstack.in -o playbooks/constraints/openstack.txt
    lock playbooks/constraints/oneroof.in -c requirements.lock -o playbooks/constraints/oneroof.txt
    exit
fi

python=$(command -v python3) || stop "python3 is missing" "apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "python3 is $("$python" -V | cut -d' ' -f2), expected at least 3.11" "Debian 12 and Ubuntu 24.04 bring it"
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || stop "Python's venv module is missing" "apt-get install python3-venv"
    apt-get install -y -qq python3-venv >/dev/null
fi

rm -f .venv/.complete
[ -x .venv/bin/python ] || "$python" -m venv .venv
if ! .venv/bin/uv --version >/dev/null 2>&1; then
    uv_lock=$(mktemp)
    trap 'rm -f "$uv_lock"' EXIT
    awk '/^[a-zA-Z0-9]/ { found = /^uv==/ } found' requirements.lock >"$uv_lock"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$uv_lock"
fi
.venv/bin/uv pip sync -q -p .venv/bin/python --require-hashes requirements.lock
.venv/bin/uv pip install -q -p .venv/bin/python --no-deps --no-build-isolation -e .
# Modules that every command loads are compiled once, here: an environment may forbid Python to keep what it compiled.
.venv/bin/python -m compileall -q -j 0 -x '/(ansible|ansible_collections|ansible_test|mypy|mypyc|debugpy|pip|netaddr|setuptools|tests?)/' \
    .venv/lib/python3*/site-packages >/dev/null || true
touch .venv/.complete
