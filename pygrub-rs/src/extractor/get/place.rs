//! Where copies go: `-o`.

use crate::exit::{Failure, Result};
use fsimage::escape;
use fsimage::output::OutputDirectory;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// An existing directory that copies go into, or the name of a new one.
#[derive(Debug)]
pub(in crate::extractor) struct Place {
    directory: OutputDirectory,
    /// One copy's name; else each has its own.
    name: Option<OsString>,
}

impl Place {
    /// `-o`: an existing directory, or the name of a new file or directory.
    pub(in crate::extractor) fn open(output: &Path, sources: &[OsString]) -> Result<Self> {
        let absolute = std::path::absolute(output).map_err(|why| Failure::io(output.display(), &why))?;
        // Without a slash at the end, which would follow a link.
        let absolute: PathBuf = absolute.components().collect();
        let is_directory = std::fs::symlink_metadata(&absolute).is_ok_and(|found| found.is_dir());
        match (is_directory, absolute.parent(), absolute.file_name()) {
            (false, Some(parent), Some(name)) => {
                if sources.len() > 1 {
                    return Err(Failure::Usage(format!(
                        "-o {}: several copies need an existing directory",
                        output.display()
                    )));
                }
                Ok(Self { directory: OutputDirectory::open(parent)?, name: Some(name.to_owned()) })
            }
            _ => Ok(Self { directory: OutputDirectory::open(&absolute)?, name: None }),
        }
    }

    /// Where a file goes, and its name there.
    pub(super) fn of_file<'a>(&'a self, path: &'a [u8]) -> Result<(&'a OutputDirectory, &'a OsStr)> {
        let name = self.name.as_deref().or_else(|| last_name(path)).ok_or_else(|| {
            Failure::Usage(format!("{}: no file name in it; -o FILE gives one", escape(path)))
        })?;
        Ok((&self.directory, name))
    }

    /// Where a directory goes, and its name there; none when its entries go there themselves, as those of `/` do.
    pub(super) fn of_tree<'a>(&'a self, path: &'a [u8]) -> (&'a OutputDirectory, Option<&'a OsStr>) {
        (&self.directory, self.name.as_deref().or_else(|| last_name(path)))
    }
}

/// The guest's name for a file, where it is one.
fn last_name(path: &[u8]) -> Option<&OsStr> {
    let name = path.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty());
    name.filter(|name| *name != b"." && *name != b"..").map(OsStr::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_last_name_of_its_path() {
        assert_eq!(last_name(b"/boot/vmlinuz").unwrap(), "vmlinuz");
        assert_eq!(last_name(b"vmlinuz//").unwrap(), "vmlinuz");
        for none in [&b"/"[..], b"", b"/boot/..", b"."] {
            assert!(last_name(none).is_none());
        }
    }
}
