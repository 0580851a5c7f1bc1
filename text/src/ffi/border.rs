//! Types of the C header, and what every function at the border needs.

use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::Result;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    data: *const u8,
    size: usize,
}

#[repr(C)]
pub struct Bytes {
    data: *mut u8,
    size: usize,
}

#[repr(C)]
pub struct Tokens {
    data: *mut i32,
    size: usize,
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        let (data, size) = hand_out(bytes);
        Bytes { data, size }
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Bytes {
        text.into_bytes().into()
    }
}

impl From<Vec<i32>> for Tokens {
    fn from(tokens: Vec<i32>) -> Tokens {
        let (data, size) = hand_out(tokens);
        Tokens { data, size }
    }
}

/// Nothing is allocated for an empty list, whose pointer is null.
fn hand_out<T>(items: Vec<T>) -> (*mut T, usize) {
    if items.is_empty() {
        return (std::ptr::null_mut(), 0);
    }
    let size = items.len();
    (Box::into_raw(items.into_boxed_slice()).cast(), size)
}

/// # Safety
/// `data` and `size` come from `hand_out`, and are given back once.
unsafe fn take_back<T>(data: *mut T, size: usize) {
    if !data.is_null() {
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, size)) });
    }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_bytes_free(bytes: Bytes) {
    // SAFETY: by the header, the caller gives back what it was handed.
    unsafe { take_back(bytes.data, bytes.size) }
}

#[no_mangle]
pub unsafe extern "C" fn troupe_tokens_free(tokens: Tokens) {
    // SAFETY: by the header, the caller gives back what it was handed.
    unsafe { take_back(tokens.data, tokens.size) }
}

/// A C array as a slice; a null pointer is an empty one.
///
/// # Safety
/// `data` points to `size` items that outlive the call, or is null.
pub unsafe fn items<'a, T>(data: *const T, size: usize) -> &'a [T] {
    if data.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts(data, size) }
}

/// As `items`, to be written to.
///
/// # Safety
/// `data` points to `size` items that outlive the call and that nobody else sees meanwhile, or is null.
pub unsafe fn items_mut<'a, T>(data: *mut T, size: usize) -> &'a mut [T] {
    if data.is_null() || size == 0 {
        return &mut [];
    }
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts_mut(data, size) }
}

impl Slice {
    /// # Safety
    /// The slice's memory outlives the call.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: as above.
        unsafe { items(self.data, self.size) }
    }

    /// The slice as text; `what` names it in an error.
    ///
    /// # Safety
    /// The slice's memory outlives the call.
    pub unsafe fn text<'a>(self, what: &str) -> Result<&'a str> {
        // SAFETY: as above.
        let bytes = unsafe { self.bytes() };
        std::str::from_utf8(bytes).map_err(|e| {
            format!(
                "{what} is not valid UTF-8 at byte {} of {}",
                e.valid_up_to(),
                bytes.len()
            )
        })
    }
}

/// Runs a function's body, writes its result to `out` or its error, or the panic that ended it, to `error`.
///
/// # Safety
/// `out` and `error` can be written.
pub unsafe fn guard<T>(out: *mut T, error: *mut Bytes, body: impl FnOnce() -> Result<T>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let words = (panic.downcast_ref::<String>().map(String::as_str))
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown");
        Err(format!("internal error in text: {words}"))
    });
    // SAFETY: as above.
    unsafe {
        match result {
            Ok(value) => {
                out.write(value);
                0
            }
            Err(text) => {
                error.write(text.into());
                1
            }
        }
    }
}

/// Drops a handle; a panic on the way is swallowed, since there is nobody to tell.
pub fn release<T>(handle: T) {
    let _ = catch_unwind(AssertUnwindSafe(move || drop(handle)));
}
