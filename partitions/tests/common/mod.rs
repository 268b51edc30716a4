//! A disk without its bytes, and boot sectors by hand.
#![allow(dead_code, unreachable_pub, missing_docs)] // each test program uses its share

use fsimage_sdk::{Error, ErrorKind, ReadAt, Result, Volume};
use std::sync::Arc;

/// A disk of any size of which only the first sector is written.
pub struct SparseDisk {
    pub first: [u8; 512],
    pub size: u64,
    pub sector_size: u32,
}

impl ReadAt for SparseDisk {
    fn size(&self) -> u64 {
        self.size
    }

    fn sector_size(&self) -> u32 {
        self.sector_size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        if offset != 0 || buffer.len() > 512 || self.size < 512 {
            return Err(Error::new(ErrorKind::Io, "more than the first sector was read").at(offset));
        }
        buffer.copy_from_slice(&self.first[..buffer.len()]);
        Ok(())
    }
}

pub fn disk(first: [u8; 512], sectors: u64, sector_size: u32) -> Volume {
    Arc::new(SparseDisk { first, size: sectors * u64::from(sector_size), sector_size })
}

/// Boot flag, type, start, sectors.
pub type Entry = (u8, u8, u32, u32);

pub fn boot_sector(entries: &[Entry]) -> [u8; 512] {
    let mut sector = [0; 512];
    for (slot, &(flag, code, start, sectors)) in entries.iter().enumerate() {
        let entry = &mut sector[0x1be + 16 * slot..][..16];
        entry[0] = flag;
        entry[1..4].copy_from_slice(&[0xfe, 0xff, 0xff]);
        entry[4] = code;
        entry[5..8].copy_from_slice(&[0xfe, 0xff, 0xff]);
        entry[8..12].copy_from_slice(&start.to_le_bytes());
        entry[12..].copy_from_slice(&sectors.to_le_bytes());
    }
    sector[0x1fe..].copy_from_slice(&[0x55, 0xaa]);
    sector
}

/// What mkfs.fat writes before its boot code.
pub fn with_fat_parameters(mut sector: [u8; 512]) -> [u8; 512] {
    sector[..3].copy_from_slice(&[0xeb, 0x3c, 0x90]);
    sector[3..11].copy_from_slice(b"mkfs.fat");
    sector[0x0b..0x11].copy_from_slice(&[0x00, 0x02, 4, 1, 0, 2]);
    sector[0x15] = 0xf8;
    sector
}
