#!/usr/bin/env bash
# Starts the release build's server on a free port, waits until it is ready, runs a command with its URL at the end, and
# ends the server.
#   tests/support/with_server.sh [--config FILE] COMMAND [ARGUMENTS...]
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
options=(--port 0)
if [[ $1 == --config ]]; then
  options+=(--config "$2")
  shift 2
fi

log=$(mktemp)
"$root/build/release/troupe" serve "${options[@]}" 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f -- "$log"' EXIT

still_there() { kill -0 "$server" 2>/dev/null || { cat -- "$log" >&2; exit 1; }; }

url=
while [[ -z $url ]]; do
  still_there
  sleep 0.2
  url=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$log")
done
until curl --silent --fail --output /dev/null "$url/health/ready"; do
  still_there
  sleep 0.2
done

"$@" "$url" || { status=$?; tail -n 20 -- "$log" >&2; exit "$status"; }
# A server that fell on its way would have been noticed by nobody.
still_there
