#include "engine/models/registry.hpp"

#include "engine/models/families/gemma3.hpp"
#include "engine/models/families/llama.hpp"
#include "engine/models/families/mistral.hpp"
#include "engine/models/families/mixtral.hpp"
#include "engine/models/families/olmoe.hpp"
#include "engine/models/families/phi3.hpp"
#include "engine/models/families/qwen2.hpp"
#include "engine/models/families/qwen2_moe.hpp"
#include "engine/models/families/qwen3.hpp"
#include "engine/models/families/qwen3_moe.hpp"
#include "engine/models/families/smollm3.hpp"

#include <array>

namespace troupe::engine {

namespace {

constexpr std::array served{families::llama, families::mistral, families::mixtral, families::qwen2, families::qwen2_moe,
  families::qwen3, families::qwen3_moe, families::olmoe, families::gemma3, families::gemma3_whole, families::phi3,
  families::smollm3};

constexpr std::string_view name_in(const family& known, file_format format) {
  return format == file_format::gguf ? known.architecture : known.model_type;
}

} // namespace

const family* find_family(file_format format, std::string_view name) {
  for (const auto& known : served)
    if (!name.empty() && name_in(known, format) == name)
      return &known;
  return nullptr;
}

std::string family_names(file_format format) {
  std::string names;
  for (const auto& known : served)
    if (const auto name = name_in(known, format); !name.empty())
      names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

} // namespace troupe::engine
