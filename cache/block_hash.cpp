#include "cache/block_hash.hpp"

#include <stdexcept>

namespace troupe::cache {

namespace {

/// First byte of a message, by its kind.
constexpr std::uint8_t scope_message = 1;
constexpr std::uint8_t block_message = 2;

template <class Word>
void put_word(std::span<std::uint8_t> out, Word word) {
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    out[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

std::uint64_t load_word(std::span<const std::uint8_t> bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < sizeof(word); ++i)
    word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

block_hash finish(blake2s& message) {
  const auto digest = message.finish();
  const std::span bytes{digest};
  return {{load_word(bytes.first(8)), load_word(bytes.last(8))}};
}

} // namespace

prefix_scope block_hasher::scope(std::string_view model, std::string_view adapter, std::string_view tenant_salt) const {
  prefix_scope scope;
  // Each field goes behind its length: no text can move from one field to the next and give the same bytes.
  for (const auto field : {model, adapter, tenant_salt}) {
    std::array<std::uint8_t, 8> length;
    put_word(length, std::uint64_t{field.size()});
    scope.identity.append(length.begin(), length.end()).append(field);
  }
  auto message = keyed_;
  message.update({&scope_message, 1});
  message.update({reinterpret_cast<const std::uint8_t*>(scope.identity.data()), scope.identity.size()});
  scope.hash = finish(message);
  return scope;
}

block_hash block_hasher::operator()(const block_hash& previous, std::span<const token_id> tokens) const {
  auto message = keyed_;
  std::array<std::uint8_t, 17> head{block_message};
  put_word(std::span{head}.subspan(1, 8), previous.words[0]);
  put_word(std::span{head}.subspan(9, 8), previous.words[1]);
  message.update(head);
  for (const auto token : tokens) {
    std::array<std::uint8_t, sizeof(token)> bytes;
    put_word(bytes, static_cast<std::uint32_t>(token));
    message.update(bytes);
  }
  return finish(message);
}

std::vector<block_hash> hash_full_blocks(const block_hash_function& hash, const prefix_scope& scope,
  std::span<const token_id> tokens, std::size_t block_size) {
  if (block_size == 0)
    throw std::invalid_argument("block_size must be at least 1, got 0");
  std::vector<block_hash> hashes;
  hashes.reserve(tokens.size() / block_size);
  for (auto rest = tokens; rest.size() >= block_size; rest = rest.subspan(block_size))
    hashes.push_back(hash(hashes.empty() ? scope.hash : hashes.back(), rest.first(block_size)));
  return hashes;
}

} // namespace troupe::cache
