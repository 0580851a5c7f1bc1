// The one error enum of the company's edges.
#pragma once

#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <string>

namespace troupe {

/// What an actor answers when it cannot do what it was asked, or why it ended.
enum class company_error : std::uint8_t {
  /// Zero is no error.
  none = 0,
  /// The company is shutting down.
  draining,
  /// A worker's model could not be loaded.
  worker_load_failed,
  /// A worker's step threw.
  worker_step_failed,
  /// A core actor met a state that its code does not allow.
  broken_invariant,
};

std::string to_string(company_error code);

} // namespace troupe

CAF_ERROR_CODE_ENUM(troupe::company_error, "troupe")
