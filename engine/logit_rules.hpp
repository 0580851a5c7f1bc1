// What a request does to the logits before a token is drawn: penalties, biases, a filter.
#pragma once

#include "engine/sampler.hpp"

#include <ATen/core/Tensor.h>

#include <span>

namespace troupe::engine {

/// The logits as the requests want them.
///   logits  [rows, vocabulary], float32, left as they are
///   returns the same tensor when no request changes anything
/// A row's result depends on its logits and its request only. Throws what a filter throws, and `std::runtime_error`
/// for a row whose filter allows no token.
at::Tensor adjusted(const at::Tensor& logits, std::span<const sample_request> requests);

/// Applies one request's rules to one row of logits, in place.
void apply_rules(std::span<float> logits, const sample_request& request);

} // namespace troupe::engine
