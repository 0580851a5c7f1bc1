// Every typed interface of the company, in one place: who may be told or asked what.
//
// Nothing calls its caller: whoever must answer finds the address inside the message.
#pragma once

#include <caf/all.hpp>

#include "actors/protocol/messages.hpp"

namespace troupe {

/// Stands for the connections of one io thread. Never waits for an actor.
using edge_actor = caf::typed_actor<
  // What the request's key has left of its rate.
  caf::reacts_to<answer_admitted>,
  // The request holds.
  caf::reacts_to<answer_started>,
  // More of an answer.
  caf::reacts_to<answer_text>,
  // Exactly one of these two ends a sink.
  caf::reacts_to<answer_finished>, caf::reacts_to<answer_failed>>;

/// Counts what the company does. Nobody waits for it but those who ask for the numbers.
using metrics_actor = caf::typed_actor<
  // Counts a request that came in, before anything else is heard of it.
  caf::reacts_to<started_atom>,
  // Counts one sink's end and writes its log line.
  caf::reacts_to<sink_record>,
  // Counts one step of a worker.
  caf::reacts_to<step_record>,
  // Takes the size of a worker when it is ready.
  caf::reacts_to<worker_ready>,
  // Takes the scheduler's and the cache's present sizes.
  caf::reacts_to<scheduler_load>, caf::reacts_to<cache_load>,
  // Takes what became of a worker, and that it is gone.
  caf::reacts_to<worker_status>, caf::reacts_to<worker_gone>,
  // Returns a copy of all counters.
  caf::replies_to<snapshot_atom>::with<metrics_snapshot>,
  // Returns all counters in the text format of Prometheus.
  caf::replies_to<expose_atom>::with<std::string>>;

/// Admits requests or refuses them, and watches their deadlines.
using gateway_actor = caf::typed_actor<
  // Takes a request in for a sink of an edge. The edge hears `answer_started` or `answer_failed`.
  caf::reacts_to<submit_atom, native_request, edge_actor, sink_id>,
  // The sink's client is gone, or reads too slowly.
  caf::reacts_to<detach_atom, sink_id, detach_reason>,
  // The sink's run has its place: the sink waits no more.
  caf::reacts_to<placed_atom, sink_id>,
  // The sink had its terminal event, and this is what it used.
  caf::reacts_to<ended_atom, sink_id, token_usage>,
  // Looks at deadlines.
  caf::reacts_to<tick_atom>,
  // Refuses what is new from now on; answers when no sink is left, at the latest after the given time, when the
  // remaining ones were failed. Returns how many had to be.
  caf::replies_to<drain_atom, timespan>::with<std::uint64_t>>;

/// Runs one request to its end for all who listen. Lives until the cache releases it.
using generation_actor = caf::typed_actor<
  // Adds a sink: it gets all text so far, then what follows.
  caf::reacts_to<attach_atom, edge_actor, sink_id, native_request, cache_state>,
  // Takes a sink away without a terminal event of its own (but for a deadline, which is told). The last sink's
  // leaving cancels the run.
  caf::reacts_to<detach_atom, sink_id, detach_reason>,
  // Nobody will attach any more: ends the actor when the run has ended.
  caf::reacts_to<release_atom>,
  // The prompt is tokenized.
  caf::reacts_to<encoded_prompt>,
  // The scheduler gave a place.
  caf::reacts_to<placement>,
  // How likely a part of its prompt was.
  caf::reacts_to<prompt_scores>,
  // Tokens of a step.
  caf::reacts_to<sequence_tokens>,
  // The sequence is embedded.
  caf::reacts_to<sequence_embedding>,
  // The worker cannot finish this sequence.
  caf::reacts_to<sequence_failed>,
  // The place is gone: ask for another.
  caf::reacts_to<sequence_lost>>;

/// Keeps finished answers, and the runs in flight by their request.
using cache_actor = caf::typed_actor<
  // Replays a finished answer, joins a run in flight, starts a run, or refuses. The gateway hears of the sink's
  // place and end.
  caf::reacts_to<lookup_atom, admitted_request, edge_actor, sink_id, gateway_actor>,
  // A sink leaves its run.
  caf::reacts_to<detach_atom, sink_id, detach_reason>,
  // A run has finished: stores its answer and releases the generation.
  caf::reacts_to<finished_atom, run_id, finished_answer>,
  // A run failed or was cancelled: releases the generation, stores nothing.
  caf::reacts_to<ended_atom, run_id>,
  // Empties the store. Returns how many answers there were.
  caf::replies_to<clear_atom>::with<std::uint64_t>>;

/// Renders and tokenizes long prompts on a thread of its own, so that no token waits for them.
using encoder_actor = caf::typed_actor<
  // Answers the generation with an `encoded_prompt`.
  caf::reacts_to<encode_request, generation_actor>,
  // Returns a request's prompt as tokens, whatever its length.
  caf::replies_to<tokenize_atom, native_request>::with<encoded_prompt>,
  // Returns the text of some tokens, special ones written out.
  caf::replies_to<detokenize_atom, token_list>::with<std::string>>;

/// Gives each generation its part of a step. Holds nothing but their addresses.
using fan_out_actor = caf::typed_actor<
  // A run's generation, from its first placement request on.
  caf::reacts_to<register_atom, run_id, generation_actor>, caf::reacts_to<unregister_atom, run_id>,
  // All that a worker's step gave.
  caf::reacts_to<step_report>>;

/// Holds a model and its KV cache on one device; steps the batch it holds.
using worker_actor = caf::typed_actor<
  // Takes a sequence in at the next step boundary.
  caf::reacts_to<assignment>,
  // Lets a sequence go before the next step.
  caf::reacts_to<remove_atom, sequence_key, epoch_id>,
  // Runs one step and, while there is work, tells itself to run the next.
  caf::reacts_to<step_atom>,
  // Fails on purpose.
  caf::reacts_to<drill_atom, drill_kind>>;

/// Watches over the workers' lives.
using supervisor_actor = caf::typed_actor<
  // A worker has loaded.
  caf::reacts_to<worker_ready, worker_actor>,
  // A worker cannot load or go on.
  caf::reacts_to<worker_failed>,
  // A worker has work and has finished no step for this long: it is given up.
  caf::reacts_to<stalled_atom, worker_id, timespan>,
  // A worker that is to be removed holds nothing any more.
  caf::reacts_to<drained_atom, worker_id>,
  // Starts a worker's successor.
  caf::reacts_to<restart_atom, worker_id>,
  // What waits and runs of each model: those that are wanted are loaded, others give way.
  caf::reacts_to<scheduler_load>,
  // Looks for models that nobody asks for.
  caf::reacts_to<tick_atom>,
  // A model that could not be loaded may be asked for again.
  caf::reacts_to<restart_atom, std::string>,
  // Has a worker fail on purpose.
  caf::replies_to<drill_atom, worker_id, drill_kind>::with<order_result>,
  // Reads the config again: starts the workers that are new in it, and drains and removes those that are not there
  // any more.
  caf::replies_to<reload_atom>::with<reload_result>,
  // Returns every worker with its state.
  caf::replies_to<status_atom>::with<company_status>>;

/// Decides who runs next, and where.
using scheduler_actor = caf::typed_actor<
  // Queues a sequence; its generation hears `placement`, or `sequence_failed` when no worker can ever take it.
  caf::reacts_to<placement_request, generation_actor>,
  // The sequence is not wanted any more, wherever it is.
  caf::reacts_to<cancel_atom, sequence_key>,
  // A worker is there. The supervisor is told when it stalls or, being drained, holds nothing any more.
  caf::reacts_to<worker_ready, worker_actor, supervisor_actor>,
  // A worker is gone.
  caf::reacts_to<worker_gone>,
  // Nothing more goes to this worker.
  caf::reacts_to<drain_atom, worker_id>,
  // Fails what waits for a model, and what will ask for it until a worker holds it again.
  caf::reacts_to<model_lost>,
  // A lost model may be asked for again.
  caf::reacts_to<restart_atom, std::string>,
  // Who is to be told what waits and runs of each model.
  caf::reacts_to<register_atom, supervisor_actor>,
  // What a worker can take, and who left it.
  caf::reacts_to<room>,
  // Looks for workers that do not move.
  caf::reacts_to<tick_atom>>;

} // namespace troupe

CAF_BEGIN_TYPE_ID_BLOCK(troupe_handles, caf::id_block::troupe_last_type_id + 1)
CAF_ADD_TYPE_ID(troupe_handles, (troupe::edge_actor))
CAF_ADD_TYPE_ID(troupe_handles, (troupe::gateway_actor))
CAF_ADD_TYPE_ID(troupe_handles, (troupe::generation_actor))
CAF_ADD_TYPE_ID(troupe_handles, (troupe::worker_actor))
CAF_ADD_TYPE_ID(troupe_handles, (troupe::supervisor_actor))
CAF_END_TYPE_ID_BLOCK(troupe_handles)
