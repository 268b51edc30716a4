//! The sentence of this thread's last failure.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

thread_local! {
    static LAST: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// The version, as C has it.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// Keeps a sentence for [`fsi_error_message`].
pub(crate) fn remember(message: String) {
    let mut bytes = message.into_bytes();
    bytes.retain(|byte| *byte != 0);
    let message = CString::new(bytes).ok();
    // In a thread that is ending there is nobody to read it.
    let _ = LAST.try_with(|last| last.replace(message));
}

/// See fsimage.h.
#[unsafe(no_mangle)]
pub extern "C" fn fsi_error_message() -> *const c_char {
    let last = LAST.try_with(|last| last.borrow().as_ref().map(|message| message.as_ptr()));
    last.ok().flatten().unwrap_or(c"".as_ptr())
}

/// See fsimage.h.
#[unsafe(no_mangle)]
pub extern "C" fn fsi_version() -> *const c_char {
    VERSION.as_ptr()
}
