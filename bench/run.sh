#!/usr/bin/env bash
# Starts the release server on a free port and offers it rising loads: ./dev bench [load.py's options]
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
build/release/troupe serve --port "$port" 2>/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT

for _ in $(seq 300); do
  kill -0 "$server" || { echo "the server did not start: build/release/troupe serve --port $port" >&2; exit 1; }
  curl -fs "http://127.0.0.1:$port/health/ready" >/dev/null 2>&1 && break
  sleep 0.2
done

for concurrency in 1 8 32; do
  python3 bench/load.py "http://127.0.0.1:$port" --concurrency "$concurrency" --requests $((concurrency * 3)) "$@"
done
