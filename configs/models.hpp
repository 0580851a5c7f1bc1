// Which models there are by which names, and which worker holds which.
#pragma once

#include <string>
#include <vector>

#include "configs/settings.hpp"

namespace troupe::config {

/// Names every model that has no name yet after its file or folder. Throws `config_error` where a name or alias says
/// two things.
void name_models(const std::string& file, std::vector<model_entry>& models);

/// Where the model's path leads: as it is, else from the folder that holds the config file's folder. Throws
/// `config_error` that begins with `source`.
std::filesystem::path find_model(
  const std::string& source, const std::filesystem::path& file, const std::filesystem::path& model);

/// The workers, each with the name, path, type and context of its model. Without any there is one for each model.
/// Throws `config_error` for a worker of a model that is not there, and for a model without a worker.
std::vector<worker_options> staff(
  const std::string& file, const std::vector<model_entry>& models, std::vector<worker_entry> workers);

} // namespace troupe::config
