#include "tests/support/prometheus_page.hpp"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <stdexcept>

namespace troupe::test {

namespace {

[[noreturn]] void refuse(std::string_view line, const std::string& why) {
  throw std::runtime_error("line '" + std::string{line} + "': " + why);
}

double number(std::string_view line, const std::string& text) {
  char* end = nullptr;
  const double x = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0')
    refuse(line, "no number: " + text);
  return x;
}

bool has(const metric_sample& x, std::string_view name, const label_map& labels) {
  return x.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto found = x.labels.find(label.first);
    return found != x.labels.end() && found->second == label.second;
  });
}

} // namespace

prometheus_page::prometheus_page(const std::string& text) {
  if (text.empty() || text.back() != '\n')
    throw std::runtime_error("the page does not end with a newline");
  for (std::string_view rest = text; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    if (line.starts_with('#'))
      read_comment(line);
    else
      read_sample(line);
  }
}

void prometheus_page::read_comment(std::string_view line) {
  static const std::regex comment{R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))"};
  std::cmatch parts;
  if (!std::regex_match(line.data(), line.data() + line.size(), parts, comment))
    refuse(line, "neither HELP nor TYPE");
  const auto name = parts[2].str();
  if (parts[1] == "HELP") {
    if (!helps_.insert(name).second)
      refuse(line, "a second HELP");
    return;
  }
  if (helps_.count(name) == 0)
    refuse(line, "no HELP before it");
  if (!types.emplace(name, parts[3].str()).second)
    refuse(line, "a second TYPE");
  family_ = name;
}

void prometheus_page::read_sample(std::string_view line) {
  static const std::regex shape{R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+))"};
  static const std::regex label{R"re(([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?)re"};
  std::cmatch parts;
  if (!std::regex_match(line.data(), line.data() + line.size(), parts, shape))
    refuse(line, "no sample");
  metric_sample out{parts[1].str(), {}, number(line, parts[3].str())};
  const auto inside = parts[2].str();
  std::size_t read = 0;
  for (std::sregex_iterator it{inside.begin(), inside.end(), label}, end; it != end; ++it) {
    read += static_cast<std::size_t>(it->length());
    if (!out.labels.emplace((*it)[1].str(), (*it)[2].str()).second)
      refuse(line, "a label twice");
  }
  if (read != inside.size())
    refuse(line, "labels that are none");
  const bool histogram = !family_.empty() && types[family_] == "histogram";
  const auto ending = out.name.substr(std::min(family_.size(), out.name.size()));
  const bool own = histogram ? ending == "_bucket" || ending == "_sum" || ending == "_count" : ending.empty();
  if (!out.name.starts_with(family_) || !own)
    refuse(line, "not of the family before it, " + family_);
  if (!series_.insert(parts[1].str() + '{' + inside + '}').second)
    refuse(line, "a series twice");
  samples.push_back(std::move(out));
}

double prometheus_page::value(std::string_view name, const label_map& labels) const {
  const auto count = std::count_if(samples.begin(), samples.end(), [&](const auto& x) { return has(x, name, labels); });
  if (count != 1)
    throw std::runtime_error(std::string{name} + ": " + std::to_string(count) + " series");
  return sum(name, labels);
}

double prometheus_page::sum(std::string_view name, const label_map& labels) const {
  double out = 0;
  for (const auto& x : samples)
    if (has(x, name, labels))
      out += x.value;
  return out;
}

std::vector<metric_sample> prometheus_page::all(std::string_view name) const {
  std::vector<metric_sample> out;
  for (const auto& x : samples)
    if (x.name == name)
      out.push_back(x);
  return out;
}

std::set<std::string, std::less<>> prometheus_page::names() const {
  std::set<std::string, std::less<>> out;
  for (const auto& x : samples)
    out.insert(x.name);
  return out;
}

} // namespace troupe::test
