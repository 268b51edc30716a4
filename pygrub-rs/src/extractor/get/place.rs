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
    /// The name is written as a directory's, with a slash behind it.
    is_directorys: bool,
}

impl Place {
    /// `-o`: an existing directory, or the name of a new file or directory.
    pub(in crate::extractor) fn open(output: &Path, sources: &[OsString]) -> Result<Self> {
        if output == Path::new("-") {
            let why = "-o -: `fsimage cat` writes to standard output; -o ./- is a file of that name";
            return Err(Failure::Usage(why.to_owned()));
        }
        let is_directorys = output.as_os_str().as_bytes().ends_with(b"/");
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
                Ok(Self {
                    directory: OutputDirectory::open(parent)?,
                    name: Some(name.to_owned()),
                    is_directorys,
                })
            }
            _ => Ok(Self { directory: OutputDirectory::open(&absolute)?, name: None, is_directorys }),
        }
    }

    /// Where the copies go, each under its name.
    pub(super) fn directory(&self) -> &OutputDirectory {
        &self.directory
    }

    /// A file's name there.
    pub(super) fn name_of_file<'a>(&'a self, path: &'a [u8]) -> Result<&'a OsStr> {
        match &self.name {
            Some(name) if self.is_directorys => Err(Failure::Failed(format!(
                "-o {}/: no such directory",
                escape(self.directory.path().join(name).as_os_str().as_bytes())
            ))),
            Some(name) => Ok(name),
            None => last_name(path).ok_or_else(|| {
                Failure::Usage(format!("{}: no file name in it; -o FILE gives one", escape(path)))
            }),
        }
    }

    /// A directory's name there; none when its entries go there themselves, as those of `/` do.
    pub(super) fn name_of_tree<'a>(&'a self, path: &'a [u8]) -> Option<&'a OsStr> {
        self.name.as_deref().or_else(|| last_name(path))
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
