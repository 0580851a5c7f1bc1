#include "http/api/given.hpp"

#include "http/api/errors.hpp"
#include "http/api/sampling.hpp"
#include "http/api/tokens.hpp"

namespace troupe::http::api {

const served_model& read_given_call(field_reader& fields, const call_context& context, native_request& request) {
  const auto name = fields.string("model");
  if (!name)
    refuse("model", "model is missing; GET /v1/models lists what is served, and 'default' is the first");
  const auto& model = find_model(context.opts, *name);
  request.request_id = context.request_id;
  address(request, model);
  request.form = prompt_form::text;
  request.add_special = fields.boolean("add_special_tokens").value_or(true);
  request.priority = read_priority(fields);
  request.cache = context.no_store ? cache_policy::bypass : cache_policy::use;
  fields.string("user");
  return model;
}

void set_given_prompt(const boost::json::value& value, const std::string& path, native_request& request) {
  const auto field = path.substr(0, path.find('['));
  if (value.is_string()) {
    if (value.get_string().empty())
      refuse(field, path + " must not be empty");
    request.form = prompt_form::text;
    request.prompt = std::string{value.get_string()};
    return;
  }
  if (!value.is_array())
    refuse_type(path, "a string or a list of token ids", value);
  if (value.get_array().empty())
    refuse(field, path + " must not be empty");
  request.form = prompt_form::tokens;
  request.prompt_tokens = read_token_ids(value.get_array(), path);
}

} // namespace troupe::http::api
