//! "Fast Commits": small logical changes that follow the last full transaction, in an area of their own behind the log.
//!
//! Linux scans the area to find the last whole commit, then applies. Here, as in the log, once is enough: a commit's
//! changes wait for its tail, whose checksum covers all tags since the tail before.

use crate::blocks::Blocks;
use crate::fast_commit_tags::{self, Change, HEADER_SIZE, Kind};
use crate::journal_map::JournalMap;
use crate::patches::Patches;
use crate::superblock::Superblock;
use core::ops::Range;
use fsimage_sdk::{Endian, Error, Fields, Result, crc32c};

/// Features of an area that change how it is read: `EXT4_FC_SUPPORTED_FEATURES` is 0, there is none yet.
const KNOWN_FEATURES: u32 = 0;

/// Where fast commits may lie, and whose they must be.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) map: JournalMap,
    /// Blocks of the journal.
    pub(crate) blocks: Range<u32>,
    /// The transaction that follows the log's last: fast commits of any other are old.
    pub(crate) tid: u32,
    /// Bytes of memory that changes may take.
    pub(crate) memory: u64,
}

/// What the area held.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) patches: Patches,
    /// Whole commits, all of them applied.
    pub(crate) commits: u32,
    /// It begins with a commit of the right transaction, which is not whole.
    pub(crate) torn: bool,
}

/// How reading goes on behind a tag or block.
enum Next {
    Tag,
    End,
}

/// Reads the area and applies its whole commits to `blocks`, the filesystem as the log leaves it.
///
/// # Errors
/// `Corrupt` when a whole commit asks for what cannot be, `Unsupported`, `Limit`, `Io`.
pub(crate) fn replay(area: &Area, blocks: &Blocks, superblock: &Superblock) -> Result<Outcome> {
    let mut reader = Reader {
        area,
        blocks,
        superblock,
        memory_left: area.memory,
        crc: 0,
        open: Vec::new(),
        damage: None,
        begun: false,
        outcome: Outcome::default(),
    };
    for number in area.blocks.clone() {
        // Beneath the log's copies: no block of the journal is among those.
        let number = area.map.block(blocks, number)?;
        let bytes = blocks.read_once(number)?;
        let block = Fields::new(&bytes, Endian::Little, "fast commit", blocks.place(number)?);
        if matches!(reader.block(&block)?, Next::End) {
            break;
        }
    }
    reader.outcome.torn = reader.begun && reader.outcome.commits == 0;
    Ok(reader.outcome)
}

struct Reader<'a> {
    area: &'a Area,
    blocks: &'a Blocks,
    superblock: &'a Superblock,
    memory_left: u64,
    /// crc32c over the tags since the last tail, from 0 on.
    crc: u32,
    /// The changes since the last tail.
    open: Vec<Change>,
    /// What is wrong in them, which matters only if they were committed.
    damage: Option<Error>,
    /// The head was there.
    begun: bool,
    outcome: Outcome,
}

impl Reader<'_> {
    /// Tags fill a block: the last one's length reaches its end, or no further header fits.
    fn block(&mut self, block: &Fields<'_>) -> Result<Next> {
        let mut offset = 0_usize;
        // Each round moves on by at least a header.
        while offset.saturating_add(HEADER_SIZE) <= block.bytes().len() {
            let length = usize::from(block.u16(offset.saturating_add(2))?);
            let value = offset.saturating_add(HEADER_SIZE);
            let next = value.saturating_add(length);
            let kind = Kind::new(block.u16(offset)?, length, self.superblock.inode_size);
            let Some(kind) = kind.filter(|_| next <= block.bytes().len()) else { return Ok(Next::End) };
            if !self.begun && kind != Kind::Head {
                return Ok(Next::End);
            }
            if matches!(self.tag(kind, block, offset, length)?, Next::End) {
                return Ok(Next::End);
            }
            offset = next;
        }
        Ok(Next::Tag)
    }

    fn tag(&mut self, kind: Kind, block: &Fields<'_>, offset: usize, length: usize) -> Result<Next> {
        let value = offset.saturating_add(HEADER_SIZE);
        match kind {
            Kind::Head => {
                let (fc_features, fc_tid) = (block.u32(value)?, block.u32(value.saturating_add(4))?);
                if fc_tid != self.area.tid {
                    return Ok(Next::End);
                }
                let unknown = fc_features & !KNOWN_FEATURES;
                if unknown != 0 {
                    let text = format!("fast commit: fc_features {unknown:#x}");
                    return Err(Error::unsupported(text).at(block.place(value)));
                }
                self.begun = true;
            }
            Kind::Tail => {
                // fc_tid is covered, fc_crc behind it is not.
                self.crc = crc32c(self.crc, block.slice(offset, HEADER_SIZE.saturating_add(4))?);
                let (fc_tid, fc_crc) = (block.u32(value)?, block.u32(value.saturating_add(4))?);
                if fc_tid != self.area.tid || fc_crc != self.crc {
                    return Ok(Next::End);
                }
                self.crc = 0;
                self.commit()?;
                return Ok(Next::Tag);
            }
            _ => {
                let place = block.place(value);
                let fields = Fields::new(block.slice(value, length)?, Endian::Little, "fast commit", place);
                self.remember(kind, &fields)?;
            }
        }
        self.crc = crc32c(self.crc, block.slice(offset, HEADER_SIZE.saturating_add(length))?);
        Ok(Next::Tag)
    }

    fn remember(&mut self, kind: Kind, value: &Fields<'_>) -> Result<()> {
        let weight = fast_commit_tags::weight(kind, value.bytes().len(), self.superblock);
        self.memory_left = self
            .memory_left
            .checked_sub(weight)
            .ok_or_else(|| Error::limit("the journal has more fast commits than max_memory holds"))?;
        match fast_commit_tags::change(kind, value, self.blocks, self.superblock) {
            Ok(change) => self.open.extend(change),
            Err(error) => self.damage = self.damage.take().or(Some(error)),
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        if let Some(damage) = self.damage.take() {
            return Err(damage);
        }
        for change in self.open.drain(..) {
            self.outcome.patches.apply(change, self.blocks, self.superblock)?;
        }
        self.outcome.commits = self.outcome.commits.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_values() {
        let fits = |number, length| Kind::new(number, length, 256).is_some();
        for (number, right, wrong) in [
            (1, vec![16], vec![0, 15, 17]),
            (2, vec![12], vec![11, 13]),
            (3, vec![9, 263], vec![0, 8, 264]),
            (4, vec![9, 263], vec![8, 264]),
            (5, vec![9, 263], vec![8, 264]),
            (6, vec![132, 260], vec![0, 131, 261]),
            (7, vec![0, 65535], vec![]),
            (8, vec![8, 1000], vec![7]),
            (9, vec![8], vec![7, 9]),
            (0, vec![], vec![0, 8]),
            (10, vec![], vec![8]),
        ] {
            assert!(right.iter().all(|&length| fits(number, length)), "{number}");
            assert!(wrong.iter().all(|&length| !fits(number, length)), "{number}");
        }
    }
}
