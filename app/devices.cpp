#include <iostream>

#include "app/commands.hpp"
#include "engine/engine.hpp"

namespace troupe::app {

int devices() {
  for (const engine::device_info& device : engine::list_devices())
    std::cout << device.name << "  " << device.description << '\n';
  return 0;
}

} // namespace troupe::app
