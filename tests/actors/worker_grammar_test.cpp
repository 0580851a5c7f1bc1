// Sequences that are held to a grammar, beside others that are not.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/tiny_text.hpp"
#include "tests/support/worker_fixture.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

struct grammar_fixture : worker_fixture {
  grammar_fixture() {
    model.eos = tiny_im_end;
    grammars =
      std::make_shared<grammar_store>(tiny_text(100).tokenizer, std::vector<token_id>{tiny_im_end}, std::size_t{2});
  }

  static placement_request held(run_id run, text::grammar_kind kind, std::string source) {
    auto work = ask_for(run, prompt_of(6), 20);
    work.grammar = kind;
    work.grammar_source = std::move(source);
    return work;
  }

  std::string said(run_id run) const {
    std::string out;
    for (const auto token : peers.log->tokens(run))
      out += token == tiny_im_end ? "." : std::string(1, static_cast<char>(token));
    return out;
  }
};

} // namespace

TEST_CASE_METHOD(
  grammar_fixture, "a sequence keeps to its grammar and ends where that ends, and its neighbour is not disturbed") {
  start();
  assign(held(1, text::grammar_kind::regex, "[ab]{3}c"));
  assign(ask_for(2, prompt_of(9), 8));
  run();
  const auto text = said(1);
  REQUIRE(text.size() == 5);
  CHECK(std::all_of(text.begin(), text.begin() + 3, [](char c) { return c == 'a' || c == 'b'; }));
  CHECK(text.substr(3) == "c.");
  CHECK(log().finish(1) == finish_reason::stop);
  CHECK(log().tokens(2) == expected(9, 8));
}

TEST_CASE_METHOD(grammar_fixture, "a sequence that goes on elsewhere goes on inside its grammar") {
  start();
  assign(held(1, text::grammar_kind::regex, "[a-z]{8}"));
  run();
  const auto whole = log().tokens(1);
  REQUIRE(whole.size() == 9);
  auto rest = held(2, text::grammar_kind::regex, "[a-z]{8}");
  rest.tokens.insert(rest.tokens.end(), whole.begin(), whole.begin() + 5);
  assign(rest);
  run();
  CHECK(log().tokens(2) == std::vector<token_id>(whole.begin() + 5, whole.end()));
}

TEST_CASE_METHOD(grammar_fixture, "an answer that is cut before its grammar ends says so") {
  start();
  auto work = held(1, text::grammar_kind::regex, "[a-z]{8}");
  work.max_tokens = 3;
  assign(work);
  run();
  CHECK(log().tokens(1).size() == 3);
  CHECK(log().finish(1) == finish_reason::length);
}

TEST_CASE_METHOD(grammar_fixture, "a grammar that cannot be used fails its own sequence alone") {
  start();
  assign(held(1, text::grammar_kind::regex, "("));
  auto broken = held(2, text::grammar_kind::regex, "ab");
  broken.tokens.push_back('x');
  assign(broken);
  assign(ask_for(3, prompt_of(9), 4));
  run();
  CHECK(log().failures(1).at(0).code == failure_code::invalid_request);
  CHECK(log().failures(2).size() == 1);
  CHECK(log().tokens(3) == expected(9, 4));
}

TEST_CASE_METHOD(grammar_fixture, "without a store no answer is held to a grammar") {
  grammars = nullptr;
  start();
  assign(held(1, text::grammar_kind::json_object, ""));
  run();
  CHECK(log().failures(1).at(0).code == failure_code::invalid_request);
}

TEST_CASE_METHOD(grammar_fixture, "more grammars than are kept are compiled anew") {
  start();
  for (run_id run = 1; run <= 6; ++run)
    assign(held(run, text::grammar_kind::regex, std::string(run % 3 + 1, 'q')));
  run();
  for (run_id run = 1; run <= 6; ++run)
    CHECK(said(run) == std::string(run % 3 + 1, 'q') + ".");
}
