// Where an answer ends because of what it says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Lets text through up to the first stop string, and never any part of one.
///
/// Text that could be the beginning of a stop string is held back until more text decides. Stop strings are compared
/// as bytes; empty ones are ignored. Plain data.
class stop_strings {
public:
  explicit stop_strings(std::vector<std::string> stops);

  /// Takes more text; returns what can go out now. After `stopped()` everything is swallowed.
  std::string push(std::string_view text);

  /// The text has ended without a stop string: returns what was held back.
  std::string finish();

  bool stopped() const { return stopped_; }

private:
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

} // namespace troupe
