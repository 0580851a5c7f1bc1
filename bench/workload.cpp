#include "bench/workload.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace troupe::bench {

namespace {

/// Asked in turn. Of several kinds and lengths, as people's questions are.
constexpr std::array<std::string_view, 40> sentences{
  "Why do glaciers look blue where the ice is thick?",
  "Explain to a ten-year-old how a lighthouse warns ships in fog.",
  "What made the printing press spread so quickly through Europe?",
  "Describe a day in the life of a honey bee that guards the hive.",
  "How does an abacus help somebody to add long columns of numbers?",
  "Give three reasons why people settle near volcanoes in spite of the danger.",
  "What is the difference between weather and climate?",
  "Write a short letter that thanks a neighbour for lending you a ladder.",
  "How did sailors know the time at sea before there were good clocks?",
  "Summarize how rice is grown, from the flooded field to the bowl.",
  "My bread came out flat and heavy. What did I probably do wrong?",
  "Why can an owl turn its head so much further than a human being?",
  "Explain what a suspension bridge hangs from, and what carries its weight in the end.",
  "Tell the story of a railway station that is used once a year.",
  "How is paper made out of old newspapers?",
  "What would change on Earth if the moon were half as far away?",
  "Name some uses of salt that have nothing to do with food.",
  "Is it better to learn the piano slowly and well, or to play many easy pieces at first? Argue for one side.",
  "How do wind turbines decide which way to face?",
  "What happens in the body when somebody laughs?",
  "Plan a weekend in a small town by the sea for two people who dislike crowds.",
  "Why are most leaves green, and why do some turn red before they fall?",
  "Explain how a mechanical watch keeps time without a battery.",
  "What is a fair way to divide a cake among three children?",
  "Describe the taste of a ripe pear to somebody who has never eaten one.",
  "How did the potato change what poor families in Europe ate?",
  "Write four lines of verse about an umbrella that was left on a bus.",
  "What should I check before I buy a used bicycle?",
  "Why does a kettle grow louder and then quieter just before it boils?",
  "How do cranes on a building site become taller as the building grows?",
  "Compare a library and a museum: what is each of them for?",
  "Which tools does a carpenter need to build a simple wooden chair?",
  "Explain how noise-cancelling headphones make the world quieter.",
  "What can a gardener do against slugs without poison?",
  "How do interpreters listen in one language and speak in another at the same moment?",
  "Why do we see lightning before we hear the thunder, and how far away was it after nine seconds?",
  "Suggest a name for a small bakery, and say why it fits.",
  "How does a vaccine teach the body something that it remembers for years?",
  "What did people use for light at night before candles were cheap?",
  "Give clear instructions for tying a knot that does not slip.",
};

std::string prompt(const plan& p, std::size_t number) {
  return "Letter " + std::to_string(number) + " from reader " + std::to_string(p.seed) + ". " +
    std::string{sentences[(number - 1) % sentences.size()]};
}

/// How many numbers stand before those of a block of prompts. The same sentences in every block, under other numbers.
std::size_t numbers_before(const plan& p, std::size_t block) {
  return block * ((p.requests + sentences.size() - 1) / sentences.size()) * sentences.size();
}

} // namespace

workload make_workload(const plan& p, scenario kind) {
  const bool use_cache = kind == scenario::cached;
  const std::size_t before = numbers_before(p, static_cast<std::size_t>(kind));
  workload out{kind, kind == scenario::concurrent ? std::min(p.concurrency, p.requests) : 1, {}};
  for (std::size_t i = 1; i <= p.requests; ++i)
    out.questions.push_back({prompt(p, before + i), use_cache});
  if (use_cache) {
    const std::vector<question> again = out.questions;
    out.questions.insert(out.questions.end(), again.begin(), again.end());
  }
  return out;
}

workload make_warmup(const plan& p) {
  const std::size_t before = numbers_before(p, 3);
  workload out{p.scenarios.front(), 1, {}};
  for (std::size_t i = 1; i <= p.warmup; ++i)
    out.questions.push_back({prompt(p, before + i), false});
  return out;
}

} // namespace troupe::bench
