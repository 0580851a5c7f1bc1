#!/usr/bin/env bash
# Measures the release build with `troupe bench`, which gets all arguments: the server at the URL among them, or where
# there is none one that is started for the measurement, with the default configuration.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
troupe=build/release/troupe

for argument in "$@"; do
  case $argument in
  http://* | https://* | -h | --help) exec "$troupe" bench "$@" ;;
  esac
done

log=$(mktemp)
"$troupe" serve --port 0 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f -- "$log"' EXIT

url=
while [[ -z $url ]]; do
  kill -0 "$server" 2>/dev/null || { cat -- "$log" >&2; exit 1; }
  sleep 0.2
  url=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$log")
done
"$troupe" bench "$url" "$@"
