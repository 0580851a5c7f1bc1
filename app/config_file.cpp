#include "app/config_file.hpp"

#include <string>
#include <system_error>

#include "http/keys.hpp"

namespace troupe::app {

namespace {

namespace fs = std::filesystem;

/// configs/default.toml of the working directory, else of the repository that this program was built in.
std::optional<fs::path> default_config_file() {
  std::error_code ignored;
  const fs::path here = fs::path{"configs"} / "default.toml";
  if (fs::is_regular_file(here, ignored))
    return here;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path built_in = (program.parent_path() / ".." / ".." / here).lexically_normal();
  return fs::is_regular_file(built_in, ignored) ? std::optional{built_in} : std::nullopt;
}

http::api_key key_of_flag(const std::string& secret) {
  if (secret.empty())
    throw config::config_error{"--api-key must not be empty"};
  http::api_key key;
  key.name = key.tenant = "api-key";
  key.digest = http::digest_of(secret);
  key.max_priority = 1000;
  key.admin = true;
  return key;
}

} // namespace

config::config read_config(std::optional<fs::path> file, const config::overrides& flags) {
  if (!file)
    file = default_config_file();
  config::config c = file ? config::load(*file, flags) : config::parse("", "the default config", flags);
  if (flags.api_key)
    c.keys.push_back(key_of_flag(*flags.api_key));
  return c;
}

} // namespace troupe::app
