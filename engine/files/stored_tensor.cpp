#include "engine/files/stored_tensor.hpp"

#include "engine/engine.hpp"

#include <algorithm>
#include <limits>

namespace troupe::engine {

std::optional<std::size_t> stored_bytes(stored_type type, const std::vector<std::size_t>& shape) {
  const auto block = block_of(type);
  if (shape.empty() || shape.back() % block.numbers != 0)
    return std::nullopt;
  constexpr auto limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  std::size_t count = 1;
  for (const auto extent : shape) {
    if (extent == 0 || count > limit / block.bytes / extent)
      return std::nullopt;
    count *= extent;
  }
  return count / block.numbers * block.bytes;
}

std::vector<float> stored_tensor::numbers() const {
  const auto block = block_of(type);
  std::vector<float> wide(size / block.bytes * block.numbers);
  widen(type, file->bytes(offset, size).data(), wide.size(), wide.data());
  return wide;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (const auto extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

void refuse_overlaps(const std::vector<stored_tensor>& tensors) {
  std::vector<const stored_tensor*> order;
  for (const auto& tensor : tensors)
    order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& before = *order[i - 1];
    if (before.offset + before.size > order[i]->offset)
      throw load_error(before.file_name() + ": tensors '" + before.name + "' and '" + order[i]->name + "' share bytes");
  }
}

} // namespace troupe::engine
