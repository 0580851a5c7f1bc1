//! The C border. `troupe_text.h` is its contract; every function here is declared there.

mod border;
mod grammar;
mod template;
mod tokenizer;
