// A file seen through memory. Reading a model this way costs no copy, and what is not touched is never read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace troupe::engine {

/// Maps one file for reading, for as long as it lives. Throws `load_error` when the file cannot be opened, is not a
/// regular file or is empty.
class mapped_file {
public:
  explicit mapped_file(std::filesystem::path path);
  mapped_file(mapped_file&& other) noexcept;
  mapped_file& operator=(mapped_file&& other) noexcept;
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;
  ~mapped_file();

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

  /// Tells the kernel that all of the file will be read soon.
  void will_need() const;

private:
  void unmap() noexcept;

  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

} // namespace troupe::engine
