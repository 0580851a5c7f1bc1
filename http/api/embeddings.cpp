#include "http/api/embeddings.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "actors/protocol/limits.hpp"
#include "http/api/errors.hpp"
#include "http/api/fields.hpp"
#include "http/api/given.hpp"
#include "http/api/json_in.hpp"
#include "http/api/tokens.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

bool read_base64(field_reader& fields) {
  const auto word = fields.string("encoding_format").value_or("float");
  if (word != "float" && word != "base64")
    refuse("encoding_format", "encoding_format must be 'float' or 'base64', got '" + word + "'");
  return word == "base64";
}

engine::pooling read_pooling(field_reader& fields, engine::pooling usual) {
  const auto said = fields.string("pooling");
  if (!said)
    return usual;
  const auto& word = *said;
  if (word != "mean" && word != "last")
    refuse("pooling", "pooling must be 'mean' or 'last', got '" + word + "'");
  return word == "mean" ? engine::pooling::mean : engine::pooling::last;
}

/// A text, token ids, or a list of such, each of which becomes a request of its own.
void read_inputs(const json::value& value, std::size_t most, std::vector<native_request>& requests) {
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || !(list->front().is_string() || list->front().is_array())) {
    set_prompt(value, "input", requests.front());
    return;
  }
  if (list->size() > most)
    refuse("input", "input must have at most " + std::to_string(most) + " inputs, got " + std::to_string(list->size()));
  requests.resize(list->size(), requests.front());
  for (std::size_t i = 0; i < list->size(); ++i)
    set_prompt((*list)[i], "input[" + std::to_string(i) + "]", requests[i]);
}

std::vector<float> cut(const std::vector<std::uint32_t>& bits, std::size_t dimensions) {
  std::vector<float> out;
  for (const auto x : bits)
    out.push_back(std::bit_cast<float>(x));
  if (dimensions == 0 || dimensions >= out.size())
    return out;
  out.resize(dimensions);
  double squares = 0;
  for (const double x : out)
    squares += x * x;
  const auto length = std::max(std::sqrt(squares), std::numeric_limits<double>::min());
  for (auto& x : out)
    x = static_cast<float>(x / length);
  return out;
}

std::string base64_of(const std::vector<float>& numbers) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t held = 0;
  int bytes = 0;
  for (const auto x : numbers)
    for (int shift = 0; shift < 32; shift += 8) {
      held = held << 8U | (std::bit_cast<std::uint32_t>(x) >> shift & 255U);
      if (++bytes < 3)
        continue;
      for (int at = 18; at >= 0; at -= 6)
        out += digits[held >> at & 63U];
      held = 0;
      bytes = 0;
    }
  if (bytes > 0) {
    held <<= 8 * (3 - bytes);
    for (int i = 0; i < 4; ++i)
      out += i <= bytes ? digits[held >> (18 - 6 * i) & 63U] : '=';
  }
  return out;
}

class embedding_format final : public whole_format {
public:
  explicit embedding_format(embedding_style style) : style_(std::move(style)) {}

  std::string whole(const whole_answer& answer) override {
    std::string out;
    json_writer w{out};
    w.begin_object().field("object", "list").key("data").begin_array();
    std::uint32_t index = 0;
    for (const auto& choice : answer.choices) {
      w.begin_object().field("object", "embedding").field("index", index++).key("embedding");
      write(w, cut(choice.embedding, style_.dimensions));
      w.end_object();
    }
    w.end_array().field("model", style_.model).key("usage");
    write_prompt_usage(w, answer.finished.usage);
    w.end_object();
    return out;
  }

private:
  void write(json_writer& w, const std::vector<float>& numbers) const {
    if (style_.base64) {
      w.value(base64_of(numbers));
      return;
    }
    w.begin_array();
    for (const auto x : numbers)
      w.value(x);
    w.end_array();
  }

  embedding_style style_;
};

} // namespace

embedding_call read_embeddings(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  embedding_call c;
  c.requests.resize(1);
  auto& r = c.requests.front();
  const auto& model = read_given_call(fields, context, r);
  r.kind = work_kind::embed;
  r.endpoint = "/v1/embeddings";
  r.pool = read_pooling(fields, model.pooling);
  c.style.base64 = read_base64(fields);
  const auto widest = model.embedding == 0 ? troupe::limits::embedding_values : model.embedding;
  c.style.dimensions =
    static_cast<std::uint32_t>(fields.integer("dimensions", 1, static_cast<std::int64_t>(widest)).value_or(0));
  c.style.model = model.name;
  const auto* input = fields.find("input");
  if (input == nullptr)
    refuse("input", "input is missing");
  read_inputs(*input, context.opts.limit.inputs, c.requests);
  fields.finish();
  return c;
}

std::unique_ptr<answer_format> make_embedding_format(embedding_style style) {
  return std::make_unique<embedding_format>(std::move(style));
}

} // namespace troupe::http::api
