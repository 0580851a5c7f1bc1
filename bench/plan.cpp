#include "bench/plan.hpp"

#include <algorithm>
#include <random>
#include <sstream>
#include <stdexcept>

namespace troupe::bench {

namespace {

template <class Number>
std::string text(Number x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

std::int64_t number(const char* option, std::int64_t x, std::int64_t least, std::int64_t most) {
  if (x < least || x > most)
    throw std::invalid_argument{
      std::string{option} + " must be between " + text(least) + " and " + text(most) + ", got " + text(x)};
  return x;
}

std::size_t count(const char* option, std::int64_t x, std::int64_t least, std::int64_t most) {
  return static_cast<std::size_t>(number(option, x, least, most));
}

double seconds(const char* option, double x) {
  // Written so that NaN is refused too.
  if (!(x > 0 && x <= longest_seconds))
    throw std::invalid_argument{std::string{option} + " must be above 0 and at most 86400 seconds, got " + text(x)};
  return x;
}

std::int64_t seed(std::optional<std::int64_t> given) {
  return given ? number("--seed", *given, 0, greatest_seed) : std::random_device{}() % (greatest_seed + 1);
}

api_kind read_api(const std::string& word) {
  for (const api_kind kind : {api_kind::own, api_kind::openai})
    if (word == name(kind))
      return kind;
  throw std::invalid_argument{"--api must be own or openai, got \"" + word + '"'};
}

std::vector<scenario> read_scenarios(const std::string& word) {
  const std::vector<scenario> all{scenario::sequential, scenario::cached, scenario::concurrent};
  if (word == "all")
    return all;
  for (const scenario kind : all)
    if (word == name(kind))
      return {kind};
  throw std::invalid_argument{"--scenario must be sequential, cached, concurrent or all, got \"" + word + '"'};
}

/// It stands in a header, so it must not end one. What is wrong is not shown: it may be most of a key.
std::string api_key(const std::string& given) {
  if (std::any_of(given.begin(), given.end(), [](char c) { return c <= ' ' || c > '~'; }))
    throw std::invalid_argument{"--api-key must be visible ASCII without spaces"};
  return given;
}

} // namespace

plan make_plan(const options& given) {
  plan out;
  out.url = given.url;
  out.server = parse_url(given.url);
  out.api = read_api(given.api);
  out.scenarios = read_scenarios(given.scenario);
  out.requests = count("--requests", given.requests, 1, most_requests);
  out.warmup = count("--warmup", given.warmup, 0, most_requests);
  out.concurrency = count("--concurrency", given.concurrency, 1, most_clients);
  out.max_tokens = count("--max-tokens", given.max_tokens, 1, most_tokens);
  out.ignore_eos = given.ignore_eos;
  out.objective = seconds("--objective", given.objective);
  out.timeout = seconds("--timeout", given.timeout);
  out.model = given.model;
  out.api_key = api_key(given.api_key);
  out.seed = seed(given.seed);
  return out;
}

std::string name(api_kind api) {
  return api == api_kind::own ? "own" : "openai";
}

std::string name(scenario kind) {
  switch (kind) {
  case scenario::sequential:
    return "sequential";
  case scenario::cached:
    return "cached";
  case scenario::concurrent:
    break;
  }
  return "concurrent";
}

} // namespace troupe::bench
