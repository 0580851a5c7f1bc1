#include "http/keys.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace troupe::http {

std::array<unsigned char, 32> digest_of(std::string_view secret) {
  std::array<unsigned char, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
  return digest;
}

const api_key* key_table::find(std::string_view secret) const {
  const auto digest = digest_of(secret);
  const api_key* found = nullptr;
  for (const auto& key : keys_)
    if (CRYPTO_memcmp(key.digest.data(), digest.data(), digest.size()) == 0)
      found = &key;
  return found;
}

} // namespace troupe::http
