#include "http/api/given.hpp"

#include "http/api/errors.hpp"
#include "http/api/sampling.hpp"

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

} // namespace troupe::http::api
