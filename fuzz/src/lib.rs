//! What the fuzz targets share.

use fsimage_sdk::{Error, ErrorKind, ReadAt, Result, Volume};
use std::sync::Arc;

/// Size of the disks: large enough for every offset that the seeds name.
pub const SIZE: u64 = 64 << 20;

/// A disk of [`SIZE`] bytes that begins with these; the rest is zero.
pub struct Disk(pub Vec<u8>);

impl ReadAt for Disk {
    fn size(&self) -> u64 {
        SIZE
    }

    fn sector_size(&self) -> u32 {
        512
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= SIZE);
        end.ok_or_else(|| Error::new(ErrorKind::Io, "past the end").at(offset))?;
        buffer.fill(0);
        let written = self.0.get(offset as usize..).unwrap_or_default();
        let length = written.len().min(buffer.len());
        buffer[..length].copy_from_slice(&written[..length]);
        Ok(())
    }
}

/// Reads the disk's tables and holds them to what the crate promises.
pub fn check(bytes: Vec<u8>) {
    let disk: Volume = Arc::new(Disk(bytes));
    let table = partitions::read_table(&disk).unwrap();
    assert!((1..=partitions::MAX_VOLUMES).contains(&table.partitions.len()));
    for p in &table.partitions {
        assert!(p.size > 0 && p.start.checked_add(p.size).is_some_and(|end| end <= SIZE), "{p:?}");
    }
}

/// Bytes with at least this many.
pub fn at_least(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(length), 0);
    bytes
}

/// Writes the checksum of Sun's and BSD's labels, the exclusive or of all words.
pub fn sum_words(bytes: &mut [u8], at: usize) {
    bytes[at..at + 2].fill(0);
    let sum = bytes.chunks_exact(2).fold([0; 2], |[a, b], word| [a ^ word[0], b ^ word[1]]);
    bytes[at..at + 2].copy_from_slice(&sum);
}
