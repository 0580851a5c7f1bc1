//! Grammars at the C border.
//!
//! Safety, for all functions here: pointers are as `troupe_text.h` says. Handles of vocabularies and grammars are
//! `Arc`s in disguise.

use std::sync::Arc;

use super::border::{guard, items, items_mut, release, Bytes, Slice};
use crate::grammar::{Grammar, Kind, Limits};
use crate::grammar_state::State;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::Vocabulary;

#[repr(C)]
pub struct GrammarLimits {
    source_bytes: usize,
    symbols: usize,
    lexer_states: usize,
    compile_fuel: u64,
    step_fuel: u64,
    step_items: usize,
}

/// As the header's `troupe_grammar_kind`.
fn kind_of(number: i32) -> Result<Kind, String> {
    match number {
        1 => Ok(Kind::JsonSchema),
        2 => Ok(Kind::JsonObject),
        3 => Ok(Kind::Regex),
        4 => Ok(Kind::Lark),
        _ => Err(format!("a grammar's kind must be from 1 to 4, got {number}")),
    }
}

/// Another owner of what a handle stands for.
///
/// # Safety
/// `handle` came from `Arc::into_raw` and was not freed.
unsafe fn share<T>(handle: *const T) -> Arc<T> {
    // SAFETY: as above.
    unsafe {
        Arc::increment_strong_count(handle);
        Arc::from_raw(handle)
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_vocabulary_new(
    tokenizer: *const Tokenizer,
    ends: *const i32,
    end_count: usize,
    size: usize,
    out: *mut *const Vocabulary,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let vocabulary = Vocabulary::new(&*tokenizer, items(ends, end_count), size)?;
            Ok(Arc::into_raw(Arc::new(vocabulary)))
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_vocabulary_free(vocabulary: *const Vocabulary) {
    if !vocabulary.is_null() {
        release(unsafe { Arc::from_raw(vocabulary) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_vocabulary_mask_words(vocabulary: *const Vocabulary) -> usize {
    unsafe { (*vocabulary).mask_words() }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_compile(
    vocabulary: *const Vocabulary,
    kind: i32,
    source: Slice,
    limits: *const GrammarLimits,
    out: *mut *const Grammar,
    has_pointer: *mut bool,
    pointer: *mut Bytes,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let limits = Limits {
                source_bytes: (*limits).source_bytes,
                symbols: (*limits).symbols,
                lexer_states: (*limits).lexer_states,
                compile_fuel: (*limits).compile_fuel,
                step_fuel: (*limits).step_fuel,
                step_items: (*limits).step_items,
            };
            let source = source.text("grammar")?;
            match Grammar::compile(share(vocabulary), kind_of(kind)?, source, &limits) {
                Ok(grammar) => Ok(Arc::into_raw(Arc::new(grammar))),
                Err(refusal) => {
                    has_pointer.write(refusal.pointer.is_some());
                    pointer.write(refusal.pointer.unwrap_or_default().into());
                    Err(refusal.message)
                }
            }
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_free(grammar: *const Grammar) {
    if !grammar.is_null() {
        release(unsafe { Arc::from_raw(grammar) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_state_new(
    grammar: *const Grammar,
    out: *mut *mut State,
    error: *mut Bytes,
) -> i32 {
    unsafe { guard(out, error, || Ok(Box::into_raw(Box::new(State::new(share(grammar))?)))) }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_state_free(state: *mut State) {
    if !state.is_null() {
        release(unsafe { Box::from_raw(state) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_state_allowed(
    state: *mut State,
    mask: *mut u32,
    words: usize,
    error: *mut Bytes,
) -> i32 {
    let mut done = ();
    unsafe {
        guard(&mut done, error, || {
            let expected = (*state).grammar().vocabulary().mask_words();
            if words != expected {
                return Err(format!("a grammar's mask must have {expected} words, got {words}"));
            }
            (*state).allowed(items_mut(mask, words))
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_state_accept(
    state: *mut State,
    token: i32,
    out: *mut bool,
    error: *mut Bytes,
) -> i32 {
    unsafe { guard(out, error, || (*state).accept(token)) }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_grammar_state_may_end(state: *mut State, out: *mut bool, error: *mut Bytes) -> i32 {
    unsafe { guard(out, error, || (*state).may_end()) }
}
