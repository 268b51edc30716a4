//! Directories, entry by entry.

use crate::files::type_bits;
use crate::guard::{Failure, guarded};
use crate::handles::Filesystem;
use crate::raw;
use fsimage::protocol::DirEntry;
use fsimage::{FileType, escape};
use std::ffi::{CString, c_char, c_int};
use std::ptr::{null, null_mut};

/// `fsi_dir_t`: a directory that has been read.
#[derive(Debug)]
pub struct Directory {
    entries: std::vec::IntoIter<DirEntry>,
    name: CString,
    entry: DirectoryEntry,
}

/// `struct fsi_dirent`. Append-only: it is this library that makes room for it.
#[repr(C)]
#[derive(Debug)]
pub struct DirectoryEntry {
    /// Points into the directory's `name`.
    pub name: *const c_char,
    /// The filesystem's own number of the file.
    pub node: u64,
    /// The `S_IFMT` part of its mode; 0 where the directory does not tell.
    pub type_: u32,
    /// 0.
    pub reserved: u32,
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open; `path` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_open_dir(fsi: *mut Filesystem, path: *const c_char) -> *mut Directory {
    guarded(null_mut(), || {
        // SAFETY: as the caller says.
        let (filesystem, path) = unsafe { (raw::handle(fsi)?, raw::guest_path(path)?) };
        let node = filesystem.worker.stat(path, true)?;
        if node.file_type != FileType::Directory {
            return Err(Failure::new(libc::ENOTDIR, format!("{} is no directory", escape(path))));
        }
        let entries = filesystem.worker.ask(|session, volume| session.read_dir(volume, &node))?;
        let entry = DirectoryEntry { name: null(), node: 0, type_: 0, reserved: 0 };
        let directory = Directory { entries: entries.into_iter(), name: CString::default(), entry };
        Ok(Box::into_raw(Box::new(directory)))
    })
}

/// See fsimage.h.
///
/// # Safety
/// `directory` is null, or open and used by no other thread meanwhile; nobody uses the entry returned last any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_read_dir(directory: *mut Directory) -> *const DirectoryEntry {
    guarded(null(), || {
        // SAFETY: as the caller says.
        let directory =
            unsafe { directory.as_mut() }.ok_or_else(|| Failure::argument("the handle is NULL"))?;
        let Some(next) = directory.entries.next() else { return Ok(null()) };
        // The session has refused names with NUL in them.
        directory.name =
            CString::new(next.name.0).map_err(|_| Failure::new(libc::EPROTO, "a NUL in a name"))?;
        let file_type = FileType::from_code(next.file_type).unwrap_or(FileType::Unknown);
        let name = directory.name.as_ptr();
        directory.entry = DirectoryEntry { name, node: next.node, type_: type_bits(file_type), reserved: 0 };
        Ok(&raw const directory.entry)
    })
}

/// See fsimage.h.
///
/// # Safety
/// `directory` is null, or open and not used any more by anybody.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_close_dir(directory: *mut Directory) -> c_int {
    guarded(-1, || {
        // SAFETY: as the caller says.
        drop(unsafe { raw::take(directory) }?);
        Ok(0)
    })
}
