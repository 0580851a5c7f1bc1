#include "actors/encoder.hpp"

#include <spdlog/spdlog.h>

#include "actors/prompt.hpp"

namespace troupe {

namespace {

template <class Encode>
encoded_prompt guarded(Encode encode, run_id run, const native_request& request, const model_text& text) {
  try {
    return encode(run, request, text);
  } catch (const std::exception& e) {
    spdlog::error("run {} failed while its prompt was encoded: {}", run, e.what());
    encoded_prompt out;
    out.run = run;
    out.ok = false;
    out.reason = failure{failure_code::internal_error, "the prompt could not be encoded", {}, timespan{0}};
    return out;
  }
}

} // namespace

encoder_actor::behavior_type encoder(encoder_actor::pointer self, model_text text) {
  return {
    [self, text](const encode_request& x, const generation_actor& asker) {
      self->send(asker, guarded(encode_prompt, x.run, x.request, text));
    },
    [text](tokenize_atom, const native_request& x) { return guarded(tokenize_prompt, 0, x, text); },
    [text](detokenize_atom, const token_list& x) { return text.tokenizer->decode(x.tokens, false); },
  };
}

} // namespace troupe
