// LoRA adapters in a whole server.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/support/config_file.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/prometheus_page.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace troupe::test;
namespace json = boost::json;
namespace fs = std::filesystem;

/// A folder with an adapter for the default model, of its first layers' `down_proj`: what it does to answers follows
/// from the seed. Gone with the object.
class made_adapter {
public:
  made_adapter(const std::string& name, std::uint32_t seed)
      : path_{fs::temp_directory_path() / ("troupe-" + name + '-' + std::to_string(::getpid()))} {
    fs::create_directories(path_);
    json::object header;
    std::string contents;
    for (int layer = 0; layer < 4; ++layer) {
      const auto module = "base_model.model.model.layers." + std::to_string(layer) + ".mlp.down_proj";
      add(header, contents, module + ".lora_A.weight", 4, 1536, seed++);
      add(header, contents, module + ".lora_B.weight", 576, 4, seed++);
    }
    const auto text = json::serialize(header);
    const std::uint64_t length = text.size();
    std::ofstream file{path_ / "adapter_model.safetensors", std::ios::binary};
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << text << contents;
    std::ofstream{path_ / "adapter_config.json"} << R"({"peft_type":"LORA","r":4,"lora_alpha":8,"bias":"none"})";
  }
  ~made_adapter() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  made_adapter(const made_adapter&) = delete;
  made_adapter& operator=(const made_adapter&) = delete;

  std::string path() const { return path_.string(); }

private:
  static void add(json::object& header, std::string& contents, const std::string& name, std::size_t rows,
    std::size_t columns, std::uint32_t random) {
    const auto begin = contents.size();
    for (std::size_t i = 0; i < rows * columns; ++i) {
      random = random * 1664525 + 1013904223;
      const float number = static_cast<float>(random >> 8) / static_cast<float>(1 << 24) - 0.5F;
      contents.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    header[name] = {{"dtype", "F32"}, {"shape", {rows, columns}}, {"data_offsets", {begin, contents.size()}}};
  }

  fs::path path_;
};

std::string question(const std::string& model) {
  return json::serialize(json::object{{"model", model}, {"max_tokens", 8}, {"ignore_eos", true}, {"temperature", 0},
    {"messages", json::array{json::object{{"role", "user"}, {"content", "Say something about the sea."}}}}});
}

std::string config_with(const std::string& adapters) {
  return "[[model]]\nname = \"base\"\naliases = [\"small\"]\n"
         "path = \"models/SmolLM2-135M-Instruct.Q4_1.gguf\"\n" +
    adapters + "[[worker]]\nthreads = 1\nkv_bytes = \"32MiB\"\n";
}

std::string adapter_table(const std::string& name, const std::string& path) {
  return "[[adapter]]\nname = \"" + name + "\"\npath = \"" + path + "\"\nbase = \"base\"\n";
}

} // namespace

TEST_CASE("each adapter answers for itself by full name and by its own, and no cache takes one for another") {
  const made_adapter sailor{"sailor", 1}, monk{"monk", 1000};
  const config_file config{config_with(adapter_table("sailor", sailor.path()) + adapter_table("monk", monk.path()))};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto ask = [&](const std::string& model) {
    const auto answer = request(port, "POST", "/v1/chat/completions", question(model));
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
  };
  const auto text_of = [](const json::value& answer) {
    return std::string{answer.at("choices").at(0).at("message").at("content").get_string()};
  };
  const auto base = ask("base");
  const auto first = ask("base:sailor");
  const auto second = ask("base:monk");
  CHECK(base.at("model") == "base");
  CHECK(first.at("model") == "base:sailor");
  CHECK(text_of(base) != text_of(first));
  CHECK(text_of(base) != text_of(second));
  CHECK(text_of(first) != text_of(second));
  CHECK(base.at("system_fingerprint") != first.at("system_fingerprint"));

  for (const auto* name : {"sailor", "small:sailor", "default:sailor", "base:sailor"}) {
    INFO(name);
    const auto again = ask(name);
    CHECK(text_of(again) == text_of(first));
    CHECK(again.at("model") == "base:sailor");
  }
  CHECK(text_of(ask("small")) == text_of(base));
  const prometheus_page page{request(port, "GET", "/metrics/prometheus").body};
  CHECK(page.value("troupe_response_cache_requests_total", {{"result", "miss"}}) == 3);
  CHECK(page.value("troupe_response_cache_requests_total", {{"result", "hit"}}) == 5);
}

TEST_CASE("embeddings and scores of an adapter are its own") {
  const made_adapter sailor{"sailor", 1};
  const config_file config{config_with(adapter_table("sailor", sailor.path()))};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto ask = [&](const std::string& path, const std::string& model, const std::string& fields) {
    const auto answer = request(port, "POST", path, R"({"model":")" + model + "\"," + fields + "}");
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body).at("data");
  };
  const auto input = R"("input":"The sea is wide.")";
  const auto base = ask("/v1/embeddings", "base", input);
  CHECK(ask("/v1/embeddings", "sailor", input) != base);
  CHECK(ask("/v1/embeddings", "base", input) == base);
  const auto given = R"("prompt":"The sea is","continuations":[" wide."," dry."])";
  const auto scores = ask("/v1/score", "base", given);
  CHECK(ask("/v1/score", "sailor", given) != scores);
  CHECK(ask("/v1/score", "base", given) == scores);
}

TEST_CASE("adapters are listed with their parent, and an unknown one is a model that is not found") {
  const made_adapter sailor{"sailor", 1};
  const config_file config{config_with(adapter_table("sailor", sailor.path()))};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  const auto port = server.wait_until_listening();
  const auto list = json::parse(request(port, "GET", "/v1/models").body).at("data");
  REQUIRE(list.as_array().size() == 2);
  CHECK(list.at(0).at("id") == "base");
  CHECK_FALSE(list.at(0).as_object().contains("parent"));
  CHECK(list.at(1).at("id") == "base:sailor");
  CHECK(list.at(1).at("parent") == "base");
  for (const auto* unknown : {"base:monk", "other:sailor", "sailor:base", "base:"}) {
    INFO(unknown);
    const auto answer = request(port, "POST", "/v1/chat/completions", question(unknown));
    CHECK(answer.status == 404);
    CHECK(json::parse(answer.body).at("error").at("code") == "model_not_found");
  }
}

TEST_CASE("an adapter that does not fit ends the start with one line that names file and tensor") {
  const made_adapter sailor{"sailor", 1};
  std::ofstream{fs::path{sailor.path()} / "adapter_config.json"} << R"({"peft_type":"LORA","r":5,"lora_alpha":8})";
  const config_file config{config_with(adapter_table("sailor", sailor.path()))};
  server_process server{{"serve", "--port", "0", "--config", config.path()}};
  CHECK(server.wait(std::chrono::seconds{60}) == 2);
  CHECK_THAT(server.output(), Catch::Matchers::Contains("adapter_model.safetensors: tensor 'base_model.model."));
  CHECK_THAT(server.output(), Catch::Matchers::Contains("must be [5, 1536], got [4, 1536]"));
}
