//! Images as volumes that count what is read of them.

use fsimage_sdk::{Error, ErrorKind, ReadAt, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An image file that counts what is read of it.
#[derive(Debug)]
pub struct Image {
    file: File,
    size: u64,
    /// How many bytes were asked for until now.
    pub bytes_read: AtomicU64,
}

impl Image {
    /// The image in this file.
    #[must_use]
    pub fn open(path: &Path) -> Arc<Self> {
        let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let size = file.metadata().unwrap().len();
        Arc::new(Self { file, size, bytes_read: AtomicU64::new(0) })
    }
}

impl ReadAt for Image {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes_read.fetch_add(u64::try_from(buffer.len()).unwrap(), Ordering::Relaxed);
        self.file
            .read_exact_at(buffer, offset)
            .map_err(|e| Error::new(ErrorKind::Io, e.to_string()).at(offset))
    }
}

/// An image in memory with some bytes replaced, sharing the rest, which counts what is read of it.
#[derive(Debug)]
pub struct Patched {
    base: Arc<Vec<u8>>,
    patches: Vec<(u64, Vec<u8>)>,
    /// How many bytes were asked for until now.
    pub bytes_read: AtomicU64,
}

impl Patched {
    /// `base` with each of `patches` laid over it: a byte offset and what lies there instead.
    #[must_use]
    pub fn new(base: &Arc<Vec<u8>>, patches: Vec<(u64, Vec<u8>)>) -> Arc<Self> {
        Arc::new(Self { base: Arc::clone(base), patches, bytes_read: AtomicU64::new(0) })
    }
}

impl ReadAt for Patched {
    fn size(&self) -> u64 {
        self.base.size()
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.bytes_read.fetch_add(u64::try_from(buffer.len()).unwrap(), Ordering::Relaxed);
        self.base.read_exact_at(offset, buffer)?;
        for (place, bytes) in &self.patches {
            for (at, byte) in (*place..).zip(bytes) {
                if let Some(slot) = at
                    .checked_sub(offset)
                    .and_then(|i| usize::try_from(i).ok())
                    .and_then(|i| buffer.get_mut(i))
                {
                    *slot = *byte;
                }
            }
        }
        Ok(())
    }
}
