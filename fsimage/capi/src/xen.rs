//! The functions of Xen's libxenfsimage. What each does, here and there, is in fsimage.h and docs/pygrub-compat.md.

use crate::guard::{Failure, guarded};
use crate::handles::{BootString, Filesystem, MAX_FILE_SIZE, OpenFile};
use crate::raw;
use fsimage::protocol::Layout;
use fsimage::{Disk, ErrorKind, Options, Session, parse_mount_option};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

/// See fsimage.h.
#[unsafe(no_mangle)]
pub extern "C" fn fsi_init() -> c_int {
    guarded(-1, || {
        fsimage::worker_program()?;
        Ok(0)
    })
}

/// See fsimage.h.
///
/// # Safety
/// `path` is null or a string, and so is `options`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_open_fsimage(
    path: *const c_char,
    off: u64,
    options: *const c_char,
) -> *mut Filesystem {
    guarded(null_mut(), || {
        // SAFETY: as the caller says.
        let (path, words) = unsafe { (raw::host_path(path)?, raw::text(options)) };
        let mut options = Options { layout: Layout::Offset { start: off }, ..Options::default() };
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            options.mount_options.push(parse_mount_option(words).map_err(Failure::argument)?);
        }
        let not_a_disk = |why: fsimage::Error| match why.kind() {
            ErrorKind::InvalidArgument => unsupported(why),
            _ => why.into(),
        };
        let disk = Disk::open(path).map_err(not_a_disk)?;
        if off >= disk.size() {
            let why = format!("the offset {off} lies behind the image's {} bytes", disk.size());
            return Err(Failure::new(libc::ENOTSUP, why));
        }
        let whole = |session: &mut Session| match session.stat(0, b"/", true) {
            Ok(_) => Ok(0),
            Err(why) if is_verdict(why.kind()) => Err(unsupported(why)),
            Err(why) => Err(why.into()),
        };
        Ok(Box::into_raw(Box::new(Filesystem::open(disk, &options, MAX_FILE_SIZE, whole)?)))
    })
}

/// Whether a plugin, or all of them, has said that this is no filesystem to be read.
fn is_verdict(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotRecognised
            | ErrorKind::Corrupt
            | ErrorKind::Unsupported
            | ErrorKind::Encrypted
            | ErrorKind::PluginFault
    )
}

/// Xen's one word for all of these; the sentence says which.
fn unsupported(why: fsimage::Error) -> Failure {
    Failure { errno: libc::ENOTSUP, ..Failure::from(why) }
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null, or open and used by no other thread any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_close_fsimage(fsi: *mut Filesystem) {
    guarded((), || {
        // SAFETY: as the caller says.
        unsafe { raw::take(fsi) }?.close();
        Ok(())
    });
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open; `path` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_file_exists(fsi: *mut Filesystem, path: *const c_char) -> c_int {
    guarded(0, || {
        // SAFETY: as the caller says.
        let (filesystem, path) = unsafe { (raw::handle(fsi)?, raw::guest_path(path)?) };
        filesystem.worker.stat(path, true)?;
        Ok(1)
    })
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open; `path` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_open_file(fsi: *mut Filesystem, path: *const c_char) -> *mut OpenFile {
    guarded(null_mut(), || {
        // SAFETY: as the caller says.
        let (filesystem, path) = unsafe { (raw::handle(fsi)?, raw::guest_path(path)?) };
        Ok(Box::into_raw(Box::new(filesystem.open_file(path)?)))
    })
}

/// See fsimage.h.
///
/// # Safety
/// `file` is null, or open and used by no other thread any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_close_file(file: *mut OpenFile) -> c_int {
    guarded(-1, || {
        // SAFETY: as the caller says.
        drop(unsafe { raw::take(file) }?);
        Ok(0)
    })
}

/// See fsimage.h.
///
/// # Safety
/// `file` is null or open; `buffer` is null, or has room for `count` bytes that nobody else uses meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_read_file(file: *mut OpenFile, buffer: *mut c_void, count: usize) -> isize {
    guarded(-1, || {
        // SAFETY: as the caller says.
        unsafe { read(file, buffer, count, None) }
    })
}

/// See fsimage.h.
///
/// # Safety
/// As of [`fsi_read_file`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_pread_file(
    file: *mut OpenFile,
    buffer: *mut c_void,
    count: usize,
    off: u64,
) -> isize {
    guarded(-1, || {
        // SAFETY: as the caller says.
        unsafe { read(file, buffer, count, Some(off)) }
    })
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_bootstring_alloc(fsi: *mut Filesystem, size: usize) -> *mut c_char {
    guarded(null_mut(), || {
        // SAFETY: as the caller says.
        let filesystem = unsafe { raw::handle(fsi) }?;
        let length = size.max(1);
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(length)
            .map_err(|_| Failure::new(libc::ENOMEM, format!("no memory for {size} bytes")))?;
        bytes.resize(length, 0);
        Ok(keep(&mut *filesystem.boot_string()?, bytes))
    })
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_bootstring_free(fsi: *mut Filesystem) {
    guarded((), || {
        // SAFETY: as the caller says.
        *unsafe { raw::handle(fsi) }?.boot_string()? = BootString::None;
        Ok(())
    });
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_fs_bootstring(fsi: *mut Filesystem) -> *mut c_char {
    guarded(null_mut(), || {
        // SAFETY: as the caller says.
        let filesystem = unsafe { raw::handle(fsi) }?;
        let mut slot = filesystem.boot_string()?;
        match &mut *slot {
            BootString::Some(bytes) => Ok(bytes.as_mut_ptr().cast()),
            BootString::None => Ok(null_mut()),
            BootString::Unasked => {
                let root = filesystem.worker.stat(b"/", true)?;
                let mut bytes =
                    filesystem.worker.ask(|session, volume| session.boot_string(volume, &root))?;
                if bytes.contains(&0) {
                    return Err(Failure::new(libc::EPROTO, "the boot string has a NUL in it"));
                }
                if bytes.is_empty() {
                    *slot = BootString::None;
                    return Ok(null_mut());
                }
                bytes.push(0);
                Ok(keep(&mut slot, bytes))
            }
        }
    })
}

/// Keeps a boot string, and tells where.
fn keep(slot: &mut BootString, bytes: Vec<u8>) -> *mut c_char {
    let mut bytes = bytes.into_boxed_slice();
    let place = bytes.as_mut_ptr().cast();
    *slot = BootString::Some(bytes);
    place
}

/// # Safety
/// As of [`fsi_read_file`].
unsafe fn read(
    file: *const OpenFile,
    buffer: *mut c_void,
    count: usize,
    off: Option<u64>,
) -> Result<isize, Failure> {
    // SAFETY: as the caller says.
    let file = unsafe { raw::handle(file) }?;
    if buffer.is_null() && count > 0 {
        return Err(Failure::new(libc::EFAULT, "the buffer is NULL"));
    }
    // SAFETY: as the caller says; the length is at most `count`.
    let read = file.read(off, count, |length| unsafe { raw::buffer(buffer.cast(), length) })?;
    isize::try_from(read).map_err(|_| Failure::new(libc::EOVERFLOW, "more bytes than a ssize_t counts"))
}
