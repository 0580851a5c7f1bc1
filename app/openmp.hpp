// How the OpenMP runtime waits.
#pragma once

namespace troupe::app {

/// Has idle OpenMP threads look for work `spin` times before they sleep; does nothing for -1, or where the environment
/// says already how they wait.
///
/// libgomp reads its environment once, when it is loaded, which is before main. So this starts the program anew in the
/// same process, with the same arguments and the environment set: call it before any thread, file or socket is there.
void set_openmp_spin(int spin);

} // namespace troupe::app
