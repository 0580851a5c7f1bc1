#include "http/accept.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::http {

namespace {

/// Cuts `text` up to the first `mark` off its front, and the mark with it.
std::string_view take_until(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim_blanks(part);
}

/// 3 for the type itself, 2 for its kind (`text/*`), 1 for anything, 0 for another.
int closeness(std::string_view range, std::string_view type) {
  if (same_word(range, type))
    return 3;
  if (range == "*/*")
    return 1;
  const auto kind = type.substr(0, type.find('/') + 1);
  return range.size() == kind.size() + 1 && range.ends_with('*') && same_word(range.substr(0, kind.size()), kind) ? 2
                                                                                                                  : 0;
}

/// The `q` among an entry's parameters; 1 without, 0 for one that is no number.
double quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    auto value = take_until(parameters, ';');
    if (const auto name = take_until(value, '='); !same_word(name, "q"))
      continue;
    double q = 0;
    std::from_chars(value.data(), value.data() + value.size(), q);
    return std::clamp(q, 0.0, 1.0);
  }
  return 1;
}

} // namespace

double wanted(const request& r, std::string_view type) {
  bool asked = false;
  int best = 0;
  double quality = 0;
  for (const auto& [name, value] : r.fields) {
    if (!same_word(name, "accept"))
      continue;
    asked = true;
    for (std::string_view rest = value; !rest.empty();) {
      auto entry = take_until(rest, ',');
      const auto near = closeness(take_until(entry, ';'), type);
      if (near <= best)
        continue;
      best = near;
      quality = quality_of(entry);
    }
  }
  return asked ? quality : 1;
}

bool wants_prometheus(const request& r) {
  return std::max(wanted(r, "text/plain"), wanted(r, "application/openmetrics-text")) > wanted(r, "application/json");
}

} // namespace troupe::http
