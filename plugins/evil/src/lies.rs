//! Callbacks that lie, where the SDK's own could not.
//!
//! A misdeed that is not about the callback goes to the SDK's shim.
#![allow(unsafe_code)]

use crate::guest::{VMLINUZ, parts};
use crate::{HONEST, messages, usurper};
use fsimage_sdk::abi::{self, DirSink, ErrorKind, ExtentSink, FileType, FsPtr};
use std::ffi::c_void;

const OK: i32 = 0;
const NO_CALLBACK: i32 = ErrorKind::Internal.code();

/// The SDK's own callback of this name.
macro_rules! honest {
    ($callback:ident($($argument:expr),*)) => {
        match HONEST.$callback {
            // SAFETY: the arguments of the host, handed on as they came.
            Some(callback) => unsafe { callback($($argument),*) },
            None => NO_CALLBACK,
        }
    };
}

pub(crate) unsafe extern "C" fn metadata(
    fs: FsPtr,
    node: u64,
    metadata: *mut abi::Metadata,
    error: *mut abi::Error,
) -> i32 {
    let code = honest!(metadata(fs, node, metadata, error));
    // SAFETY: the host's structures, which the shim has checked; error is this host's, which never gives null.
    unsafe {
        match parts(node) {
            ("lying-count", VMLINUZ) => (*metadata).size = 1 << 60,
            ("lying-mode", VMLINUZ) => (*metadata).mode = 0o100_644,
            ("unknown-code", VMLINUZ) => return 4711,
            ("host-code", VMLINUZ) => return ErrorKind::Jail.code(),
            ("lying-message-length", VMLINUZ) => {
                (*error).message_length = u32::MAX;
                return ErrorKind::Corrupt.code();
            }
            _ => {}
        }
    }
    code
}

pub(crate) unsafe extern "C" fn read_dir(
    fs: FsPtr,
    directory: u64,
    cursor: u64,
    sink: Option<DirSink>,
    sink_context: *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    let (name, _) = parts(directory);
    usurper::usurp(name, directory);
    let Some(host_sink) = sink else { return NO_CALLBACK };
    let give = |name: &[u8], name_length: usize, next_cursor: u64| {
        let name_length = u32::try_from(name_length).unwrap_or(u32::MAX);
        let file_type = FileType::Regular.code();
        let entry =
            abi::DirEntry { node: directory, next_cursor, file_type, name_length, name: name.as_ptr() };
        // SAFETY: the host's sink with the host's context; the entry lives through the call. Its lie is the misdeed.
        unsafe { host_sink(sink_context, &raw const entry) }
    };
    let one = |name: &[u8]| {
        give(name, name.len(), 1);
        OK
    };
    let mut next = cursor;
    match name {
        "endless-reply" => loop {
            next = next.wrapping_add(1);
            give(b"again", 5, next);
        },
        "endless-directory" => loop {
            next = next.wrapping_add(1);
            if give(b"again", 5, next) != 0 {
                return OK;
            }
        },
        "stuck-cursor" => loop {
            if give(b"again", 5, 1) != 0 {
                return OK;
            }
        },
        "lying-name-length" => {
            give(b"short", usize::MAX, 1);
            OK
        }
        "path-as-name" => one(b"../../etc/passwd"),
        "nul-in-name" => one(b"grub.cfg\0.txt"),
        _ => honest!(read_dir(fs, directory, cursor, sink, sink_context, error)),
    }
}

pub(crate) unsafe extern "C" fn read_link(
    fs: FsPtr,
    node: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut abi::Error,
) -> i32 {
    let code = honest!(read_link(fs, node, buffer, capacity, length, error));
    if parts(node).0 == "lying-link-length" {
        // SAFETY: the host's place for a length, which the shim has checked.
        unsafe { length.write(capacity.saturating_add(1)) };
    }
    code
}

pub(crate) unsafe extern "C" fn read_at(
    fs: FsPtr,
    node: u64,
    offset: u64,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
    error: *mut abi::Error,
) -> i32 {
    match parts(node) {
        ("lying-count", VMLINUZ) => {
            // SAFETY: the host's buffer of that capacity, and its place for a length.
            unsafe {
                buffer.write_bytes(b'E', capacity);
                length.write(capacity);
            }
            OK
        }
        ("lying-lengths", VMLINUZ) => {
            // SAFETY: the host's place for a length.
            unsafe { length.write(capacity.saturating_add(1)) };
            OK
        }
        (name, file) => {
            if file == VMLINUZ {
                messages::forge_unpacking(name);
            }
            honest!(read_at(fs, node, offset, buffer, capacity, length, error))
        }
    }
}

pub(crate) unsafe extern "C" fn extents(
    fs: FsPtr,
    node: u64,
    offset: u64,
    sink: Option<ExtentSink>,
    sink_context: *mut c_void,
    error: *mut abi::Error,
) -> i32 {
    let (name, file) = parts(node);
    let Some(host_sink) = sink else { return NO_CALLBACK };
    let give = |logical: u64, length: u64, physical: u64, volume: u32| {
        let extent = abi::Extent { logical, physical, length, volume, flags: 0 };
        // SAFETY: the host's sink with the host's context; the extent lives through the call.
        unsafe { host_sink(sink_context, &raw const extent) }
    };
    if file != VMLINUZ {
        return honest!(extents(fs, node, offset, sink, sink_context, error));
    }
    match name {
        "extent-past-disk" => give(0, 8192, 1 << 60, 0),
        "extent-overlap" => give(0, 16, 0, 0).max(give(8, 24, 0, 0)),
        "extent-wrap" => give(0, 16, 0, 0).max(give(16, u64::MAX, 0, 0)),
        "extent-wrap-physical" => give(0, 8192, u64::MAX, 0),
        "extent-volume" => give(0, 16, 0, 7),
        "extent-gap" => give(0, 16, 0, 0).max(give(32, 16, 0, 0)),
        "extent-empty" => loop {
            if give(0, 0, 0, 0) != 0 {
                return OK;
            }
        },
        _ => {
            messages::forge_extents(name);
            return honest!(extents(fs, node, offset, sink, sink_context, error));
        }
    };
    OK
}

pub(crate) unsafe extern "C" fn info(fs: FsPtr, info: *mut abi::Info, error: *mut abi::Error) -> i32 {
    let mut root = 0;
    let code = honest!(info(fs, info, error));
    let found = honest!(root(fs, &raw mut root, error));
    if found == OK && parts(root).0 == "lying-info" {
        // SAFETY: the host's structure, which the shim has checked.
        unsafe { (*info).label_length = u32::MAX };
    }
    code
}
