// Where a model runs: names, what is there, and libtorch's CUDA libraries, which are opened only when asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe::engine {

/// What of the processor decides which code runs.
struct processor_features {
  bool avx2 = false;
  /// F, BW, DQ and VL together: what oneDNN and our kernels mean by AVX-512.
  bool avx512 = false;
  bool avx512_bf16 = false;
  bool avx512_vnni = false;
};

/// This machine's, found once.
const processor_features& processor();

/// A device by name: `cpu`, or `cuda:N`.
struct device_name {
  bool cuda = false;
  int index = 0;
};

/// Parses `cpu` or `cuda:N`. Throws `load_error` for another word.
device_name parse_device(const std::string& word);

/// Fails when a device is not there, naming those that are. Asks the driver only: loads no library of libtorch.
/// Throws `load_error`.
void require_device(const device_name& device);

/// Opens libtorch's CUDA libraries beside libtorch_cpu, once per process, and checks that the device computes. Throws
/// `load_error` with what is missing.
void open_cuda(const device_name& device);

} // namespace troupe::engine
