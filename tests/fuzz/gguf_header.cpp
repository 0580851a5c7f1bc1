// A GGUF file's header and what the model's numbers are read from it.
#include "engine/engine.hpp"
#include "engine/files/gguf.hpp"
#include "engine/model_config.hpp"
#include "tests/fuzz/file_in_memory.hpp"

using namespace troupe::engine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const troupe::fuzz::file_in_memory file{{reinterpret_cast<const char*>(bytes), size}};
  try {
    const gguf_file opened{file.path()};
    for (const auto& tensor : opened.tensors())
      troupe::fuzz::claim(
        tensor.offset <= size && tensor.size <= size - tensor.offset, "a tensor lies within its file");
    read_config(opened);
  } catch (const load_error& error) {
    troupe::fuzz::claim_one_line(error.what());
  }
  return 0;
}
