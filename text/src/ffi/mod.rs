//! The C border. `troupe_text.h` is its contract; every function here is declared there.

mod border;
mod template;
mod tokenizer;
