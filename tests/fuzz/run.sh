#!/usr/bin/env bash
# Runs fuzz targets from build/fuzz, each for some seconds from its committed corpus, two at a time.
#   tests/fuzz/run.sh SECONDS [TARGET...]
# What is found anew is kept in build/fuzz/corpus, so that the next run goes on from there. A finding fails the run and
# leaves its input in build/fuzz/findings; so does a target that had no time left after it had read its corpus.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
build=$here/../../build/fuzz
seconds=${1:?how many seconds for each target}
shift
targets=("$@")
((${#targets[@]})) || mapfile -t targets < <(cd -- "$here/corpus" && printf '%s\n' *)

run_target() {
  local target=$1 log
  log=$build/$target.log
  mkdir -p -- "$build/corpus/$target" "$build/findings"
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1
    -artifact_prefix="$build/findings/$target-")
  [[ ! -f $here/$target.dict ]] || options+=(-dict="$here/$target.dict")
  if "$build/tests/fuzz/$target" "${options[@]}" "$build/corpus/$target" "$here/corpus/$target" >"$log" 2>&1; then
    if ! grep -aqE '^#[0-9]+[[:space:]]+INITED' "$log"; then
      echo "    $target: the time ended while it read its corpus, so nothing was tried"
      return 1
    fi
    echo "    $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
  else
    echo "    $target: a finding"
    grep -avE '^#[0-9]+|NEW_FUNC' -- "$log" | tail -n 40
    return 1
  fi
}

export -f run_target
export here build seconds
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# shellcheck disable=SC2016  # $1 is for the inner shell.
printf '%s\n' "${targets[@]}" | xargs -r -n 1 -P "$(nproc)" bash -c 'run_target "$1"' run
