//! Files: what they are, where links lead, and their data straight into a descriptor.

use crate::guard::{Failure, guarded};
use crate::handles::{Filesystem, OpenFile};
use crate::raw;
use crate::sigpipe::without_sigpipe;
use fsimage::copy::Part;
use fsimage::{FileType, Node, Session};
use rustix::fd::BorrowedFd;
use rustix::fs::{OFlags, SeekFrom, fcntl_getfl, fstat, seek, tell};
use std::ffi::{c_char, c_int};
use std::io::Write;

/// Of `fsi_stat`: a symbolic link at the path's end is not followed.
pub const FSI_NOFOLLOW: c_int = 1;

/// `struct fsi_stat`. Append-only; no padding.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// The filesystem's own number of it.
    pub node: u64,
    /// Seconds since 1970.
    pub mtime_seconds: i64,
    /// And nanoseconds.
    pub mtime_nanoseconds: u32,
    /// Type and permissions, as `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub links: u32,
    /// 0.
    pub reserved: u32,
}

impl From<&Node> for Stat {
    fn from(node: &Node) -> Self {
        let metadata = &node.metadata;
        Self {
            size: metadata.size,
            node: node.node,
            mtime_seconds: metadata.mtime_seconds,
            mtime_nanoseconds: metadata.mtime_nanoseconds,
            mode: type_bits(node.file_type) | metadata.mode & 0o7777,
            uid: metadata.uid,
            gid: metadata.gid,
            links: metadata.links,
            reserved: 0,
        }
    }
}

/// The `S_IFMT` part of a mode; 0 for what has none.
pub(crate) const fn type_bits(file_type: FileType) -> u32 {
    match file_type {
        FileType::Regular => libc::S_IFREG,
        FileType::Directory => libc::S_IFDIR,
        FileType::Symlink => libc::S_IFLNK,
        FileType::CharDevice => libc::S_IFCHR,
        FileType::BlockDevice => libc::S_IFBLK,
        FileType::Fifo => libc::S_IFIFO,
        FileType::Socket => libc::S_IFSOCK,
        FileType::Unknown => 0,
    }
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open; `path` is null or a string; `stat` is null or has `size` bytes that nobody else uses meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_stat(
    fsi: *mut Filesystem,
    path: *const c_char,
    flags: c_int,
    stat: *mut Stat,
    size: usize,
) -> c_int {
    guarded(-1, || {
        if flags & !FSI_NOFOLLOW != 0 {
            return Err(Failure::argument(format!("no such flags: {flags}")));
        }
        // SAFETY: as the caller says.
        let (filesystem, path) = unsafe { (raw::handle(fsi)?, raw::guest_path(path)?) };
        let node = filesystem.worker.stat(path, flags & FSI_NOFOLLOW == 0)?;
        // SAFETY: as the caller says; eight-byte fields come first, then six of four bytes: no padding.
        unsafe { raw::store(stat, size, &Stat::from(&node)) }?;
        Ok(0)
    })
}

/// See fsimage.h.
///
/// # Safety
/// `file` is null or open; `stat` is null or has `size` bytes that nobody else uses meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_stat_file(file: *mut OpenFile, stat: *mut Stat, size: usize) -> c_int {
    guarded(-1, || {
        // SAFETY: as the caller says.
        let file = unsafe { raw::handle(file) }?;
        let found = file.ask(|_, _, node| Ok(Stat::from(node)))?;
        // SAFETY: as in `fsi_stat`.
        unsafe { raw::store(stat, size, &found) }?;
        Ok(0)
    })
}

/// See fsimage.h.
///
/// # Safety
/// `fsi` is null or open; `path` is null or a string; `buffer` is null or has `size` bytes that nobody else uses
/// meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_read_link(
    fsi: *mut Filesystem,
    path: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> isize {
    guarded(-1, || {
        // SAFETY: as the caller says.
        let (filesystem, path) = unsafe { (raw::handle(fsi)?, raw::guest_path(path)?) };
        // SAFETY: as the caller says.
        let buffer = unsafe { raw::buffer(buffer.cast(), size) }?;
        let link = filesystem.worker.stat(path, false)?;
        let mut target = filesystem.worker.ask(|session, volume| session.read_link(volume, &link))?;
        let length = target.len();
        target.push(0);
        match buffer.get_mut(..target.len()) {
            Some(space) => space.copy_from_slice(&target),
            None => {
                let why = format!("a target of {length} bytes, and room for {size} with its NUL");
                return Err(Failure::new(libc::ERANGE, why));
            }
        }
        isize::try_from(length).map_err(|_| Failure::new(libc::EOVERFLOW, "a target without end"))
    })
}

/// See fsimage.h.
///
/// # Safety
/// `file` is null or open; nobody closes `fd` meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsi_copy_file(file: *mut OpenFile, fd: c_int) -> i64 {
    guarded(-1, || {
        // SAFETY: as the caller says.
        let (file, target) = unsafe { (raw::handle(file)?, raw::descriptor(fd)?) };
        file.ask(|session, volume, node| copy(session, &Part::whole(volume, node), target))
    })
}

/// By the kernel into a file that ends where the copy begins, so that holes stay holes; else as a stream of bytes.
fn copy(session: &mut Session, part: &Part<'_>, target: BorrowedFd<'_>) -> Result<i64, Failure> {
    let status = fstat(target)?;
    let is_regular = status.st_mode & libc::S_IFMT == libc::S_IFREG;
    let appends = fcntl_getfl(target)?.contains(OFlags::APPEND);
    if is_regular && !appends {
        let to = tell(target)?;
        if u64::try_from(status.st_size).is_ok_and(|size| size <= to) {
            let end = session.copy_to_file(part, target, to)?;
            seek(target, SeekFrom::Start(end))?;
            return count(part);
        }
    }
    without_sigpipe(|| session.copy_to_stream(part, &mut Descriptor(target)))??;
    count(part)
}

fn count(part: &Part<'_>) -> Result<i64, Failure> {
    i64::try_from(part.length).map_err(|_| Failure::new(libc::EOVERFLOW, "more bytes than an int64_t counts"))
}

/// A descriptor that is written to.
struct Descriptor<'a>(BorrowedFd<'a>);

impl Write for Descriptor<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(rustix::io::write(self.0, bytes)?)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
