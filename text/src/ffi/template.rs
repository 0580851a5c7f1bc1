//! Chat templates at the C border.
//!
//! Safety, for all functions here: pointers are as `troupe_text.h` says.

use serde_json::{json, Value as Json};

use super::border::{guard, items, release, Bytes, Slice, Tokens};
use crate::template::{Input, Template};
use crate::tokenizer::Tokenizer;
use crate::Result;

#[repr(C)]
pub struct Message {
    role: Slice,
    content: Slice,
    tool_calls: Slice,
    tool_call_id: Slice,
}

#[repr(C)]
pub struct TemplateInput {
    messages: *const Message,
    message_count: usize,
    messages_json: Slice,
    tools_json: Slice,
    add_generation_prompt: bool,
    now: i64,
}

impl TemplateInput {
    unsafe fn read(&self) -> Result<Input> {
        unsafe {
            let messages = match read_array(self.messages_json, "messages")? {
                Json::Null => {
                    let mut messages = Vec::with_capacity(self.message_count);
                    for (index, message) in items(self.messages, self.message_count).iter().enumerate() {
                        let role = message.role.text(&format!("messages[{index}].role"))?;
                        let content = message.content.text(&format!("messages[{index}].content"))?;
                        let mut written = json!({"role": role, "content": content});
                        let calls = read_array(message.tool_calls, &format!("messages[{index}].tool_calls"))?;
                        if !calls.is_null() {
                            written["tool_calls"] = calls;
                        }
                        let answered = message.tool_call_id.text(&format!("messages[{index}].tool_call_id"))?;
                        if !answered.is_empty() {
                            written["tool_call_id"] = answered.into();
                        }
                        messages.push(written);
                    }
                    Json::Array(messages)
                }
                messages => messages,
            };
            Ok(Input {
                messages,
                tools: read_array(self.tools_json, "tools")?,
                add_generation_prompt: self.add_generation_prompt,
                now: self.now,
            })
        }
    }
}

/// A JSON array, or null for an empty text.
unsafe fn read_array(text: Slice, what: &str) -> Result<Json> {
    let bytes = unsafe { text.bytes() };
    if bytes.is_empty() {
        return Ok(Json::Null);
    }
    let value: Json = serde_json::from_slice(bytes).map_err(|e| format!("{what} is not valid JSON: {e}"))?;
    if !value.is_array() {
        return Err(format!("{what} must be a JSON array"));
    }
    Ok(value)
}

#[no_mangle]
pub unsafe extern "C" fn troupe_template_new(
    source: Slice,
    bos: Slice,
    eos: Slice,
    out: *mut *mut Template,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            let template = Template::new(
                source.text("chat template")?,
                bos.text("bos token")?,
                eos.text("eos token")?,
            )?;
            Ok(Box::into_raw(Box::new(template)))
        })
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_template_free(template: *mut Template) {
    if !template.is_null() {
        release(unsafe { Box::from_raw(template) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_template_render(
    template: *const Template,
    input: *const TemplateInput,
    out: *mut Bytes,
    error: *mut Bytes,
) -> i32 {
    unsafe { guard(out, error, || Ok((*template).render(&(*input).read()?)?.into())) }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_template_encode(
    template: *const Template,
    input: *const TemplateInput,
    tokenizer: *const Tokenizer,
    out: *mut Tokens,
    error: *mut Bytes,
) -> i32 {
    unsafe {
        guard(out, error, || {
            Ok((*template).encode(&(*input).read()?, &*tokenizer)?.into())
        })
    }
}
