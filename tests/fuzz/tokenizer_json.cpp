// A model folder's tokenizer.json: a tokenizer that turns text to tokens and back, or a refusal.
#include <string>

#include "tests/fuzz/fuzz.hpp"
#include "text/tokenizer.hpp"

using namespace troupe::text;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const auto tokens = tokenizer::from_json({reinterpret_cast<const char*>(bytes), size});
    for (const auto mode : {tokenizer::control::parse, tokenizer::control::literal}) {
      const auto ids = tokens->encode("Hello, w\xC3\xB6rld <|end|> 1234\n", mode, true);
      stream_decoder stream{tokens};
      std::string text;
      for (const auto id : ids)
        text += stream.push(id);
      text += stream.finish();
      troupe::fuzz::claim(text == tokens->decode(ids, true), "a stream and the whole decode are one text");
    }
  } catch (const text_error& error) {
    troupe::fuzz::claim(!std::string{error.what()}.empty(), "a refusal says why");
  }
  return 0;
}
