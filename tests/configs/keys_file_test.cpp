#include <catch2/catch.hpp>

#include "configs/config.hpp"
#include "configs/keys_file.hpp"

using namespace troupe;
using Catch::Matchers::Contains;

namespace {

const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string other_digest = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AE";

std::string key(const std::string& name, const std::string& sha256, const std::string& more = {}) {
  return "[[key]]\nname = \"" + name + "\"\nsha256 = \"" + sha256 + "\"\n" + more;
}

std::string error_of(const std::string& text) {
  try {
    config::parse_keys(text, "keys.toml");
  } catch (const config::config_error& error) {
    return error.what();
  }
  return "it holds";
}

} // namespace

TEST_CASE("a key has a name and a digest, and is a tenant of its own unless it says more") {
  const auto keys = config::parse_keys(key("ada", digest) +
      key("bob", other_digest,
        "tenant = \"lab\"\nmodels = [\"a\", \"b\"]\nrequests_per_minute = 60\ntokens_per_minute = 9000\n"
        "max_priority = 7\nadmin = true\n"),
    "keys.toml");
  REQUIRE(keys.size() == 2);
  CHECK(keys[0].name == "ada");
  CHECK(keys[0].tenant == "ada");
  CHECK(keys[0].digest[0] == 0xba);
  CHECK(keys[0].digest[31] == 0xad);
  CHECK(keys[0].models.empty());
  CHECK(keys[0].requests_per_minute == 0);
  CHECK(keys[0].max_priority == 0);
  CHECK_FALSE(keys[0].admin);
  CHECK(keys[1].tenant == "lab");
  CHECK(keys[1].digest[31] == 0xae);
  CHECK(keys[1].models == std::vector<std::string>{"a", "b"});
  CHECK(keys[1].requests_per_minute == 60);
  CHECK(keys[1].tokens_per_minute == 9000);
  CHECK(keys[1].max_priority == 7);
  CHECK(keys[1].admin);
}

TEST_CASE("a key that does not hold is refused by file, line, key and field") {
  CHECK(error_of(key("ada", digest, "requests_per_minute = -3\n")) ==
    "keys.toml:4: key \"ada\": requests_per_minute must be a whole number between 0 and 100000000, got -3");
  CHECK_THAT(error_of(key("ada", digest, "admin = \"yes\"\n")), Contains("key \"ada\": admin must be true or false"));
  CHECK_THAT(error_of(key("ada", digest, "max_priority = 1001\n")), Contains("between -1000 and 1000, got 1001"));
  CHECK_THAT(error_of(key("ada", digest, "models = \"a\"\n")), Contains("models must be a list"));
  CHECK_THAT(error_of(key("ada", digest, "models = [\"\"]\n")), Contains("models must be a list"));
  CHECK_THAT(error_of(key("ada", digest, "tenant = \"\"\n")), Contains("tenant must be 1 to 64 letters"));
  CHECK_THAT(
    error_of(key("ada", digest, "secret = 1\n")), Contains("unknown field \"secret\"; there are name, sha256"));
  CHECK_THAT(error_of(key("a b", digest)), Contains("key number 1: name must be"));
  CHECK_THAT(error_of("[[key]]\nname = \"ada\"\n"), Contains("key \"ada\": sha256 is missing"));
  CHECK_THAT(error_of("[[key]]\nsha256 = \"" + digest + "\"\n"), Contains("key number 1: name is missing"));
}

TEST_CASE("what stands in the place of a digest is not repeated: it may be the secret") {
  for (const std::string wrong : {"sk-secret", "zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}) {
    const auto error = error_of(key("ada", wrong));
    CHECK_THAT(error, Contains("key \"ada\": sha256 must be the 64 hex digits"));
    CHECK(error.find(wrong) == std::string::npos);
  }
}

TEST_CASE("two keys share neither a name nor a secret") {
  CHECK_THAT(error_of(key("ada", digest) + key("ada", other_digest)),
    Contains("keys.toml:4") && Contains("key \"ada\": name is another key's already"));
  CHECK_THAT(
    error_of(key("ada", digest) + key("bob", digest)), Contains("key \"bob\": sha256 is that of key \"ada\" already"));
}

TEST_CASE("a file of keys has at least one, and nothing else") {
  CHECK_THAT(error_of(""), Contains("keys.toml: there is no [[key]] table"));
  CHECK_THAT(error_of("[key]\nname = \"ada\"\n"), Contains("must be one or more [[key]] tables"));
  CHECK_THAT(error_of("port = 1\n" + key("ada", digest)), Contains("keys.toml:1: unknown key \"port\""));
  CHECK_THAT(error_of("[[key]\n"), Catch::Matchers::StartsWith("keys.toml:1: "));
}
