// Bodies of every endpoint that reads JSON: a native request, or a refusal that can be told.
#include <array>
#include <boost/json/parse.hpp>
#include <string>
#include <variant>

#include "http/api/admin.hpp"
#include "http/api/call.hpp"
#include "http/api/embeddings.hpp"
#include "http/api/errors.hpp"
#include "http/api/responses.hpp"
#include "http/api/score.hpp"
#include "http/api/tokens.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace troupe;
using namespace troupe::http;
using fuzz::claim;

namespace {

options served() {
  options out;
  out.limit.messages = 8;
  out.limit.prompts = 4;
  for (const auto format :
    {api::tool_format::none, api::tool_format::hermes, api::tool_format::llama3_json, api::tool_format::mistral}) {
    served_model model;
    model.name = std::string(1, static_cast<char>('a' + out.models.size()));
    model.context = 2048;
    model.vocabulary = 1000;
    model.calls = format;
    model.thinks = format == api::tool_format::hermes;
    out.models.push_back(std::move(model));
  }
  return out;
}

void check(const native_request& request) {
  claim(canonical(request) == canonical(request), "a request has one canonical form");
  claim(request.size() < std::size_t{64} << 20U, "a request is not larger than what was sent by orders");
}

void check(const api::call& read) {
  check(read.request);
  for (const auto& other : read.others)
    check(other);
}

void read(unsigned which, std::string_view body, const api::call_context& context) {
  switch (which % 8) {
  case 0:
    return check(api::read_chat(body, context));
  case 1:
    return check(api::read_completion(body, context));
  case 2:
    return check(api::read_inference(body, context));
  case 3:
    return check(api::read_responses(body, context).request);
  case 5:
    api::read_detokenize(body, context);
    return;
  case 6:
    for (const auto& one : api::read_embeddings(body, context).requests)
      check(one);
    return;
  case 7:
    return check(api::read_score(body, context).request);
  default:
    return check(api::read_tokenize(body, context));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const options opts = served();
  troupe::fuzz::input in{bytes, size};
  const unsigned which = in.byte();
  try {
    read(which, in.rest(), {opts, "request", 1, false});
  } catch (const api::request_error& error) {
    const auto& reason = error.reason();
    claim(reason.status >= 400 && reason.status < 500, "a body is the client's fault");
    claim(!reason.message.empty(), "a refusal says why");
    boost::json::error_code wrong;
    boost::json::parse(api::error_body(reason), wrong);
    claim(!wrong, "a refusal is JSON, whatever was refused");
  }
  return 0;
}
