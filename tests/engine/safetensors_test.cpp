#include "engine/files/safetensors.hpp"

#include "engine/engine.hpp"
#include "tests/engine/file_builders.hpp"

#include <catch2/catch.hpp>

using namespace troupe::engine;
using namespace troupe::engine::testing;
using Catch::Matchers::Contains;

namespace {

std::string complaint(const std::string& contents) {
  return complaint_about<safetensors_file>("model.safetensors", contents);
}

std::string entry(const std::string& fields) {
  return safetensors("{\"bad\":{" + fields + "}}", 16);
}

} // namespace

TEST_CASE("a sound safetensors file is read") {
  const scratch_folder folder;
  const auto header = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                      R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}})";
  const safetensors_file file(folder.write("model.safetensors", safetensors(header, 22)));
  REQUIRE(file.tensors().size() == 2);
  CHECK(file.tensors()[0].shape == std::vector<std::size_t>{2, 2});
  CHECK(file.tensors()[1].type == stored_type::bf16);
  CHECK(file.tensors()[1].size == 6);
}

TEST_CASE("a safetensors header that lies is refused") {
  CHECK_THAT(complaint("abc"), Contains("ends early"));
  CHECK_THAT(complaint(bytes_of<std::uint64_t>(100) + "{}"), Contains("length 100"));
  CHECK_THAT(complaint(bytes_of(~std::uint64_t{0}) + "{}"), Contains("length must be at most 33554432"));
  CHECK_THAT(complaint(bytes_of(std::uint64_t{0xFFFFFFFF}) + "{}"), Contains("got 4294967295"));
  CHECK_THAT(complaint(safetensors("{\"a\":", 0)), Contains("not valid JSON"));
  CHECK_THAT(complaint(safetensors("[1]", 0)), Contains("must hold a JSON object"));
  CHECK_THAT(complaint(safetensors(std::string(500, '['), 0)), Contains("not valid JSON"));
  CHECK_THAT(complaint(safetensors("{\"bad\":3}", 0)), Contains("'bad'") && Contains("object"));
}

TEST_CASE("a safetensors tensor that cannot be is refused, by name") {
  const auto refused = [](const std::string& fields, const std::string& why) {
    INFO(fields);
    CHECK_THAT(complaint(entry(fields)), Contains("'bad'") && Contains(why));
  };
  refused(R"("dtype":"F32","shape":[4],"data_offsets":[8,24])", "outside");
  refused(R"("dtype":"F32","shape":[4],"data_offsets":[16,0])", "outside");
  refused(R"("dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615])", "outside");
  refused(R"("dtype":"F32","shape":[4],"data_offsets":[-16,0])", "data_offsets");
  refused(R"("dtype":"F32","shape":[4],"data_offsets":[0])", "two numbers");
  refused(R"("dtype":"F32","shape":[4])", "data_offsets");
  refused(R"("dtype":"F32","shape":[5],"data_offsets":[0,16])", "does not take");
  refused(R"("dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16])", "does not take");
  refused(R"("dtype":"F32","shape":[0],"data_offsets":[0,0])", "does not take");
  refused(R"("dtype":"F32","shape":"x","data_offsets":[0,16])", "shape");
  refused(R"("dtype":"F32","shape":[1.5],"data_offsets":[0,16])", "shape");
  refused(R"("dtype":"I64","shape":[2],"data_offsets":[0,16])", "dtype must be F32, F16 or BF16, got 'I64'");
  const auto overlapping = R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},)"
                           R"("b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})";
  CHECK_THAT(complaint(safetensors(overlapping, 16)), Contains("'a'") && Contains("'b'") && Contains("share"));
  const auto twice = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                     R"("a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})";
  CHECK_THAT(complaint(safetensors(twice, 16)), Contains("take 8 bytes of the 16") && Contains("twice"));
}
