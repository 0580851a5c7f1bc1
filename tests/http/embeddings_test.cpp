#include <catch2/catch.hpp>

#include <bit>
#include <boost/json/parse.hpp>
#include <set>

#include "http/api/embeddings.hpp"
#include "http/api/errors.hpp"
#include "http/api/score.hpp"
#include "tests/http/running_server.hpp"

using namespace troupe;
using namespace troupe::http;
using namespace troupe::http::api;
namespace json = boost::json;

namespace {

const options& opts() {
  static const options o = [] {
    options made;
    made.models = {{"small", 1, 8192}};
    made.models.front().embedding = 576;
    made.limit.inputs = 3;
    return made;
  }();
  return o;
}

embedding_call embeddings(const std::string& fields) {
  return read_embeddings(R"({"model":"small",)" + fields + "}", {opts(), "id", 7, false});
}

score_call score(const std::string& fields) {
  return read_score(R"({"model":"small",)" + fields + "}", {opts(), "id", 7, false});
}

template <class Read>
std::string refused(Read read, const std::string& fields) {
  try {
    read(fields);
    return {};
  } catch (const request_error& error) {
    CHECK(error.reason().status == 400);
    return error.reason().param + ": " + error.what();
  }
}

std::string post(std::string_view path, const std::string& body) {
  return "POST " + std::string{path} + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
    "\r\n\r\n" + body;
}

whole_answer with_embedding(const std::vector<float>& numbers) {
  whole_answer a;
  a.choices.resize(1);
  for (const auto x : numbers)
    a.choices[0].embedding.push_back(std::bit_cast<std::uint32_t>(x));
  a.finished.usage.prompt_tokens = 3;
  return a;
}

token_logprob scored(token_id token, std::string bytes, float logprob, token_id likeliest, float best) {
  token_logprob out;
  out.token = token;
  out.bytes = std::move(bytes);
  out.logprob_bits = std::bit_cast<std::uint32_t>(logprob);
  out.top = {{likeliest, "x", std::bit_cast<std::uint32_t>(best)}};
  return out;
}

} // namespace

TEST_CASE("each input of a request for embeddings is a request of its own") {
  const auto one = embeddings(R"("input":"Once")").requests;
  REQUIRE(one.size() == 1);
  CHECK(one[0].kind == work_kind::embed);
  CHECK(one[0].pool == engine::pooling::mean);
  CHECK(one[0].form == prompt_form::text);
  CHECK(one[0].prompt == "Once");
  CHECK(one[0].endpoint == "/v1/embeddings");
  CHECK(one[0].cache == cache_policy::use);
  CHECK(embeddings(R"("input":[1,2])").requests[0].prompt_tokens == std::vector<token_id>{1, 2});
  auto by_last = opts();
  by_last.models.front().pooling = engine::pooling::last;
  CHECK(read_embeddings(R"({"model":"small","input":"a"})", {by_last, "id", 7, false}).requests[0].pool ==
    engine::pooling::last);
  const auto several = embeddings(R"("input":["a",[7,8],"c"],"pooling":"last","priority":3)").requests;
  REQUIRE(several.size() == 3);
  CHECK(several[1].form == prompt_form::tokens);
  CHECK(several[1].prompt_tokens == std::vector<token_id>{7, 8});
  CHECK(several[2].prompt == "c");
  for (const auto& each : several) {
    CHECK(each.pool == engine::pooling::last);
    CHECK(each.priority == 3);
  }
  CHECK(read_embeddings(R"({"model":"small","input":"a"})", {opts(), "id", 7, true}).requests[0].cache ==
    cache_policy::bypass);
}

TEST_CASE("a field of a request for embeddings that does not hold is named with its limit and value") {
  for (const auto* input : {"5", "{}", "\"\"", "[]", "[[]]", "[1.5]", "[-1]", "[1,\"x\"]", "true", "null", R"(["a",5])",
         "[[1],\"\"]", "[[[1]]]"}) {
    INFO(input);
    CHECK(refused(embeddings, "\"input\":" + std::string{input}).starts_with("input"));
  }
  CHECK(refused(embeddings, R"("input":["a","b","c","d"])") == "input: input must have at most 3 inputs, got 4");
  CHECK(refused(embeddings, R"("input":"a","dimensions":577)") ==
    "dimensions: dimensions must be between 1 and 576, got 577");
  CHECK(refused(embeddings, R"("input":"a","encoding_format":"hex")") ==
    "encoding_format: encoding_format must be 'float' or 'base64', got 'hex'");
  CHECK(
    refused(embeddings, R"("input":"a","pooling":"cls")") == "pooling: pooling must be 'mean' or 'last', got 'cls'");
  CHECK(refused(embeddings, R"("input":"a","temperature":1)").starts_with("temperature: unknown field"));
}

TEST_CASE("an embedding is written as numbers or as their bytes") {
  const auto answer = with_embedding({1.0F, -0.5F});
  CHECK(make_embedding_format({false, 0, "small"})->whole(answer) ==
    R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1,-0.5]}],"model":"small",)"
    R"("usage":{"prompt_tokens":3,"total_tokens":3}})");
  // 1.0F is 00 00 80 3f, -0.5F is 00 00 00 bf.
  CHECK(make_embedding_format({true, 0, "small"})->whole(answer).find(R"("AACAPwAAAL8=")") != std::string::npos);
  CHECK(make_embedding_format({true, 1, "small"})->whole(answer).find(R"("AACAPw==")") != std::string::npos);
  CHECK(make_embedding_format({true, 0, "small"})->whole(with_embedding({1, 1, 1})).find(R"("AACAPwAAgD8AAIA/")") !=
    std::string::npos);
}

TEST_CASE("an embedding that is cut to fewer dimensions has length 1 again") {
  const auto text = make_embedding_format({false, 2, "small"})->whole(with_embedding({0.3F, 0.4F, 0.866F}));
  const auto body = json::parse(text);
  const auto& numbers = body.at("data").at(0).at("embedding").as_array();
  REQUIRE(numbers.size() == 2);
  CHECK(numbers[0].to_number<double>() == Approx(0.6));
  CHECK(numbers[1].to_number<double>() == Approx(0.8));
}

TEST_CASE("a request for scores has its continuations as choices") {
  const auto r = score(R"("prompt":"Once","continuations":[" upon",[7,8]],"add_special_tokens":false)").request;
  CHECK(r.kind == work_kind::score);
  CHECK(r.prompt == "Once");
  CHECK_FALSE(r.add_special);
  CHECK(r.params.choices == 2);
  CHECK(r.params.top_logprobs == 1);
  REQUIRE(r.continuations.size() == 2);
  CHECK(r.continuations[0].text == " upon");
  CHECK(r.continuations[1].tokens == std::vector<token_id>{7, 8});
}

TEST_CASE("a field of a request for scores that does not hold is named") {
  CHECK(refused(score, R"("continuations":["a"])") == "prompt: prompt is missing");
  CHECK(refused(score, R"("prompt":"","continuations":["a"])") == "prompt: prompt must not be empty");
  CHECK(refused(score, R"("prompt":"a")") == "continuations: continuations is missing");
  CHECK(refused(score, R"("prompt":"a","continuations":[])") ==
    "continuations: continuations must have between 1 and 128 entries, got 0");
  CHECK(refused(score, R"("prompt":"a","continuations":["b",""])") ==
    "continuations[1]: continuations[1] must not be empty");
  CHECK(refused(score, R"("prompt":"a","continuations":["b",[1,"c"]])").starts_with("continuations[1][1]"));
  CHECK(refused(score, R"("prompt":"a","continuations":"b")").starts_with("continuations"));
  CHECK(refused(score, R"("prompt":"a","continuations":["b"],"n":2)").starts_with("n: unknown field"));
  std::string many = "\"x\"";
  for (int i = 0; i < 128; ++i)
    many += ",\"x\"";
  CHECK(refused(score, R"("prompt":"a","continuations":[)" + many + "]").find("got 129") != std::string::npos);
}

TEST_CASE("a score is the sum of its logprobs, greedy where no token was likelier") {
  whole_answer a;
  a.choices.resize(3);
  a.choices[0].tokens = {scored(5, "a", -0.5F, 5, -0.5F), scored(6, "b", -0.25F, 6, -0.25F)};
  a.choices[1].tokens = {scored(5, "a", -0.5F, 5, -0.5F), scored(7, "c", -2, 6, -0.25F)};
  // As likely as the likeliest.
  a.choices[2].tokens = {scored(7, "c", -2, 6, -2)};
  const auto body = json::parse(make_score_format({true, "id", "small", "", 7})->whole(a));
  const auto& list = body.at("data").as_array();
  REQUIRE(list.size() == 3);
  CHECK(list[0].at("logprob").to_number<double>() == -0.75);
  CHECK(list[0].at("tokens") == 2);
  CHECK(list[0].at("is_greedy") == true);
  CHECK(list[1].at("logprob").to_number<double>() == -2.5);
  CHECK(list[1].at("is_greedy") == false);
  CHECK(list[1].at("token_logprobs").at(1).at("id") == 7);
  CHECK(list[1].at("token_logprobs").at(1).at("token") == "c");
  CHECK(list[2].at("is_greedy") == true);
  CHECK(json::parse(make_score_format({false, "id", "small", "", 7})->whole(a)).at("data").at(0).at("token_logprobs") ==
    nullptr);
}

TEST_CASE("a long list of inputs is handed in a window at a time, and answered in its order") {
  test::running_server s;
  std::atomic<int> open{0};
  std::atomic<int> most{0};
  s.company.at_once = [&](test::fake_company&, sink_id, const native_request&) { most = std::max<int>(most, ++open); };
  std::string list;
  for (int i = 0; i < 150; ++i)
    list += (i == 0 ? "[" : ",[") + std::to_string(i) + "]";
  test::client c{s.serving.port()};
  c.send(post("/v1/embeddings", R"({"model":"small","input":[)" + list + "]}"));
  for (std::size_t i = 0; i < 150; ++i) {
    const auto [sink, request] = s.company.request(i);
    REQUIRE(sink != 0);
    answer_text event;
    event.sink = sink;
    event.finish = finish_reason::stop;
    event.embedding = {std::bit_cast<std::uint32_t>(static_cast<float>(request.prompt_tokens.at(0)))};
    s.company.started(sink);
    s.company.tokens(sink, event);
    --open;
    s.company.finished(sink, {1, 0});
  }
  const auto answer = c.read().value();
  CHECK(answer.status == 200);
  CHECK(most <= static_cast<int>(embedding_window));
  const auto body = json::parse(answer.body);
  const auto& list_out = body.at("data").as_array();
  REQUIRE(list_out.size() == 150);
  for (std::size_t i = 0; i < 150; ++i) {
    CHECK(list_out[i].at("index") == i);
    CHECK(list_out[i].at("embedding").at(0).to_number<double>() == static_cast<double>(i));
  }
  CHECK(body.at("usage").at("prompt_tokens") == 150);
}

TEST_CASE("one input that fails fails the request, and no further one is handed in") {
  test::running_server s;
  std::string list = "\"a\"";
  for (int i = 1; i < 100; ++i)
    list += ",\"a\"";
  test::client c{s.serving.port()};
  c.send(post("/v1/embeddings", R"({"model":"small","input":[)" + list + "]}"));
  const auto last = s.company.request(embedding_window - 1).first;
  REQUIRE(last != 0);
  s.company.failed(last, {failure_code::queue_full, "full", {}, std::chrono::seconds{2}});
  const auto answer = c.read().value();
  CHECK(answer.status == 429);
  CHECK(s.company.detached(s.company.request(0).first) == detach_reason::client_gone);
  CHECK(s.company.request_count() == embedding_window);
}

TEST_CASE("an input of a list that fails is named by its place, one alone by its field") {
  test::running_server s;
  s.company.at_once = [](test::fake_company& company, sink_id sink, const native_request& request) {
    if (request.prompt == "long")
      company.failed(sink, {failure_code::context_length_exceeded, "too long", "input", {}});
    if (request.prompt == "foreign")
      company.failed(sink, {failure_code::invalid_request, "input: a token is foreign", "input", {}});
    if (request.prompt == "other")
      company.failed(sink, {failure_code::invalid_request, "not that", "model", {}});
  };
  const auto error = [&](const std::string& input) {
    const auto answer = s.call(post("/v1/embeddings", R"({"model":"small","input":)" + input + "}"));
    CHECK(answer.status == 400);
    return json::parse(answer.body).at("error");
  };
  CHECK(error(R"("long")").at("param") == "input");
  CHECK(error(R"(["long"])").at("message") == "too long");
  CHECK(error(R"(["a","long","a"])").at("param") == "input[1]");
  CHECK(error(R"(["a","long","a"])").at("message") == "input[1]: too long");
  CHECK(error(R"(["a","foreign"])").at("message") == "input[1]: a token is foreign");
  CHECK(error(R"(["a","other"])").at("param") == "model");
  CHECK(error(R"(["a","other"])").at("message") == "not that");
}

TEST_CASE("a client that goes takes all inputs along, those that wait too") {
  test::running_server s;
  sink_id first = 0;
  {
    std::string list = "\"a\"";
    for (int i = 1; i < 100; ++i)
      list += ",\"a\"";
    test::client c{s.serving.port()};
    c.send(post("/v1/embeddings", R"({"model":"small","input":[)" + list + "]}"));
    first = s.company.request(embedding_window - 1).first;
    REQUIRE(first != 0);
  }
  CHECK(s.company.detached(first) == detach_reason::client_gone);
  CHECK(s.company.request_count() == embedding_window);
}

TEST_CASE("scores are answered over the wire") {
  test::running_server s;
  s.company.at_once = [](test::fake_company& company, sink_id sink, const native_request& request) {
    CHECK(request.kind == work_kind::score);
    company.started(sink, cache_state::hit);
    for (std::uint32_t i = 0; i < 2; ++i) {
      answer_text event;
      event.sink = sink;
      event.choice = i;
      event.tokens = {scored(5, "a", -1.0F - static_cast<float>(i), 5, -1)};
      event.finish = finish_reason::stop;
      company.tokens(sink, event);
    }
    company.finished(sink, {4, 0});
  };
  const auto answer = s.call(post("/v1/score", R"({"model":"small","prompt":"a","continuations":["b","c"]})"));
  CHECK(answer.status == 200);
  CHECK(answer.field("x-cache") == "hit");
  const auto body = json::parse(answer.body);
  CHECK(body.at("object") == "score");
  CHECK(body.at("data").at(1).at("logprob").to_number<double>() == -2);
  CHECK(body.at("usage").at("total_tokens") == 4);
}
