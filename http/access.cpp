#include "http/access.hpp"

#include <algorithm>

namespace troupe::http {

namespace {

/// The secret after `Bearer`. Nothing where there is none, or more than one field to choose from.
std::optional<std::string_view> bearer_secret(const request& asked) {
  std::optional<std::string_view> found;
  for (const auto& [name, value] : asked.fields) {
    if (!same_word(name, "authorization"))
      continue;
    if (found)
      return {};
    const std::string_view text = trim_blanks(value);
    const auto blank = std::min(text.find_first_of(" \t"), text.size());
    found = same_word(text.substr(0, blank), "bearer") ? trim_blanks(text.substr(blank)) : std::string_view{};
  }
  return found && !found->empty() ? found : std::nullopt;
}

void sign_request(native_request& request, const api_key& key) {
  request.tenant = key.tenant;
  request.client = key.name;
  request.rate = {key.name, key.requests_per_minute, key.tokens_per_minute};
}

} // namespace

access access_to(const std::variant<route, no_route>& way, std::string_view method, const options& opts) {
  const auto* to = std::get_if<route>(&way);
  if (to == nullptr)
    return method == "OPTIONS" ? access::open : access::key;
  switch (to->to) {
  case endpoint::front_page:
  case endpoint::description:
  case endpoint::description_page:
  case endpoint::health:
  case endpoint::live:
  case endpoint::ready:
  case endpoint::options:
    return access::open;
  case endpoint::metrics:
  case endpoint::prometheus:
    return opts.metrics_need_key ? access::key : access::open;
  case endpoint::clear_cache:
  case endpoint::drill:
  case endpoint::reload:
    return access::admin_key;
  default:
    return access::key;
  }
}

std::variant<caller, api::refusal> identify(
  const request& asked, access wanted, const std::shared_ptr<const key_table>& keys) {
  if (wanted == access::open || !keys || keys->empty())
    return caller{};
  const auto secret = bearer_secret(asked);
  if (!secret)
    return api::refusal{401, "there is no API key: send it as 'Authorization: Bearer KEY'", {}, "invalid_api_key", {}};
  const auto* key = keys->find(*secret);
  if (key == nullptr)
    return api::refusal{401, "the API key is not known here", {}, "invalid_api_key", {}};
  if (wanted == access::admin_key && !key->admin)
    return api::refusal{
      403, asked.path + " wants an admin's key, and '" + key->name + "' is none", {}, "permission_denied", {}};
  return caller{keys, key};
}

std::optional<options> narrowed(const options& opts, const caller& who) {
  if (who.key == nullptr || who.key->models.empty())
    return {};
  options seen = opts;
  std::erase_if(seen.models, [&](const served_model& model) {
    return std::none_of(who.key->models.begin(), who.key->models.end(),
      [&](const std::string& allowed) { return is_called(model, allowed); });
  });
  return seen;
}

std::optional<api::refusal> sign(std::vector<native_request>& requests, const caller& who, const std::string& peer) {
  for (auto& request : requests) {
    if (who.key == nullptr) {
      request.client = peer;
      continue;
    }
    if (request.priority > who.key->max_priority)
      return api::refusal{400,
        "priority must be at most " + std::to_string(who.key->max_priority) + " with this API key, got " +
          std::to_string(request.priority),
        "priority", {}, {}};
    sign_request(request, *who.key);
  }
  return {};
}

} // namespace troupe::http
