// Who asks, and whether they may.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/api/call.hpp"
#include "http/api/errors.hpp"
#include "http/keys.hpp"
#include "http/request.hpp"
#include "http/router.hpp"

namespace troupe::http {

/// What a request must show, where the server has keys.
enum class access : std::uint8_t { open, key, admin_key };

/// What a way wants: probes and preflights are open, orders want an admin's key, all else wants a key; a path that does
/// not exist too, so that strangers do not learn which do.
access access_to(const std::variant<route, no_route>& way, std::string_view method, const options& opts);

/// Whom a request comes from. The key lives as long as its table, which may have been replaced meanwhile.
struct caller {
  std::shared_ptr<const key_table> table = {};
  /// Null for somebody without one.
  const api_key* key = nullptr;
};

/// Looks at `Authorization: Bearer`. Without keys everybody may do everything. Otherwise a refusal is a 401, or a 403
/// where the key is good but no admin's.
std::variant<caller, api::refusal> identify(
  const request& asked, access wanted, const std::shared_ptr<const key_table>& keys);

/// What the server looks like to that key: only its models are there. Nothing where the key sees all.
std::optional<options> narrowed(const options& opts, const caller& who);

/// Says on every request of a call whom it comes from; `peer` is the address, for those without a key. Refuses a
/// priority that is not theirs to ask for.
std::optional<api::refusal> sign(std::vector<native_request>& requests, const caller& who, const std::string& peer);

} // namespace troupe::http
