#include "engine/cpu/attention.hpp"

#include "engine/device.hpp"

namespace troupe::engine::cpu {

attention_kernel choose_attention() {
#if defined(__x86_64__)
  if (processor().avx512)
    return attend_avx512;
  if (processor().avx2)
    return attend_avx2;
#endif
  return attend_portable;
}

} // namespace troupe::engine::cpu
