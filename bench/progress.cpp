#include "bench/progress.hpp"

#include <ostream>

namespace troupe::bench {

namespace {

constexpr std::size_t bar_width = 30;
constexpr std::size_t name_width = 11;
/// Back to the line's start, and all that stands there wiped out.
constexpr const char* wipe = "\r\x1b[K";

} // namespace

std::string progress_line(const progress& p) {
  std::string text = name(p.kind);
  text.resize(name_width, ' ');
  const std::size_t filled = p.total == 0 ? bar_width : p.done * bar_width / p.total;
  text += '[' + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
  text += std::to_string(p.done) + '/' + std::to_string(p.total);
  if (p.failed > 0)
    text += ", " + std::to_string(p.failed) + " failed";
  return text;
}

void progress_bar::draw(const progress& p) {
  if (shown_)
    out_ << wipe << progress_line(p) << std::flush;
}

void progress_bar::clear() {
  if (shown_)
    out_ << wipe << std::flush;
}

} // namespace troupe::bench
