// How a LoRA adapter's `adapter_config.json`, as PEFT writes it, is to be taken.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::engine {

/// What scales an adapter's matrices.
class peft_config {
public:
  /// Reads and checks the file. Throws `load_error` that names file, field and value: what is not served (another kind
  /// of adapter, DoRA, biases, modules saved whole, ...) is refused, never left out.
  explicit peft_config(const std::filesystem::path& path);

  /// The rank of a module's matrices; `module` is its whole name, such as `model.layers.0.self_attn.q_proj`.
  std::size_t rank(std::string_view module) const;
  /// What a module's product is multiplied by: alpha / rank, or alpha / sqrt(rank) with `use_rslora`.
  double scale(std::string_view module) const;

private:
  std::size_t rank_ = 0;
  double alpha_ = 0;
  bool by_root_ = false;
  /// By a module's name or the end of it; the first that fits counts, as in PEFT.
  std::vector<std::pair<std::string, double>> ranks_;
  std::vector<std::pair<std::string, double>> alphas_;
};

} // namespace troupe::engine
