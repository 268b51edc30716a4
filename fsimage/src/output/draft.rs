//! Files that have no name until they are whole.

use super::{OutputDirectory, link_descriptor, with_random_name};
use crate::{Error, ErrorKind, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::path::PathBuf;

/// A file being written. Dropped without being published, it is gone.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) directory: &'a OutputDirectory,
    pub(super) descriptor: OwnedFd,
    pub(super) prefix: String,
    pub(super) hidden: Option<String>,
}

impl AsFd for Draft<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Draft<'_> {
    /// Whether it has a name already, a hidden one, because its filesystem has no nameless files: a process that dies
    /// without dropping it leaves it behind.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.hidden.is_some()
    }

    /// Gives the file this very name. What has it already is replaced, all at once and without following a symbolic
    /// link, when `replace` says so.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when the name is taken and not to be replaced, [`ErrorKind::Io`]; then nothing has
    /// changed.
    pub fn publish_as(mut self, name: &OsStr, replace: bool) -> Result<()> {
        let path = self.directory.path.join(name);
        let failed = |errno| match errno {
            Errno::EXIST => Error::new(ErrorKind::InvalidArgument, format!("{}: it exists", path.display())),
            other => Error::os(path.display(), other),
        };
        if !replace {
            return {
                let directory = self.directory;
                self.link_into(&directory.descriptor, name).map_err(failed)
            };
        }
        self.hide().and_then(|()| self.rename_to(name)).map_err(failed)
    }

    /// Gives the file a name that nobody looks for.
    pub(super) fn hide(&mut self) -> rustix::io::Result<()> {
        if self.hidden.is_none() {
            let ((), hidden) = with_random_name(&format!(".{}.partial", self.prefix), |hidden| {
                self.link(&self.directory.descriptor, OsStr::new(hidden))
            })?;
            self.hidden = Some(hidden);
        }
        Ok(())
    }

    /// Gives a hidden file this name; what has it is replaced.
    pub(super) fn rename_to(&mut self, name: &OsStr) -> rustix::io::Result<()> {
        let directory = &self.directory.descriptor;
        if let Some(hidden) = &self.hidden {
            renameat(directory, hidden.as_str(), directory, name)?;
        }
        self.hidden = None;
        Ok(())
    }

    /// Gives the file this name in a directory of the same filesystem, where nothing has it.
    pub(super) fn link_into(&mut self, directory: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
        self.link(directory, name)?;
        self.hidden = None;
        Ok(())
    }

    /// Gives the file its name, `prefix.XXXXXX`.
    fn name(&mut self) -> rustix::io::Result<String> {
        let ((), name) =
            with_random_name(&self.prefix, |name| self.link(&self.directory.descriptor, OsStr::new(name)))?;
        self.hidden = None;
        Ok(name)
    }

    /// Gives the file a name that nothing has.
    fn link(&self, directory: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
        let own = &self.directory.descriptor;
        match &self.hidden {
            Some(hidden) => {
                match renameat_with(own, hidden.as_str(), directory, name, RenameFlags::NOREPLACE) {
                    // NFS and FUSE do not know the flag. A second name is refused, too, when there is one already.
                    Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                        linkat(own, hidden.as_str(), directory, name, AtFlags::empty())
                            .and_then(|()| unlinkat(own, hidden.as_str(), AtFlags::empty()))
                    }
                    other => other,
                }
            }
            None => link_descriptor(self.descriptor.as_fd(), directory, name),
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if let Some(hidden) = &self.hidden {
            let _ = unlinkat(&self.directory.descriptor, hidden.as_str(), AtFlags::empty());
        }
    }
}

/// Files with names, taken back unless kept.
#[derive(Debug)]
pub struct Published<'a> {
    directory: &'a OutputDirectory,
    names: Vec<String>,
    kept: bool,
}

/// Gives every draft its name.
///
/// ```
/// # let image = fsimage_demo::guest();
/// use fsimage::output::{OutputDirectory, publish};
///
/// # let folder = image.with_extension("published");
/// let directory = OutputDirectory::open_or_create(&folder)?;
/// let published = publish(&directory, vec![directory.draft("kernel")?, directory.draft("ramdisk")?])?;
/// let paths = published.paths();
/// assert!(paths[0].exists() && paths[1].exists());
/// // Something went wrong elsewhere: they are taken back. `keep` would leave them.
/// drop(published);
/// assert!(!paths[0].exists() && !paths[1].exists());
/// # Ok::<(), fsimage::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Io`]; then none of them has one.
pub fn publish<'a>(directory: &'a OutputDirectory, drafts: Vec<Draft<'a>>) -> Result<Published<'a>> {
    let mut published = Published { directory, names: Vec::new(), kept: false };
    for mut draft in drafts {
        let path = directory.path.join(&draft.prefix);
        let name = draft.name().map_err(|errno| Error::os(path.display(), errno))?;
        published.names.push(name);
    }
    Ok(published)
}

impl Published<'_> {
    /// The files' paths, in the order of the drafts.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.names.iter().map(|name| self.directory.path.join(name)).collect()
    }

    /// They stay.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Published<'_> {
    fn drop(&mut self) {
        if !self.kept {
            for name in &self.names {
                let _ = unlinkat(&self.directory.descriptor, name.as_str(), AtFlags::empty());
            }
        }
    }
}
