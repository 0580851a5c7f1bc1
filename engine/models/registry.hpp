// The architectures that the one decoder serves, and how they differ.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace troupe::engine {

/// How one architecture differs from the others.
struct architecture {
  /// What `general.architecture` (GGUF) or `model_type` (Hugging Face) says.
  std::string_view name;
  /// GGUF stores the rows of q and k so that a rotated pair lies side by side; here, as in Hugging Face's files, its
  /// halves lie half a head apart.
  bool interleaved_rope_in_gguf;
  /// Whether attention may be limited to the last `sliding_window` tokens. Such a model is served up to that length,
  /// where the limit changes nothing.
  bool sliding_window;
};

inline constexpr std::array architectures{
  architecture{"llama", true, false},
  architecture{"mistral", true, true},
};

/// Returns nothing for an unknown name.
constexpr const architecture* find_architecture(std::string_view name) {
  for (const auto& known : architectures)
    if (known.name == name)
      return &known;
  return nullptr;
}

/// `llama, mistral`
inline std::string architecture_names() {
  std::string names;
  for (const auto& known : architectures)
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  return names;
}

} // namespace troupe::engine
