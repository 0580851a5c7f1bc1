#include "http/api/json_in.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "http/api/errors.hpp"

namespace troupe::http::api {

namespace {

namespace json = boost::json;
using boost::system::error_code;

/// Builds a value and refuses what Boost.JSON's own handler lets through.
class strict_handler {
public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value take() { return std::move(root_); }
  /// What was refused here; empty when the parser itself refused.
  const std::string& complaint() const { return complaint_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(json::object{}); }
  bool on_object_end(std::size_t, error_code&) { return end(); }
  bool on_array_begin(error_code&) { return begin(json::array{}); }
  bool on_array_end(std::size_t, error_code&) { return end(); }

  bool on_key_part(json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(json::string_view part, std::size_t, error_code& ec) {
    append(part);
    auto& object = open_.back().value.as_object();
    if (object.contains(text_))
      return fail(ec, "the key '" + text_ + "' appears twice");
    open_.back().key = std::exchange(text_, {});
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    append(part);
    add(json::string(text_));
    text_.clear();
    return true;
  }

  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t x, json::string_view, error_code&) { return add(x); }
  bool on_uint64(std::uint64_t x, json::string_view, error_code&) { return add(x); }
  bool on_double(double x, json::string_view, error_code& ec) {
    if (!std::isfinite(x))
      return fail(ec, "a number is too large");
    return add(x);
  }
  bool on_bool(bool x, error_code&) { return add(x); }
  bool on_null(error_code&) { return add(nullptr); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

private:
  /// An object or array that is not at its end yet.
  struct container {
    json::value value;
    /// Key of the member that comes next.
    std::string key;
  };

  bool append(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool begin(json::value v) {
    open_.push_back({std::move(v), {}});
    return true;
  }

  bool end() {
    auto done = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(done));
  }

  bool add(json::value v) {
    if (open_.empty())
      root_ = std::move(v);
    else if (auto& top = open_.back(); top.value.is_object())
      top.value.get_object().emplace(top.key, std::move(v));
    else
      top.value.get_array().push_back(std::move(v));
    return true;
  }

  bool fail(error_code& ec, std::string why) {
    complaint_ = std::move(why);
    ec = json::error::syntax;
    return false;
  }

  json::value root_;
  std::vector<container> open_;
  std::string text_;
  std::string complaint_;
};

json::value parse_value(std::string_view text, std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<strict_handler> parser{options};
  error_code ec;
  const auto read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size())
    ec = json::error::extra_data;
  if (!ec)
    return parser.handler().take();
  auto why = parser.handler().complaint();
  if (ec == json::error::too_deep)
    why = "it is nested deeper than " + std::to_string(max_depth) + " levels";
  else if (why.empty())
    why = ec.message();
  refuse("", "the body is not valid JSON: " + why + " (at byte " + std::to_string(read) + ")", "invalid_json");
}

} // namespace

json::object parse_object(std::string_view text, std::size_t max_depth) {
  if (text.empty())
    refuse("", "the body is empty; a JSON object is wanted", "invalid_json");
  auto value = parse_value(text, max_depth);
  if (!value.is_object())
    refuse("", "the body must be a JSON object", "invalid_json");
  return std::move(value.get_object());
}

} // namespace troupe::http::api
