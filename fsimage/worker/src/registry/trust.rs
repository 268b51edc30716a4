//! Who could have put code where plugins are loaded from.
//!
//! Whoever can write to a plugin, to its directory or to a directory above it decides what runs in the worker
//! before the jail is locked. That may be root and the caller, nobody else. The checks are by name and not by
//! descriptor because dlopen wants a name: nobody else can change what the name means between the two.

use fsimage_sdk::{Error, ErrorKind, Result};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Checks the plugin directory and every directory above it; gives its path without symbolic links.
pub(super) fn directory(given: &Path) -> Result<PathBuf> {
    let refuse = |kind, why: String| Error::new(kind, format!("plugin directory {}: {why}", given.display()));
    if !given.is_absolute() {
        return Err(refuse(ErrorKind::InvalidArgument, "the path is not absolute".to_owned()));
    }
    let real = given.canonicalize().map_err(|e| {
        let missing = e.kind() == std::io::ErrorKind::NotFound;
        refuse(if missing { ErrorKind::NotFound } else { ErrorKind::Io }, e.to_string())
    })?;
    // The path as given leads to the real one through symbolic links: whoever can change those decides as well.
    for path in given.ancestors().chain(real.ancestors()) {
        let metadata =
            path.symlink_metadata().map_err(|e| refuse(ErrorKind::Io, format!("{}: {e}", path.display())))?;
        let sticky_is_enough = path != real;
        check(path, &metadata, sticky_is_enough).map_err(|why| refuse(ErrorKind::Jail, why))?;
    }
    if !real.is_dir() {
        return Err(refuse(ErrorKind::NotADirectory, "not a directory".to_owned()));
    }
    Ok(real)
}

/// Checks a plugin's file.
pub(super) fn file(path: &Path) -> Result<(), String> {
    let metadata = path.symlink_metadata().map_err(|e| e.to_string())?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    check(path, &metadata, false)
}

fn check(path: &Path, metadata: &Metadata, sticky_is_enough: bool) -> Result<(), String> {
    let caller = rustix::process::geteuid().as_raw();
    owned_by(path, metadata.uid(), caller)?;
    // A symbolic link's mode means nothing; its owner and its directory are what counts.
    let sticky = sticky_is_enough && metadata.is_dir() && metadata.mode() & STICKY != 0;
    if metadata.is_symlink() || sticky || metadata.mode() & GROUP_OR_OTHERS_WRITE == 0 {
        return Ok(());
    }
    let mode = metadata.mode() & 0o7777;
    Err(format!("{0} is writable by others than its owner (mode {mode:04o}): chmod go-w {0}", path.display()))
}

fn owned_by(path: &Path, owner: u32, caller: u32) -> Result<(), String> {
    if owner == 0 || owner == caller {
        return Ok(());
    }
    let who = if caller == 0 { "root".to_owned() } else { format!("root or uid {caller}") };
    Err(format!("{0} belongs to uid {owner}, not to {who}: chown root {0}", path.display()))
}
