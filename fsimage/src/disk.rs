//! A disk as the trusted side holds it: a descriptor and a length.

use crate::{Error, ErrorKind, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, SeekFrom, fstat, open, seek};
use std::path::{Path, PathBuf};

/// An image file or block device, open read-only.
#[derive(Debug)]
pub struct Disk {
    descriptor: OwnedFd,
    size: u64,
    path: PathBuf,
}

impl Disk {
    /// Opens an image file or a block device, read-only.
    ///
    /// ```
    /// # let image = fsimage_demo::guest();
    /// use fsimage::{Disk, ErrorKind};
    ///
    /// let disk = Disk::open(&image)?;
    /// assert_eq!((disk.size(), disk.path()), (16 << 20, image.as_path()));
    /// assert_eq!(Disk::open("/".as_ref()).unwrap_err().kind(), ErrorKind::InvalidArgument);
    /// let missing = Disk::open("/no/such/image".as_ref()).unwrap_err();
    /// assert_eq!((missing.kind(), missing.os_code()), (ErrorKind::Io, Some(2)));
    /// # Ok::<(), fsimage::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be opened, [`ErrorKind::InvalidArgument`] when it is something else.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        // Not blocking: a fifo put in the image's place must not hang us. Regular files and disks do not care.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let descriptor = open(path, flags, Mode::empty()).map_err(|errno| Error::os(&shown, errno))?;
        let status = fstat(&descriptor).map_err(|errno| Error::os(&shown, errno))?;
        let size = match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => u64::try_from(status.st_size).unwrap_or(0),
            // The descriptor was opened a line above and is shared with nobody: its position is ours to move.
            FileType::BlockDevice => {
                seek(&descriptor, SeekFrom::End(0)).map_err(|errno| Error::os(&shown, errno))?
            }
            other => {
                let what = match other {
                    FileType::Directory => "a directory",
                    FileType::Fifo => "a named pipe",
                    FileType::Socket => "a socket",
                    _ => "a character device",
                };
                let why = format!("{shown}: {what}, where a disk image or a block device is wanted");
                return Err(Error::new(ErrorKind::InvalidArgument, why));
            }
        };
        Ok(Self { descriptor, size, path: path.to_owned() })
    }

    /// Length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for Disk {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
