#include <catch2/catch.hpp>

#include "http/accept.hpp"

using namespace troupe::http;

namespace {

request asking(std::initializer_list<const char*> accepts) {
  request r;
  for (const auto* accept : accepts)
    r.fields.emplace_back("Accept", accept);
  return r;
}

} // namespace

TEST_CASE("the entry that names a type most closely says how much it is wanted") {
  const auto r = asking({"text/*;q=0.3, text/html;level=1;q=0.7,text/html;q=0.7, */*;q=0.5", "Image/PNG ; Q=0"});
  CHECK(wanted(r, "text/html") == 0.7);
  CHECK(wanted(r, "text/plain") == 0.3);
  CHECK(wanted(r, "image/png") == 0);
  CHECK(wanted(r, "application/json") == 0.5);
  CHECK(wanted(asking({}), "text/plain") == 1);
  CHECK(wanted(asking({"text/html"}), "text/plain") == 0);
  CHECK(wanted(asking({"text/plain;q=x"}), "text/plain") == 0);
  CHECK(wanted(asking({"text/plain;q=7"}), "text/plain") == 1);
  CHECK(wanted(asking({"", ",,;,;q=", "text/plain"}), "text/plain") == 1);
}

TEST_CASE("scrapers get text, everybody else gets JSON") {
  const auto scraper = [](const char* accept) { return wants_prometheus(asking({accept})); };
  CHECK(scraper("text/plain"));
  CHECK(scraper("text/plain;version=0.0.4"));
  CHECK(scraper("text/plain; version=0.0.4; charset=utf-8, */*;q=0.1"));
  CHECK(scraper("application/openmetrics-text"));
  CHECK(scraper("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK(scraper("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2"));
  CHECK_FALSE(wants_prometheus(asking({})));
  CHECK_FALSE(scraper("*/*"));
  CHECK_FALSE(scraper("application/json"));
  CHECK_FALSE(scraper("application/json, text/plain, */*"));
  CHECK_FALSE(scraper("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
  CHECK_FALSE(scraper("application/*"));
  CHECK_FALSE(scraper("text/plain;q=0.2, application/json"));
  CHECK_FALSE(scraper("text/plain;q=0"));
  CHECK_FALSE(scraper("nonsense"));
}
