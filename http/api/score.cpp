#include "http/api/score.hpp"

#include <bit>

#include "http/api/errors.hpp"
#include "http/api/fields.hpp"
#include "http/api/given.hpp"
#include "http/api/json_in.hpp"
#include "http/api/logprobs_out.hpp"
#include "http/api/tokens.hpp"

namespace troupe::http::api {

namespace json = boost::json;

namespace {

continuation read_continuation(const json::value& value, const std::string& path) {
  auto read = read_text_or_ids(value, path, path);
  if (auto* text = std::get_if<std::string>(&read))
    return {std::move(*text), {}};
  return {{}, std::get<std::vector<token_id>>(std::move(read))};
}

std::vector<continuation> read_continuations(field_reader& fields) {
  const auto* value = fields.find("continuations");
  if (value == nullptr)
    refuse("continuations", "continuations is missing");
  if (!value->is_array())
    refuse_type("continuations", "a list of strings or lists of token ids", *value);
  const auto& list = value->get_array();
  if (list.empty() || list.size() > max_continuations)
    refuse("continuations",
      "continuations must have between 1 and " + std::to_string(max_continuations) + " entries, got " +
        std::to_string(list.size()));
  std::vector<continuation> out;
  for (const auto& item : list)
    out.push_back(read_continuation(item, "continuations[" + std::to_string(out.size()) + "]"));
  return out;
}

/// Whether no other token was likelier.
bool is_likeliest(const token_logprob& token) {
  return !token.top.empty() &&
    (token.top.front().token == token.token ||
      std::bit_cast<float>(token.logprob_bits) >= std::bit_cast<float>(token.top.front().logprob_bits));
}

class score_format final : public whole_format {
public:
  explicit score_format(score_style style) : style_(std::move(style)) {}

  std::string whole(const whole_answer& answer) override {
    std::string out;
    json_writer w{out};
    w.begin_object().field("id", "score-" + style_.request_id).field("object", "score");
    w.field("created", style_.created).field("model", style_.model);
    w.key("system_fingerprint").string_or_null(style_.fingerprint).key("data").begin_array();
    std::uint32_t index = 0;
    for (const auto& choice : answer.choices)
      write(w, index++, choice.tokens);
    w.end_array().key("usage");
    write_prompt_usage(w, answer.finished.usage);
    w.end_object();
    return out;
  }

private:
  void write(json_writer& w, std::uint32_t index, const std::vector<token_logprob>& tokens) const {
    double sum = 0;
    bool greedy = true;
    for (const auto& token : tokens) {
      sum += finite_logprob(token.logprob_bits);
      greedy = greedy && is_likeliest(token);
    }
    w.begin_object().field("index", index).field("logprob", sum).field("tokens", tokens.size());
    w.field("is_greedy", greedy).key("token_logprobs");
    if (!style_.logprobs) {
      w.null().end_object();
      return;
    }
    w.begin_array();
    for (const auto& token : tokens) {
      w.begin_object().field("id", token.token);
      write_token_logprob(w, token.bytes, token.logprob_bits);
      w.field("is_greedy", is_likeliest(token)).end_object();
    }
    w.end_array().end_object();
  }

  score_style style_;
};

} // namespace

score_call read_score(std::string_view body, const call_context& context) {
  const auto object = parse_object(body, context.opts.limit.json_depth);
  field_reader fields{object};
  score_call c;
  auto& r = c.request;
  const auto& model = read_given_call(fields, context, r);
  r.kind = work_kind::score;
  r.endpoint = "/v1/score";
  const auto* prompt = fields.find("prompt");
  if (prompt == nullptr)
    refuse("prompt", "prompt is missing");
  set_prompt(*prompt, "prompt", r);
  r.continuations = read_continuations(fields);
  r.params.choices = static_cast<std::uint32_t>(r.continuations.size());
  r.params.logprobs = true;
  // The likeliest token beside each says whether it would have been drawn.
  r.params.top_logprobs = 1;
  c.style.logprobs = fields.boolean("logprobs").value_or(false);
  fields.finish();
  c.style.request_id = context.request_id;
  c.style.model = model.name;
  c.style.fingerprint = model.fingerprint;
  c.style.created = context.now;
  return c;
}

std::unique_ptr<answer_format> make_score_format(score_style style) {
  return std::make_unique<score_format>(std::move(style));
}

} // namespace troupe::http::api
