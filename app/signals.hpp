// The signals that people and service managers send, as something to wait for.
#pragma once

#include <chrono>

namespace troupe::app {

enum class signal_word { stop, reload };

/// Keeps SIGTERM, SIGINT and SIGHUP from ending the process, in this thread and in all that it starts: call it before
/// any other thread is there. Also lets writes to closed sockets fail instead of ending the process.
void hold_signals();

/// Waits for SIGTERM or SIGINT (stop) or SIGHUP (reload).
signal_word wait_for_signal();
/// Waits at most this long. Whether SIGTERM or SIGINT came.
bool wait_for_stop(std::chrono::milliseconds limit);

/// From now on SIGTERM and SIGINT end the process at once, with 128 and the signal's number as its status.
void exit_on_next_stop();

/// Ends the process after this time with status 0, whatever it still waits for: a thread that hangs must not keep a
/// server from ending whose work is done.
void exit_within(std::chrono::seconds limit);

} // namespace troupe::app
