#include <catch2/catch.hpp>

#include "bench/api.hpp"

using namespace troupe::bench;
using Catch::Contains;

namespace {

plan small_plan(api_kind api) {
  plan p;
  p.server.prefix = "/prefix";
  p.api = api;
  p.max_tokens = 7;
  return p;
}

sample read_stream(const std::vector<std::string>& pieces) {
  stream_reader reader;
  double seconds = 0;
  for (const std::string& piece : pieces)
    reader.feed(piece, ++seconds);
  sample out;
  reader.finish(out);
  return out;
}

const std::string first = R"(data: {"choices":[{"delta":{"role":"assistant","content":""}}]})"
                          "\n\n";
const std::string text = R"(data: {"choices":[{"delta":{"content":"Hi"}}]})"
                         "\n\n";
const std::string usage = R"(data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5}})"
                          "\n\n";
const std::string done = "data: [DONE]\n\n";

} // namespace

TEST_CASE("a question becomes a request of the own API") {
  const call c = make_call(small_plan(api_kind::own), {"Say \"hi\"", true});
  CHECK(c.path == "/prefix/api/v1/inference");
  CHECK(c.body == R"({"user_input":"Say \"hi\"","use_cache":true,"max_tokens":7})");
  CHECK_FALSE(c.no_store);
}

TEST_CASE("a question becomes a streamed request of OpenAI's API") {
  plan p = small_plan(api_kind::openai);
  const call c = make_call(p, {"Hi", false});
  CHECK(c.path == "/prefix/v1/chat/completions");
  CHECK(c.body ==
    R"({"model":"default","messages":[{"role":"user","content":"Hi"}],"max_tokens":7,"temperature":0,"stream":true,)"
    R"("stream_options":{"include_usage":true}})");
  CHECK(c.no_store);

  p.model = "small";
  p.ignore_eos = true;
  const std::string body = make_call(p, {"Hi", false}).body;
  CHECK_THAT(body, Contains(R"("model":"small")") && Contains(R"("ignore_eos":true)"));
  CHECK(c.authorization.empty());
  p.api_key = "sk-1";
  CHECK(make_call(p, {"Hi", false}).authorization == "Bearer sk-1");
}

TEST_CASE("an answer of the own API says what it knows") {
  sample s;
  read_inference_answer(
    R"({"response":"x","metadata":{"completion_tokens":6,"time_to_first_token":0.031,"cache_hit":true}})", s);
  CHECK(s.tokens == 6);
  CHECK(s.first_token == 0.031);
  CHECK(s.cache_hit == true);

  sample little;
  read_inference_answer(
    R"({"response":"x","metadata":{"completion_tokens":"many","time_to_first_token":null}})", little);
  CHECK_FALSE(little.tokens);
  CHECK_FALSE(little.first_token);
  CHECK_FALSE(little.cache_hit);
  CHECK_NOTHROW(read_inference_answer(R"({"response":""})", little));
}

TEST_CASE("an answer that is none is refused") {
  sample s;
  CHECK_THROWS_WITH(read_inference_answer("<html>\xff", s), "the answer is no JSON object: <html>?");
  CHECK_THROWS_WITH(read_inference_answer("[]", s), Contains("no JSON object"));
  CHECK_THROWS_WITH(read_inference_answer(R"({"text":"x"})", s), Contains("no \"response\""));
}

TEST_CASE("an error is described by its status and its message") {
  CHECK(describe_error(429, R"({"error":{"message":"the queue is full"}})") == "HTTP 429: the queue is full");
  CHECK(describe_error(422, R"({"detail":"field required"})") == "HTTP 422: field required");
  CHECK(describe_error(422, R"({"detail":[{"loc":["body"]}]})") == R"(HTTP 422: [{"loc":["body"]}])");
  CHECK(describe_error(502, "Bad\r\nGateway\x1b") == "HTTP 502: Bad  Gateway ");
  CHECK(describe_error(500, "") == "HTTP 500");
  CHECK(describe_error(500, "{}") == "HTTP 500");
}

TEST_CASE("a long message is cut between characters") {
  const std::string umlauts = [] {
    std::string out = "x";
    for (int i = 0; i < 200; ++i)
      out += "ü";
    return out;
  }();
  const std::string shown = describe_error(500, R"({"error":")" + umlauts + "\"}");
  CHECK(shown.ends_with("üü..."));
  CHECK(shown.size() < 200);
}

TEST_CASE("the first text of a stream is its first token") {
  const sample s = read_stream({": keep-alive\n\n", first, text, text, usage, done});
  CHECK(s.first_token == 3.0);
  CHECK(s.tokens == 5);
}

TEST_CASE("a stream is read however its bytes are cut") {
  const std::string whole = first + text + usage + done;
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const sample s = read_stream({whole.substr(0, cut), whole.substr(cut)});
    REQUIRE(s.tokens == 5);
    REQUIRE(s.first_token);
  }
  const sample crlf = read_stream({"data:" + text.substr(6, text.size() - 8) + "\r\n\r\n", "data: [DONE]\r\n\r\n"});
  CHECK(crlf.first_token == 1.0);
}

TEST_CASE("a stream may have no text and no usage") {
  const sample s = read_stream({first, done});
  CHECK_FALSE(s.first_token);
  CHECK_FALSE(s.tokens);
  CHECK_NOTHROW(read_stream({R"(data: {"usage":null,"choices":[7,{"delta":null}]})"
                             "\n\n",
    done}));
}

TEST_CASE("a stream that breaks off, errs or is no JSON is no answer") {
  CHECK_THROWS_WITH(read_stream({first, text}), "the stream ended without [DONE]");
  CHECK_THROWS_WITH(read_stream({first,
                      R"(data: {"error":{"message":"worker lost"}})"
                      "\n\n"}),
    "error in the stream: worker lost");
  CHECK_THROWS_WITH(read_stream({"data: {oops\n\n"}), Contains("no JSON object: {oops"));
}
