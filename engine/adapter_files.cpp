#include "engine/adapter_files.hpp"

#include "engine/config/peft.hpp"
#include "engine/digest.hpp"
#include "engine/engine.hpp"
#include "engine/files/safetensors.hpp"
#include "engine/models/family.hpp"

#include <algorithm>
#include <array>

namespace troupe::engine {

namespace {

using role = weight_role;

constexpr std::array adaptable{
  role::q, role::k, role::v, role::qkv, role::out, role::gate, role::up, role::gate_up, role::down};

/// A matrix of the model that an adapter's tensors may name.
struct module_place {
  weight_key key;
  /// [out, in]
  std::vector<std::size_t> shape;
};

/// The matrices by the names of their modules. PEFT has a text model's names with or without what stands before them
/// in the files of a model that sees pictures.
std::map<std::string, module_place> modules_of(const model_config& config) {
  std::map<std::string, module_place> modules;
  for (const auto& weight : needed_weights(config, file_format::hugging_face)) {
    constexpr std::string_view ending = ".weight";
    if (weight.shape.size() != 2 || !weight.name.ends_with(ending))
      continue;
    const auto name = weight.name.substr(0, weight.name.size() - ending.size());
    const module_place place{weight.key, weight.shape};
    modules.emplace(name, place);
    if (const auto prefix = config.kind->text_prefix; !prefix.empty() && name.starts_with(prefix))
      modules.emplace(name.substr(prefix.size()), place);
  }
  return modules;
}

[[noreturn]] void refuse(const stored_tensor& tensor, const std::string& why) {
  throw load_error(tensor.file_name() + ": tensor '" + tensor.name + "': " + why);
}

/// `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` in its parts.
struct tensor_name {
  std::string module;
  bool down = false;
};

tensor_name take_apart(const stored_tensor& tensor) {
  constexpr std::string_view prefix = "base_model.model.";
  for (const bool down : {true, false}) {
    const std::string_view ending = down ? ".lora_A.weight" : ".lora_B.weight";
    if (tensor.name.size() > prefix.size() + ending.size() && tensor.name.starts_with(prefix) &&
      tensor.name.ends_with(ending))
      return {tensor.name.substr(prefix.size(), tensor.name.size() - prefix.size() - ending.size()), down};
  }
  refuse(tensor, "is not served: a name must be base_model.model.MODULE.lora_A.weight or .lora_B.weight");
}

/// Gathers an adapter's tensors in pairs.
class matcher {
public:
  matcher(const peft_config& peft, const model_config& config) : peft_(peft), modules_(modules_of(config)) {}

  void take(const stored_tensor& tensor) {
    const auto name = take_apart(tensor);
    const auto found = modules_.find(name.module);
    if (found == modules_.end())
      refuse(tensor, "the model has no matrix '" + name.module + "'");
    const auto& [key, shape] = found->second;
    if (std::find(adaptable.begin(), adaptable.end(), key.role) == adaptable.end())
      refuse(tensor,
        "'" + name.module +
          "' cannot be adapted: only the matrices of attention and of MLPs without "
          "experts can");
    const auto rank = peft_.rank(name.module);
    const auto wanted = name.down ? std::vector{rank, shape[1]} : std::vector{shape[0], rank};
    if (tensor.shape != wanted)
      refuse(tensor, "must be " + shape_text(wanted) + ", got " + shape_text(tensor.shape));
    auto& part = parts_[key];
    auto& place = name.down ? part.down : part.up;
    if (place.file)
      refuse(tensor, "the matrix is there as '" + place.name + "' as well");
    place = tensor;
    part.scale = peft_.scale(name.module);
  }

  std::map<weight_key, stored_low_rank> finish(const std::filesystem::path& file) && {
    if (parts_.empty())
      throw load_error(file.string() + ": there is no tensor");
    for (const auto& [key, part] : parts_)
      if (!part.down.file || !part.up.file)
        refuse(part.down.file ? part.down : part.up,
          std::string("the lora_") + (part.down.file ? "B" : "A") + " that belongs to it is missing");
    return std::move(parts_);
  }

private:
  const peft_config& peft_;
  std::map<std::string, module_place> modules_;
  std::map<weight_key, stored_low_rank> parts_;
};

} // namespace

std::size_t adapter_files::bytes() const {
  std::size_t numbers = 0;
  for (const auto& [key, part] : parts)
    numbers += part.down.shape[0] * part.down.shape[1] + part.up.shape[0] * part.up.shape[1];
  return numbers * sizeof(float);
}

adapter_files open_adapter(const std::filesystem::path& folder, const model_config& config) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    throw load_error(folder.string() + ": there is no such adapter folder");
  const auto config_path = folder / "adapter_config.json";
  const peft_config peft(config_path);
  const auto path = folder / "adapter_model.safetensors";
  safetensors_file file(path);
  matcher match(peft, config);
  for (const auto& tensor : file.tensors())
    match.take(tensor);
  auto parts = std::move(match).finish(path);
  digest identity;
  identity.add_whole(model_file{config_path});
  identity.add_whole(*file.file());
  return {std::move(parts), identity.hex()};
}

} // namespace troupe::engine
