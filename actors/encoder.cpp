#include "actors/encoder.hpp"

#include <spdlog/spdlog.h>

#include "actors/prompt.hpp"

namespace troupe {

namespace {

encoded_prompt encode_or_fail(const encode_request& x, const model_text& text) {
  try {
    return encode_prompt(x.run, x.request, text);
  } catch (const std::exception& e) {
    spdlog::error("run {} failed while its prompt was encoded: {}", x.run, e.what());
    encoded_prompt out;
    out.run = x.run;
    out.ok = false;
    out.reason = failure{failure_code::internal_error, "the prompt could not be encoded", {}, timespan{0}};
    return out;
  }
}

} // namespace

encoder_actor::behavior_type encoder(encoder_actor::pointer self, model_text text) {
  return {
    [self, text = std::move(text)](
      const encode_request& x, const generation_actor& asker) { self->send(asker, encode_or_fail(x, text)); },
  };
}

} // namespace troupe
