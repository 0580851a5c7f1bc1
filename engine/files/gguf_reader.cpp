#include "engine/files/gguf_reader.hpp"

#include <utility>

namespace troupe::engine {

gguf_value gguf_reader::take_value(gguf_kind k) {
  switch (k) {
  case gguf_kind::u8:
    return std::uint64_t{take<std::uint8_t>()};
  case gguf_kind::i8:
    return std::int64_t{take<std::int8_t>()};
  case gguf_kind::u16:
    return std::uint64_t{take<std::uint16_t>()};
  case gguf_kind::i16:
    return std::int64_t{take<std::int16_t>()};
  case gguf_kind::u32:
    return std::uint64_t{take<std::uint32_t>()};
  case gguf_kind::i32:
    return std::int64_t{take<std::int32_t>()};
  case gguf_kind::u64:
    return take<std::uint64_t>();
  case gguf_kind::i64:
    return take<std::int64_t>();
  case gguf_kind::f32:
    return static_cast<double>(take<float>());
  case gguf_kind::f64:
    return take<double>();
  case gguf_kind::boolean:
    return take<std::uint8_t>() != 0;
  case gguf_kind::string:
    return take_string();
  case gguf_kind::array:
    return take_array();
  }
  return {};
}

gguf_value gguf_reader::take_array() {
  const auto k = take_kind();
  const auto count = take<std::uint64_t>();
  if (count > left() / least_bytes(k))
    refuse("an array of " + std::to_string(count) + " values does not fit into the " + std::to_string(left()) +
      " bytes that are left");
  switch (k) {
  case gguf_kind::array:
    refuse("arrays of arrays are not supported");
  case gguf_kind::string:
    return fill<std::string>(count, [this] { return take_string(); });
  case gguf_kind::boolean:
    return fill<bool>(count, [this] { return take<std::uint8_t>() != 0; });
  case gguf_kind::f32:
  case gguf_kind::f64:
    return fill<double>(count, [this, k] { return std::get<double>(take_value(k)); });
  case gguf_kind::u8:
  case gguf_kind::u16:
  case gguf_kind::u32:
  case gguf_kind::u64:
    return fill<std::uint64_t>(count, [this, k] { return std::get<std::uint64_t>(take_value(k)); });
  default:
    return fill<std::int64_t>(count, [this, k] { return std::get<std::int64_t>(take_value(k)); });
  }
}

} // namespace troupe::engine
