// How an engine is made from options: what is checked, in which order, and what the sizes come to.
#include "engine/adapter_files.hpp"
#include "engine/checkpoint.hpp"
#include "engine/device.hpp"
#include "engine/torch_engine.hpp"
#include "engine/weight_store.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <thread>

namespace troupe::engine {

namespace {

/// On a CPU `automatic` is float32: bfloat16 costs accuracy and, where the processor lacks it, speed.
at::ScalarType choose_dtype(data_type asked, const device_name& device) {
  if (asked == data_type::automatic)
    return device.cuda ? at::kBFloat16 : at::kFloat;
  return asked == data_type::float32 ? at::kFloat : at::kBFloat16;
}

void check_size(const char* name, std::size_t value, std::size_t least, std::size_t limit) {
  if (value < least || value > limit)
    throw load_error(std::string(name) + " must be between " + std::to_string(least) + " and " + std::to_string(limit) +
      ", got " + std::to_string(value));
}

void check_sizes(const engine_options& options) {
  check_size("block_size", options.block_size, 1, 4096);
  check_size("kv_blocks", options.kv_blocks, 0, 1U << 28U);
  check_size("kv_bytes", options.kv_bytes, options.kv_blocks > 0 ? 0 : 1, std::size_t{1} << 46U);
  check_size("max_sequences", options.max_sequences, 1, 65536);
  check_size("max_step_tokens", options.max_step_tokens, 1, 1U << 20U);
  check_size("adapters", options.adapters.size(), 0, 1024);
  if (options.threads < 0 || options.threads > 4096)
    throw load_error("threads must be between 0 and 4096, got " + std::to_string(options.threads));
}

/// Memory of the weights once they are widened.
std::size_t widened_bytes(const checkpoint& model, at::ScalarType dtype, const device_name& device) {
  std::size_t elements = 0;
  for (const auto& [key, tensor] : model.weights) {
    const auto own = std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::size_t{1}, std::multiplies<>{});
    // On a CPU the head is packed: a copy of the embedding that it is tied to.
    const bool twice = model.config.tied_head && !device.cuda && key.role == weight_role::embedding;
    elements += twice ? 2 * own : own;
  }
  return elements * c10::elementSize(dtype);
}

model_info describe(const engine_options& options, const checkpoint& model, at::ScalarType dtype) {
  const auto& config = model.config;
  model_info info;
  info.architecture = config.architecture;
  info.dtype = dtype == at::kFloat ? "float32" : "bfloat16";
  info.device = options.device;
  info.vocabulary = config.vocabulary;
  info.layers = config.layers;
  info.hidden = config.hidden;
  info.block_size = options.block_size;
  info.max_sequences = options.max_sequences;
  info.max_step_tokens = options.max_step_tokens;
  info.digest = model.digest;
  const auto block_bytes = kv_cache::block_bytes(config, options.block_size, dtype);
  info.kv_blocks = options.kv_blocks > 0 ? options.kv_blocks : options.kv_bytes / block_bytes;
  if (info.kv_blocks == 0)
    throw load_error("kv_bytes must hold at least one block of " + std::to_string(block_bytes) + " bytes, got " +
      std::to_string(options.kv_bytes));
  info.kv_bytes = info.kv_blocks * block_bytes;
  info.context = std::min(config.context, info.kv_blocks * options.block_size);
  if (options.max_context > 0)
    info.context = std::min(info.context, options.max_context);
  return info;
}

/// Everything that is known before a weight is read.
struct plan {
  checkpoint model;
  std::vector<adapter_files> adapters;
  device_name device;
  at::ScalarType dtype;
  model_info info;
};

plan make_plan(const engine_options& options) {
  check_sizes(options);
  const auto device = parse_device(options.device);
  require_device(device);
  auto model = open_checkpoint(options.model);
  const auto dtype = choose_dtype(options.dtype, device);
  auto info = describe(options, model, dtype);
  info.weight_bytes = widened_bytes(model, dtype, device);
  std::vector<adapter_files> adapters;
  for (const auto& [name, path] : options.adapters) {
    const auto& adapter = adapters.emplace_back(open_adapter(path, model.config));
    info.adapters.push_back({name, adapter.digest});
    info.weight_bytes += adapter.bytes();
  }
  return {std::move(model), std::move(adapters), device, dtype, std::move(info)};
}

} // namespace

model_info inspect_model(const engine_options& options) {
  return make_plan(options).info;
}

std::unique_ptr<engine> load_engine(const engine_options& options) {
  weight_store own;
  return load_engine(options, own);
}

std::unique_ptr<engine> load_engine(const engine_options& options, weight_store& store) {
  auto planned = make_plan(options);
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const auto threads = options.threads > 0 ? options.threads : cores;
  at::set_num_threads(threads);
  try {
    if (planned.device.cuda)
      open_cuda(planned.device);
    const c10::InferenceMode guard;
    const auto device = planned.device.cuda ? at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(planned.device.index))
                                            : at::Device(at::kCPU);
    auto model = store.entries_->find_or_load(planned.model, planned.dtype, device);
    std::vector<adapter_weights> adapters;
    for (const auto& adapter : planned.adapters)
      adapters.push_back(load_adapter(adapter, planned.model.config, device));
    auto loaded =
      std::make_unique<torch_engine>(std::move(planned.info), std::move(model), std::move(adapters), threads);
    loaded->warm_up();
    return loaded;
  } catch (const c10::Error& error) {
    throw load_error(options.model.string() + " on " + options.device + ": " + error.what_without_backtrace());
  }
}

} // namespace troupe::engine
