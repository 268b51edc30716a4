//! A disk without its bytes, and boot sectors by hand.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::as_conversions)] // each test program uses its share

use fsimage_sdk::{Error, ErrorKind, ReadAt, Result, Volume};
use std::sync::Arc;

/// A disk of any size of which only some pieces are written; the rest is zero.
#[derive(Clone)]
pub struct SparseDisk {
    pub pieces: Vec<(u64, Vec<u8>)>,
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
        let end = offset.checked_add(buffer.len() as u64).unwrap();
        if end > self.size {
            return Err(Error::new(ErrorKind::Io, "past the end").at(offset));
        }
        buffer.fill(0);
        for (start, bytes) in &self.pieces {
            let (from, to) = (offset.max(*start), end.min(start + bytes.len() as u64));
            if from < to {
                let source = &bytes[(from - start) as usize..(to - start) as usize];
                buffer[(from - offset) as usize..(to - offset) as usize].copy_from_slice(source);
            }
        }
        Ok(())
    }
}

pub fn disk(first: [u8; 512], sectors: u64, sector_size: u32) -> Volume {
    pieces(vec![(0, first.to_vec())], sectors * u64::from(sector_size), sector_size)
}

pub fn pieces(pieces: Vec<(u64, Vec<u8>)>, size: u64, sector_size: u32) -> Volume {
    Arc::new(SparseDisk { pieces, size, sector_size })
}

/// Knuth's MMIX generator, its upper half: the numbers need to be many and repeatable, not good.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
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

pub fn put(bytes: &mut [u8], offset: usize, field: &[u8]) {
    bytes[offset..offset + field.len()].copy_from_slice(field);
}

/// The checksum of Sun's labels and of BSD's: the exclusive or of all words, put where it makes the sum zero.
pub fn sum_words(bytes: &mut [u8], at: usize) {
    put(bytes, at, &[0, 0]);
    let sum = bytes.chunks_exact(2).fold([0; 2], |[a, b], word| [a ^ word[0], b ^ word[1]]);
    put(bytes, at, &sum);
}

/// The CRC-32 of UEFI, four bits at a time, written apart from the crate's.
pub fn crc32(bytes: &[u8]) -> u32 {
    const NIBBLES: [u32; 16] = [
        0x0000_0000,
        0x1db7_1064,
        0x3b6e_20c8,
        0x26d9_30ac,
        0x76dc_4190,
        0x6b6b_51f4,
        0x4db2_6158,
        0x5005_713c,
        0xedb8_8320,
        0xf00f_9344,
        0xd6d6_a3e8,
        0xcb61_b38c,
        0x9b64_c2b0,
        0x86d3_d2d4,
        0xa00a_e278,
        0xbdbd_f21c,
    ];
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        crc = (crc >> 4) ^ NIBBLES[(crc & 15) as usize];
        crc = (crc >> 4) ^ NIBBLES[(crc & 15) as usize];
    }
    !crc
}

/// A GPT header in a sector of its own, its checksums right.
pub fn gpt_header(
    my: u64,
    other: u64,
    entries_lba: u64,
    entry_size: u32,
    entries: &[u8],
    last: u64,
) -> Vec<u8> {
    let mut header = vec![0; 512];
    put(&mut header, 0x00, b"EFI PART\0\0\x01\0");
    put(&mut header, 0x0c, &92_u32.to_le_bytes());
    put(&mut header, 0x18, &my.to_le_bytes());
    put(&mut header, 0x20, &other.to_le_bytes());
    put(&mut header, 0x28, &3_u64.to_le_bytes());
    put(&mut header, 0x30, &last.to_le_bytes());
    put(&mut header, 0x48, &entries_lba.to_le_bytes());
    put(&mut header, 0x50, &(entries.len() as u32 / entry_size).to_le_bytes());
    put(&mut header, 0x54, &entry_size.to_le_bytes());
    sign_gpt(&mut header, entries);
    header
}

/// Puts both checksums right.
pub fn sign_gpt(header: &mut [u8], entries: &[u8]) {
    put(header, 0x58, &crc32(entries).to_le_bytes());
    put(header, 0x10, &[0; 4]);
    let crc = crc32(&header[..92]);
    put(header, 0x10, &crc.to_le_bytes());
}

pub const LINUX_FILESYSTEM: [u8; 16] =
    [0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47, 0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4];

pub fn gpt_entry(size: usize, kind: [u8; 16], first: u64, last: u64, name: &str) -> Vec<u8> {
    let mut entry = vec![0; size];
    put(&mut entry, 0x00, &kind);
    put(&mut entry, 0x10, &[0x11; 16]);
    put(&mut entry, 0x20, &first.to_le_bytes());
    put(&mut entry, 0x28, &last.to_le_bytes());
    for (index, unit) in name.encode_utf16().enumerate() {
        put(&mut entry, 0x38 + 2 * index, &unit.to_le_bytes());
    }
    entry
}

/// Tag, flags, start, sectors.
pub type Slice = (u16, u16, u32, u32);

/// The label of Solaris on x86.
pub fn vtoc(slices: &[Slice]) -> Vec<u8> {
    let mut label = vec![0; 512];
    put(&mut label, 0x0c, &0x600d_deee_u32.to_le_bytes());
    put(&mut label, 0x10, &1_u32.to_le_bytes());
    put(&mut label, 0x1c, &512_u16.to_le_bytes());
    put(&mut label, 0x1e, &16_u16.to_le_bytes());
    for (number, &(tag, flags, start, sectors)) in slices.iter().enumerate() {
        let at = 0x48 + 12 * number;
        put(&mut label, at, &tag.to_le_bytes());
        put(&mut label, at + 2, &flags.to_le_bytes());
        put(&mut label, at + 4, &start.to_le_bytes());
        put(&mut label, at + 8, &sectors.to_le_bytes());
    }
    put(&mut label, 0x1fc, &0xdabe_u16.to_le_bytes());
    sum_words(&mut label, 0x1fe);
    label
}

/// The label of Sun's SPARC machines, of cylinders of 16 * 63 sectors; starts are cylinders.
pub fn sun_label(slices: &[Slice], with_tags: bool) -> Vec<u8> {
    let mut label = vec![0; 512];
    if with_tags {
        put(&mut label, 0x80, &1_u32.to_be_bytes());
        put(&mut label, 0x8c, &8_u16.to_be_bytes());
        put(&mut label, 0xbc, &0x600d_deee_u32.to_be_bytes());
    }
    put(&mut label, 0x1b4, &16_u16.to_be_bytes());
    put(&mut label, 0x1b6, &63_u16.to_be_bytes());
    for (number, &(tag, flags, cylinder, sectors)) in slices.iter().enumerate() {
        if with_tags {
            put(&mut label, 0x8e + 4 * number, &tag.to_be_bytes());
            put(&mut label, 0x90 + 4 * number, &flags.to_be_bytes());
        }
        put(&mut label, 0x1bc + 8 * number, &cylinder.to_be_bytes());
        put(&mut label, 0x1c0 + 8 * number, &sectors.to_be_bytes());
    }
    put(&mut label, 0x1fc, &0xdabe_u16.to_be_bytes());
    sum_words(&mut label, 0x1fe);
    label
}

/// A BSD label; slices are (type, offset, sectors). `wide` is OpenBSD's second version.
pub fn bsd_label(slices: &[(u8, u64, u64)], wide: bool) -> Vec<u8> {
    let mut label = vec![0; 512];
    put(&mut label, 0x00, &0x8256_4557_u32.to_le_bytes());
    put(&mut label, 0x28, &512_u32.to_le_bytes());
    put(&mut label, 0x84, &0x8256_4557_u32.to_le_bytes());
    put(&mut label, 0x8a, &(slices.len() as u16).to_le_bytes());
    if wide {
        put(&mut label, 0x72, &1_u16.to_le_bytes());
    }
    for (number, &(fstype, offset, sectors)) in slices.iter().enumerate() {
        let at = 0x94 + 16 * number;
        put(&mut label, at, &(sectors as u32).to_le_bytes());
        put(&mut label, at + 4, &(offset as u32).to_le_bytes());
        if wide {
            put(&mut label, at + 8, &((offset >> 32) as u16).to_le_bytes());
            put(&mut label, at + 10, &((sectors >> 32) as u16).to_le_bytes());
        } else {
            put(&mut label, at + 8, &2048_u32.to_le_bytes());
        }
        label[at + 12] = fstype;
    }
    let length = 0x94 + 16 * slices.len();
    sum_words(&mut label[..length], 0x88);
    label
}

/// An Apple map of blocks of this size: (type, name, start, blocks), the map's own entry not counted.
pub fn apple_map(block: u16, parts: &[(&str, &str, u32, u32)]) -> Vec<u8> {
    let unit = usize::from(block);
    let mut map = vec![0; unit * (parts.len() + 2)];
    put(&mut map, 0, b"ER");
    put(&mut map, 2, &block.to_be_bytes());
    let own = ("Apple_partition_map", "Apple", 1, 63);
    for (index, &(kind, name, start, blocks)) in [own].iter().chain(parts).enumerate() {
        let at = unit * (index + 1);
        put(&mut map, at, b"PM");
        put(&mut map, at + 4, &(parts.len() as u32 + 1).to_be_bytes());
        put(&mut map, at + 8, &start.to_be_bytes());
        put(&mut map, at + 12, &blocks.to_be_bytes());
        put(&mut map, at + 16, name.as_bytes());
        put(&mut map, at + 48, kind.as_bytes());
    }
    map
}

/// SGI's volume header; partitions are (type, first block, blocks).
pub fn sgi_label(parts: &[(u32, u32, u32)]) -> Vec<u8> {
    let mut header = vec![0; 512];
    put(&mut header, 0, &0x0be5_a941_u32.to_be_bytes());
    for (number, &(kind, first, blocks)) in parts.iter().enumerate() {
        let at = 0x138 + 12 * number;
        put(&mut header, at, &blocks.to_be_bytes());
        put(&mut header, at + 4, &first.to_be_bytes());
        put(&mut header, at + 8, &kind.to_be_bytes());
    }
    sum_sgi(&mut header);
    header
}

/// The sum of all 32-bit words is zero.
pub fn sum_sgi(header: &mut [u8]) {
    put(header, 0x1f8, &[0; 4]);
    let words = header.chunks_exact(4).map(|w| u32::from_be_bytes(w.try_into().unwrap()));
    let sum = words.fold(0_u32, u32::wrapping_add);
    put(header, 0x1f8, &sum.wrapping_neg().to_be_bytes());
}
