//! Files for the domain builder: whole or not at all.
//!
//! A [`Draft`] has no name: it is written through a descriptor (`O_TMPFILE`), and whatever kills us leaves nothing
//! behind. [`publish`] gives all drafts their names at once; until [`Published::keep`] they are taken back when
//! anything fails.
//!
//! Everything is done relative to a directory's descriptor, with names of one component, and no symbolic link is ever
//! followed: whatever a guest calls its files, they end up in that directory.

mod draft;
mod set;
mod tree;

pub use draft::{Draft, Published, publish};
pub use set::Folder;
pub use tree::{Attributes, Existing};

use crate::{Error, ErrorKind, Result};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, linkat, mkdir, open, openat};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Names tried before giving up: 62⁶ names exist, so a second try is already rare.
const TRIES: u32 = 100;
/// Letters of the random part.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A directory that files are published into, held by descriptor: what is renamed over its path later does not matter.
///
/// ```
/// # let image = fsimage_demo::guest();
/// # let disk = fsimage::Disk::open(&image)?;
/// # let mut session = fsimage::Session::open(vec![disk], &fsimage::Options::default())?;
/// use fsimage::copy::Part;
/// use fsimage::output::OutputDirectory;
/// use std::os::fd::AsFd;
///
/// # let folder = image.with_extension("out");
/// let directory = OutputDirectory::open_or_create(&folder)?;
/// let draft = directory.draft("kernel")?;
/// let kernel = session.stat(0, b"/vmlinuz", true)?;
/// session.copy_to_file(&Part::whole(0, &kernel), draft.as_fd(), 0)?;
/// // Until here nobody has seen a file, and whatever ends this program leaves none.
/// draft.publish_as("kernel".as_ref(), true)?;
/// assert_eq!(std::fs::metadata(folder.join("kernel")).expect("the kernel").len(), 1392);
/// # Ok::<(), fsimage::Error>(())
/// ```
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
            other => Error::os(path.display(), other),
        })?;
        Self { descriptor, path: path.to_owned() }.checked()
    }

    fn checked(self) -> Result<Self> {
        let status = fstat(&self.descriptor).map_err(|errno| Error::os(self.path.display(), errno))?;
        if status.st_mode & 0o002 != 0 && status.st_mode & 0o1000 == 0 {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{}: everybody may write there, and so replace what is copied: chmod o-w it",
                    self.path.display()
                ),
            ));
        }
        Ok(self)
    }

    /// The same directory once more.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the process has no descriptor left.
    pub fn try_clone(&self) -> Result<Self> {
        let descriptor = self.descriptor.try_clone().map_err(|why| Error::io(self.path.display(), why))?;
        Ok(Self { descriptor, path: self.path.clone() })
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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
                Err(errno) => return Err(Error::os(part.display(), errno)),
            }
        }
        Self::open(path)
    }

    /// Begins a file, mode 0600, that has no name yet.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn draft(&self, prefix: &str) -> Result<Draft<'_>> {
        let failed = |errno| Error::os(self.path.join(prefix).display(), errno);
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

/// Gives what a descriptor stands for a name that nothing has.
fn link_descriptor(descriptor: BorrowedFd<'_>, directory: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
    match linkat(descriptor, "", directory, name, AtFlags::EMPTY_PATH) {
        // Linking a descriptor needs CAP_DAC_READ_SEARCH; through /proc it does not.
        Err(Errno::NOENT | Errno::PERM) => {
            let proc = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
            linkat(CWD, proc, directory, name, AtFlags::SYMLINK_FOLLOW)
        }
        other => other,
    }
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
