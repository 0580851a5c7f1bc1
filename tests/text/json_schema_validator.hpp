// A JSON Schema validator for tests: says whether a value is valid, by the words of the specification.
#pragma once

#include <boost/json.hpp>

#include <string>

namespace troupe::text::testing {

/// Whether `value` is valid by `schema`, a part of `root`. Knows the keywords that the grammars enforce, with
/// references of the form `#/...`, and throws for another.
bool is_valid(const boost::json::value& value, const boost::json::value& schema, const boost::json::value& root);

} // namespace troupe::text::testing
