// SIGTERM and SIGINT as something to wait for.
#pragma once

#include <chrono>

namespace troupe::app {

/// Keeps the two signals from ending the process, in this thread and in all that it starts: call it before any other
/// thread is there. Also lets writes to closed sockets fail instead of ending the process.
void hold_stop_signals();

/// Waits for one of the two signals.
void wait_for_stop();
/// Waits at most this long. Whether one came.
bool wait_for_stop(std::chrono::milliseconds limit);

/// From now on either signal ends the process at once, with 128 and the signal's number as its status.
void exit_on_next_stop();

} // namespace troupe::app
