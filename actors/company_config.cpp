#include "actors/company.hpp"

namespace troupe {

company_config::company_config() {
  add_message_types<caf::id_block::troupe>();
  add_message_types<caf::id_block::troupe_handles>();
  add_error_category(caf::atom("troupe"), [](std::uint8_t code, caf::atom_value, const caf::message& context) {
    std::string text = to_string(static_cast<company_error>(code));
    if (!context.empty())
      text += ": " + caf::deep_to_string(context);
    return text;
  });
  // Work stealing polls, which costs an idle server a fifth of a core. A finite throughput keeps one busy actor from
  // holding a thread for itself.
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", std::size_t{2});
  set("scheduler.max-throughput", std::size_t{100});
}

} // namespace troupe
