#include <algorithm>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "app/bench.hpp"
#include "app/commands.hpp"

namespace {

using namespace troupe;

/// One line, whatever a library put into its message.
int refuse(std::string what) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  std::cerr << "troupe: " << what << std::endl;
  return app::bad_start;
}

int run(int argc, char** argv) {
  CLI::App program{"Serves language models with a company of actors."};
  program.set_version_flag("--version", "troupe " TROUPE_VERSION);
  program.require_subcommand(1);

  std::optional<std::filesystem::path> file;
  config::overrides flags;
  auto* serve = program.add_subcommand("serve", "Serve a model over HTTP until SIGTERM or SIGINT");
  serve->add_option("--config", file, "Config file; without it configs/default.toml, where there is one");
  serve->add_option("--model", flags.model, "A .gguf file or a Hugging Face folder");
  serve->add_option("--host", flags.host, "Address to listen on");
  serve->add_option("--port", flags.port, "TCP port; 0 takes a free one")->check(CLI::Range(0, 65535));
  serve->add_flag(
    "--allow-anonymous", flags.allow_anonymous, "Serve anybody, also on an address that other machines reach");
  serve
    ->add_option(
      "--api-key", flags.api_key, "One API key that may do everything; other users of this machine can see it")
    ->envname("TROUPE_API_KEY");
  serve->add_option("--dtype", flags.dtype, "float32, bfloat16 or auto");
  serve->add_option("--threads", flags.threads, "Threads of one step of a worker; 0 takes every core");

  std::filesystem::path checked;
  auto* check = program.add_subcommand("check", "Read a config file and say what it means");
  check->add_option("FILE", checked, "Config file")->required();
  app::bench_arguments measured;
  auto* bench = app::add_bench_command(program, measured);
  auto* devices = program.add_subcommand("devices", "List what a worker's device can name on this machine");

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with status 0.
    return error.get_exit_code() == 0 ? program.exit(error) : refuse(error.what());
  }
  if (*serve)
    return app::serve(file, flags);
  if (*bench)
    return app::bench(measured);
  return *devices ? app::devices() : app::check(checked);
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}
