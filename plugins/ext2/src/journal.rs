//! "Journal (jbd2)": the log read from its first transaction to its last whole one, in memory.
//!
//! Linux passes over the log three times: to find the end, the revoke records, the copies. Once is enough when a
//! transaction waits until its commit block: its copies are entered, then its revoke records take out whatever an
//! earlier transaction, or this one, wrote to their blocks. Nothing of a transaction without commit is entered.

use crate::blocks::Blocks;
use crate::checksum::crc32_be;
use crate::fast_commit::Area;
use crate::inode::Inode;
use crate::journal_map::JournalMap;
use crate::journal_superblock::{Checksums, JournalSuperblock, MAGIC};
use crate::journal_tags::{self, Tag};
use crate::overlay::{JournalCopy, Overlay};
use crate::superblock::Superblock;
use crate::units::BlockNumber;
use fsimage_sdk::{Endian, Error, Fields, Limits, Result, crc32c, to_u64};
use std::sync::Arc;

const BLOCKTYPE_DESCRIPTOR: u32 = 1;
const BLOCKTYPE_COMMIT: u32 = 2;
const BLOCKTYPE_REVOKE: u32 = 5;
/// `h_chksum_type` of version 1.
const CRC32_CHKSUM: u8 = 1;
/// `h_chksum_size` of version 1.
const CRC32_CHKSUM_SIZE: u8 = 4;

/// Copies and revoke records held: a log of 2 GiB in 4 KiB blocks, twice the largest that mke2fs makes by itself.
const MAX_RECORDS: u64 = 1 << 19;
/// Bytes of memory that a record may take, its share of the map's nodes included.
const RECORD_BYTES: u64 = 64;

/// What a replay would have done.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) overlay: Overlay,
    /// Whole transactions.
    pub(crate) transactions: u32,
    /// Where fast commits may follow the last of them.
    pub(crate) fast_commits: Option<Area>,
}

/// Reads the journal that the superblock names.
///
/// # Errors
/// `Corrupt` when the journal cannot be used, `Limit`, `Io`; under `checksums=strict` any wrong checksum within a
/// committed transaction.
pub(crate) fn replay(blocks: &Blocks, superblock: &Superblock, limits: &Limits) -> Result<Replay> {
    let number = superblock.inode_number(superblock.journal_inode).ok_or_else(|| {
        Error::corrupt(format!("superblock: s_journal_inum {}", superblock.journal_inode)).at(0x4e0)
    })?;
    let inode = Inode::read(blocks, superblock, number)?;
    let map = JournalMap::read(blocks, &inode)?;
    let first = map.block(blocks, 0)?;
    let journal = JournalSuperblock::parse(&blocks.read(first)?, blocks.place(first)?, blocks.block_size())?;
    if u64::from(journal.end) > map.length() {
        let text = format!("journal superblock: s_maxlen {} of {} blocks", journal.end, map.length());
        return Err(Error::corrupt(text).at(blocks.place(first)?));
    }
    if journal.start == 0 {
        return Ok(Replay::default());
    }
    let mut log = Log {
        blocks,
        map,
        next: journal.start,
        left: journal.last.saturating_sub(journal.first),
        sequence: journal.sequence,
        records_left: MAX_RECORDS.min(limits.max_memory / RECORD_BYTES),
        version_1_seen: false,
        overlay: Overlay::default(),
        journal,
    };
    while log.transaction()? {}
    let transactions = log.sequence.wrapping_sub(log.journal.sequence);
    let fast_commits = log.journal.fast_commit.then(|| Area {
        map: log.map,
        // Linux leaves out the block behind the log.
        blocks: log.journal.last.saturating_add(1)..log.journal.end,
        tid: log.sequence,
        memory: log.records_left.saturating_mul(RECORD_BYTES),
    });
    Ok(Replay { overlay: log.overlay, transactions, fast_commits })
}

struct Log<'a> {
    blocks: &'a Blocks,
    map: JournalMap,
    journal: JournalSuperblock,
    /// The next block of the log to be read.
    next: u32,
    /// Blocks not yet passed: a log is read round once, whatever its sequence numbers say.
    left: u32,
    /// Sequence number of the transaction being read.
    sequence: u32,
    records_left: u64,
    /// A commit block had a checksum of version 1: from there on all must.
    version_1_seen: bool,
    overlay: Overlay,
}

/// What a transaction asks for, until its commit.
#[derive(Default)]
struct Transaction {
    copies: Vec<(u64, JournalCopy)>,
    revoked: Vec<u64>,
    /// crc32 of descriptors and copies, for version 1.
    crc32: Crc32,
    /// What is wrong in it, which matters only if it was committed.
    damage: Option<Error>,
    /// Copies whose checksum is wrong: left out, as Linux leaves them.
    bad_copies: Vec<Error>,
}

struct Crc32(u32);

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Log<'_> {
    /// Reads one transaction and enters it; `false` at the end of the log.
    fn transaction(&mut self) -> Result<bool> {
        let mut open = Transaction::default();
        while let Some((number, bytes)) = self.next_block()? {
            let place = self.blocks.place(number)?;
            let block = Fields::new(&bytes, Endian::Big, "journal block", place);
            if block.u32(0x0)? != MAGIC || block.u32(0x8)? != self.sequence {
                return Ok(false);
            }
            match block.u32(0x4)? {
                BLOCKTYPE_DESCRIPTOR => {
                    if !self.descriptor(&mut open, &block)? {
                        return Ok(false);
                    }
                }
                BLOCKTYPE_REVOKE => self.revoke(&mut open, &block)?,
                BLOCKTYPE_COMMIT => return self.commit(open, &block),
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The number of the next block of the log; `None` when all of it was passed.
    fn advance(&mut self) -> Result<Option<BlockNumber>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let number = self.map.block(self.blocks, self.next)?;
        self.next = match self.next.saturating_add(1) {
            next if next >= self.journal.last => self.journal.first,
            next => next,
        };
        Ok(Some(number))
    }

    fn next_block(&mut self) -> Result<Option<(BlockNumber, Arc<[u8]>)>> {
        let Some(number) = self.advance()? else { return Ok(None) };
        Ok(Some((number, self.blocks.read_once(number)?)))
    }

    fn take_record(&mut self) -> Result<()> {
        let left = self.records_left.checked_sub(1);
        self.records_left =
            left.ok_or_else(|| Error::limit("the journal has more records than max_memory holds"))?;
        Ok(())
    }

    /// The block's crc32c is in its last four bytes.
    fn check_tail(&self, block: &Fields<'_>, open: &mut Transaction) -> Result<()> {
        if !self.journal.has_crc32c() {
            return Ok(());
        }
        let offset = block.bytes().len().saturating_sub(4);
        let sum = crc32c(crc32c(self.journal.seed, block.slice(0, offset)?), &[0; 4]);
        if block.u32(offset)? != sum && open.damage.is_none() {
            open.damage = Some(block.corrupt(offset, format_args!("the checksum is not {sum:#010x}")));
        }
        Ok(())
    }

    /// A list of blocks whose copies follow it; `false` when the log ends among them.
    fn descriptor(&mut self, open: &mut Transaction, block: &Fields<'_>) -> Result<bool> {
        self.check_tail(block, open)?;
        open.crc32.0 = crc32_be(open.crc32.0, block.bytes());
        for tag in journal_tags::read(block, &self.journal)? {
            let Some(number) = self.advance()? else { return Ok(false) };
            self.take_record()?;
            if self.check_copy(open, &tag, number)? {
                open.copies.push((tag.block, JournalCopy { block: number, escaped: tag.escaped }));
            }
        }
        Ok(true)
    }

    fn check_copy(&self, open: &mut Transaction, tag: &Tag, number: BlockNumber) -> Result<bool> {
        if self.journal.checksums == Checksums::None {
            return Ok(true);
        }
        let bytes = self.blocks.read_once(number)?;
        if self.journal.checksums == Checksums::V1 {
            open.crc32.0 = crc32_be(open.crc32.0, &bytes);
            return Ok(true);
        }
        let sum = crc32c(crc32c(self.journal.seed, &self.sequence.to_be_bytes()), &bytes);
        let mask = if self.journal.checksums == Checksums::V2 { 0xffff } else { u32::MAX };
        if sum & mask == tag.checksum {
            return Ok(true);
        }
        // One text is enough for a remark, and a guest may have very many.
        if open.bad_copies.is_empty() {
            let text = format!("journal: the copy of block {} has a wrong checksum", tag.block);
            open.bad_copies.push(Error::corrupt(text).at(self.blocks.place(number)?));
        }
        Ok(false)
    }

    /// "Revocation Block": `r_count` bytes are used, the header's sixteen included.
    fn revoke(&mut self, open: &mut Transaction, block: &Fields<'_>) -> Result<()> {
        self.check_tail(block, open)?;
        let r_count = block.u32(0xc)?;
        let tail = if self.journal.has_crc32c() { 4 } else { 0 };
        let end = usize::try_from(r_count).unwrap_or(usize::MAX);
        if end > block.bytes().len().saturating_sub(tail) {
            open.damage.get_or_insert_with(|| block.corrupt(0xc, format_args!("r_count {r_count}")));
            return Ok(());
        }
        let size = if self.journal.wide_tags { 8 } else { 4 };
        let mut offset = 16_usize;
        while offset.saturating_add(size) <= end {
            self.take_record()?;
            open.revoked.push(if self.journal.wide_tags {
                block.u64(offset)?
            } else {
                u64::from(block.u32(offset)?)
            });
            offset = offset.saturating_add(size);
        }
        Ok(())
    }

    /// "Commit Block": enters the transaction, or ends the log when it is not whole.
    fn commit(&mut self, open: Transaction, block: &Fields<'_>) -> Result<bool> {
        if !self.commit_is_whole(&open, block)? {
            return Ok(false);
        }
        let remarks = self.blocks.remarks();
        if let Some(damage) = open.damage {
            // A later transaction may build on this one, so none is entered.
            remarks.mismatch(damage)?;
            return Ok(false);
        }
        for error in open.bad_copies {
            remarks.mismatch(error)?;
        }
        let before = self.overlay.len();
        for (block, copy) in open.copies.iter().copied() {
            self.overlay.insert(block, copy);
        }
        for block in &open.revoked {
            self.overlay.remove(*block);
        }
        // What is not held any longer may be held again: a block written often counts once.
        let taken = to_u64(open.copies.len().saturating_add(open.revoked.len()));
        let grown = to_u64(self.overlay.len().saturating_sub(before));
        self.records_left = self.records_left.saturating_add(taken.saturating_sub(grown));
        self.sequence = self.sequence.wrapping_add(1);
        Ok(true)
    }

    fn commit_is_whole(&mut self, open: &Transaction, block: &Fields<'_>) -> Result<bool> {
        let found = block.u32(0x10)?;
        match self.journal.checksums {
            Checksums::None => Ok(true),
            Checksums::V1 => {
                let (kind, size) = (block.u8(0xc)?, block.u8(0xd)?);
                let none = kind == 0 && size == 0 && found == 0 && !self.version_1_seen;
                let right = kind == CRC32_CHKSUM && size == CRC32_CHKSUM_SIZE && found == open.crc32.0;
                self.version_1_seen |= right;
                Ok(none || right)
            }
            Checksums::V2 | Checksums::V3 => {
                let rest = block.bytes().get(0x14..).unwrap_or_default();
                let sum = [block.slice(0, 0x10)?, &[0; 4], rest].into_iter().fold(self.journal.seed, crc32c);
                Ok(found == sum)
            }
        }
    }
}
