#include "tests/engine/recipes.hpp"

#include "engine/files/json_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <c10/util/Half.h>

#include <algorithm>

namespace troupe::engine::testing {

namespace json = boost::json;

namespace {

std::uint64_t fnv(const std::string& text) {
  std::uint64_t hashed = 0xCBF29CE484222325U;
  for (const auto byte : text)
    hashed = (hashed ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  return hashed;
}

std::uint64_t splitmix(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// Some of a recipe's tensors as a safetensors file.
std::string file_of(const json_fields& tensors, const std::vector<std::string>& names, std::uint64_t seed) {
  json::object header;
  std::string contents;
  for (const auto& name : names) {
    const auto& recipe = tensors.find(name)->get_array();
    std::size_t count = 1;
    for (const auto& extent : recipe[0].get_array())
      count *= extent.to_number<std::size_t>();
    const auto begin = contents.size();
    contents += made_numbers(name, seed, count, recipe[1].to_number<double>(), recipe[2].to_number<double>());
    header[name] = {{"dtype", "F16"}, {"shape", recipe[0]}, {"data_offsets", {begin, contents.size()}}};
  }
  return safetensors(json::serialize(header), 0) + contents;
}

void write_weights(const scratch_folder& folder, const json_fields& recipe) {
  const auto tensors = *recipe.object("tensors");
  const auto seed = *recipe.count("seed");
  const auto names = tensors.names();
  const auto shards = *recipe.count("shards");
  if (shards == 1) {
    folder.write("model.safetensors", file_of(tensors, names, seed));
    return;
  }
  json::object places;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    const auto file = "model-" + std::to_string(shard) + ".safetensors";
    std::vector<std::string> chosen;
    for (std::size_t i = shard; i < names.size(); i += shards) {
      chosen.push_back(names[i]);
      places[names[i]] = file;
    }
    folder.write(file, file_of(tensors, chosen, seed));
  }
  folder.write("model.safetensors.index.json", json::serialize(json::object{{"weight_map", places}}));
}

} // namespace

std::string made_numbers(const std::string& name, std::uint64_t seed, std::size_t count, double add, double times) {
  const auto start = fnv(std::to_string(seed) + " " + name);
  std::string bytes;
  bytes.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto random = splitmix(start + (i + 1) * 0x9E3779B97F4A7C15U);
    const auto unit = static_cast<float>(random >> 40U) / static_cast<float>(1U << 23U) - 1.0F;
    const auto scaled = static_cast<float>(times) * unit;
    bytes += bytes_of(c10::Half(static_cast<float>(add) + scaled).x);
  }
  return bytes;
}

tiny_model::tiny_model(const std::string& name) {
  const auto recipe = read_json(recipes / (name + ".json"));
  folder.write("config.json", json::serialize(*recipe.find("config")));
  write_weights(folder, recipe);
  positions = *recipe.count("positions");
  if (*recipe.flag("gguf"))
    gguf = recipes / (name + ".gguf");
  prompts = read_goldens(*recipe.object("prompts"));
}

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(recipes))
    if (entry.path().extension() == ".json")
      names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace troupe::engine::testing
