//! The receivers of directory entries and extents that a plugin calls: checked one by one, nothing unwinds into it.

use super::answer::Call;
use core::ffi::c_void;
use fsimage_sdk::abi::{self, EXTENT_HOLE, NAME_MAX};
use fsimage_sdk::{DirCursor, DirEntry, Error, Extent, ExtentKind, FileType, NodeId, Result};
use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const GO_ON: i32 = 0;
const STOP: i32 = 1;

/// How a series ended before its end.
#[derive(Default)]
struct Ending {
    stopped: bool,
    fault: Option<Error>,
    panic: Option<Box<dyn Any + Send>>,
}

impl Ending {
    /// One item: its check and the receiver's own code, whose panic waits until the plugin has returned.
    fn take(&mut self, item: impl FnOnce() -> Result<ControlFlow<()>>) -> i32 {
        if self.stopped {
            // A plugin that does not stop when told is ended by the deadline; nothing more is listened to.
            return STOP;
        }
        match catch_unwind(AssertUnwindSafe(item)) {
            Ok(Ok(ControlFlow::Continue(()))) => return GO_ON,
            Ok(Ok(ControlFlow::Break(()))) => {}
            Ok(Err(fault)) => self.fault = Some(fault),
            Err(payload) => self.panic = Some(payload),
        }
        self.stopped = true;
        STOP
    }

    fn finish(self) -> Result<()> {
        if let Some(payload) = self.panic {
            resume_unwind(payload);
        }
        self.fault.map_or(Ok(()), Err)
    }
}

/// Checks the entries of one `read_dir`.
pub(super) struct DirectoryCheck<'a> {
    call: &'a Call,
    limit: u64,
    count: u64,
    cursor: u64,
    sink: &'a mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ending: Ending,
}

impl<'a> DirectoryCheck<'a> {
    pub(super) fn new(
        call: &'a Call,
        cursor: DirCursor,
        limit: u64,
        sink: &'a mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>,
    ) -> Self {
        Self { call, limit, count: 0, cursor: cursor.0, sink, ending: Ending::default() }
    }

    /// The C function and its context, which is `self`.
    pub(super) fn as_sink(&mut self) -> (abi::DirSink, *mut c_void) {
        (directory_sink, core::ptr::from_mut(self).cast::<c_void>())
    }

    pub(super) fn finish(self) -> Result<()> {
        self.ending.finish()
    }

    fn take(&mut self, entry: *const abi::DirEntry) -> i32 {
        let Self { call, limit, count, cursor, sink, ending } = self;
        ending.take(|| {
            if entry.is_null() {
                return Err(call.fault("a null entry"));
            }
            // SAFETY: not null, and by the ABI an entry that lives through the call.
            let entry = unsafe { entry.read_unaligned() };
            *count = count.saturating_add(1);
            if *count > *limit {
                return Err(Error::limit(format!("more than max_directory_entries={limit}")));
            }
            if entry.next_cursor == 0 || entry.next_cursor == *cursor {
                return Err(call.fault(format_args!("cursor {} after {cursor}", entry.next_cursor)));
            }
            *cursor = entry.next_cursor;
            // SAFETY: the entry lives through the call, and so does its name.
            let name = unsafe { checked_name(call, &entry) }?;
            let file_type = FileType::from_code(entry.file_type).unwrap_or(FileType::Unknown);
            let next = DirCursor(entry.next_cursor);
            Ok(sink(DirEntry { name, node: NodeId(entry.node), file_type, next }))
        })
    }
}

/// A name that can be a path's component.
///
/// # Safety
/// `entry.name` is null or begins `entry.name_length` readable bytes that live through `'a`.
unsafe fn checked_name<'a>(call: &Call, entry: &abi::DirEntry) -> Result<&'a [u8]> {
    let length = usize::try_from(entry.name_length).unwrap_or(usize::MAX);
    if entry.name.is_null() || length == 0 || length > NAME_MAX {
        return Err(call.fault(format_args!("a name of {length} bytes (1 to {NAME_MAX})")));
    }
    // SAFETY: not null, a bounded length, and the caller's promise.
    let name = unsafe { core::slice::from_raw_parts(entry.name, length) };
    if name == b"." || name == b".." || name.iter().any(|b| matches!(b, b'/' | 0)) {
        return Err(call.fault(format_args!("\"{}\" is not a file's name", name.escape_ascii())));
    }
    Ok(name)
}

unsafe extern "C" fn directory_sink(context: *mut c_void, entry: *const abi::DirEntry) -> i32 {
    // SAFETY: the plugin hands back the context it was given, a DirectoryCheck that nobody else uses meanwhile.
    match unsafe { context.cast::<DirectoryCheck<'_>>().as_mut() } {
        Some(check) => check.take(entry),
        None => STOP,
    }
}

/// Checks the ranges of one `extents`.
pub(super) struct ExtentCheck<'a> {
    call: &'a Call,
    /// Where the next range must begin; for the first one, a byte it must hold.
    position: u64,
    is_first: bool,
    sizes: &'a [u64],
    sink: &'a mut dyn FnMut(Extent) -> ControlFlow<()>,
    ending: Ending,
}

impl<'a> ExtentCheck<'a> {
    pub(super) fn new(
        call: &'a Call,
        offset: u64,
        sizes: &'a [u64],
        sink: &'a mut dyn FnMut(Extent) -> ControlFlow<()>,
    ) -> Self {
        Self { call, position: offset, is_first: true, sizes, sink, ending: Ending::default() }
    }

    /// The C function and its context, which is `self`.
    pub(super) fn as_sink(&mut self) -> (abi::ExtentSink, *mut c_void) {
        (extent_sink, core::ptr::from_mut(self).cast::<c_void>())
    }

    pub(super) fn finish(self) -> Result<()> {
        self.ending.finish()
    }

    fn take(&mut self, extent: *const abi::Extent) -> i32 {
        let Self { call, position, is_first, sizes, sink, ending } = self;
        ending.take(|| {
            if extent.is_null() {
                return Err(call.fault("a null extent"));
            }
            // SAFETY: not null, and by the ABI an extent that lives through the call.
            let extent = unsafe { extent.read_unaligned() };
            let end = match extent.logical.checked_add(extent.length) {
                Some(end) if extent.length > 0 => end,
                _ => return Err(call.fault(format_args!("{} bytes at {}", extent.length, extent.logical))),
            };
            let follows = if *is_first {
                (extent.logical..end).contains(position)
            } else {
                extent.logical == *position
            };
            if !follows {
                return Err(call.fault(format_args!("a range at {}, wanted at {position}", extent.logical)));
            }
            (*position, *is_first) = (end, false);
            let kind = checked_kind(call, &extent, sizes)?;
            Ok(sink(Extent { logical: extent.logical, length: extent.length, kind }))
        })
    }
}

/// Where a range lies: wholly on a volume that exists.
fn checked_kind(call: &Call, extent: &abi::Extent, sizes: &[u64]) -> Result<ExtentKind> {
    match extent.flags {
        0 => {}
        EXTENT_HOLE => return Ok(ExtentKind::Hole),
        flags => return Err(call.fault(format_args!("unknown flags 0x{flags:x}"))),
    }
    let (volume, physical, length) = (extent.volume, extent.physical, extent.length);
    let size = usize::try_from(volume).ok().and_then(|index| sizes.get(index));
    let Some(size) = size else {
        return Err(call.fault(format_args!("volume {volume} of {}", sizes.len())));
    };
    match physical.checked_add(length) {
        Some(end) if end <= *size => Ok(ExtentKind::Data { volume, physical }),
        _ => Err(call.fault(format_args!("{length} bytes beyond the volume's {size} bytes")).at(physical)),
    }
}

unsafe extern "C" fn extent_sink(context: *mut c_void, extent: *const abi::Extent) -> i32 {
    // SAFETY: the plugin hands back the context it was given, an ExtentCheck that nobody else uses meanwhile.
    match unsafe { context.cast::<ExtentCheck<'_>>().as_mut() } {
        Some(check) => check.take(extent),
        None => STOP,
    }
}
