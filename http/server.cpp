#include "http/server.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <random>
#include <spdlog/spdlog.h>
#include <thread>

#include "http/listener.hpp"
#include "http/session.hpp"

namespace troupe::http {

namespace {

/// One thread, its loop, its edge and its connections. The port goes before the loop that it posts to.
struct io_thread {
  io_thread(const options& opts, environment& outside) : context(opts, outside) {}

  net::io_context io{1};
  net::executor_work_guard<net::io_context::executor_type> work = net::make_work_guard(io);
  std::unique_ptr<company_port> port;
  session_context context;
  std::thread thread;
};

/// Counts open connections over all threads.
class connection_count {
public:
  void add() {
    std::lock_guard lock{mutex_};
    ++count_;
  }
  void remove() {
    std::lock_guard lock{mutex_};
    --count_;
    changed_.notify_all();
  }
  std::size_t value() const {
    std::lock_guard lock{mutex_};
    return count_;
  }
  /// False when there are still some after that time.
  bool wait_for_none(std::chrono::nanoseconds time) const {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, time, [this] { return count_ == 0; });
  }

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::size_t count_ = 0;
};

void log_if_thrown(std::exception_ptr thrown) {
  try {
    if (thrown)
      std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    spdlog::error("a connection ended by an exception: {}", error.what());
  }
}

} // namespace

struct server::impl {
  impl(options o, environment e, port_factory make_port) : opts(std::move(o)), outside(std::move(e)) {
    for (std::size_t i = 0; i < std::max<std::size_t>(opts.threads, 1); ++i) {
      auto& thread = *threads.emplace_back(std::make_unique<io_thread>(opts, outside));
      thread.port = make_port(static_cast<std::uint16_t>(i),
        [&io = thread.io](std::function<void()> call) { net::post(io, std::move(call)); });
      thread.context.port = thread.port.get();
    }
    door = std::make_unique<listener>(threads.front()->io);
  }

  /// Runs a function on every io thread.
  void everywhere(const std::function<void(session_context&)>& call) {
    for (auto& thread : threads)
      net::post(thread->io, [call, &context = thread->context] { call(context); });
  }

  void start_session(io_thread& thread, net::ip::tcp::socket socket) {
    auto serving = std::make_shared<session>(std::move(socket), thread.context);
    net::co_spawn(thread.io, serving->run(), [this, serving](std::exception_ptr thrown) mutable {
      log_if_thrown(thrown);
      serving.reset();
      open.remove();
    });
  }

  listener::place next_place() {
    auto& thread = *threads[turn++ % threads.size()];
    return {&thread.io, [this, &thread](net::ip::tcp::socket socket) {
              if (open.value() >= opts.limit.connections)
                return outside.tls ? void() : turn_away(std::move(socket));
              open.add();
              net::post(thread.io, [this, &thread, s = std::make_shared<net::ip::tcp::socket>(std::move(socket))] {
                start_session(thread, std::move(*s));
              });
            }};
  }

  void listen() {
    net::co_spawn(threads.front()->io, door->run([this] { return next_place(); }), log_if_thrown);
    for (auto& thread : threads)
      thread->thread = std::thread([&io = thread->io] { io.run(); });
    listening = true;
  }

  /// Throws where strangers of other machines would come in unasked.
  void check_address() const {
    const bool has_keys = outside.keys && !outside.keys->now()->empty();
    if (!has_keys && !opts.allow_anonymous && !door->loopback())
      throw std::runtime_error("cannot listen on " + opts.host + ":" + std::to_string(door->port()) +
        " without API keys, as other machines reach it: name a file in [auth] keys, or say that anybody may come in, "
        "with --allow-anonymous or http.allow_anonymous = true");
  }

  void stop_accepting() {
    net::post(threads.front()->io, [this] { door->stop(); });
  }

  void begin_drain() {
    everywhere([](session_context& context) {
      context.draining = true;
      for (auto* x : context.sessions)
        x->end_when_idle();
    });
  }

  void close(std::chrono::nanoseconds grace) {
    if (!std::exchange(listening, false))
      return;
    stop_accepting();
    begin_drain();
    auto patience = grace;
    while (!open.wait_for_none(patience)) {
      everywhere([](session_context& context) {
        for (auto* x : context.sessions)
          x->cut();
      });
      patience = std::chrono::milliseconds{50};
    }
    for (auto& thread : threads)
      thread->work.reset();
    for (auto& thread : threads)
      thread->thread.join();
  }

  options opts;
  environment outside;
  connection_count open;
  std::vector<std::unique_ptr<io_thread>> threads;
  std::unique_ptr<listener> door;
  std::size_t turn = 0;
  bool listening = false;
  bool adopted = false;
};

environment real_environment() {
  return {[] {
            thread_local std::mt19937_64 generator = [] {
              std::random_device seed;
              std::seed_seq mixed{seed(), seed(), seed(), seed(), seed(), seed(), seed(), seed()};
              return std::mt19937_64{mixed};
            }();
            return generator();
          },
    [] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      return static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
    },
    nullptr, nullptr, nullptr};
}

server::server(options opts, environment outside, port_factory make_port)
    : impl_(std::make_unique<impl>(std::move(opts), std::move(outside), std::move(make_port))) {}

server::~server() {
  impl_->close(std::chrono::nanoseconds{0});
}

void server::bind() {
  raise_descriptor_limit();
  impl_->door->bind(impl_->opts.host, impl_->opts.port);
  impl_->check_address();
}

void server::adopt(int descriptor) {
  raise_descriptor_limit();
  impl_->door->adopt(descriptor);
  impl_->check_address();
  impl_->adopted = true;
}

std::uint16_t server::port() const {
  return impl_->door->port();
}

void server::listen() {
  impl_->listen();
}

void server::begin_drain() {
  // The next process accepts whoever comes from now on.
  if (impl_->adopted)
    impl_->stop_accepting();
  impl_->begin_drain();
}

void server::stop_accepting() {
  impl_->stop_accepting();
}

std::size_t server::connections() const {
  return impl_->open.value();
}

void server::close(std::chrono::nanoseconds grace) {
  impl_->close(grace);
}

} // namespace troupe::http
