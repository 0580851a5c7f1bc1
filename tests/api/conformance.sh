#!/usr/bin/env bash
# Has OpenAI's own clients, at pinned versions, check a server: the one at the URL given, or where there is none one
# that is started for it, with the default configuration. The clients are installed from PyPI and npm into
# $TROUPE_DEPS/conformance; without Node its client is left out.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
place=${TROUPE_DEPS:-$here/../../.deps}/conformance

# Installs what is not there at the pinned version.
need_python_client() {
  if ! cmp -s -- "$here/requirements.txt" "$place/venv/requirements.txt"; then
    rm -rf -- "$place/venv"
    python3 -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp -- "$here/requirements.txt" "$place/venv/"
  fi
}

need_node_client() {
  if ! cmp -s -- "$here/package.json" "$place/node/package.json"; then
    rm -rf -- "$place/node"
    mkdir -p -- "$place/node.new"
    cp -- "$here/package.json" "$place/node.new/"
    (cd -- "$place/node.new" && npm install --silent --no-audit --no-fund)
    mv -- "$place/node.new" "$place/node"
  fi
  # Node looks for packages beside the script.
  cp -- "$here/conformance.mjs" "$place/node/"
}

mkdir -p -- "$place"
need_python_client
if (($# == 0)); then
  exec "$here/../support/with_server.sh" "${BASH_SOURCE[0]}"
fi
url=$1
status=0
"$place/venv/bin/python" "$here/conformance.py" "$url" || status=1
if command -v node >/dev/null && command -v npm >/dev/null; then
  need_node_client
  node "$place/node/conformance.mjs" "$url" || status=1
else
  echo "node or npm is not there: OpenAI's Node client is left out"
fi
exit "$status"
