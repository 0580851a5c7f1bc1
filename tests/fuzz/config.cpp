// The config file and the file of keys: settings, or one line that says what is wrong.
#include "configs/config.hpp"

#include <string>

#include "configs/keys_file.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  troupe::fuzz::input in{bytes, size};
  const bool keys = in.byte() % 4 == 0;
  const std::string text{in.rest()};
  try {
    if (keys)
      troupe::config::parse_keys(text, "keys.toml");
    else
      troupe::config::parse(text, "troupe.toml");
  } catch (const troupe::config::config_error& error) {
    const std::string message = error.what();
    troupe::fuzz::claim(!message.empty(), "a refusal says why");
    troupe::fuzz::claim(message.find('\n') == std::string::npos, "a refusal is one line");
  }
  return 0;
}
