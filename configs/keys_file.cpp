#include "configs/keys_file.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "configs/config.hpp"
#include "configs/places.hpp"
#include "configs/setting_kinds.hpp"

namespace troupe::config {

namespace {

using http::api_key;

constexpr std::int64_t most_per_minute = 100'000'000;
constexpr std::size_t longest_word = 64;

/// What may stand in log lines and headers as it is.
bool is_word(const std::string& word) {
  return !word.empty() && word.size() <= longest_word && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
      std::string_view{"._-@:+"}.find(c) != std::string_view::npos;
  });
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f')
    return static_cast<unsigned>(c - 'a') + 10;
  return c >= 'A' && c <= 'F' ? std::optional{static_cast<unsigned>(c - 'A') + 10} : std::nullopt;
}

setting<api_key> digest() {
  return {"", "sha256", "the 64 hex digits of the secret's SHA-256",
    [](api_key& target, const toml::node& node) {
      const auto text = node.value_exact<std::string>();
      if (!text || text->size() != 2 * target.digest.size())
        return false;
      for (std::size_t i = 0; i < target.digest.size(); ++i) {
        const auto high = hex_digit((*text)[2 * i]);
        const auto low = hex_digit((*text)[2 * i + 1]);
        if (!high || !low)
          return false;
        target.digest[i] = static_cast<unsigned char>(*high * 16 + *low);
      }
      return true;
    },
    {}};
}

setting<api_key> models() {
  return {"", "models", "a list of model names; [] for all",
    [](api_key& target, const toml::node& node) {
      const toml::array* array = node.as_array();
      if (!array)
        return false;
      target.models.clear();
      for (const toml::node& element : *array) {
        const auto name = element.value_exact<std::string>();
        if (!name || name->empty())
          return false;
        target.models.push_back(*name);
      }
      return true;
    },
    {}};
}

const std::vector<setting<api_key>>& fields() {
  using k = api_key;
  const std::string word = "1 to 64 letters, digits or any of ._-@:+";
  static const std::vector<setting<k>> all{
    text<k>("", "name", at(&k::name), word, is_word),
    digest(),
    text<k>("", "tenant", at(&k::tenant), word, is_word),
    models(),
    count<k>("", "requests_per_minute", at(&k::requests_per_minute), 0, most_per_minute),
    count<k>("", "tokens_per_minute", at(&k::tokens_per_minute), 0, most_per_minute),
    count<k>("", "max_priority", at(&k::max_priority), -1000, 1000),
    flag<k>("", "admin", at(&k::admin)),
  };
  return all;
}

/// A key as errors name it: by its name, else by its number.
std::string title(const toml::table& source, std::size_t number) {
  const auto name = source["name"].value_exact<std::string>();
  return name && is_word(*name) ? "key \"" + *name + '"' : "key number " + std::to_string(number);
}

api_key read_key(const std::string& file, const toml::table& source, std::size_t number) {
  const std::string who = title(source, number);
  api_key key;
  for (const auto& [word, node] : source) {
    const std::string_view name = word.str();
    const auto known = std::find_if(fields().begin(), fields().end(), [name](const auto& s) { return s.key == name; });
    if (known == fields().end()) {
      std::string names;
      for (const auto& s : fields())
        names += (names.empty() ? "" : ", ") + s.key;
      throw config_error{
        place(file, word.source()) + ": " + who + ": unknown field \"" + std::string{name} + "\"; there are " + names};
    }
    if (!known->read(key, node))
      // What stands in the place of a digest may be the secret itself: it is not repeated.
      throw config_error{place(file, node.source()) + ": " + who + ": " + known->key + " must be " + known->allowed +
        (known->key == "sha256" ? "" : ", got " + shown(node))};
  }
  for (const char* needed : {"name", "sha256"})
    if (!source.contains(needed))
      throw config_error{place(file, source.source()) + ": " + who + ": " + needed + " is missing"};
  if (key.tenant.empty())
    key.tenant = key.name;
  return key;
}

void check_duplicate(const std::string& where, const std::vector<api_key>& before, const api_key& key) {
  for (const auto& other : before) {
    if (other.name == key.name)
      throw config_error{where + ": key \"" + key.name + "\": name is another key's already"};
    if (other.digest == key.digest)
      throw config_error{where + ": key \"" + key.name + "\": sha256 is that of key \"" + other.name + "\" already"};
  }
}

} // namespace

std::vector<api_key> parse_keys(const std::string& text, const std::string& name) {
  const toml::table document = parse_toml(text, name);
  for (const auto& [word, node] : document)
    if (word.str() != "key")
      throw config_error{place(name, word.source()) + ": unknown key \"" + std::string{word.str()} +
        "\"; a file of API keys has [[key]] tables only"};
  const toml::node* found = document.get("key");
  if (!found)
    throw config_error{name + ": there is no [[key]] table, so that nobody could come in"};
  const toml::array* array = found->as_array();
  if (!array || array->empty() || !array->is_homogeneous<toml::table>())
    throw config_error{place(name, found->source()) + ": key must be one or more [[key]] tables"};
  if (array->size() > most_keys)
    throw config_error{name + ": there may be at most " + std::to_string(most_keys) + " [[key]] tables, got " +
      std::to_string(array->size())};
  std::vector<api_key> keys;
  for (const toml::node& element : *array) {
    auto key = read_key(name, *element.as_table(), keys.size() + 1);
    check_duplicate(place(name, element.source()), keys, key);
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<api_key> load_keys(const std::filesystem::path& file) {
  return parse_keys(text_of("auth.keys: file", file.string()), file.string());
}

} // namespace troupe::config
