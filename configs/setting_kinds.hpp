// The kinds of settings: how a key's value is read, checked and shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "configs/settings.hpp"
#include "configs/values.hpp"

namespace troupe::config {

constexpr std::int64_t kib = 1 << 10, mib = 1 << 20, gib = 1 << 30;
constexpr std::int64_t any_count = 1'000'000'000;

/// Follows member pointers: `at(&config::http, &http::options::port)` finds a config's port.
template <class... Members>
auto at(Members... members) {
  return [members...](auto& target) -> auto& {
    return (target.*....*members);
  };
}

inline std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

template <class Target, class Access>
setting<Target> count(std::string table, std::string key, Access access, std::int64_t least, std::int64_t most) {
  return {std::move(table), std::move(key),
    "a whole number between " + std::to_string(least) + " and " + std::to_string(most),
    [=](Target& target, const toml::node& node) {
      const auto value = node.value_exact<std::int64_t>();
      if (!value || *value < least || *value > most)
        return false;
      auto& place = access(target);
      place = static_cast<std::remove_reference_t<decltype(place)>>(*value);
      return true;
    },
    [=](const Target& target) { return std::to_string(access(target)); }};
}

template <class Target, class Access>
setting<Target> size(std::string table, std::string key, Access access, std::int64_t least, std::int64_t most) {
  return {std::move(table), std::move(key),
    "a size between " + format_bytes(least) + " and " + format_bytes(most) + ", such as 4096 or \"64MiB\"",
    [=](Target& target, const toml::node& node) {
      auto value = node.value_exact<std::int64_t>();
      if (const auto text = node.value_exact<std::string>())
        value = parse_bytes(*text);
      if (!value || *value < least || *value > most)
        return false;
      access(target) = static_cast<std::size_t>(*value);
      return true;
    },
    [=](const Target& target) { return quoted(format_bytes(static_cast<std::int64_t>(access(target)))); }};
}

template <class Target, class Access>
setting<Target> duration(
  std::string table, std::string key, Access access, std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  return {std::move(table), std::move(key),
    "a time between \"" + format_duration(least) + "\" and \"" + format_duration(most) + "\" (units: ms, s, m, h)",
    [=](Target& target, const toml::node& node) {
      const auto text = node.value_exact<std::string>();
      const auto value = text ? parse_duration(*text) : std::nullopt;
      if (!value || *value < least || *value > most)
        return false;
      access(target) = *value;
      return true;
    },
    [=](const Target& target) { return quoted(format_duration(access(target))); }};
}

template <class Target, class Access>
setting<Target> flag(std::string table, std::string key, Access access) {
  return {std::move(table), std::move(key), "true or false",
    [=](Target& target, const toml::node& node) {
      const auto value = node.value_exact<bool>();
      access(target) = value.value_or(access(target));
      return value.has_value();
    },
    [=](const Target& target) { return std::string{access(target) ? "true" : "false"}; }};
}

/// A string that `holds` accepts.
template <class Target, class Access>
setting<Target> text(std::string table, std::string key, Access access, std::string allowed,
  std::function<bool(const std::string&)> holds) {
  return {std::move(table), std::move(key), std::move(allowed),
    [=](Target& target, const toml::node& node) {
      const auto value = node.value_exact<std::string>();
      if (!value || !holds(*value))
        return false;
      access(target) = *value;
      return true;
    },
    [=](const Target& target) { return quoted(std::string{access(target)}); }};
}

} // namespace troupe::config
