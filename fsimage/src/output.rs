//! Files for the domain builder: whole or not at all.
//!
//! A [`Draft`] has no name: it is written through a descriptor (`O_TMPFILE`), and whatever kills us leaves nothing
//! behind. [`publish`] gives all drafts their names at once; until [`Published::keep`] they are taken back when
//! anything fails.

use crate::{Error, ErrorKind, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, fstat, linkat, mkdir, open, openat, renameat, renameat_with,
    unlinkat,
};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Names tried before giving up: 62⁶ names exist, so a second try is already rare.
const TRIES: u32 = 100;
/// Letters of the random part.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A directory that files are published into, held by descriptor: what is renamed over its path later does not matter.
#[derive(Debug)]
pub struct OutputDirectory {
    descriptor: OwnedFd,
    path: PathBuf,
}

impl OutputDirectory {
    /// Opens an existing directory. Its path may cross symbolic links but not end in one.
    ///
    /// Call it before privileges are dropped: libxl's directory has mode 0600 and only root passes through it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::InvalidArgument`] when everybody may write there, and so replace what we publish.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = open(path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOTDIR | Errno::LOOP => {
                Error::io(path.display(), "not a directory (a symbolic link is not followed here)")
            }
            other => Error::io(path.display(), other),
        })?;
        let status = fstat(&descriptor).map_err(|errno| Error::io(path.display(), errno))?;
        if status.st_mode & 0o002 != 0 && status.st_mode & 0o1000 == 0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: everybody may write there, and so replace the kernel: chmod o-w it",
                    path.display()
                ),
            ));
        }
        Ok(Self { descriptor, path: path.to_owned() })
    }

    /// Opens a directory, made with mode 0700 when missing.
    ///
    /// # Errors
    /// As [`OutputDirectory::open`].
    pub fn open_or_create(path: &Path) -> Result<Self> {
        for part in
            path.ancestors().collect::<Vec<_>>().into_iter().rev().filter(|p| !p.as_os_str().is_empty())
        {
            match mkdir(part, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST | Errno::ROFS | Errno::ACCESS) => {}
                Err(errno) => return Err(Error::io(part.display(), errno)),
            }
        }
        Self::open(path)
    }

    /// Begins a file, mode 0600, that has no name yet.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn draft(&self, prefix: &str) -> Result<Draft<'_>> {
        let failed = |errno| Error::io(self.path.join(prefix).display(), errno);
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let (descriptor, hidden) = match openat(&self.descriptor, ".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(descriptor) => (descriptor, None),
            // NFS and a few others have no O_TMPFILE: a dot-file then, which SIGKILL can leave behind.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                let (descriptor, name) = self.hidden_draft(prefix).map_err(failed)?;
                (descriptor, Some(name))
            }
            Err(errno) => return Err(failed(errno)),
        };
        Ok(Draft { directory: self, descriptor, prefix: prefix.to_owned(), hidden })
    }

    fn hidden_draft(&self, prefix: &str) -> rustix::io::Result<(OwnedFd, String)> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
        with_random_name(&format!(".{prefix}.partial"), |name| {
            openat(&self.descriptor, name, flags, Mode::RUSR | Mode::WUSR)
        })
    }
}

/// A file being written. Dropped without being published, it is gone.
#[derive(Debug)]
pub struct Draft<'a> {
    directory: &'a OutputDirectory,
    descriptor: OwnedFd,
    prefix: String,
    hidden: Option<String>,
}

impl AsFd for Draft<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Draft<'_> {
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
            other => Error::io(path.display(), other),
        };
        if !replace {
            self.link(name).map_err(failed)?;
            self.hidden = None;
            return Ok(());
        }
        if self.hidden.is_none() {
            let ((), hidden) = with_random_name(&format!(".{}.partial", self.prefix), |hidden| {
                self.link(OsStr::new(hidden))
            })
            .map_err(failed)?;
            self.hidden = Some(hidden);
        }
        let directory = &self.directory.descriptor;
        if let Some(hidden) = &self.hidden {
            renameat(directory, hidden.as_str(), directory, name).map_err(failed)?;
        }
        self.hidden = None;
        Ok(())
    }

    /// Gives the file its name, `prefix.XXXXXX`.
    fn name(&mut self) -> rustix::io::Result<String> {
        let ((), name) = with_random_name(&self.prefix, |name| self.link(OsStr::new(name)))?;
        self.hidden = None;
        Ok(name)
    }

    /// Gives the file a name that nothing has.
    fn link(&self, name: &OsStr) -> rustix::io::Result<()> {
        let directory = &self.directory.descriptor;
        match &self.hidden {
            Some(hidden) => {
                renameat_with(directory, hidden.as_str(), directory, name, RenameFlags::NOREPLACE)
            }
            None => match linkat(&self.descriptor, "", directory, name, AtFlags::EMPTY_PATH) {
                // Linking a descriptor needs CAP_DAC_READ_SEARCH; through /proc it does not.
                Err(Errno::NOENT | Errno::PERM) => {
                    let proc = format!("/proc/self/fd/{}", raw(&self.descriptor));
                    linkat(CWD, proc, directory, name, AtFlags::SYMLINK_FOLLOW)
                }
                other => other,
            },
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
/// # Errors
/// [`ErrorKind::Io`]; then none of them has one.
pub fn publish<'a>(directory: &'a OutputDirectory, drafts: Vec<Draft<'a>>) -> Result<Published<'a>> {
    let mut published = Published { directory, names: Vec::new(), kept: false };
    for mut draft in drafts {
        let path = directory.path.join(&draft.prefix);
        let name = draft.name().map_err(|errno| Error::io(path.display(), errno))?;
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

fn raw(descriptor: &OwnedFd) -> i32 {
    use std::os::fd::AsRawFd;
    descriptor.as_raw_fd()
}

/// Tries `prefix.XXXXXX` until one is new.
fn with_random_name<T>(
    prefix: &str,
    mut attempt: impl FnMut(&str) -> rustix::io::Result<T>,
) -> rustix::io::Result<(T, String)> {
    for _ in 0..TRIES {
        let mut random = [0_u8; 6];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        let name: String =
            prefix.chars().chain(['.']).chain(letters.map(|letter| char::from(*letter))).collect();
        match attempt(&name) {
            Err(Errno::EXIST) => {}
            other => return other.map(|value| (value, name)),
        }
    }
    Err(Errno::EXIST)
}
