#!/usr/bin/env bash
# Has schemathesis, at a pinned version, make requests from /openapi.json and hold the answers to it: those of the server
# at the URL given, or where there is none of one that is started for it. Installed from PyPI into $TROUPE_DEPS/schemathesis.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
place=${TROUPE_DEPS:-$here/../../.deps}/schemathesis

if ! cmp -s -- "$here/schemathesis.txt" "$place/venv/schemathesis.txt"; then
  rm -rf -- "$place/venv"
  python3 -m venv "$place/venv"
  "$place/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/schemathesis.txt"
  cp -- "$here/schemathesis.txt" "$place/venv/"
fi
if (($# == 0)); then
  exec "$here/../support/with_server.sh" --config "$here/schemathesis_server.toml" "${BASH_SOURCE[0]}"
fi
cd -- "$place"
export SCHEMATHESIS_HOOKS=$here/schemathesis_hooks.py
exec "$place/venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run --workers 2 --seed 1 \
  --phases examples,coverage,fuzzing --continue-on-failure "$1/openapi.json"
