//! Whole trees: directories in directories, links, and what each file is to look like.

use super::{OutputDirectory, link_descriptor, with_random_name};
use crate::{Error, ErrorKind, Result};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{
    AtFlags, Dir, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, UTIME_OMIT, Uid, chmodat,
    chownat, fchmod, fchown, fstat, futimens, mkdirat, openat, openat2, renameat, statat, symlinkat,
    unlinkat, utimensat,
};
use rustix::io::Errno;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The bits of a mode that a guest may choose: permissions. Not set-user-id, not set-group-id, not sticky.
const PERMISSIONS: u32 = 0o777;

/// How a copy is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Permissions; whatever else is set in it is left out. None for a symbolic link.
    pub mode: u32,
    /// Last modification, seconds since 1970 and nanoseconds; none to leave it at now.
    pub modified: Option<(i64, u32)>,
    /// User and group; none to leave them the caller's own.
    pub owner: Option<(u32, u32)>,
}

impl Attributes {
    fn mode(&self) -> Mode {
        Mode::from_raw_mode(self.mode & PERMISSIONS)
    }

    fn owner(&self) -> Option<(Option<Uid>, Option<Gid>)> {
        self.owner.map(|(uid, gid)| (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))))
    }

    fn times(&self) -> Option<Timestamps> {
        self.modified.map(|(seconds, nanoseconds)| {
            // A guest's nanoseconds beyond a second would be read as a command (UTIME_NOW, UTIME_OMIT).
            let tv_nsec = if nanoseconds < 1_000_000_000 { i64::from(nanoseconds) } else { 0 };
            Timestamps {
                last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
                last_modification: Timespec { tv_sec: seconds, tv_nsec },
            }
        })
    }

    /// Gives an open file its looks. The owner first, which takes bits from the mode.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn apply(&self, file: BorrowedFd<'_>) -> Result<()> {
        if let Some((uid, gid)) = self.owner() {
            fchown(file, uid, gid).map_err(|errno| Error::os("setting the owner", errno))?;
        }
        fchmod(file, self.mode()).map_err(|errno| Error::os("setting the mode", errno))?;
        if let Some(times) = self.times() {
            futimens(file, &times).map_err(|errno| Error::os("setting the time", errno))?;
        }
        Ok(())
    }
}

/// What already has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Free,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// A device, a fifo or a socket.
    Special,
}

impl OutputDirectory {
    /// A directory in this one, made with mode 0700 when missing; true when it was.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// use fsimage::output::{Attributes, Existing, OutputDirectory};
    ///
    /// # let folder = image.with_extension("tree");
    /// let target = OutputDirectory::open_or_create(&folder)?;
    /// let (boot, made) = target.directory("boot".as_ref())?;
    /// assert!(made);
    /// boot.symlink("vmlinuz".as_ref(), b"vmlinuz-1.0", &Attributes { mode: 0, modified: None, owner: None }, false)?;
    /// boot.apply(&Attributes { mode: 0o755, modified: Some((1_000_000_000, 0)), owner: None })?;
    /// assert_eq!(boot.existing("vmlinuz".as_ref())?, Existing::Symlink);
    /// assert!(boot.names()?.contains(std::ffi::OsStr::new("vmlinuz")));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when something else has the name, [`ErrorKind::Io`].
    pub fn directory(&self, name: &OsStr) -> Result<(Self, bool)> {
        let path = self.path.join(name);
        let failed = |errno| Error::os(path.display(), errno);
        let made = match mkdirat(&self.descriptor, name, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(failed(errno)),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor =
            openat(&self.descriptor, name, flags, Mode::empty()).map_err(|errno| match errno {
                Errno::NOTDIR | Errno::LOOP => {
                    let why = format!("{}: it exists and is no directory", path.display());
                    Error::new(ErrorKind::InvalidArgument, why)
                }
                other => failed(other),
            })?;
        let directory = Self { descriptor, path };
        Ok((if made { directory } else { directory.checked()? }, made))
    }

    /// Gives this directory its looks.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn apply(&self, attributes: &Attributes) -> Result<()> {
        let failed = |what: &str, errno| Error::os(format_args!("{}: {what}", self.path.display()), errno);
        if let Some((uid, gid)) = attributes.owner() {
            chownat(&self.descriptor, "", uid, gid, AtFlags::EMPTY_PATH)
                .map_err(|errno| failed("setting the owner", errno))?;
        }
        // A descriptor that only stands for a place takes no change by itself, but leads to ".".
        chmodat(&self.descriptor, ".", attributes.mode(), AtFlags::empty())
            .map_err(|errno| failed("setting the mode", errno))?;
        if let Some(times) = attributes.times() {
            utimensat(&self.descriptor, ".", &times, AtFlags::empty())
                .map_err(|errno| failed("setting the time", errno))?;
        }
        Ok(())
    }

    /// Makes a symbolic link; nothing looks at where it leads. What has the name is replaced when `replace` says so.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when the name is taken and not to be replaced, or the target can be no link's,
    /// [`ErrorKind::Io`].
    pub fn symlink(&self, name: &OsStr, target: &[u8], attributes: &Attributes, replace: bool) -> Result<()> {
        let path = self.path.join(name);
        let failed = |errno| match errno {
            Errno::EXIST => Error::new(ErrorKind::InvalidArgument, format!("{}: it exists", path.display())),
            other => Error::os(path.display(), other),
        };
        if target.is_empty() || target.contains(&0) {
            let why = format!("{}: a link to \"{}\" cannot be", path.display(), crate::escape(target));
            return Err(Error::new(ErrorKind::InvalidArgument, why));
        }
        let target = OsStr::from_bytes(target);
        if !replace {
            symlinkat(target, &self.descriptor, name).map_err(failed)?;
            return self.apply_to_link(name, attributes).map_err(failed);
        }
        let ((), hidden) =
            with_random_name(".fsimage.partial", |hidden| symlinkat(target, &self.descriptor, hidden))
                .map_err(failed)?;
        let renamed = self
            .apply_to_link(OsStr::new(&hidden), attributes)
            .and_then(|()| renameat(&self.descriptor, hidden.as_str(), &self.descriptor, name));
        renamed.map_err(|errno| {
            let _ = unlinkat(&self.descriptor, hidden.as_str(), AtFlags::empty());
            failed(errno)
        })
    }

    fn apply_to_link(&self, name: &OsStr, attributes: &Attributes) -> rustix::io::Result<()> {
        if let Some((uid, gid)) = attributes.owner() {
            chownat(&self.descriptor, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        match attributes.times() {
            Some(times) => utimensat(&self.descriptor, name, &times, AtFlags::SYMLINK_NOFOLLOW),
            None => Ok(()),
        }
    }

    /// Gives a file of this directory's tree one more name, in `directory`. The path to the file may cross no symbolic
    /// link and not leave this directory.
    ///
    /// # Errors
    /// What the system says: not every filesystem has hard links, nor as many as are wanted.
    pub fn hard_link(&self, file: &Path, directory: &Self, name: &OsStr) -> rustix::io::Result<()> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat2(&self.descriptor, file, flags, Mode::empty(), resolve)?;
        match FileType::from_raw_mode(fstat(&file)?.st_mode) {
            FileType::RegularFile => link_descriptor(file.as_fd(), &directory.descriptor, name),
            _ => Err(Errno::INVAL),
        }
    }

    /// What has this name, or one that the filesystem takes for the same ([`OutputDirectory::names`] has the true ones).
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn existing(&self, name: &OsStr) -> Result<Existing> {
        let status = match statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) => status,
            Err(Errno::NOENT) => return Ok(Existing::Free),
            Err(errno) => return Err(Error::os(self.path.join(name).display(), errno)),
        };
        Ok(match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => Existing::File,
            FileType::Symlink => Existing::Symlink,
            FileType::Directory => Existing::Directory,
            _ => Existing::Special,
        })
    }

    /// The names in it, as they are now.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn names(&self) -> Result<HashSet<OsString>> {
        let failed = |errno| Error::os(self.path.display(), errno);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let readable = openat(&self.descriptor, ".", flags, Mode::empty()).map_err(failed)?;
        Dir::new(readable)
            .map_err(failed)?
            .map(|entry| Ok(OsStr::from_bytes(entry.map_err(failed)?.file_name().to_bytes()).to_owned()))
            .collect()
    }
}
