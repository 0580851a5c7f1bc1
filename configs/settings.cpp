#include "configs/settings.hpp"

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>

#include "configs/setting_kinds.hpp"

namespace troupe::config {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kib = 1 << 10, mib = 1 << 20, gib = 1 << 30;
constexpr std::int64_t any_count = 1'000'000'000;

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

setting<config> model_temperature() {
  return {"model", "temperature", "a number between 0 and 2",
    [](config& target, const toml::node& node) {
      const auto value = node.value<double>();
      if (!node.is_number() || !(*value >= 0 && *value <= 2))
        return false;
      target.temperature = *value;
      return true;
    },
    [](const config& target) {
      std::ostringstream out;
      out << target.temperature;
      return out.str();
    }};
}

setting<config> model_dtype() {
  return {"model", "dtype", std::string{allowed_dtypes},
    [](config& target, const toml::node& node) {
      const auto dtype = engine::parse_data_type(node.value_exact<std::string>().value_or(""));
      target.dtype = dtype.value_or(target.dtype);
      return dtype.has_value();
    },
    [](const config& target) { return quoted(std::string{engine::name(target.dtype)}); }};
}

setting<worker_entry> worker_dtype() {
  return {"worker", "dtype", std::string{allowed_dtypes} + ", or \"\" for the model's",
    [](worker_entry& target, const toml::node& node) {
      const auto word = node.value_exact<std::string>();
      if (!word)
        return false;
      target.dtype = engine::parse_data_type(*word);
      return target.dtype.has_value() || word->empty();
    },
    [](const worker_entry& target) {
      return quoted(target.dtype ? std::string{engine::name(*target.dtype)} : std::string{});
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
  all.push_back(text<config>("model", "path", at(&config::model_path), "a .gguf file or a model's folder", not_empty));
  all.push_back(text<config>("model", "name", at(&config::model_name), "a name", anything));
  all.push_back(model_dtype());
  all.push_back(model_temperature());
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

const std::vector<setting<worker_entry>>& worker_settings() {
  using engine::engine_options;
  using e = worker_entry;
  const auto option = [](auto member) { return at(&e::options, &worker_options::engine, member); };
  static const std::vector<setting<worker_entry>> all{
    text<e>("worker", "device", option(&engine_options::device), R"("cpu" or "cuda:N" (N = 0, 1, ...))",
      [](const std::string& word) { return names_a_device(word); }),
    count<e>("worker", "threads", option(&engine_options::threads), 0, most_threads),
    worker_dtype(),
    count<e>("worker", "max_sequences", option(&engine_options::max_sequences), 1, 4096),
    count<e>("worker", "step_tokens", at(&e::options, &worker_options::step_tokens), 1, 65536),
    size<e>("worker", "kv_bytes", option(&engine_options::kv_bytes), mib, 4096 * gib),
    count<e>("worker", "kv_blocks", option(&engine_options::kv_blocks), 0, any_count),
    count<e>("worker", "block_size", option(&engine_options::block_size), 1, 1024),
    count<e>("worker", "max_context", option(&engine_options::max_context), 0, any_count),
    flag<e>("worker", "prefix_cache", at(&e::options, &worker_options::prefix_cache)),
  };
  return all;
}

config default_config() {
  config result;
  result.model_path = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
  return result;
}

worker_entry default_worker() {
  worker_entry result;
  result.options.engine.max_sequences = 12;
  return result;
}

bool names_a_device(std::string_view word) {
  if (word == "cpu")
    return true;
  constexpr std::string_view prefix = "cuda:";
  if (!word.starts_with(prefix))
    return false;
  const std::string_view number = word.substr(prefix.size());
  return !number.empty() && number.size() <= 3 &&
    std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace troupe::config
