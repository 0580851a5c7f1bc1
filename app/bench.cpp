#include "app/bench.hpp"

#include <fstream>
#include <iostream>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "bench/client.hpp"
#include "bench/report.hpp"
#include "bench/runner.hpp"

namespace troupe::app {

namespace {

/// What a shell makes of a SIGINT.
constexpr int interrupted = 130;

/// Fails before anything is measured where the report could not be written. An old report stays until there is a new
/// one.
void check_writable(const std::string& file) {
  if (!file.empty() && !std::ofstream{file, std::ios::app})
    throw std::runtime_error{"--json: cannot write " + file};
}

void write_report(const std::string& file, const std::string& text) {
  std::ofstream out{file, std::ios::trunc};
  out << text << std::flush;
  if (!out)
    throw std::runtime_error{"--json: cannot write " + file};
}

} // namespace

CLI::App* add_bench_command(CLI::App& program, bench_arguments& arguments) {
  bench::options& o = arguments.options;
  CLI::App* command = program.add_subcommand("bench", "Measure a server: one by one, with its cache, and all at once");
  command->add_option("URL", o.url, "Root of the server, http://HOST[:PORT]")->required();
  command->add_option("--requests", o.requests, "Prompts of each scenario (default 20)");
  command->add_option("--warmup", o.warmup, "Requests before that, which count nowhere (default 1)");
  command->add_option("--concurrency", o.concurrency, "Clients of the concurrent scenario (default 8)");
  command->add_option("--scenario", o.scenario, "sequential, cached, concurrent or all (default all)");
  command->add_option("--max-tokens", o.max_tokens, "Greatest length of an answer (default 64)");
  command->add_flag("--ignore-eos", o.ignore_eos, "Make every answer that long; the server must know the field");
  command->add_option("--api", o.api, "own or openai (default own)");
  command->add_option("--model", o.model, "Model to ask for; without it the server's first");
  command->add_option("--api-key", o.api_key, "Key to ask with; other users of this machine cannot see the variable")
    ->envname("TROUPE_API_KEY");
  command->add_option("--objective", o.objective, "Seconds that the latency's P95 must stay under (default 2)");
  command->add_option("--timeout", o.timeout, "Seconds that one request may take (default 120)");
  command->add_option("--seed", o.seed, "Number that every prompt carries, to ask the same again; without it drawn");
  command->add_option("--json", arguments.json_file, "File for the report as JSON");
  return command;
}

int bench(const bench_arguments& arguments) {
  const bench::plan plan = bench::make_plan(arguments.options);
  bench::check_reachable(plan);
  check_writable(arguments.json_file);

  bench::progress_bar bar{std::cerr, isatty(STDERR_FILENO) == 1};
  const auto results = bench::run_plan(plan, [&bar](const bench::progress& p) { bar.draw(p); });
  bar.clear();

  std::vector<bench::scenario_summary> summaries;
  for (const bench::scenario_result& result : results)
    summaries.push_back(bench::summarize(result, plan.objective));
  std::cout << bench::table(plan, summaries) << std::flush;
  if (!arguments.json_file.empty())
    write_report(arguments.json_file, bench::to_json(plan, summaries));
  if (results.back().interrupted)
    return interrupted;
  return bench::passed(summaries) ? 0 : 1;
}

} // namespace troupe::app
