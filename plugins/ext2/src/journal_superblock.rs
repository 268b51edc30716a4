//! "Journal (jbd2)", "Super Block" (`struct journal_superblock_s`), big-endian like everything in a journal.

use crate::units::BlockSize;
use fsimage_sdk::{Endian, Error, Fields, Result, crc32c};

/// `h_magic` of every block that is not a copy.
pub(crate) const MAGIC: u32 = 0xc03b_3998;
/// Bytes of the superblock, the first of the journal's first block.
const SIZE: usize = 0x400;
const BLOCKTYPE_SUPERBLOCK_V1: u32 = 3;
const BLOCKTYPE_SUPERBLOCK_V2: u32 = 4;

const COMPAT_CHECKSUM: u32 = 0x1;
const INCOMPAT_64BIT: u32 = 0x2;
const INCOMPAT_CSUM_V2: u32 = 0x8;
const INCOMPAT_CSUM_V3: u32 = 0x10;
const INCOMPAT_FAST_COMMIT: u32 = 0x20;
/// Those, revoke records (0x1) and asynchronous commits (0x4).
const INCOMPAT_READ: u32 = 0x3f;
/// Fast-commit blocks when `s_num_fc_blks` is 0.
const DEFAULT_FAST_COMMIT_BLOCKS: u32 = 256;
/// The shortest log that Linux accepts; it takes no fast-commit blocks from one that would become shorter.
const MIN_JOURNAL_BLOCKS: u32 = 1024;

/// How the log's checksums are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checksums {
    None,
    /// One crc32 over a transaction's descriptors and copies, in its commit block.
    V1,
    /// crc32c in every block; 16 bits of it for each copy.
    V2,
    /// The same, all 32 bits.
    V3,
}

/// The checked superblock of a journal.
#[derive(Debug, Clone)]
pub(crate) struct JournalSuperblock {
    /// First block of the log.
    pub(crate) first: u32,
    /// The block behind the log's last.
    pub(crate) last: u32,
    /// The block behind the journal's last; fast commits lie between.
    pub(crate) end: u32,
    /// Sequence number of the first transaction to replay.
    pub(crate) sequence: u32,
    /// Its first block; 0 when there is nothing to replay.
    pub(crate) start: u32,
    pub(crate) checksums: Checksums,
    pub(crate) wide_tags: bool,
    pub(crate) fast_commit: bool,
    /// What every crc32c of the log goes on from.
    pub(crate) seed: u32,
}

impl JournalSuperblock {
    /// # Errors
    /// `Corrupt`, `Unsupported` for unknown features.
    pub(crate) fn parse(block: &[u8], place: u64, block_size: BlockSize) -> Result<Self> {
        let bytes = block.get(..SIZE).unwrap_or(block);
        let sb = Fields::new(bytes, Endian::Big, "journal superblock", place);
        let (h_magic, h_blocktype) = (sb.u32(0x0)?, sb.u32(0x4)?);
        let is_v2 = h_blocktype == BLOCKTYPE_SUPERBLOCK_V2;
        if h_magic != MAGIC || !is_v2 && h_blocktype != BLOCKTYPE_SUPERBLOCK_V1 {
            let why = format_args!("h_magic {h_magic:#010x}, h_blocktype {h_blocktype}");
            return Err(sb.corrupt(0x0, why));
        }
        let s_blocksize = sb.u32(0xc)?;
        if s_blocksize != block_size.get() {
            return Err(sb.corrupt(0xc, format_args!("s_blocksize {s_blocksize}")));
        }
        // Version 1 ends before the feature fields.
        let (compat, incompat) = if is_v2 { (sb.u32(0x24)?, sb.u32(0x28)?) } else { (0, 0) };
        let unknown = incompat & !INCOMPAT_READ;
        if unknown != 0 {
            let text = format!("journal superblock: s_feature_incompat {unknown:#x}");
            return Err(Error::unsupported(text).at(sb.place(0x28)));
        }
        let checksums = checksums(&sb, compat, incompat)?;
        let end = sb.u32(0x10)?;
        let fast_commit = incompat & INCOMPAT_FAST_COMMIT != 0;
        let last = if fast_commit { log_end(end, sb.u32(0x54)?) } else { end };
        let (first, start) = (sb.u32(0x14)?, sb.u32(0x1c)?);
        if first == 0 || first >= last {
            return Err(sb.corrupt(0x14, format_args!("s_first {first} of s_maxlen {end}")));
        }
        if start != 0 && !(first..last).contains(&start) {
            return Err(sb.corrupt(0x1c, format_args!("s_start {start} outside of {first} to {last}")));
        }
        Ok(Self {
            first,
            last,
            end,
            sequence: sb.u32(0x18)?,
            start,
            checksums,
            wide_tags: incompat & INCOMPAT_64BIT != 0,
            fast_commit,
            seed: crc32c(u32::MAX, sb.slice(0x30, 16)?),
        })
    }

    /// Does every block of the log end with, or hold, its crc32c?
    pub(crate) fn has_crc32c(&self) -> bool {
        matches!(self.checksums, Checksums::V2 | Checksums::V3)
    }
}

fn checksums(sb: &Fields<'_>, compat: u32, incompat: u32) -> Result<Checksums> {
    let checksums = match (incompat & INCOMPAT_CSUM_V3 != 0, incompat & INCOMPAT_CSUM_V2 != 0) {
        (true, true) => return Err(sb.corrupt(0x28, "checksums of version 2 and 3 at once")),
        (true, false) => Checksums::V3,
        (false, true) => Checksums::V2,
        (false, false) if compat & COMPAT_CHECKSUM != 0 => return Ok(Checksums::V1),
        (false, false) => return Ok(Checksums::None),
    };
    let s_checksum_type = sb.u8(0x50)?;
    if s_checksum_type != 4 {
        return Err(sb.corrupt(0x50, format_args!("s_checksum_type {s_checksum_type} is not crc32c")));
    }
    let sum = [sb.slice(0x0, 0xfc)?, &[0; 4], sb.slice(0x100, 0x300)?].into_iter().fold(u32::MAX, crc32c);
    if sb.u32(0xfc)? != sum {
        return Err(sb.corrupt(0xfc, format_args!("s_checksum is not {sum:#010x}")));
    }
    Ok(checksums)
}

/// Where the log ends when fast commits follow it.
fn log_end(s_maxlen: u32, s_num_fc_blks: u32) -> u32 {
    let blocks = if s_num_fc_blks == 0 { DEFAULT_FAST_COMMIT_BLOCKS } else { s_num_fc_blks };
    s_maxlen.checked_sub(blocks).filter(|&end| end >= MIN_JOURNAL_BLOCKS).unwrap_or(s_maxlen)
}
