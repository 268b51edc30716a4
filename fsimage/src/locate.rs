//! Where the worker lies. No environment variable has a say.

use crate::{Error, ErrorKind, Result};
use rustix::fs::{FileType, stat};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Name of the worker's program.
const WORKER: &str = "fsimage-worker";

/// The worker's program, checked: it and every directory above it belong to root or to the caller, and nobody
/// else may write there (a sticky directory such as `/tmp` may be crossed).
///
/// A build with `FSIMAGE_LIBEXECDIR` set looks there and nowhere else; a development tree looks beside its own
/// binary (and beside `deps/`, where cargo puts test programs).
pub(crate) fn worker() -> Result<PathBuf> {
    let directory = match option_env!("FSIMAGE_LIBEXECDIR") {
        Some(fixed) => PathBuf::from(fixed),
        None => beside_own_binary()?,
    };
    let path = directory.join(WORKER);
    check_trusted(&path)?;
    Ok(path)
}

fn beside_own_binary() -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(|why| jail("cannot tell where this program lies", why))?;
    let directory = own.parent().unwrap_or(Path::new("/"));
    let is_cargos = directory.file_name().is_some_and(|name| name == "deps" || name == "examples");
    Ok(if is_cargos { directory.parent().unwrap_or(directory) } else { directory }.to_owned())
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
