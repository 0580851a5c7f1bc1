// A model folder's config.json.
#include "engine/model_config.hpp"
#include "engine/engine.hpp"
#include "engine/files/json_file.hpp"
#include "tests/fuzz/file_in_memory.hpp"

using namespace troupe::engine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const json_fields fields{parse_object({reinterpret_cast<const char*>(bytes), size}, "config.json"), "config.json"};
    const auto config = read_config(fields, "config.json");
    troupe::fuzz::claim(config.layers > 0 && config.heads > 0 && config.kv_heads > 0 && config.head_dim > 0,
      "a config that was taken describes a model");
  } catch (const load_error& error) {
    troupe::fuzz::claim_one_line(error.what());
  }
  return 0;
}
