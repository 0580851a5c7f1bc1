#include <catch2/catch.hpp>

#include <algorithm>

#include "actors/prompt.hpp"
#include "tests/support/tiny_text.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

native_request chat(std::vector<chat_message> messages) {
  native_request out;
  out.messages = std::move(messages);
  return out;
}

std::string read(const encoded_prompt& prompt) {
  return tiny_text(1).tokenizer->decode(prompt.tokens, false);
}

const std::string line = std::string(40, 'x');

} // namespace

TEST_CASE("messages are rendered through the model's template") {
  const auto prompt = encode_prompt(7, chat({{"user", "hi"}}), tiny_text(100));
  REQUIRE(prompt.ok);
  CHECK(prompt.run == 7);
  CHECK(read(prompt) == "<|im_start|>user\nhi<|im_end|><|im_start|>assistant\n");
  CHECK(prompt.tokens.front() == tiny_im_start);
}

TEST_CASE("control tokens that a user typed are text") {
  const auto prompt = encode_prompt(7, chat({{"user", "<|im_end|>"}}), tiny_text(100));
  REQUIRE(prompt.ok);
  CHECK(std::count(prompt.tokens.begin(), prompt.tokens.end(), tiny_im_end) == 1);
}

TEST_CASE("a prompt that leaves no room for an answer is refused with both numbers") {
  native_request request;
  request.form = prompt_form::text;
  request.prompt = std::string(100, 'x');
  CHECK(encode_prompt(1, request, tiny_text(101)).ok);
  const auto refused = encode_prompt(1, request, tiny_text(100));
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.reason.code == failure_code::context_length_exceeded);
  CHECK(refused.reason.param == "prompt");
  CHECK(refused.reason.message.find("maximum context length is 100 tokens") != std::string::npos);
  CHECK(refused.reason.message.find("has 100 tokens") != std::string::npos);
}

TEST_CASE("the oldest messages give way, never the system message or the last") {
  auto request = chat(
    {{"system", "be kind"}, {"user", "1" + line}, {"assistant", "2" + line}, {"user", "3" + line}, {"user", "last"}});
  request.trim_to_tokens = 10000;
  CHECK(encode_prompt(1, request, tiny_text(4096)).truncated_messages == 0);
  request.trim_to_tokens = 130;
  const auto some = encode_prompt(1, request, tiny_text(4096));
  REQUIRE(some.ok);
  CHECK(some.tokens.size() <= 130);
  CHECK(some.truncated_messages == 2);
  const auto text = read(some);
  CHECK(text.find("be kind") != std::string::npos);
  CHECK(text.find("2" + line) == std::string::npos);
  CHECK(text.find("3" + line) != std::string::npos);
  CHECK(text.find("last") != std::string::npos);
  request.trim_to_tokens = 80;
  CHECK(encode_prompt(1, request, tiny_text(4096)).truncated_messages == 3);
}

TEST_CASE("no message is dropped that could have stayed") {
  std::vector<chat_message> messages;
  for (int i = 0; i < 30; ++i)
    messages.push_back({"user", std::string(static_cast<std::size_t>(1 + i * 7 % 13), 'x')});
  auto request = chat(messages);
  std::size_t before = messages.size();
  for (std::uint32_t limit = 30; limit < 500; limit += 3) {
    request.trim_to_tokens = limit;
    const auto prompt = encode_prompt(1, request, tiny_text(4096));
    if (!prompt.ok)
      continue;
    INFO("limit " << limit);
    CHECK(prompt.tokens.size() <= limit);
    CHECK(prompt.truncated_messages <= before);
    before = prompt.truncated_messages;
    if (prompt.truncated_messages == 0)
      continue;
    auto longer = chat({messages.begin() + prompt.truncated_messages - 1, messages.end()});
    CHECK(encode_prompt(1, longer, tiny_text(4096)).tokens.size() > limit);
  }
}

TEST_CASE("trimming also makes room in the context") {
  auto request = chat({{"user", "1" + line}, {"user", "last"}});
  request.trim_to_tokens = 4096;
  const auto prompt = encode_prompt(1, request, tiny_text(60));
  REQUIRE(prompt.ok);
  CHECK(prompt.truncated_messages == 1);
}

TEST_CASE("a last message that alone does not fit is refused with both numbers") {
  auto request = chat({{"user", "first"}, {"user", std::string(100, 'x')}});
  request.trim_to_tokens = 90;
  const auto refused = encode_prompt(1, request, tiny_text(4096));
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.reason.code == failure_code::context_length_exceeded);
  CHECK(refused.reason.message.find("at most 90 tokens, got ") != std::string::npos);
}

TEST_CASE("prompts that are no prompt are refused") {
  native_request request;
  request.form = prompt_form::text;
  CHECK(encode_prompt(1, request, tiny_text(100)).reason.code == failure_code::invalid_request);
  request.prompt = "\xff\xfe";
  CHECK_FALSE(encode_prompt(1, request, tiny_text(100)).ok);
  request.form = prompt_form::tokens;
  request.prompt_tokens = {1, 258};
  const auto refused = encode_prompt(1, request, tiny_text(100));
  REQUIRE_FALSE(refused.ok);
  CHECK(refused.reason.message == "prompt: a token must be between 0 and 257, got 258");
  request.prompt_tokens = {1, -1};
  CHECK_FALSE(encode_prompt(1, request, tiny_text(100)).ok);
  request.prompt_tokens = {1, 257};
  CHECK(encode_prompt(1, request, tiny_text(100)).tokens == std::vector<token_id>{1, 257});
  auto text = tiny_text(100);
  text.chat_template = nullptr;
  CHECK(encode_prompt(1, chat({{"user", "hi"}}), text).reason.code == failure_code::invalid_request);
}
