// Where the objects stand that /openapi.json describes.
#pragma once

#include <string>
#include <vector>

namespace troupe::http::test {

/// An object of a request: its schema, and a body that holds, with a `@` where the object's further fields go.
struct place {
  std::string name;
  std::string path;
  std::string body;
};

inline std::string chat_with(const std::string& field) {
  return R"({"model":"small","messages":[{"role":"user","content":"a"}],)" + field + "}";
}

inline std::string chat_of(const std::string& message) {
  return R"({"model":"small","messages":[)" + message + "]}";
}

inline std::string response_of(const std::string& item) {
  return R"({"model":"small","input":[)" + item + "]}";
}

/// One place for every object that a request may hold.
inline std::vector<place> places() {
  const std::string chat = "/v1/chat/completions";
  const std::string responses = "/v1/responses";
  const std::string tool = R"("tools":[{"type":"function","function":{"name":"f"}}])";
  const std::string called = R"({"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}")";
  return {
    {"ChatRequest", chat, R"({"model":"small","messages":[{"role":"user","content":"a"}],"logprobs":true@})"},
    {"CompletionRequest", "/v1/completions", R"({"model":"small","prompt":"a"@})"},
    {"ResponsesRequest", responses, R"({"model":"small","input":"a"@})"},
    {"EmbeddingRequest", "/v1/embeddings", R"({"model":"small","input":"a"@})"},
    {"ScoreRequest", "/v1/score", R"({"model":"small","prompt":"a","continuations":["b"]@})"},
    {"InferenceRequest", "/api/v1/inference", R"({"user_input":"a"@})"},
    {"TokenizeRequest", "/tokenize", R"({"prompt":"a"@})"},
    {"DetokenizeRequest", "/detokenize", R"({"tokens":[1]@})"},
    {"DrillRequest", "/admin/drill", R"({"worker":0,"what":"die"@})"},
    {"ReloadRequest", "/admin/reload", "{@}"},
    {"StreamOptions", chat, chat_with(R"("stream":true,"stream_options":{"include_usage":true@})")},
    {"TextFormat", chat, chat_with(R"("response_format":{"type":"text"@})")},
    {"JsonObjectFormat", chat, chat_with(R"("response_format":{"type":"json_object"@})")},
    {"JsonSchemaFormat", chat,
      chat_with(R"("response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{}}@})")},
    {"JsonSchema", chat,
      chat_with(R"("response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{}@}})")},
    {"StructuredOutputs", chat, chat_with(R"("structured_outputs":{"regex":"a"@})")},
    {"Tool", chat, chat_with(R"("tools":[{"type":"function","function":{"name":"f"}@}])")},
    {"ToolFunction", chat, chat_with(R"("tools":[{"type":"function","function":{"name":"f"@}}])")},
    {"NamedToolChoice", chat, chat_with(tool + R"(,"tool_choice":{"type":"function","function":{"name":"f"}@})")},
    {"ChosenFunction", chat, chat_with(tool + R"(,"tool_choice":{"type":"function","function":{"name":"f"@}})")},
    {"PlainMessage", chat, chat_of(R"({"role":"user","content":"a"@})")},
    {"AssistantMessage", chat, chat_of(R"({"role":"assistant","content":"a"@})")},
    {"ToolMessage", chat, chat_of(R"({"role":"tool","content":"a","tool_call_id":"1"@})")},
    {"TextPart", chat, chat_of(R"({"role":"user","content":[{"type":"text","text":"a"@}]})")},
    {"ToolCall", chat, chat_of(called + "}@}]}")},
    {"CalledFunction", chat, chat_of(called + "@}}]}")},
    {"HistoryMessage", "/api/v1/inference",
      R"({"user_input":"a","conversation_history":[{"role":"user","content":"a"@}]})"},
    {"InputMessage", responses, response_of(R"({"role":"user","content":"a"@})")},
    {"OutputMessage", responses, response_of(R"({"role":"assistant","content":"a"@})")},
    {"InputText", responses, response_of(R"({"role":"user","content":[{"type":"input_text","text":"a"@}]})")},
    {"OutputText", responses, response_of(R"({"role":"assistant","content":[{"type":"output_text","text":"a"@}]})")},
    {"ResponseText", responses, R"({"model":"small","input":"a","text":{"format":{"type":"text"}@}})"},
  };
}

} // namespace troupe::http::test
