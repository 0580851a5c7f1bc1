#include "actors/stop_strings.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Length of the longest end of `text` that is a beginning of `stop`, but not all of it.
std::size_t begun(std::string_view text, std::string_view stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.ends_with(stop.substr(0, length)))
      return length;
  }
  return 0;
}

} // namespace

stop_strings::stop_strings(std::vector<std::string> stops) : stops_{std::move(stops)} {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

std::string stop_strings::push(std::string_view text) {
  if (stopped_)
    return {};
  held_ += text;
  // The one that ends first has stopped the answer, as if the text had come byte by byte; of those that end together
  // the one that begins first, so that nothing of it is left.
  std::size_t first_begin = std::string::npos;
  std::size_t first_end = std::string::npos;
  for (const auto& stop : stops_) {
    const auto begin = held_.find(stop);
    if (begin == std::string::npos)
      continue;
    const auto end = begin + stop.size();
    if (end < first_end || (end == first_end && begin < first_begin)) {
      first_begin = begin;
      first_end = end;
    }
  }
  if (first_end != std::string::npos) {
    stopped_ = true;
    std::string out = held_.substr(0, first_begin);
    held_.clear();
    return out;
  }
  std::size_t keep = 0;
  for (const auto& stop : stops_)
    keep = std::max(keep, begun(held_, stop));
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, held_.size() - keep);
  return out;
}

std::string stop_strings::finish() {
  return std::exchange(held_, {});
}

} // namespace troupe
