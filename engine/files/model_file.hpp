// One file of a model, read by place and length.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace troupe::engine {

/// A regular file that is open for reading. Not mapped into memory: a mapping of a file that somebody makes shorter, as
/// who copies another one over it does, ends the program where it is looked at. Reading is thread safe.
class model_file {
public:
  /// Throws `load_error` when the file cannot be opened, is not a regular file or is empty.
  explicit model_file(std::filesystem::path path);
  model_file(const model_file&) = delete;
  model_file& operator=(const model_file&) = delete;
  ~model_file();

  const std::filesystem::path& path() const { return path_; }
  /// Bytes that it had when it was opened.
  std::size_t size() const { return size_; }

  /// Fills `to` with what stands at an offset. Throws `load_error` when it cannot be read, or is not there any more.
  void read(std::size_t offset, std::span<std::byte> to) const;
  /// The same, as bytes of their own.
  std::vector<std::byte> bytes(std::size_t offset, std::size_t count) const;

  /// Tells the kernel that all of the file will be read soon.
  void will_need() const;

private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

} // namespace troupe::engine
