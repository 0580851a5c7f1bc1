// Tool calls in a stream: the same calls and content wherever the text is cut, and whole arguments that are JSON.
#include <algorithm>
#include <array>
#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "http/api/reasoning.hpp"
#include "http/api/tool_stream.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace troupe::http::api;
using troupe::fuzz::claim;

namespace {

using events = std::vector<tool_event>;

/// Neighbours of one kind as one: how content and arguments are divided is free.
events joined(const events& told) {
  events out;
  for (const auto& event : told) {
    const bool piece = event.what == tool_event::kind::content || event.what == tool_event::kind::arguments;
    if (piece && event.text.empty())
      continue;
    if (piece && !out.empty() && out.back().what == event.what && out.back().call == event.call)
      out.back().text += event.text;
    else
      out.push_back(event);
  }
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  troupe::fuzz::input in{bytes, size};
  constexpr std::array formats{tool_format::none, tool_format::hermes, tool_format::llama3_json, tool_format::mistral};
  const auto choice = in.byte();
  const auto format = formats[choice % formats.size()];
  const std::vector<std::string> names =
    choice & 0x80U ? std::vector<std::string>{"f", "get_weather"} : std::vector<std::string>{};
  troupe::fuzz::cuts cut{in.byte()};
  const auto text = in.rest();

  events whole;
  tool_stream at_once{format, names};
  at_once.feed(text, whole);
  at_once.finish(whole);

  events cut_up;
  tool_stream in_pieces{format, names};
  for (std::size_t from = 0; from < text.size();) {
    const auto n = std::min(cut.next(), text.size() - from);
    in_pieces.feed(text.substr(from, n), cut_up);
    from += n;
  }
  in_pieces.finish(cut_up);

  const auto told = joined(whole);
  claim(told == joined(cut_up), "what a text is does not depend on where it is cut");
  std::string arguments;
  for (const auto& event : told) {
    if (event.what == tool_event::kind::begin) {
      claim(names.empty() || std::count(names.begin(), names.end(), event.text) == 1, "only known tools are called");
      arguments.clear();
    } else if (event.what == tool_event::kind::arguments) {
      arguments += event.text;
    } else if (event.what == tool_event::kind::end && event.whole) {
      boost::json::error_code wrong;
      boost::json::parse_options options;
      options.allow_invalid_utf8 = true;
      options.max_depth = 10'000;
      const auto value = boost::json::parse(arguments, wrong, {}, options);
      // JSON allows half of a surrogate pair, this parser does not.
      const bool halves = arguments.find("\\ud") != std::string::npos || arguments.find("\\uD") != std::string::npos;
      // JSON bounds no exponent, this parser does.
      const bool too_large = wrong == boost::json::error::exponent_overflow;
      claim(halves || too_large || (!wrong && value.is_object()), "whole arguments are a JSON object");
    }
  }
  return 0;
}
