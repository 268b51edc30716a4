//! `fsimage get`: copies on the host, each whole or not at all, and never through a link on the host.

use super::args::Common;
use super::volume;
use crate::exit::{Failure, Result};
use fsimage::copy::Part;
use fsimage::output::OutputDirectory;
use fsimage::{Session, escape};
use rustix::fs::{Mode, fchmod};
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What the copies' names begin with while they are not whole, where the filesystem has no nameless files.
const UNFINISHED: &str = "fsimage";

/// Where the copies go.
#[derive(Debug)]
pub(super) struct Target {
    directory: OutputDirectory,
    path: PathBuf,
    /// One copy's name; else each has its own.
    name: Option<OsString>,
    replace: bool,
}

impl Target {
    /// `-o`: an existing directory, or the name of a new file.
    pub(super) fn open(output: &Path, sources: &[OsString], replace: bool) -> Result<Self> {
        let absolute = std::path::absolute(output).map_err(|why| Failure::io(output.display(), &why))?;
        // Without a slash at the end, which would follow a link.
        let absolute: PathBuf = absolute.components().collect();
        let is_directory = std::fs::symlink_metadata(&absolute).is_ok_and(|found| found.is_dir());
        match (is_directory, absolute.parent(), absolute.file_name()) {
            (false, Some(parent), Some(name)) => {
                if sources.len() > 1 {
                    return Err(Failure::Usage(format!(
                        "-o {}: several files need an existing directory",
                        output.display()
                    )));
                }
                let directory = OutputDirectory::open(parent)?;
                Ok(Self { directory, path: parent.to_owned(), name: Some(name.to_owned()), replace })
            }
            _ => {
                Ok(Self { directory: OutputDirectory::open(&absolute)?, path: absolute, name: None, replace })
            }
        }
    }
}

impl Target {
    /// `--force` is meant for files, not for `/dev/null`.
    fn refuse_special(&self, name: &OsStr) -> Result<()> {
        let path = self.path.join(name);
        match std::fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() && !found.is_symlink() => {
                Err(Failure::Failed(format!("{}: it exists and is no file; not replaced", path.display())))
            }
            _ => Ok(()),
        }
    }
}

/// Copies files out of the image.
pub(super) fn get(session: &mut Session, paths: &[OsString], target: &Target, common: &Common) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let mode = ordinary_mode();
    for path in paths {
        let path = path.as_bytes();
        let shown = escape(path);
        let name = match &target.name {
            Some(name) => name.as_os_str(),
            None => last_name(path)?,
        };
        target.refuse_special(name)?;
        let node = session.stat(volume, path, true)?;
        volume::check_size(&node, common).map_err(|failure| failure.within(&shown))?;
        let draft = target.directory.draft(UNFINISHED)?;
        session
            .copy_to_file(&Part::whole(volume, &node), draft.as_fd(), 0)
            .map_err(|why| Failure::Fsimage(why).within(&shown))?;
        fchmod(&draft, mode)
            .map_err(|errno| Failure::Failed(format!("{shown}: setting the mode: {errno}")))?;
        draft.publish_as(name, target.replace).map_err(|why| match why.kind() {
            fsimage::ErrorKind::InvalidArgument => Failure::Failed(format!(
                "{}: it exists; --force replaces it",
                target.path.join(name).display()
            )),
            _ => Failure::Fsimage(why),
        })?;
    }
    Ok(())
}

/// The guest's name for a file, where it is one.
fn last_name(path: &[u8]) -> Result<&OsStr> {
    let name = path.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty());
    match name.filter(|name| *name != b"." && *name != b"..") {
        Some(name) => Ok(OsStr::from_bytes(name)),
        None => Err(Failure::Usage(format!("{}: no file name in it; -o FILE gives one", escape(path)))),
    }
}

/// What any new file of the caller's gets. The guest has no say: not in who may write, not in set-user-id.
fn ordinary_mode() -> Mode {
    let mask = rustix::process::umask(Mode::empty());
    rustix::process::umask(mask);
    (Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_last_name_of_its_path() {
        assert_eq!(last_name(b"/boot/vmlinuz").unwrap(), "vmlinuz");
        assert_eq!(last_name(b"vmlinuz//").unwrap(), "vmlinuz");
        for none in [&b"/"[..], b"", b"/boot/..", b"."] {
            assert!(last_name(none).is_err());
        }
    }
}
