#include "engine/files/model_file.hpp"

#include "engine/engine.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace troupe::engine {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw load_error(path.string() + ": " + why);
}

} // namespace

model_file::model_file(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0)
    refuse(path_, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
    ::close(descriptor_);
    refuse(path_, "is not a file with contents");
  }
  size_ = static_cast<std::size_t>(info.st_size);
}

model_file::~model_file() {
  ::close(descriptor_);
}

void model_file::read(std::size_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const auto got = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      refuse(path_, std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0)
      refuse(path_,
        "has become shorter while it was read: " + std::to_string(to.size()) + " bytes wanted at offset " +
          std::to_string(offset) + " of the " + std::to_string(size_) + " that it had");
    offset += static_cast<std::size_t>(got);
    to = to.subspan(static_cast<std::size_t>(got));
  }
}

std::vector<std::byte> model_file::bytes(std::size_t offset, std::size_t count) const {
  std::vector<std::byte> all(count);
  read(offset, all);
  return all;
}

void model_file::will_need() const {
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_WILLNEED);
}

} // namespace troupe::engine
