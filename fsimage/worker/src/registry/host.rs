//! What the host lends to a plugin: volumes, limits, a log.

use core::ffi::c_void;
use fsimage_sdk::abi::{self, size_u32};
use fsimage_sdk::{Error, ErrorKind, Limits, Volume};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// Bytes of a log line that are printed.
const LOG_LINE: usize = 1024;

/// Everything a plugin may point at between `open` and `close`, or during `probe`.
///
/// Behind `Arc` and `Rc`, whose contents may be pointed at while they themselves move; neither is ever cloned.
pub(super) struct Lent {
    things: Arc<Things>,
    host: Rc<abi::Host>,
}

struct Things {
    plugin: Arc<str>,
    volumes: Vec<Volume>,
    limits: abi::Limits,
}

// SAFETY: the raw pointers are into `things`, which is immutable, itself Send and Sync, and kept alive beside them;
// the Rc has this one owner.
unsafe impl Send for Lent {}

impl Lent {
    pub(super) fn new(plugin: &Arc<str>, volumes: &[Volume], limits: &Limits) -> Self {
        let limits = abi::Limits {
            struct_size: size_u32::<abi::Limits>(),
            max_symlinks: limits.max_symlinks,
            max_directory_entries: limits.max_directory_entries,
            max_memory: limits.max_memory,
        };
        let things = Arc::new(Things { plugin: Arc::clone(plugin), volumes: volumes.to_vec(), limits });
        let host = Rc::new(abi::Host {
            abi_version: abi::ABI_VERSION,
            struct_size: size_u32::<abi::Host>(),
            limits: &raw const things.limits,
            context: Arc::as_ptr(&things).cast_mut().cast::<c_void>(),
            log: Some(log),
        });
        Self { things, host }
    }

    pub(super) fn host(&self) -> *const abi::Host {
        Rc::as_ptr(&self.host)
    }

    /// The volumes as the plugin sees them; the array itself is needed for one call only.
    pub(super) fn volumes(&self) -> Vec<abi::Volume> {
        let lend = |volume: &Volume| abi::Volume {
            struct_size: size_u32::<abi::Volume>(),
            sector_size: volume.sector_size(),
            size: volume.size(),
            context: core::ptr::from_ref(volume).cast_mut().cast::<c_void>(),
            read_at: Some(read_at),
        };
        self.things.volumes.iter().map(lend).collect()
    }

    /// Bytes of each volume, in order.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u64> {
        self.things.volumes.iter().map(|volume| volume.size())
    }
}

unsafe extern "C" fn read_at(
    context: *mut c_void,
    offset: u64,
    buffer: *mut u8,
    length: usize,
    error: *mut abi::Error,
) -> i32 {
    if context.is_null() || (buffer.is_null() && length > 0) || isize::try_from(length).is_err() {
        return fail(error, &Error::new(ErrorKind::InvalidArgument, "volume read: null or endless buffer"));
    }
    let read = || {
        // SAFETY: the plugin hands back the context it was given, a Volume kept alive until close.
        let volume = unsafe { &*context.cast_const().cast::<Volume>() };
        if !inside(offset, length, volume.size()) {
            let why = format!("{length} bytes wanted of a volume of {}", volume.size());
            return Err(Error::new(ErrorKind::Io, why).at(offset));
        }
        if length == 0 {
            return Ok(());
        }
        // SAFETY: not null, at most isize::MAX bytes, the plugin's for the time of the call. It may be uninitialised in
        // a plugin's C code, which the compiler cannot see and which is only ever written.
        volume.read_exact_at(offset, unsafe { core::slice::from_raw_parts_mut(buffer, length) })
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(())) => 0,
        Ok(Err(e)) => fail(error, &e),
        Err(payload) => {
            // A payload's own destructor could panic again, this time into C.
            core::mem::forget(payload);
            fail(error, &Error::new(ErrorKind::Internal, "panic while reading the volume"))
        }
    }
}

fn inside(offset: u64, length: usize, size: u64) -> bool {
    u64::try_from(length).ok().and_then(|length| offset.checked_add(length)).is_some_and(|end| end <= size)
}

/// Tells a plugin that its read failed.
fn fail(place: *mut abi::Error, error: &Error) -> i32 {
    let code = error.kind().code();
    let mut out = abi::Error::new();
    out.kind = code;
    out.offset = error.offset().unwrap_or(abi::NO_OFFSET);
    let message = error.message();
    let kept = message.floor_char_boundary(abi::MESSAGE_CAPACITY);
    for (to, from) in out.message.iter_mut().zip(message.bytes().take(kept)) {
        *to = from;
    }
    out.message_length = u32::try_from(kept).unwrap_or(0);
    if !place.is_null() {
        // SAFETY: not null, and by the ABI an Error of the plugin's that says its size first.
        let said = unsafe { place.cast::<u32>().read_unaligned() };
        if said >= size_u32::<abi::Error>() {
            out.struct_size = said;
            // SAFETY: as above, and large enough.
            unsafe { place.write_unaligned(out) };
        }
    }
    code
}

/// A plugin's line goes to stderr, which the caller shows under `--debug`; a guest's bytes in it are escaped.
unsafe extern "C" fn log(context: *mut c_void, line: *const u8, length: usize) {
    if context.is_null() || line.is_null() {
        return;
    }
    // SAFETY: the plugin hands back the context it was given, alive until close.
    let things = unsafe { &*context.cast_const().cast::<Things>() };
    // SAFETY: not null, and by the ABI `length` readable bytes, of which we take less.
    let line = unsafe { core::slice::from_raw_parts(line, length.min(LOG_LINE)) };
    let text = format!("plugin {}: {}\n", things.plugin, line.escape_ascii());
    // Where stderr cannot be written there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
