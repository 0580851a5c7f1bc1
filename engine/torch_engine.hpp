// The engine on libtorch, on any device.
#pragma once

#include "engine/engine.hpp"
#include "engine/kv_cache.hpp"
#include "engine/models/decoder.hpp"
#include "engine/sampler.hpp"

#include <optional>
#include <thread>

namespace troupe::engine {

/// One decoder with a KV cache. Computes a step in `submit`, and hands out what it gave in `collect`: one ticket is
/// open at a time.
class torch_engine final : public engine {
public:
  /// `info` holds every size; `threads` is what a step may use.
  torch_engine(
    model_info info, std::shared_ptr<const weights> model, std::vector<adapter_weights> adapters, int threads);

  const model_info& info() const override { return info_; }
  std::size_t max_in_flight() const override { return 1; }
  ticket submit(const batch& step) override;
  step_output collect(ticket t) override;

  /// Runs steps of the shapes that serving has, so that no request pays for what is set up on first use.
  void warm_up();

private:
  step_output run(const batch& step);
  void draw_all(const batch& step, const at::Tensor& logits, step_output& output);
  static void score_all(const batch& step, const at::Tensor& logits, step_output& output);
  static void pool_all(const batch& step, const at::Tensor& hidden, step_output& output);
  batch_limits limits() const;

  model_info info_;
  decoder decoder_;
  kv_cache cache_;
  int threads_;
  std::thread::id caller_;
  std::vector<std::optional<token_id>> last_samples_;
  std::optional<step_output> finished_;
  ticket next_ = 1;
};

} // namespace troupe::engine
