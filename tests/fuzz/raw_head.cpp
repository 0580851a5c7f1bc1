// The raw head: found at the same place however its bytes arrive, and never let through for the parser to refuse.
#include <algorithm>
#include <variant>

#include "http/head.hpp"
#include "http/raw_head.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace troupe::http;
using troupe::fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  troupe::fuzz::input in{bytes, size};
  limits limit;
  limit.header_bytes = 2048;
  limit.url_bytes = 512;
  limit.header_count = 20;
  troupe::fuzz::cuts cut{in.byte()};
  const auto text = in.rest();
  const auto whole = scan_head(text, 0, limit);
  head_scan pieces;
  for (std::size_t from = 0, end = 0; end < text.size() && !pieces.size && !pieces.error; from = end) {
    end = std::min(text.size(), end + cut.next());
    pieces = scan_head(text.substr(0, end), from, limit);
  }
  claim(whole.error || whole.size == pieces.size || text.empty(), "a head ends where it ends, however it arrives");
  claim(!whole.error || pieces.error || pieces.size,
    "what is refused whole is refused in pieces, or ends before the fault");
  if (!whole.size)
    return 0;
  const auto head = text.substr(0, *whole.size);
  const auto checked = check_head(head, limit);
  if (const auto* error = std::get_if<wire_error>(&checked)) {
    claim(error->status >= 400 && error->status < 600 && !error->message.empty(), "a refusal says why");
    return 0;
  }
  const auto parsed = parse_head(head);
  // The parser may refuse more, such as words that no Connection field has.
  if (!parsed)
    return 0;
  claim(!parsed->path.empty() && parsed->minor == std::get<head_facts>(checked).minor, "both see the same request");
  const auto& facts = std::get<head_facts>(checked);
  const bool chunked = parsed->field_has("transfer-encoding", "chunked");
  claim(chunked == (facts.framing == body_framing::chunked), "both see the same framing");
  percent_decoded(parsed->path);
  return 0;
}
