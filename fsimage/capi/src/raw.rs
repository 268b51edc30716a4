//! What C hands over, checked as far as it can be.

use crate::guard::Failure;
use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Longest path of a guest's that the worker takes, in bytes.
const MAX_PATH: usize = 4096;
/// Most words of one list.
const MAX_WORDS: usize = 64;

/// What a handle points to.
///
/// # Safety
/// `handle` is null, or was returned by this library and has not been closed; nobody closes it before `'a` ends.
pub(crate) unsafe fn handle<'a, T>(handle: *const T) -> Result<&'a T, Failure> {
    // SAFETY: as the caller says.
    unsafe { handle.as_ref() }.ok_or_else(|| Failure::argument("the handle is NULL"))
}

/// Takes back what a handle points to.
///
/// # Safety
/// `handle` is null, or came out of `Box::into_raw` and is not used any more by anybody.
pub(crate) unsafe fn take<T>(handle: *mut T) -> Result<Box<T>, Failure> {
    if handle.is_null() {
        return Err(Failure::argument("the handle is NULL"));
    }
    // SAFETY: as the caller says.
    Ok(unsafe { Box::from_raw(handle) })
}

/// The bytes of a string; none for a null pointer.
///
/// # Safety
/// `text` is null, or ends with a NUL, and stays as it is until `'a` ends.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: as the caller says.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// A path on the host.
///
/// # Safety
/// As of [`text`].
pub(crate) unsafe fn host_path<'a>(path: *const c_char) -> Result<&'a Path, Failure> {
    // SAFETY: as the caller says.
    match unsafe { text(path) } {
        Some(path) => Ok(Path::new(OsStr::from_bytes(path))),
        None => Err(Failure::argument("the image's path is NULL")),
    }
}

/// A path in the guest.
///
/// # Safety
/// As of [`text`].
pub(crate) unsafe fn guest_path<'a>(path: *const c_char) -> Result<&'a [u8], Failure> {
    // SAFETY: as the caller says.
    match unsafe { text(path) } {
        Some(path) if path.len() <= MAX_PATH => Ok(path),
        Some(_) => Err(Failure::new(libc::ENAMETOOLONG, format!("a path of more than {MAX_PATH} bytes"))),
        None => Err(Failure::argument("the path is NULL")),
    }
}

/// A list of strings with a null pointer at its end, or no list.
///
/// # Safety
/// `list` is null, or an array that ends with a null pointer, each other being as [`text`] wants it.
pub(crate) unsafe fn words<'a>(list: *const *const c_char) -> Result<Vec<&'a [u8]>, Failure> {
    let mut words = Vec::new();
    if list.is_null() {
        return Ok(words);
    }
    while words.len() < MAX_WORDS {
        // SAFETY: no element before this one was the null pointer at the end, so it belongs to the array.
        match unsafe { text(*list.add(words.len())) } {
            Some(word) => words.push(word),
            None => return Ok(words),
        }
    }
    Err(Failure::argument(format!("{MAX_WORDS} options and no NULL behind them")))
}

/// Memory to be filled, `length` bytes of it.
///
/// # Safety
/// `buffer` is null, or nobody else uses its first `length` bytes until `'a` ends.
pub(crate) unsafe fn buffer<'a>(buffer: *mut u8, length: usize) -> Result<&'a mut [u8], Failure> {
    if length == 0 {
        return Ok(&mut []);
    }
    if buffer.is_null() {
        return Err(Failure::new(libc::EFAULT, "the buffer is NULL"));
    }
    let length = length.min(isize::MAX.unsigned_abs());
    // SAFETY: not null, and no longer than any memory can be; the rest as the caller says.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer, length) })
}

/// Writes as much of a structure as the caller's, which may be older, has room for; zeros into the rest of a newer one.
///
/// # Safety
/// `target` is null, or nobody else uses its first `size` bytes meanwhile. `T` has no padding.
pub(crate) unsafe fn store<T: Copy>(target: *mut T, size: usize, value: &T) -> Result<(), Failure> {
    // SAFETY: as the caller says.
    let target = unsafe { buffer(target.cast::<u8>(), size) }?;
    // SAFETY: a reference's own bytes, all of them initialised since there is no padding.
    let value = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) };
    let (known, newer) = target.split_at_mut(target.len().min(value.len()));
    known.copy_from_slice(value.get(..known.len()).unwrap_or_default());
    newer.fill(0);
    Ok(())
}

/// A descriptor that the caller keeps open meanwhile.
///
/// # Safety
/// Nobody closes it before `'a` ends.
pub(crate) unsafe fn descriptor<'a>(descriptor: c_int) -> Result<BorrowedFd<'a>, Failure> {
    if descriptor < 0 {
        return Err(Failure::new(libc::EBADF, "the descriptor is negative"));
    }
    // SAFETY: not -1; the rest as the caller says. One that is not open is refused by the kernel.
    Ok(unsafe { BorrowedFd::borrow_raw(descriptor) })
}
