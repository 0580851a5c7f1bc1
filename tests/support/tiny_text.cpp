#include "tests/support/tiny_text.hpp"

namespace troupe::test {

namespace {

constexpr std::string_view chat_ml =
  "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>{% endfor %}"
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

std::string escape(unsigned code) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[(code >> shift) & 15];
  return out;
}

/// The character that byte-level BPE writes a byte as: itself where it prints, else one from U+0100 on.
bool prints(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

} // namespace

std::string tiny_tokenizer_json() {
  std::string vocabulary;
  unsigned hidden = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const unsigned code = prints(byte) ? byte : 256 + hidden++;
    vocabulary += (byte == 0 ? "\"" : ",\"") + escape(code) + "\":" + std::to_string(byte);
  }
  std::string added;
  for (const auto* word : {"<|im_start|>", "<|im_end|>"}) {
    const auto id = added.empty() ? tiny_im_start : tiny_im_end;
    added += std::string(added.empty() ? "" : ",") + R"({"id":)" + std::to_string(id) + R"(,"content":")" + word +
      R"(","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true})";
  }
  return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)" + added +
    R"(],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,)"
    R"("use_regex":false},"post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":true,)"
    R"("trim_offsets":true,"use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,)"
    R"("continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,)"
    R"("vocab":{)" +
    vocabulary + R"(},"merges":[]}})";
}

model_text tiny_text(std::uint32_t context) {
  static const auto tokens = text::tokenizer::from_json(tiny_tokenizer_json());
  static const auto chat = std::make_shared<const text::chat_template>(chat_ml, "", "<|im_end|>");
  return {tokens, chat, nullptr, context};
}

model_texts tiny_texts(std::uint32_t context) {
  const auto text = tiny_text(context);
  return {{"", text}, {"tiny", text}, {"mini", text}, {"another", text}};
}

std::vector<text::token_id> tiny_tokens(std::string_view text) {
  std::vector<text::token_id> out;
  for (const auto byte : text)
    out.push_back(static_cast<unsigned char>(byte));
  return out;
}

} // namespace troupe::test
