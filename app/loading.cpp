#include "app/loading.hpp"

#include <future>

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::app {

std::unique_ptr<engine::engine> load_gently(const engine::engine_options& options, engine::weight_store& weights) {
  constexpr int niceness = 10;
  return std::async(std::launch::async, [&] {
    // Of this thread only: Linux counts by thread.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
    auto loaded = engine::load_engine(options, weights);
    // What was needed to read the weights.
    trim_memory();
    return loaded;
  }).get();
}

void trim_memory() {
  ::malloc_trim(0);
}

} // namespace troupe::app
