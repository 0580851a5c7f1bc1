// A file that holds a fuzzer's input, for readers of files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.hpp"

namespace troupe::fuzz {

/// Lives in memory alone, for as long as this does.
class file_in_memory {
public:
  explicit file_in_memory(std::string_view bytes) : file_(memfd_create("fuzz", 0)) {
    claim(file_ >= 0, "a file can be made");
    for (std::size_t done = 0; done < bytes.size();) {
      const auto n = write(file_, bytes.data() + done, bytes.size() - done);
      claim(n > 0, "a file can be written");
      done += static_cast<std::size_t>(n);
    }
  }
  ~file_in_memory() { close(file_); }
  file_in_memory(const file_in_memory&) = delete;
  file_in_memory& operator=(const file_in_memory&) = delete;

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
  int file_;
};

/// A refusal is one line that says something.
inline void claim_one_line(std::string_view message) {
  claim(!message.empty(), "a refusal says why");
  claim(message.find('\n') == std::string_view::npos, "a refusal is one line");
}

} // namespace troupe::fuzz
