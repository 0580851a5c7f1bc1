// A chunked body: the same bytes, or the same refusal, however it arrives.
#include <algorithm>
#include <string>

#include "http/body.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace troupe::http;
using troupe::fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  troupe::fuzz::input in{bytes, size};
  limits limit;
  limit.body_bytes = 256;
  limit.header_bytes = 256;
  limit.chunk_count = 16;
  limit.header_count = 8;
  troupe::fuzz::cuts cut{in.byte()};
  const auto text = in.rest();
  chunked_body whole{limit};
  const auto taken = whole.take(text);
  claim(taken <= text.size(), "no more is taken than there is");
  chunked_body pieces{limit};
  std::size_t used = 0;
  for (std::size_t end = 0; end < text.size() && !pieces.done() && !pieces.error();) {
    end = std::min(text.size(), end + cut.next());
    used += pieces.take(text.substr(used, end - used));
  }
  claim(whole.done() == pieces.done(), "a body ends where it ends, however it arrives");
  claim(whole.error().has_value() == pieces.error().has_value(), "what is refused whole is refused in pieces");
  claim(whole.error() || whole.body() == pieces.body(), "the content does not depend on how it arrives");
  claim(!whole.done() || taken == used, "what stands behind the body stays");
  claim(whole.body().size() <= limit.body_bytes, "no more is kept than the limit");
  return 0;
}
