#include <iostream>

#include "app/commands.hpp"

namespace troupe::app {

int check(const std::filesystem::path& file) {
  const config::config c = config::load(file);
  std::cout << file.string() << " holds: on " << c.http.host << ':' << c.http.port << '\n';
  for (const config::model_entry& model : c.models)
    std::cout << "  model " << model.name << " (" << model.path.string() << ")\n";
  for (const config::model_entry& model : c.models)
    for (const auto& adapter : model.adapters)
      std::cout << "  adapter " << model.name << ':' << adapter.name << " (" << adapter.path.string() << ")\n";
  if (!c.keys.empty())
    std::cout << "  API keys: " << c.keys.size() << '\n';
  for (const worker_options& worker : c.company.workers)
    std::cout << "  worker " << worker.engine.device << " of " << worker.model << ": " << worker.engine.max_sequences
              << " sequences, " << worker.step_tokens << " tokens a step\n";
  return 0;
}

} // namespace troupe::app
