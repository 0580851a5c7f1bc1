//! Tokens, chat templates, grammars and streaming text, behind the C header `troupe_text.h`.
//!
//! Everything here is immutable and `Sync`, save for a [`stream::Stream`] and a [`grammar_state::State`], which belong
//! to one caller. Errors are
//! plain texts: the C++ side turns them into one exception type.

pub mod assembler;
pub mod blanks;
pub mod bounded;
pub mod ffi;
pub mod gguf;
pub mod grammar;
pub mod grammar_state;
pub mod marks;
pub mod pre_tokenizers;
pub mod python;
pub mod python_json;
pub mod python_text;
pub mod schema;
pub mod stream;
pub mod template;
pub mod tokenizer;
pub mod vocabulary;

/// A result whose error is the text that a person reads.
pub type Result<T> = std::result::Result<T, String>;
