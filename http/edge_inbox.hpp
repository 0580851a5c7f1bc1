// What gathers at an edge for its io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "http/company_port.hpp"

namespace troupe::http {

/// What a question of an operator gets; nothing when whoever was asked cannot say.
using reply_value = std::variant<std::monostate, company_status, metrics_snapshot, std::uint64_t, std::string,
  order_result, reload_result, encoded_prompt>;

struct reply {
  /// The question's.
  std::uint64_t number = 0;
  reply_value value;
};

/// The actor has ended: nothing comes any more.
struct edge_gone {};

using event =
  std::variant<answer_admitted, answer_started, answer_text, answer_finished, answer_failed, reply, edge_gone>;

/// What has gathered for an io thread. The actor puts in, the io thread takes all out; one post is under way at most.
class inbox : public std::enable_shared_from_this<inbox> {
public:
  using receiver = std::function<void(std::vector<event>)>;

  inbox(poster post, receiver receive) : post_(std::move(post)), receive_(std::move(receive)) {}

  void put(event e) {
    std::lock_guard lock{mutex_};
    push(std::move(e));
  }

  /// The actor's last word.
  void close() {
    std::lock_guard lock{mutex_};
    if (closed_)
      return;
    closed_ = true;
    push(edge_gone{});
  }

  bool closed() {
    std::lock_guard lock{mutex_};
    return closed_;
  }

  /// The port is going away: what is here, and what may still come, is nobody's.
  void abandon() {
    std::lock_guard lock{mutex_};
    post_ = nullptr;
    receive_ = nullptr;
    events_.clear();
  }

private:
  void push(event e) {
    if (!post_)
      return;
    events_.push_back(std::move(e));
    if (!posted_) {
      posted_ = true;
      post_([self = shared_from_this()] { self->hand_over(); });
    }
  }

  void hand_over() {
    std::vector<event> taken;
    receiver receive;
    {
      std::lock_guard lock{mutex_};
      posted_ = false;
      taken.swap(events_);
      receive = receive_;
    }
    if (receive)
      receive(std::move(taken));
  }

  std::mutex mutex_;
  std::vector<event> events_;
  bool posted_ = false;
  bool closed_ = false;
  poster post_;
  receiver receive_;
};

} // namespace troupe::http
