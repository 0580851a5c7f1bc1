// `troupe bench URL`: measures a server.
#pragma once

#include <string>

#include "bench/plan.hpp"

namespace CLI {
class App;
}

namespace troupe::app {

/// The command line of `troupe bench`, unchecked.
struct bench_arguments {
  troupe::bench::options options;
  /// File for the report as JSON; empty for none.
  std::string json_file;
};

/// Adds the subcommand and returns it. Parsing fills `arguments`, which must live until then.
CLI::App* add_bench_command(CLI::App& program, bench_arguments& arguments);

/// Runs the benchmark: progress on stderr where that is a terminal, the table on stdout. Returns 0, or 1 where a
/// request failed or an objective was missed, or 130 where SIGINT or SIGTERM ended it early; the report then has what
/// was measured until then. Throws, before any request, on bad arguments, an unreachable server, or a file that cannot
/// be written.
int bench(const bench_arguments& arguments);

} // namespace troupe::app
