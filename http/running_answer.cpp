#include "http/running_answer.hpp"

#include <utility>

#include "actors/protocol/names.hpp"

namespace troupe::http {

namespace {

/// Bytes of an event beside its text, roughly: many empty events are not free either.
constexpr std::size_t event_bytes = 64;

std::size_t size_of(const answer_text& event) {
  auto size = event.text.size() + event.embedding.size() * sizeof(std::uint32_t) + event_bytes;
  for (const auto& token : event.tokens)
    size += token.bytes.size() + sizeof(token) + token.top.size() * sizeof(token_choice);
  return size;
}

} // namespace

running_answer::running_answer(
  company_port& port, native_request request, std::size_t most_bytes, std::function<void()> wake, std::string place)
    : port_(port),
      most_bytes_(most_bytes),
      wake_(std::move(wake)),
      field_(prompt_field(request)),
      place_(std::move(place)) {
  sink_ = port_.submit(std::move(request), *this);
}

running_answer::~running_answer() {
  if (attached_)
    port_.detach(sink_, detach_reason::client_gone);
}

std::vector<answer_text> running_answer::take_text() {
  waiting_bytes_ = 0;
  return std::exchange(text_, {});
}

void running_answer::detach(detach_reason why) {
  if (!attached_)
    return;
  attached_ = false;
  port_.detach(sink_, why);
}

void running_answer::started(const answer_started& event) {
  started_ = event;
  wake_();
}

void running_answer::text(answer_text event) {
  const auto size = size_of(event);
  if (most_bytes_ != 0 && waiting_bytes_ != 0 && waiting_bytes_ + size > most_bytes_) {
    end_ = failure{failure_code::slow_reader,
      "the answer was read too slowly: " + std::to_string(most_bytes_) + " bytes may wait for its reader", {}, {}};
    detach(detach_reason::slow_reader);
  } else {
    waiting_bytes_ += size;
    text_.push_back(std::move(event));
  }
  wake_();
}

void running_answer::finished(const answer_finished& event) {
  attached_ = false;
  end_ = event;
  wake_();
}

void running_answer::failed(const failure& reason) {
  attached_ = false;
  auto named = reason;
  if (!place_.empty() && named.param == field_) {
    named.param += place_;
    const auto said = field_ + ": ";
    named.message.replace(0, named.message.starts_with(said) ? said.size() : 0, named.param + ": ");
  }
  end_ = std::move(named);
  wake_();
}

} // namespace troupe::http
