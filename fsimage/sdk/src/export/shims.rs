//! The callbacks `export!` writes, and the entry made of them. For the macro's use only.

use super::incoming::{self, HostVolume};
use super::outgoing::{check_sized, copy_bytes, null, panic_error, to_abi, write, write_sized};
use crate::{
    DirCursor, Error, ErrorKind, ExtentKind, FileSystem, Format, NodeId, OpenOptions, Probe, Result, Volume,
};
use core::ffi::{CStr, c_void};
use fsimage_abi as abi;
use fsimage_abi::{FsPtr, Plugin, size_u32};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What `export!` knows about a plugin.
pub trait Export {
    /// The format's name.
    const NAME: &'static CStr;
    /// The plugin's version.
    const VERSION: &'static CStr;
    /// One line for people.
    const DESCRIPTION: &'static CStr;

    /// The format.
    fn format() -> &'static dyn Format;
}

/// Text that ends with NUL as a C string; empty, which the loader refuses, when it does not.
#[must_use]
pub const fn c_string(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_until_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

/// The entry.
#[must_use]
pub const fn plugin<E: Export>() -> Plugin {
    Plugin {
        abi_version: abi::ABI_VERSION,
        struct_size: size_u32::<Plugin>(),
        kind: abi::KIND_FILESYSTEM,
        flags: 0,
        name: E::NAME.as_ptr(),
        version: E::VERSION.as_ptr(),
        description: E::DESCRIPTION.as_ptr(),
        probe: Some(probe::<E>),
        open: Some(open::<E>),
        close: Some(close),
        root: Some(root),
        metadata: Some(metadata),
        lookup: Some(lookup),
        read_dir: Some(read_dir),
        read_link: Some(read_link),
        read_at: Some(read_at),
        extents: Some(extents),
        info: Some(info),
        boot_string: Some(boot_string),
    }
}

/// Does the exported name agree with the format's?
///
/// # Errors
/// [`ErrorKind::Internal`] when not.
pub fn check_name<E: Export>() -> Result<()> {
    let (exported, own) = (E::NAME, E::format().name());
    if exported.to_bytes() == own.as_bytes() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Internal, format!("exported as {exported:?}, the format calls itself {own:?}")))
}

/// What an [`FsPtr`] of ours points at.
struct Opened {
    filesystem: Box<dyn FileSystem>,
    volumes: Vec<Arc<HostVolume>>,
}

/// Runs a callback's body: an error or a panic becomes a code and a filled `error`.
///
/// # Safety
/// `error` is null or an error of the host's.
unsafe fn guard(error: *mut abi::Error, body: impl FnOnce() -> Result<()>) -> i32 {
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(panic_error(payload)));
    match outcome {
        Ok(()) => 0,
        Err(failure) => {
            // SAFETY: the caller's promise. The code alone decides, so an error we cannot write to is no loss.
            let _ = unsafe { write_sized(error, &to_abi(&failure)) };
            failure.kind().code()
        }
    }
}

/// The filesystem behind a handle.
///
/// # Safety
/// `fs` is null or came from [`open`] and has not been closed; the reference ends before the callback returns.
unsafe fn opened<'a>(fs: FsPtr) -> Result<&'a dyn FileSystem> {
    // SAFETY: null or a live Opened, by the caller's promise; never mutated while callbacks run.
    let opened = unsafe { fs.cast::<Opened>().as_ref() };
    opened.map(|o| &*o.filesystem).ok_or_else(|| null("fs"))
}

fn as_volumes(volumes: &[Arc<HostVolume>]) -> Vec<Volume> {
    volumes.iter().map(|volume| -> Volume { Arc::<HostVolume>::clone(volume) }).collect()
}

/// Ends the volumes when a probe or an open that failed returns or unwinds.
struct EndVolumes(Vec<Arc<HostVolume>>);

impl Drop for EndVolumes {
    fn drop(&mut self) {
        for volume in &self.0 {
            volume.end();
        }
    }
}

unsafe extern "C" fn probe<E: Export>(
    host: *const abi::Host,
    volume: *const abi::Volume,
    probe: *mut abi::Probe,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        check_name::<E>()?;
        // SAFETY: the host's promises about its arguments; null is an error in each.
        let (limits, volumes) = unsafe {
            check_sized(probe)?;
            (incoming::limits(host)?, EndVolumes(incoming::volumes(volume, 1)?))
        };
        let volumes_given = as_volumes(&volumes.0);
        let volume = volumes_given.first().ok_or_else(|| null("volume"))?;
        let verdict = match E::format().probe(volume, &limits)? {
            Probe::NotMine => abi::ProbeVerdict::NotMine,
            Probe::Mine => abi::ProbeVerdict::Mine,
            Probe::MineButBroken(why) => {
                // SAFETY: the host's error, or null.
                unsafe { write_sized(error, &to_abi(&why)) }?;
                abi::ProbeVerdict::MineButBroken
            }
        };
        let answer = abi::Probe { struct_size: size_u32::<abi::Probe>(), verdict: verdict.code() };
        // SAFETY: checked above.
        unsafe { write_sized(probe, &answer) }
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn open<E: Export>(
    host: *const abi::Host,
    volumes: *const abi::Volume,
    volume_count: usize,
    options: *const u8,
    options_length: usize,
    fs: *mut FsPtr,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        check_name::<E>()?;
        if fs.is_null() {
            return Err(null("fs"));
        }
        // SAFETY: the host's promises about its arguments; null is an error in each.
        let (limits, mut volumes, options) = unsafe {
            (
                incoming::limits(host)?,
                EndVolumes(incoming::volumes(volumes, volume_count)?),
                incoming::bytes(options, options_length, "options")?,
            )
        };
        let options = OpenOptions { options: options.to_vec(), limits };
        let filesystem = E::format().open(&as_volumes(&volumes.0), &options)?;
        let opened = Box::new(Opened { filesystem, volumes: core::mem::take(&mut volumes.0) });
        // SAFETY: not null; the host's place for a pointer.
        unsafe { write(fs, Box::into_raw(opened).cast::<c_void>()) };
        Ok(())
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn close(fs: FsPtr) {
    if fs.is_null() {
        return;
    }
    // SAFETY: from Box::into_raw in `open`, and closed once only, by the host's promise.
    let Opened { filesystem, volumes } = *unsafe { Box::from_raw(fs.cast::<Opened>()) };
    let _volumes = EndVolumes(volumes);
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(filesystem))) {
        drop(panic_error(payload));
    }
}

unsafe extern "C" fn root(fs: FsPtr, node: *mut u64, error: *mut abi::Error) -> i32 {
    let body = || {
        if node.is_null() {
            return Err(null("node"));
        }
        // SAFETY: the host's promises: a live filesystem, a place for a number.
        unsafe { write(node, opened(fs)?.root()?.0) };
        Ok(())
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn metadata(
    fs: FsPtr,
    node: u64,
    metadata: *mut abi::Metadata,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the host's promises: a live filesystem, a structure of its struct_size.
        let found = unsafe {
            check_sized(metadata)?;
            opened(fs)?.metadata(NodeId(node))?
        };
        let answer = abi::Metadata {
            struct_size: size_u32::<abi::Metadata>(),
            file_type: found.file_type.code(),
            mode: found.mode,
            uid: found.uid,
            gid: found.gid,
            links: found.links,
            size: found.size,
            mtime_seconds: found.mtime_seconds,
            mtime_nanoseconds: found.mtime_nanoseconds,
            reserved: 0,
        };
        // SAFETY: checked above.
        unsafe { write_sized(metadata, &answer) }
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn lookup(
    fs: FsPtr,
    directory: u64,
    name: *const u8,
    name_length: usize,
    node: *mut u64,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        if node.is_null() {
            return Err(null("node"));
        }
        // SAFETY: the host's promises: a live filesystem, a name of that length, a place for a number.
        unsafe {
            let name = incoming::bytes(name, name_length, "name")?;
            write(node, opened(fs)?.lookup(NodeId(directory), name)?.0);
        }
        Ok(())
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn read_dir(
    fs: FsPtr,
    directory: u64,
    cursor: u64,
    sink: Option<abi::DirSink>,
    sink_context: *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the host's promise: null or a live filesystem.
        let filesystem = unsafe { opened(fs) }?;
        let sink = sink.ok_or_else(|| null("sink"))?;
        let mut stopped = false;
        filesystem.read_dir(NodeId(directory), DirCursor(cursor), &mut |entry| {
            // A filesystem that goes on after the sink broke must not reach the host again.
            if !stopped {
                let entry = abi::DirEntry {
                    node: entry.node.0,
                    next_cursor: entry.next.0,
                    file_type: entry.file_type.code(),
                    // A longer name does not exist in memory that a plugin may use; the host refuses this one.
                    name_length: u32::try_from(entry.name.len()).unwrap_or(u32::MAX),
                    name: entry.name.as_ptr(),
                };
                // SAFETY: the host's sink with the host's context; the entry lives through the call.
                stopped = unsafe { sink(sink_context, &raw const entry) } != 0;
            }
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn read_link(
    fs: FsPtr,
    node: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the host's promises: a live filesystem, a buffer of that capacity, a place for a length.
        unsafe { fill(buffer, capacity, length, || opened(fs)?.read_link(NodeId(node))) }
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn boot_string(
    fs: FsPtr,
    node: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the host's promises: a live filesystem, a buffer of that capacity, a place for a length.
        unsafe { fill(buffer, capacity, length, || opened(fs)?.boot_string(NodeId(node))) }
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

/// Copies the bytes that `make` makes into the host's buffer; the length is told even when they do not fit.
///
/// # Safety
/// `buffer` is null or of that capacity, `length` null or a place for a length.
unsafe fn fill(
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    make: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<()> {
    if length.is_null() {
        return Err(null("length"));
    }
    // SAFETY: the caller's promise.
    let buffer = unsafe { incoming::buffer(buffer, capacity) }?;
    let bytes = make()?;
    // SAFETY: not null, and the caller's promise.
    unsafe { write(length, bytes.len()) };
    if bytes.len() > buffer.len() {
        return Err(Error::limit(format!("{} bytes do not fit into {capacity}", bytes.len())));
    }
    copy_bytes(buffer, &bytes);
    Ok(())
}

unsafe extern "C" fn read_at(
    fs: FsPtr,
    node: u64,
    offset: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        if length.is_null() {
            return Err(null("length"));
        }
        // SAFETY: the host's promises: a live filesystem, a buffer of that capacity, a place for a length.
        unsafe {
            let buffer = incoming::buffer(buffer, capacity)?;
            write(length, opened(fs)?.read_at(NodeId(node), offset, buffer)?);
        }
        Ok(())
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn extents(
    fs: FsPtr,
    node: u64,
    offset: u64,
    sink: Option<abi::ExtentSink>,
    sink_context: *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    let body = || {
        // SAFETY: the host's promise: null or a live filesystem.
        let filesystem = unsafe { opened(fs) }?;
        let sink = sink.ok_or_else(|| null("sink"))?;
        let mut stopped = false;
        filesystem.extents(NodeId(node), offset, &mut |extent| {
            if !stopped {
                let (volume, physical, flags) = match extent.kind {
                    ExtentKind::Data { volume, physical } => (volume, physical, 0),
                    ExtentKind::Hole => (0, 0, abi::EXTENT_HOLE),
                };
                let (logical, length) = (extent.logical, extent.length);
                let extent = abi::Extent { logical, physical, length, volume, flags };
                // SAFETY: the host's sink with the host's context; the extent lives through the call.
                stopped = unsafe { sink(sink_context, &raw const extent) } != 0;
            }
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

unsafe extern "C" fn info(fs: FsPtr, info: *mut abi::Info, error: *mut abi::Error) -> i32 {
    let body = || {
        // SAFETY: the host's promises: a live filesystem, a structure of its struct_size.
        let found = unsafe {
            check_sized(info)?;
            opened(fs)?.info()?
        };
        let mut answer = abi::Info::new();
        answer.block_size = found.block_size;
        answer.size = found.size;
        answer.label_length = text(&mut answer.label, &found.label);
        answer.uuid_length = text(&mut answer.uuid, found.uuid.as_bytes());
        answer.flavour_length = text(&mut answer.flavour, found.flavour.as_bytes());
        let features = joined(&found.features, ' ', answer.features.len());
        answer.features_length = text(&mut answer.features, features.as_bytes());
        let remarks = joined(&found.remarks, '\n', answer.remarks.len());
        answer.remarks_length = text(&mut answer.remarks, remarks.as_bytes());
        // SAFETY: checked above.
        unsafe { write_sized(info, &answer) }
    };
    // SAFETY: the host's error, or null.
    unsafe { guard(error, body) }
}

/// As many of the texts as fit, whole; the separator in none of them but between them.
fn joined(texts: &[String], separator: char, capacity: usize) -> String {
    let mut out = String::new();
    for text in texts {
        let length = out.len().saturating_add(text.len()).saturating_add(1);
        if length > capacity {
            break;
        }
        if !out.is_empty() {
            out.push(separator);
        }
        out.extend(text.chars().map(|letter| if letter == separator { '_' } else { letter }));
    }
    out
}

fn text(to: &mut [u8], from: &[u8]) -> u32 {
    u32::try_from(copy_bytes(to, from)).unwrap_or(0)
}
