#include "engine/device.hpp"

#include "engine/engine.hpp"

#include <ATen/ATen.h>

#include <charconv>
#include <dlfcn.h>
#include <fstream>
#include <thread>

namespace troupe::engine {

namespace {

/// The driver's own list of GPUs; empty without a driver.
std::vector<std::string> gpu_names() {
  std::vector<std::string> names;
  void* driver = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!driver)
    return names;
  const auto init = reinterpret_cast<int (*)(unsigned)>(::dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(::dlsym(driver, "cuDeviceGetCount"));
  const auto name = reinterpret_cast<int (*)(char*, int, int)>(::dlsym(driver, "cuDeviceGetName"));
  int devices = 0;
  if (init && count && name && init(0) == 0 && count(&devices) == 0)
    for (int i = 0; i < devices; ++i) {
      char text[256] = "";
      names.emplace_back(name(text, sizeof text, i) == 0 ? text : "GPU");
    }
  return names;
}

std::string processor_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "processor";
}

processor_features find_features() {
  processor_features found;
#if defined(__x86_64__)
  found.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  found.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  found.avx512_bf16 = __builtin_cpu_supports("avx512bf16");
  found.avx512_vnni = __builtin_cpu_supports("avx512vnni");
#endif
  return found;
}

/// The folder of the libtorch that this process runs with.
std::string torch_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(static_cast<bool (*)()>(&at::hasMKLDNN)), &info) == 0 || !info.dli_fname)
    return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

} // namespace

const processor_features& processor() {
  static const processor_features found = find_features();
  return found;
}

device_name parse_device(const std::string& word) {
  if (word == "cpu")
    return {};
  device_name device{true, 0};
  const std::string prefix = "cuda:";
  const auto* end = word.data() + word.size();
  if (word.starts_with(prefix) && word.size() > prefix.size()) {
    const auto [stop, error] = std::from_chars(word.data() + prefix.size(), end, device.index);
    if (error == std::errc() && stop == end && device.index >= 0)
      return device;
  }
  throw load_error("device must be cpu or cuda:N, got '" + word + "'");
}

void require_device(const device_name& device) {
  if (!device.cuda)
    return;
  const auto gpus = gpu_names();
  if (static_cast<std::size_t>(device.index) < gpus.size())
    return;
  std::string there = "cpu";
  for (std::size_t i = 0; i < gpus.size(); ++i)
    there += ", cuda:" + std::to_string(i);
  throw load_error("device 'cuda:" + std::to_string(device.index) + "' is not there; this machine has " + there);
}

void open_cuda(const device_name& device) {
  const auto name = "device 'cuda:" + std::to_string(device.index) + "': ";
  // Global, so that what these libraries register and export is the process's as if it had been linked.
  static void* const library = ::dlopen((torch_folder() + "libtorch_cuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    const char* why = ::dlerror();
    throw load_error(name + "libtorch's CUDA libraries do not load: " + (why ? why : "tried before"));
  }
  try {
    const auto probe =
      at::ones({8}, at::TensorOptions(at::kFloat).device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index)));
    if (probe.sum().item<float>() != 8.0F)
      throw load_error(name + "does not compute");
  } catch (const c10::Error& error) {
    throw load_error(name + error.what_without_backtrace());
  }
}

std::vector<device_info> list_devices() {
  const auto& has = processor();
  std::string line = processor_model() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
  line += has.avx2 ? ", AVX2" : "";
  line += has.avx512 ? ", AVX-512" : "";
  line += has.avx512_bf16 ? ", BF16" : "";
  line += has.avx512_vnni ? ", VNNI" : "";
  std::vector<device_info> devices{{"cpu", line}};
  const auto gpus = gpu_names();
  for (std::size_t i = 0; i < gpus.size(); ++i)
    devices.push_back({"cuda:" + std::to_string(i), gpus[i]});
  return devices;
}

} // namespace troupe::engine
