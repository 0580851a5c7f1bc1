#include "configs/settings.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "configs/setting_kinds.hpp"

namespace troupe::config {

namespace {

using namespace std::chrono_literals;

bool anything(const std::string&) {
  return true;
}

bool not_empty(const std::string& word) {
  return !word.empty();
}

std::function<bool(const std::string&)> one_of(std::vector<std::string> words) {
  return [=](const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); };
}

/// `*`, or what a browser sends as `Origin`: a scheme and a host, with no path, not even a slash. Another would match
/// none.
bool names_an_origin(const std::string& word) {
  const auto host = word.find("://");
  return word == "*" ||
    (host != std::string::npos && host > 0 && word.size() > host + 3 && word.find('/', host + 3) == std::string::npos);
}

setting<config> origins() {
  return {"http", "cors_origins", "a list of origins, such as [\"https://example.org\"], or [\"*\"] for any",
    [](config& target, const toml::node& node) {
      const toml::array* array = node.as_array();
      if (!array)
        return false;
      std::vector<std::string> found;
      for (const toml::node& element : *array) {
        auto origin = element.value_exact<std::string>();
        if (!origin || !names_an_origin(*origin))
          return false;
        found.push_back(std::move(*origin));
      }
      target.http.cors_origins = std::move(found);
      return true;
    },
    [](const config& target) {
      std::string all;
      for (const std::string& origin : target.http.cors_origins)
        all += (all.empty() ? "" : ", ") + quoted(origin);
      return '[' + all + ']';
    }};
}

void add_server(std::vector<setting<config>>& all) {
  using http::options;
  all.push_back(text<config>("", "host", at(&config::http, &options::host), "an address or a host name", not_empty));
  all.push_back(count<config>("", "port", at(&config::http, &options::port), 0, 65535));
  all.push_back(duration<config>("", "drain_timeout", at(&config::drain_timeout), 0s, 24h));
  all.push_back(count<config>("", "openmp_spin", at(&config::openmp_spin), -1, any_count));
  all.push_back(text<config>("log", "level", at(&config::log, &log_options::level),
    R"("trace", "debug", "info", "warning", "error" or "off")",
    one_of({"trace", "debug", "info", "warning", "error", "off"})));
  all.push_back(text<config>(
    "log", "format", at(&config::log, &log_options::format), R"("text" or "json")", one_of({"text", "json"})));
  all.push_back(count<config>("http", "threads", at(&config::http, &options::threads), 1, 256));
  all.push_back(origins());
  all.push_back(
    text<config>("http", "certificate", at(&config::certificate_path), "a PEM file, or \"\" for none", anything));
  all.push_back(
    text<config>("http", "private_key", at(&config::private_key_path), "a PEM file, or \"\" for none", anything));
  all.push_back(flag<config>("http", "allow_anonymous", at(&config::http, &options::allow_anonymous)));
  all.push_back(
    duration<config>("http", "stream_keep_alive", at(&config::http, &options::stream_keep_alive), 100ms, 1h));
  all.push_back(duration<config>("http", "live_timeout", at(&config::http, &options::live_timeout), 100ms, 24h));
  all.push_back(count<config>("http", "context_window", at(&config::http, &options::context_window), 0, any_count));
  all.push_back(
    count<config>("http", "max_context_length", at(&config::http, &options::max_context_length), 1, any_count));
  all.push_back(
    text<config>("auth", "keys", at(&config::keys_path), "a file of [[key]] tables, or \"\" for none", anything));
  all.push_back(flag<config>("auth", "metrics", at(&config::http, &options::metrics_need_key)));
  all.push_back(text<config>("audit", "file", at(&config::audit, &audit_options::file),
    R"(a file to append to, "stdout", or "" for none)", anything));
  all.push_back(flag<config>("audit", "text", at(&config::http, &options::audit_text)));
}

void add_limits(std::vector<setting<config>>& all) {
  using http::limits;
  const auto limit = [](auto member) { return at(&config::http, &http::options::limit, member); };
  all.push_back(size<config>("limits", "header_bytes", limit(&limits::header_bytes), kib, mib));
  all.push_back(count<config>("limits", "header_count", limit(&limits::header_count), 8, 10'000));
  all.push_back(size<config>("limits", "url_bytes", limit(&limits::url_bytes), 64, mib));
  all.push_back(size<config>("limits", "body_bytes", limit(&limits::body_bytes), kib, gib));
  all.push_back(count<config>("limits", "chunk_count", limit(&limits::chunk_count), 1, any_count));
  // A request's own fields nest three deep; the JSON reader itself stops at 1,000.
  all.push_back(count<config>("limits", "json_depth", limit(&limits::json_depth), 4, 1'000));
  all.push_back(count<config>("limits", "messages", limit(&limits::messages), 1, any_count));
  all.push_back(duration<config>("limits", "header_timeout", limit(&limits::header_timeout), 100ms, 1h));
  all.push_back(duration<config>("limits", "body_timeout", limit(&limits::body_timeout), 100ms, 1h));
  all.push_back(duration<config>("limits", "idle_timeout", limit(&limits::idle_timeout), 100ms, 24h));
  all.push_back(duration<config>("limits", "write_timeout", limit(&limits::write_timeout), 100ms, 1h));
  all.push_back(size<config>("limits", "sink_bytes", limit(&limits::sink_bytes), 4 * kib, gib));
  all.push_back(count<config>("limits", "connections", limit(&limits::connections), 1, 1'000'000));
}

void add_company(std::vector<setting<config>>& all) {
  using c = company_options;
  const auto gateway = [](auto member) { return at(&config::company, &c::gateway, member); };
  all.push_back(count<config>("queue", "max_waiting", gateway(&gateway_options::max_waiting), 0, any_count));
  all.push_back(
    size<config>("queue", "max_waiting_bytes", gateway(&gateway_options::max_waiting_bytes), kib, 1024 * gib));
  all.push_back(count<config>("queue", "max_live", gateway(&gateway_options::max_live), 1, any_count));
  all.push_back(duration<config>("queue", "request_timeout", gateway(&gateway_options::request_timeout), 0s, 168h));
  all.push_back(
    duration<config>("queue", "aging", at(&config::company, &c::scheduler, &scheduler_options::aging), 1ms, 24h));
  all.push_back(size<config>("queue", "encode_inline_bytes",
    at(&config::company, &c::generation, &generation_options::encode_inline_bytes), 0, gib));

  using cache::response_cache_options;
  const auto answers = [](auto member) { return at(&config::company, &c::cache, member); };
  all.push_back(count<config>("cache", "max_entries", answers(&response_cache_options::max_entries), 0, any_count));
  all.push_back(size<config>("cache", "max_bytes", answers(&response_cache_options::max_bytes), 0, 1024 * gib));
  all.push_back(duration<config>("cache", "time_to_live", answers(&response_cache_options::time_to_live), 1ms, 8760h));

  const auto metrics = [](auto member) { return at(&config::company, &c::metrics, member); };
  all.push_back(duration<config>("metrics", "objective", metrics(&metrics_options::objective), 1ms, 24h));
  all.push_back(duration<config>("metrics", "window", metrics(&metrics_options::window), 1s, 24h));
  all.push_back(count<config>("metrics", "max_samples", metrics(&metrics_options::max_samples), 16, 10'000'000));

  const auto restart = [](auto member) { return at(&config::company, &c::supervisor, member); };
  all.push_back(duration<config>("restart", "delay", restart(&supervisor_options::restart_delay), 1ms, 1h));
  all.push_back(duration<config>("restart", "max_delay", restart(&supervisor_options::max_restart_delay), 1ms, 24h));
  all.push_back(duration<config>(
    "restart", "stall", at(&config::company, &c::scheduler, &scheduler_options::least_stall), 100ms, 24h));
  all.push_back(size<config>("memory", "budget",
    at(&config::company, &c::supervisor, &supervisor_options::memory, &memory_options::budget), 0, 1024 * 1024 * gib));
  all.push_back(flag<config>("admin", "drills", restart(&supervisor_options::drills)));
}

} // namespace

const std::vector<setting<config>>& settings() {
  static const std::vector<setting<config>> all = [] {
    std::vector<setting<config>> found;
    add_server(found);
    add_limits(found);
    add_company(found);
    return found;
  }();
  return all;
}

} // namespace troupe::config
