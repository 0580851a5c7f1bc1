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
exec tests/support/with_server.sh "$troupe" bench "$@"
