// What configs/grafana/ asks for is what a server exposes.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/metrics_numbers.hpp"

using namespace troupe::test;
namespace json = boost::json;

namespace {

// Tests run from the repository's root.
std::string contents(const std::string& file) {
  std::ifstream in{file};
  REQUIRE(in);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Every query of the dashboard's panels.
std::vector<std::string> dashboard_queries() {
  std::vector<std::string> out;
  const auto dashboard = json::parse(contents("configs/grafana/dashboard.json"));
  for (const auto& panel : dashboard.at("panels").as_array())
    if (const auto* targets = panel.as_object().if_contains("targets"))
      for (const auto& target : targets->as_array())
        out.emplace_back(target.at("expr").as_string());
  return out;
}

/// The values of a key of the alert rules, one a line.
std::vector<std::string> alert_lines(const std::string& key) {
  std::vector<std::string> out;
  std::istringstream in{contents("configs/grafana/alerts.yml")};
  const std::regex line_of_key{"[ -]*" + key + ": *'?(.*?)'?"};
  std::smatch parts;
  for (std::string line; std::getline(in, line);)
    if (std::regex_match(line, parts, line_of_key))
      out.push_back(parts[1]);
  return out;
}

/// Whether a page has a series that a matcher of a query lets through: `name`, a label, `=` or `=~`, a value.
bool matches(const prometheus_page& page, const std::string& name, const std::smatch& matcher) {
  const auto series = page.all(name);
  return std::any_of(series.begin(), series.end(), [&](const metric_sample& x) {
    const auto found = x.labels.find(matcher[1].str());
    return found != x.labels.end() &&
      (matcher[2] == "=" ? found->second == matcher[3] : std::regex_match(found->second, std::regex{matcher[3].str()}));
  });
}

/// Checks every name, and every label and value that it is chosen by.
void check_query(const prometheus_page& page, const std::string& query) {
  INFO(query);
  static const std::regex selector{R"(((?:vllm:|troupe_)[a-z0-9_:]+)(?:\{([^}]*)\})?)"};
  static const std::regex matcher{R"re(([a-z_]+)(=~?)"([^"]*)")re"};
  std::size_t names = 0;
  for (std::sregex_iterator it{query.begin(), query.end(), selector}, end; it != end; ++it, ++names) {
    const auto name = (*it)[1].str();
    const auto labels = (*it)[2].str();
    CHECK_FALSE(page.all(name).empty());
    for (std::sregex_iterator label{labels.begin(), labels.end(), matcher}; label != end; ++label) {
      INFO(name << ": " << label->str());
      // A scraper adds this one.
      CHECK(((*label)[1] == "instance" || matches(page, name, *label)));
    }
  }
  CHECK((names > 0 || query.starts_with("up{")));
}

} // namespace

TEST_CASE("the dashboard asks for nothing that a server does not expose") {
  const auto queries = dashboard_queries();
  CHECK(queries.size() > 40);
  const auto page = metrics_numbers{}.read();
  for (const auto& query : queries)
    check_query(page, query);
}

TEST_CASE("alerts look at what a server exposes, and the manual explains each") {
  const auto page = metrics_numbers{}.read();
  const auto queries = alert_lines("expr");
  for (const auto& query : queries)
    check_query(page, query);
  const auto alerts = alert_lines("alert");
  CHECK(alerts.size() == queries.size());
  CHECK(alerts.size() == alert_lines("summary").size());
  const auto manual = contents("docs/operations.md");
  for (const auto& alert : alerts) {
    INFO(alert);
    CHECK(manual.find("### " + alert + "\n") != std::string::npos);
  }
}

TEST_CASE("the API's manual names every metric") {
  const auto manual = contents("docs/api.md");
  for (const auto& [name, type] : metrics_numbers{}.read().types) {
    INFO(name);
    CHECK(manual.find('`' + name + '`') != std::string::npos);
  }
}
