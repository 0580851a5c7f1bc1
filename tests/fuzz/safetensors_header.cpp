// A safetensors file's header.
#include "engine/engine.hpp"
#include "engine/files/safetensors.hpp"
#include "tests/fuzz/file_in_memory.hpp"

using namespace troupe::engine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const troupe::fuzz::file_in_memory file{{reinterpret_cast<const char*>(bytes), size}};
  try {
    const safetensors_file opened{file.path()};
    for (const auto& tensor : opened.tensors())
      troupe::fuzz::claim(
        tensor.offset <= size && tensor.size <= size - tensor.offset, "a tensor lies within its file");
  } catch (const load_error& error) {
    troupe::fuzz::claim_one_line(error.what());
  }
  return 0;
}
