// What a service manager and the server say to each other: sd_notify(3) and sd_listen_fds(3), as their manual pages
// describe them. Does nothing where no service manager asks.
#pragma once

#include <optional>
#include <string>

namespace troupe::app {

/// Tells the service manager, such as `READY=1`. Lines are separated by newlines.
void notify(const std::string& state);

/// The listening socket that the service manager has opened for this process.
std::optional<int> inherited_socket();

/// What a reload begins with: the manager waits for the next `READY=1`.
std::string reloading();

} // namespace troupe::app
