//! Tokenizers and streams at the C border.
//!
//! Safety, for all functions here: pointers are as `troupe_text.h` says. A tokenizer's handle is an `Arc` in disguise.

use std::sync::Arc;

use super::border::{guard, items, release, Bytes, Slice, Tokens};
use crate::gguf::Vocabulary;
use crate::stream::Stream;
use crate::tokenizer::{Control, Tokenizer};
use crate::Result;

#[repr(C)]
pub struct GgufVocabulary {
    tokens: *const Slice,
    token_count: usize,
    token_types: *const i32,
    token_type_count: usize,
    merges: *const Slice,
    merge_count: usize,
    scores: *const f32,
    score_count: usize,
    model: Slice,
    pre: Slice,
    bos: i32,
    eos: i32,
    unknown: i32,
    add_space_prefix: bool,
}

impl GgufVocabulary {
    unsafe fn view(&self) -> Result<Vocabulary<'_>> {
        unsafe {
            let texts = |list: &[Slice], what: &str| -> Result<Vec<&str>> {
                let named = list.iter().enumerate();
                named.map(|(i, s)| s.text(&format!("{what} {i}"))).collect()
            };
            Ok(Vocabulary {
                tokens: texts(items(self.tokens, self.token_count), "tokenizer.ggml.tokens")?,
                token_types: items(self.token_types, self.token_type_count),
                merges: texts(items(self.merges, self.merge_count), "tokenizer.ggml.merges")?,
                scores: items(self.scores, self.score_count),
                model: self.model.text("tokenizer.ggml.model")?,
                pre: self.pre.text("tokenizer.ggml.pre")?,
                bos: self.bos,
                eos: self.eos,
                unknown: self.unknown,
                add_space_prefix: self.add_space_prefix,
            })
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_from_json(json: Slice, out: *mut *const Tokenizer, error: *mut Bytes) -> i32 {
    unsafe {
        guard(out, error, || {
            Ok(Arc::into_raw(Arc::new(Tokenizer::from_json(json.bytes())?)))
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_from_gguf(
    vocabulary: *const GgufVocabulary,
    out: *mut *const Tokenizer,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let vocabulary = (*vocabulary).view()?;
            Ok(Arc::into_raw(Arc::new(Tokenizer::from_gguf(&vocabulary)?)))
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_free(tokenizer: *const Tokenizer) {
    if !tokenizer.is_null() {
        release(unsafe { Arc::from_raw(tokenizer) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_encode(
    tokenizer: *const Tokenizer,
    text: Slice,
    parse_control: bool,
    add_special: bool,
    out: *mut Tokens,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let control = if parse_control {
                Control::Parse
            } else {
                Control::Literal
            };
            let tokens = (*tokenizer).encode(text.text("text")?, control, add_special)?;
            Ok(tokens.into())
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_decode(
    tokenizer: *const Tokenizer,
    tokens: *const i32,
    count: usize,
    skip_special: bool,
    out: *mut Bytes,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            Ok((*tokenizer).decode(items(tokens, count), skip_special)?.into())
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_token_bytes(
    tokenizer: *const Tokenizer,
    token: i32,
    out: *mut Bytes,
    error: *mut Bytes,
) -> i32 {
    unsafe { guard(out, error, || Ok((*tokenizer).token_bytes(token).to_vec().into())) }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokenizer_vocabulary_size(tokenizer: *const Tokenizer) -> usize {
    unsafe { (*tokenizer).vocabulary_size() }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_stream_new(
    tokenizer: *const Tokenizer,
    skip_special: bool,
    out: *mut *mut Stream,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            Arc::increment_strong_count(tokenizer);
            let stream = Stream::new(Arc::from_raw(tokenizer), skip_special);
            Ok(Box::into_raw(Box::new(stream)))
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_stream_free(stream: *mut Stream) {
    if !stream.is_null() {
        release(unsafe { Box::from_raw(stream) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_stream_push(
    stream: *mut Stream,
    token: i32,
    out: *mut Bytes,
    error: *mut Bytes,
) -> i32 {
    unsafe { guard(out, error, || Ok((*stream).push(token).into())) }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_stream_finish(stream: *mut Stream, out: *mut Bytes, error: *mut Bytes) -> i32 {
    unsafe { guard(out, error, || Ok((*stream).finish()?.into())) }
}
