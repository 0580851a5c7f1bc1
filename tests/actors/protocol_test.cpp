// Every message of the company goes over the wire and comes back as it was.
#include <catch2/catch.hpp>

#include <limits>
#include <set>
#include <utility>

#include "actors/company.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/protocol/limits.hpp"
#include "actors/protocol/names.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/message_samples.hpp"

using namespace troupe;
using test::sample;

namespace {

/// Becomes whatever a field is, to count the fields of an aggregate.
struct anything {
  template <class T>
  operator T() const;
};

template <class T, class... Fields>
constexpr std::size_t count_fields() {
  if constexpr (requires { T{Fields{}..., anything{}}; })
    return count_fields<T, Fields..., anything>();
  else
    return sizeof...(Fields);
}

/// Counts what a type's `inspect` writes, the type's name aside.
struct field_counter {
  using result_type = std::size_t;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;
  template <class... Fields>
  std::size_t operator()(caf::meta::type_name_t, Fields&...) {
    return sizeof...(Fields);
  }
};

template <class T>
std::vector<char> written(T x) {
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  REQUIRE_FALSE(sink(x));
  return bytes;
}

template <class T>
void check_message(caf::type_id_t id) {
  INFO("type id " << id);
  static_assert(limits::largest<T> > 0, "a message needs its largest size stated in limits.hpp");
  static_assert(limits::largest<T> < std::numeric_limits<std::uint32_t>::max(), "CAF's wire takes less");
  auto original = sample<T>();
  const auto bytes = written(original);
  CHECK(bytes.size() <= limits::largest<T>);

  T copy{};
  caf::binary_deserializer source{nullptr, bytes};
  REQUIRE_FALSE(source(copy));
  CHECK(source.remaining() == 0);
  CHECK(written(copy) == bytes);
  // Equal in every field that is written; and every field is, and is set in the sample.
  CHECK(caf::deep_to_string(copy) == caf::deep_to_string(original));
  CHECK(written(T{}) != bytes);
  if constexpr (std::is_class_v<T>) {
    field_counter counter;
    CHECK(inspect(counter, original) == count_fields<T>());
  }
}

template <std::size_t... Is>
void check_block(std::index_sequence<Is...>) {
  constexpr auto first = caf::id_block::troupe::begin;
  (check_message<typename caf::type_by_id<static_cast<caf::type_id_t>(first + Is)>::type>(first + Is), ...);
}

native_request request_with(void (*change)(native_request&)) {
  auto out = sample<native_request>();
  change(out);
  return out;
}

} // namespace

TEST_CASE("every message comes back from the wire as it was, within its stated size") {
  check_block(std::make_index_sequence<caf::id_block::troupe::end - caf::id_block::troupe::begin>{});
}

TEST_CASE("a message cut short is refused") {
  const auto bytes = written(sample<placement_request>());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    caf::binary_deserializer source{nullptr, part};
    placement_request out;
    CHECK(source(out));
  }
}

TEST_CASE("requests that differ in anything an answer depends on have different keys") {
  const std::vector<native_request> requests{
    sample<native_request>(),
    request_with([](native_request& x) { x.kind = work_kind::generate; }),
    request_with([](native_request& x) { x.model = "other"; }),
    request_with([](native_request& x) { x.adapter = ""; }),
    request_with([](native_request& x) { x.tenant = "other"; }),
    request_with([](native_request& x) { x.form = prompt_form::text; }),
    request_with([](native_request& x) { x.messages[0].role = "system"; }),
    request_with([](native_request& x) { x.messages[0].content += "!"; }),
    request_with([](native_request& x) { x.messages.push_back({}); }),
    request_with([](native_request& x) { x.prompt = ""; }),
    request_with([](native_request& x) { x.prompt_tokens.push_back(0); }),
    request_with([](native_request& x) { x.trim_to_tokens = 0; }),
    request_with([](native_request& x) { x.continuations.push_back({}); }),
    request_with([](native_request& x) { x.continuations[0].text = "less"; }),
    request_with([](native_request& x) {
      x.continuations[0].tokens = {8, 7};
    }),
    request_with([](native_request& x) { x.pool = engine::pooling::mean; }),
    request_with([](native_request& x) { x.params.max_tokens = 10; }),
    request_with([](native_request& x) { x.params.temperature = 0.75F; }),
    request_with([](native_request& x) { x.params.top_p = 1; }),
    request_with([](native_request& x) { x.params.min_p = 0; }),
    request_with([](native_request& x) { x.params.top_k = 0; }),
    request_with([](native_request& x) { x.params.seed = 0; }),
    request_with([](native_request& x) { x.params.has_seed = false; }),
    request_with([](native_request& x) {
      x.params.stop = {"", "a"};
    }),
    request_with([](native_request& x) { x.params.ignore_eos = false; }),
    request_with([](native_request& x) { x.params.logprobs = false; }),
    request_with([](native_request& x) { x.params.choices = 1; }),
    request_with([](native_request& x) { x.params.top_logprobs = 0; }),
    request_with([](native_request& x) { x.params.presence_penalty = 0; }),
    request_with([](native_request& x) { x.params.frequency_penalty = 0; }),
    request_with([](native_request& x) { x.params.repetition_penalty = 1; }),
    request_with([](native_request& x) { x.params.logit_bias.clear(); }),
    request_with([](native_request& x) { x.params.logit_bias[0].bias = 1; }),
    request_with([](native_request& x) { x.params.echo = false; }),
    request_with([](native_request& x) { x.params.grammar = text::grammar_kind::lark; }),
    request_with([](native_request& x) { x.params.grammar_source = "b"; }),
    request_with([](native_request& x) { x.params.keep_special = false; }),
    request_with([](native_request& x) { x.messages[0].tool_calls = ""; }),
    request_with([](native_request& x) { x.messages[0].tool_call_id = ""; }),
    request_with([](native_request& x) { x.tools = ""; }),
    request_with([](native_request& x) { x.add_special = true; }),
    // Bytes that move from one field to the next.
    request_with([](native_request& x) { x.model = "modela", x.adapter = "dapter"; }),
  };
  std::set<std::string> keys;
  for (const auto& one : requests)
    keys.insert(canonical(one));
  CHECK(keys.size() == requests.size());
}

TEST_CASE("what only names or places a request is not in its key, nor is a drawn seed") {
  const auto key = canonical(sample<native_request>());
  CHECK(canonical(request_with([](native_request& x) { x.request_id = "other"; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.endpoint = "other"; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.priority = 0; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.client = ""; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.rate = {}; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.grammar_field = ""; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.timeout = timespan{0}; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.cache = cache_policy::use; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.trimmed_messages = 0; })) == key);
  CHECK(canonical(request_with([](native_request& x) { x.params.has_seed = false, x.params.seed = 1; })) ==
    canonical(request_with([](native_request& x) { x.params.has_seed = false, x.params.seed = 2; })));
}

TEST_CASE("a request's size grows with all that it holds") {
  native_request request;
  const auto empty = request.size();
  request.messages.push_back({"user", std::string(1000, 'x')});
  CHECK(request.size() >= empty + 1000);
  request.prompt_tokens.resize(1000);
  CHECK(request.size() >= empty + 5000);
  finished_answer answer;
  answer.choices.push_back({std::string(100, 'x'), {{1, "abc", 0}}, finish_reason::stop});
  CHECK(answer.size() >= 103);
}

TEST_CASE_METHOD(test::deterministic_system, "the company's errors and enums print as words") {
  CHECK(sys.render(caf::error{company_error::draining}) == "draining");
  CHECK(sys.render(caf::error{company_error::worker_step_failed, "why"}) == "worker_step_failed: (\"why\")");
  CHECK(name(failure_code::context_length_exceeded) == "context_length_exceeded");
  CHECK(name(cache_state::coalesced) == "coalesced");
  CHECK(name(worker_state::restarting) == "restarting");
  CHECK(name(static_cast<failure_code>(99)) == "unknown");
}
