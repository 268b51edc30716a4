//! Answers into memory the host owns, within the size it says.

use crate::{Error, ErrorKind, Result};
use fsimage_abi as abi;
use std::any::Any;

/// An ABI structure that begins with its `struct_size`.
///
/// # Safety
/// `repr(C)`, a `u32` called `struct_size` first, and all-zero bytes are a valid value.
pub(super) unsafe trait Sized32: Copy {
    /// Its name in error messages.
    const NAME: &'static str;
    /// Its size in version 1 of the ABI: no host hands out less.
    const MINIMUM: usize;
}

macro_rules! sized {
    ($($ty:ident $name:literal $minimum:literal,)*) => {$(
        // SAFETY: these are repr(C), begin with struct_size, and hold integers, pointers and optional functions.
        unsafe impl Sized32 for abi::$ty {
            const NAME: &'static str = $name;
            const MINIMUM: usize = $minimum;
        }
    )*};
}

sized! {
    Error "error" 520,
    Info "info" 1440,
    Limits "limits" 24,
    Metadata "metadata" 48,
    Probe "probe" 8,
    Volume "volume" 32,
}

/// An argument that must not be null, is.
pub(super) fn null(name: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("{name} is null"))
}

/// How many bytes of `T` both sides know.
///
/// # Safety
/// `place` is null or points at a `T` of at least four readable bytes.
unsafe fn common_size<T: Sized32>(place: *const T) -> Result<usize> {
    if place.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: not null, so by the caller's promise four bytes are readable; Sized32 says they are struct_size.
    let said = unsafe { place.cast::<u32>().read_unaligned() };
    let said = usize::try_from(said).unwrap_or(usize::MAX);
    if said < T::MINIMUM {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{}.struct_size is {said}, less than {}", T::NAME, T::MINIMUM),
        ));
    }
    Ok(said.min(size_of::<T>()))
}

/// Copies the part of a host's structure that this version knows; the rest is zero.
///
/// # Safety
/// `place` is null or points at a `T` of `struct_size` readable bytes.
pub(super) unsafe fn read_sized<T: Sized32>(place: *const T) -> Result<T> {
    // SAFETY: the caller's promise.
    let size = unsafe { common_size(place) }?;
    let mut value = core::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: `size` is at most both sizes, the two do not overlap, and zeroes are a valid T (Sized32).
    unsafe {
        core::ptr::copy_nonoverlapping(place.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), size);
        Ok(value.assume_init())
    }
}

/// Checks that the host's structure can be written to.
///
/// # Safety
/// As [`read_sized`].
pub(super) unsafe fn check_sized<T: Sized32>(place: *mut T) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe { common_size(place.cast_const()) }.map(drop)
}

/// Writes an answer, as much of it as the host has room for. Its `struct_size` stays the host's.
///
/// # Safety
/// `place` is null or points at a `T` of `struct_size` readable and writable bytes.
pub(super) unsafe fn write_sized<T: Sized32>(place: *mut T, value: &T) -> Result<()> {
    const HEAD: usize = size_of::<u32>();
    // SAFETY: the caller's promise.
    let size = unsafe { common_size(place.cast_const()) }?;
    let from = core::ptr::from_ref(value).cast::<u8>();
    // SAFETY: HEAD <= MINIMUM <= size, and size is at most both sizes; a host's structure and ours do not overlap.
    unsafe {
        core::ptr::copy_nonoverlapping(
            from.add(HEAD),
            place.cast::<u8>().add(HEAD),
            size.saturating_sub(HEAD),
        );
    }
    Ok(())
}

/// Writes one value of the host's.
///
/// # Safety
/// `place` is null or points at a writable `T`.
pub(super) unsafe fn write<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: not null, and the caller's promise.
        unsafe { place.write_unaligned(value) };
    }
}

/// The C form of an error; a message that is too long is cut before the character that does not fit.
pub(super) fn to_abi(error: &Error) -> abi::Error {
    let mut out = abi::Error::new();
    out.kind = error.kind().code();
    out.offset = error.offset().unwrap_or(abi::NO_OFFSET);
    let message = error.message();
    let kept = message.floor_char_boundary(abi::MESSAGE_CAPACITY);
    let kept = message.get(..kept).unwrap_or_default();
    out.message_length = u32::try_from(copy_bytes(&mut out.message, kept.as_bytes())).unwrap_or(0);
    out
}

/// Copies as much of `from` as fits and says how much.
pub(super) fn copy_bytes(to: &mut [u8], from: &[u8]) -> usize {
    to.iter_mut().zip(from).map(|(to, from)| *to = *from).count()
}

/// What a panic said.
pub(super) fn panic_error(payload: Box<dyn Any + Send>) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    // A payload's own destructor could panic again, this time into C.
    core::mem::forget(payload);
    Error::new(ErrorKind::Internal, format!("panic: {text}"))
}
