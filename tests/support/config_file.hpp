// A config file for one test.
#pragma once

#include <fstream>
#include <string>

#include <unistd.h>

namespace troupe::test {

/// A config file that lives as long as the object.
class config_file {
public:
  explicit config_file(const std::string& text) : path_{"/tmp/troupe-config-" + std::to_string(::getpid()) + ".toml"} {
    rewrite(text);
  }
  ~config_file() { ::unlink(path_.c_str()); }
  config_file(const config_file&) = delete;
  config_file& operator=(const config_file&) = delete;

  void rewrite(const std::string& text) const { std::ofstream{path_} << text; }
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

} // namespace troupe::test
