#include "actors/encoder.hpp"

#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/prompt.hpp"

namespace troupe {

namespace {

encoded_prompt failed(run_id run, failure_code code, std::string why) {
  encoded_prompt out;
  out.run = run;
  out.ok = false;
  out.reason = failure{code, std::move(why), {}, timespan{0}};
  return out;
}

template <class Encode>
encoded_prompt guarded(Encode encode, run_id run, const native_request& request, const model_texts& texts) {
  const auto text = texts.find(request.model);
  if (text == texts.end())
    return failed(run, failure_code::model_not_found, "the model '" + request.model + "' is not served here");
  try {
    return encode(run, request, text->second);
  } catch (const std::exception& e) {
    spdlog::error("run {} failed while its prompt was encoded: {}", run, e.what());
    return failed(run, failure_code::internal_error, "the prompt could not be encoded");
  }
}

} // namespace

encoder_actor::behavior_type encoder(encoder_actor::pointer self, model_texts texts) {
  return {
    [self, texts](const encode_request& x, const generation_actor& asker) {
      self->send(asker, guarded(encode_prompt, x.run, x.request, texts));
    },
    [texts](tokenize_atom, const native_request& x) { return guarded(tokenize_prompt, 0, x, texts); },
    [texts](detokenize_atom, const token_list& x) -> caf::result<std::string> {
      const auto text = texts.find(x.model);
      if (text == texts.end())
        return caf::make_error(caf::sec::invalid_argument, x.model);
      return text->second.tokenizer->decode(x.tokens, false);
    },
  };
}

} // namespace troupe
