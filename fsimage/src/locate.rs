//! Where the worker lies. No environment variable has a say.

use crate::{Error, ErrorKind, Result};
use rustix::fs::{FileType, stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Name of the worker's program.
const WORKER: &str = "fsimage-worker";

/// The worker's program, checked: it and every directory above it belong to root or to the caller, and nobody
/// else may write there (a sticky directory such as `/tmp` may be crossed).
///
/// A build with `FSIMAGE_LIBEXECDIR` set looks there and nowhere else; a development tree looks beside the file that
/// holds this code (and beside `deps/`, where cargo puts test programs): the program, or `libfsimage.so` in whatever
/// program has loaded it.
///
/// Every [`Session::open`](crate::Session::open) does this; to do it alone tells whether this installation is whole.
///
/// ```
/// # fsimage_demo::guest();
/// assert!(fsimage::worker_program()?.ends_with("fsimage-worker"));
/// # Ok::<(), fsimage::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Jail`]: it is missing, or somebody else could replace it.
pub fn worker_program() -> Result<PathBuf> {
    let directory = match option_env!("FSIMAGE_LIBEXECDIR") {
        Some(fixed) => PathBuf::from(fixed),
        None => beside_own_file()?,
    };
    let path = directory.join(WORKER);
    check_trusted(&path)?;
    Ok(path)
}

fn beside_own_file() -> Result<PathBuf> {
    let maps =
        std::fs::read("/proc/self/maps").map_err(|why| jail("cannot tell where this program lies", why))?;
    // A text of this file's lies in memory that the kernel has mapped from it.
    let own = file_mapped_at(&maps, WORKER.as_ptr().addr())
        .ok_or_else(|| jail("cannot tell where this program lies", "it is mapped from no file"))?;
    let directory = own.parent().unwrap_or(Path::new("/"));
    let is_cargos = directory.file_name().is_some_and(|name| name == "deps" || name == "examples");
    Ok(if is_cargos { directory.parent().unwrap_or(directory) } else { directory }.to_owned())
}

/// The file behind an address, by the kernel's list: `START-END PERMISSIONS OFFSET DEVICE INODE   PATH` a line.
fn file_mapped_at(maps: &[u8], address: usize) -> Option<PathBuf> {
    let number = |text: &[u8]| usize::from_str_radix(str::from_utf8(text).ok()?, 16).ok();
    maps.split(|&byte| byte == b'\n').find_map(|line| {
        let (range, rest) = line.split_at_checked(line.iter().position(|&byte| byte == b' ')?)?;
        let (start, end) = range.split_at_checked(range.iter().position(|&byte| byte == b'-')?)?;
        let inside = (number(start)?..number(end.get(1..)?)?).contains(&address);
        // No field before the path has a slash.
        let path = rest.get(rest.iter().position(|&byte| byte == b'/')?..)?;
        inside.then(|| PathBuf::from(OsStr::from_bytes(path)))
    })
}

fn check_trusted(path: &Path) -> Result<()> {
    let caller = rustix::process::geteuid().as_raw();
    for part in path.ancestors() {
        let status = stat(part).map_err(|errno| match errno {
            Errno::NOENT => jail(
                part.display(),
                "the worker is missing; it is installed with this program (in a source tree: cargo build --workspace)",
            ),
            other => jail(part.display(), other),
        })?;
        let sticky_directory =
            FileType::from_raw_mode(status.st_mode) == FileType::Directory && status.st_mode & 0o1000 != 0;
        if status.st_uid != 0 && status.st_uid != caller {
            return Err(jail(
                part.display(),
                format_args!("belongs to user {}: the worker must belong to root or to you", status.st_uid),
            ));
        }
        if status.st_mode & 0o022 != 0 && !sticky_directory {
            return Err(jail(
                part.display(),
                "others may write there, and so replace the worker: chmod go-w it",
            ));
        }
    }
    Ok(())
}

fn jail(what: impl core::fmt::Display, why: impl core::fmt::Display) -> Error {
    Error::new(ErrorKind::Jail, format!("{what}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &[u8] = b"5555-5666 r--p 00000000 08:01 42                 /usr/bin/host\n\
        7000-7fff rw-p 00000000 00:00 0 \n\
        7fff0000-7fff1000 r-xp 00001000 08:01 43      /opt/a b/libfsimage.so.1\n\
        8fff0000-8fff1000 r-xp 00000000 00:00 0       [vdso]\n";

    #[test]
    fn the_own_file_is_the_one_behind_an_address() {
        let file = |address| file_mapped_at(MAPS, address);
        assert_eq!(file(0x5555), Some(PathBuf::from("/usr/bin/host")));
        assert_eq!(file(0x7fff_0fff), Some(PathBuf::from("/opt/a b/libfsimage.so.1")));
        for unmapped in [0, 0x5666, 0x7000, 0x8fff_0000] {
            assert_eq!(file(unmapped), None);
        }
    }

    #[test]
    fn this_test_is_behind_its_own_text() {
        let maps = std::fs::read("/proc/self/maps").unwrap();
        assert_eq!(file_mapped_at(&maps, WORKER.as_ptr().addr()), Some(std::env::current_exe().unwrap()));
    }
}
