// The address of the server under test.
#pragma once

#include <string>
#include <string_view>

namespace troupe::bench {

/// An `http://` address, taken apart.
struct server_url {
  /// Name or address to connect to; an IPv6 address without its brackets.
  std::string host;
  /// Decimal, "80" where the URL has none.
  std::string port;
  /// What the `Host` header says: host and port as the URL has them.
  std::string authority;
  /// Stands before every path; empty or "/something", without a `/` at its end.
  std::string prefix;
};

/// Takes an URL apart. Throws `std::invalid_argument`, which says what is wrong with which URL: another scheme, a
/// missing host, a port outside 1 to 65535, a user, a query or a fragment, or characters that no URL has.
server_url parse_url(std::string_view url);

} // namespace troupe::bench
