#include "tests/engine/adapters.hpp"

#include "engine/files/safetensors.hpp"
#include "tests/engine/recipes.hpp"

#include <boost/json/serialize.hpp>
#include <c10/util/Half.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>

namespace troupe::engine::testing {

namespace json = boost::json;

namespace {

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All tensors of a folder, in whichever files.
std::vector<made_tensor> read_all(const std::filesystem::path& model) {
  std::vector<made_tensor> all;
  for (const auto& entry : std::filesystem::directory_iterator(model)) {
    if (entry.path().extension() != ".safetensors")
      continue;
    const safetensors_file file(entry.path());
    for (const auto& tensor : file.tensors()) {
      all.push_back({tensor.name, tensor.shape, tensor.numbers()});
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

std::vector<float> drawn(const std::string& name, std::uint64_t seed, std::size_t count) {
  const auto bytes = made_numbers(name, seed, count, 0, 0.2);
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    c10::Half half;
    std::memcpy(&half.x, bytes.data() + 2 * i, 2);
    numbers[i] = half;
  }
  return numbers;
}

/// Adds scale * up down to a matrix.
void merge(made_tensor& matrix, const made_tensor& down, const made_tensor& up, double scale) {
  const auto rank = down.shape[0];
  const auto in = down.shape[1];
  for (std::size_t row = 0; row < matrix.shape[0]; ++row)
    for (std::size_t column = 0; column < in; ++column) {
      double sum = 0;
      for (std::size_t i = 0; i < rank; ++i)
        sum += static_cast<double>(up.numbers[row * rank + i]) * static_cast<double>(down.numbers[i * in + column]);
      matrix.numbers[row * in + column] += static_cast<float>(scale * sum);
    }
}

} // namespace

std::string safetensors_of(const std::vector<made_tensor>& tensors) {
  json::object header;
  std::string contents;
  for (const auto& tensor : tensors) {
    const auto begin = contents.size();
    contents.append(reinterpret_cast<const char*>(tensor.numbers.data()), tensor.numbers.size() * sizeof(float));
    header[tensor.name] = {{"dtype", "F32"}, {"shape", json::array(tensor.shape.begin(), tensor.shape.end())},
      {"data_offsets", {begin, contents.size()}}};
  }
  return safetensors(json::serialize(header), 0) + contents;
}

json::object plain_adapter_config() {
  return {{"peft_type", "LORA"}, {"r", 3}, {"lora_alpha", 6}, {"target_modules", {"q_proj", "v_proj"}},
    {"bias", "none"}, {"use_dora", false}, {"modules_to_save", nullptr}, {"fan_in_fan_out", false},
    {"rank_pattern", json::object{}}};
}

std::vector<std::string> adaptable_modules(const std::filesystem::path& model) {
  constexpr std::array endings{"q_proj.weight", "k_proj.weight", "v_proj.weight", "qkv_proj.weight", "o_proj.weight",
    "gate_proj.weight", "up_proj.weight", "gate_up_proj.weight", "down_proj.weight"};
  std::vector<std::string> modules;
  for (const auto& tensor : read_all(model)) {
    const auto& name = tensor.name;
    const bool ends = std::any_of(endings.begin(), endings.end(), [&](auto ending) { return name.ends_with(ending); });
    if (ends && name.find("expert") == std::string::npos)
      modules.push_back(name.substr(0, name.size() - std::strlen(".weight")));
  }
  return modules;
}

std::vector<made_tensor> adapter_tensors(
  const std::filesystem::path& model, const std::vector<std::string>& modules, std::size_t rank, std::uint64_t seed) {
  std::map<std::string, std::vector<std::size_t>> shapes;
  for (const auto& tensor : read_all(model))
    shapes[tensor.name] = tensor.shape;
  std::vector<made_tensor> tensors;
  for (const auto& module : modules) {
    const auto& shape = shapes.at(module + ".weight");
    const auto name = "base_model.model." + module;
    tensors.push_back({name + ".lora_A.weight", {rank, shape[1]}, drawn(name + " A", seed, rank * shape[1])});
    tensors.push_back({name + ".lora_B.weight", {shape[0], rank}, drawn(name + " B", seed, shape[0] * rank)});
  }
  return tensors;
}

void write_adapter(const scratch_folder& folder, const json::object& config, const std::vector<made_tensor>& tensors) {
  folder.write("adapter_config.json", json::serialize(config));
  folder.write("adapter_model.safetensors", safetensors_of(tensors));
}

void write_merged(const scratch_folder& folder, const std::filesystem::path& model,
  const std::vector<made_tensor>& adapter, double scale) {
  auto tensors = read_all(model);
  for (std::size_t i = 0; i < adapter.size(); i += 2) {
    constexpr auto before = std::string_view{"base_model.model."}.size();
    constexpr auto behind = std::string_view{".lora_A.weight"}.size();
    const auto& name = adapter[i].name;
    const auto matrix = name.substr(before, name.size() - before - behind) + ".weight";
    const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& tensor) { return tensor.name == matrix; });
    merge(*found, adapter[i], adapter[i + 1], scale);
  }
  folder.write("config.json", contents_of(model / "config.json"));
  folder.write("model.safetensors", safetensors_of(tensors));
}

} // namespace troupe::engine::testing
