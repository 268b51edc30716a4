//! A disk behind its descriptor, with a small cache of pages and a count of what was read.

use fsimage_sdk::{Error, ErrorKind, ReadAt, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{FileType, SeekFrom, fstat, ioctl_blksszget, seek};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A page of the cache in bytes: the block of nearly every filesystem.
const PAGE: usize = 4096;
/// Pages kept: half a MiB, what one boot's metadata fits into.
const PAGES: usize = 128;
/// Reads of this many bytes and more are file data; the cache would only be emptied by them.
const BYPASS: usize = 4 * PAGE;
/// Sector size of an image file, in bytes: what every emulated disk has unless told otherwise.
const IMAGE_SECTOR: u32 = 512;

/// What was read from the disks, all together.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    reads: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    /// Number of reads.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Bytes of those reads.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

struct Page {
    number: u64,
    bytes: Box<[u8]>,
}

/// A disk.
pub(crate) struct DiskFile {
    descriptor: OwnedFd,
    size: u64,
    sector_size: u32,
    cache: Mutex<Vec<Option<Page>>>,
    counters: Arc<Counters>,
}

impl DiskFile {
    /// Takes a disk as the trusted side handed it over. Asks for its size and sector size, which the jail later forbids.
    pub(crate) fn new(descriptor: OwnedFd, counters: Arc<Counters>) -> rustix::io::Result<Self> {
        let status = fstat(&descriptor)?;
        let (size, sector_size) = match FileType::from_raw_mode(status.st_mode) {
            FileType::BlockDevice => {
                (seek(&descriptor, SeekFrom::End(0))?, ioctl_blksszget(&descriptor).unwrap_or(IMAGE_SECTOR))
            }
            _ => (u64::try_from(status.st_size).unwrap_or(0), IMAGE_SECTOR),
        };
        let cache = Mutex::new((0..PAGES).map(|_| None).collect());
        Ok(Self { descriptor, size, sector_size, cache, counters })
    }

    fn read_raw(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        while !buffer.is_empty() {
            let count = rustix::io::retry_on_intr(|| {
                rustix::io::pread(self.descriptor.as_fd(), &mut *buffer, offset)
            })
            .map_err(|errno| Error::new(ErrorKind::Io, format!("reading the disk: {errno}")).at(offset))?;
            if count == 0 {
                return Err(Error::new(ErrorKind::Io, "the disk ends here").at(offset));
            }
            let length = u64::try_from(count).unwrap_or(0);
            self.counters.reads.fetch_add(1, Ordering::Relaxed);
            self.counters.bytes.fetch_add(length, Ordering::Relaxed);
            offset = offset.saturating_add(length);
            buffer = std::mem::take(&mut buffer).get_mut(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Copies from one page of the cache, filling it first when it holds another.
    fn read_page(&self, number: u64, skip: usize, target: &mut [u8]) -> Result<()> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(number).unwrap_or(0) % PAGES;
        let slot =
            cache.get_mut(place).ok_or_else(|| Error::new(ErrorKind::Internal, "no such cache slot"))?;
        let bytes = match slot {
            Some(page) if page.number == number => &page.bytes,
            _ => {
                let start = number.saturating_mul(PAGE_BYTES);
                let length = usize::try_from(self.size.saturating_sub(start)).unwrap_or(PAGE).min(PAGE);
                let mut bytes = vec![0; length].into_boxed_slice();
                self.read_raw(start, &mut bytes)?;
                &slot.insert(Page { number, bytes }).bytes
            }
        };
        let part = skip.checked_add(target.len()).and_then(|end| bytes.get(skip..end));
        let part = part.ok_or_else(|| Error::new(ErrorKind::Internal, "a page is shorter than the disk"))?;
        target.copy_from_slice(part);
        Ok(())
    }
}

/// [`PAGE`] as a disk offset.
const PAGE_BYTES: u64 = 4096;

impl ReadAt for DiskFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        self.sector_size
    }

    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        let length = u64::try_from(buffer.len()).unwrap_or(u64::MAX);
        if offset.checked_add(length).is_none_or(|end| end > self.size) {
            let why = format!("{length} bytes wanted past the end of the disk at 0x{:x}", self.size);
            return Err(Error::new(ErrorKind::Io, why).at(offset));
        }
        if buffer.len() >= BYPASS {
            return self.read_raw(offset, buffer);
        }
        while !buffer.is_empty() {
            let skip = usize::try_from(offset % PAGE_BYTES).unwrap_or(0);
            let count = PAGE.saturating_sub(skip).min(buffer.len());
            let (target, rest) = std::mem::take(&mut buffer).split_at_mut(count);
            self.read_page(offset / PAGE_BYTES, skip, target)?;
            offset = offset.saturating_add(u64::try_from(count).unwrap_or(0));
            buffer = rest;
        }
        Ok(())
    }
}
