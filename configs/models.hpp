// Which models there are by which names, and which worker holds which.
#pragma once

#include <string>
#include <vector>

#include "configs/settings.hpp"

namespace troupe::config {

/// Names every model and adapter that has no name yet after its file or folder, and gives each model its adapters.
/// Throws `config_error` where a name or alias says two things, or an adapter's model is not there.
void name_models(const std::string& file, std::vector<model_entry>& models, std::vector<adapter_entry> adapters);

/// Where a model's or adapter's path leads: as it is, else from the folder that holds the config file's folder. Throws
/// `config_error` that begins with `source` and says what is `wanted`.
std::filesystem::path find_model(const std::string& source, const std::filesystem::path& file,
  const std::filesystem::path& model, const std::string& wanted);

/// The workers, each with the name, path, type, context and adapters of its model. Without any there is one for each
/// model. Throws `config_error` for a worker of a model that is not there, and for a model without a worker.
std::vector<worker_options> staff(
  const std::string& file, const std::vector<model_entry>& models, std::vector<worker_entry> workers);

} // namespace troupe::config
