//! "Hash Tree Directories": from a name's hash to the one leaf that can hold it (`struct dx_root`, `dx_node`).

use crate::hash::NameHash;
use fsimage_sdk::{Endian, Fields, Result};
use std::sync::Arc;

/// Levels of nodes below the root: 1, or 2 under `large_dir`, in which Linux makes no deeper tree.
const MAX_LEVELS: u8 = 2;
/// `dx_root.info` begins behind the entries `.` and `..`.
const ROOT_INFO: usize = 0x18;
/// `info_length`.
const INFO_LENGTH: u8 = 8;
/// A node's entries begin behind an unused directory entry.
const NODE_ENTRIES: usize = 8;
const ENTRY_SIZE: usize = 8;
/// Leaves looked at for one name: more than a handful of collisions nobody makes by accident.
const MAX_LEAVES: u32 = 4096;

/// A block of the directory: its bytes and its place on the volume.
pub(crate) type DirectoryBlock = (Arc<[u8]>, u64);

/// What it takes to find a name.
pub(crate) struct Index<'a> {
    /// Reads a block of the directory by its number in it; `is_node` tells index nodes from leaves.
    pub(crate) read: &'a dyn Fn(u64, bool) -> Result<DirectoryBlock>,
    /// Do names hash as unsigned characters (`s_flags`)?
    pub(crate) unsigned: bool,
    pub(crate) seed: [u32; 4],
    pub(crate) large_dir: bool,
}

/// One level of the way down.
struct Step {
    bytes: Arc<[u8]>,
    place: u64,
    /// Where the entries begin.
    entries: usize,
    count: usize,
    /// The entry taken.
    at: usize,
}

impl Step {
    fn fields(&self) -> Fields<'_> {
        Fields::new(&self.bytes, Endian::Little, "directory index", self.place)
    }

    fn offset(&self, number: usize) -> usize {
        self.entries.saturating_add(number.saturating_mul(ENTRY_SIZE))
    }

    /// The first entry has limit and count where the others have a hash; its hash is 0.
    fn hash(&self, number: usize) -> Result<u32> {
        if number == 0 { Ok(0) } else { self.fields().u32(self.offset(number)) }
    }

    fn block(&self) -> Result<u64> {
        // The upper four bits were once meant for the leaf's fullness.
        Ok(u64::from(self.fields().u32(self.offset(self.at).saturating_add(4))? & 0x0fff_ffff))
    }

    /// Takes the last entry whose hash is not above this.
    fn seek(&mut self, hash: u32) -> Result<()> {
        let (mut low, mut high) = (0, self.count);
        // The range halves with each round.
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            if self.hash(middle)? > hash { high = middle } else { low = middle }
        }
        self.at = low;
        Ok(())
    }
}

impl Index<'_> {
    /// Hands to `leaf` the directory blocks in which a name with this hash may be, until it says `true`.
    ///
    /// # Errors
    /// `Corrupt` when the index contradicts itself: the caller then walks the directory.
    pub(crate) fn search(
        &self,
        name: &[u8],
        leaf: &mut dyn FnMut(u64, DirectoryBlock) -> Result<bool>,
    ) -> Result<bool> {
        let (mut path, hash) = self.root(name)?;
        self.descend(&mut path, Some(hash))?;
        for _ in 0..MAX_LEAVES {
            let Some(last) = path.last() else { return Ok(false) };
            let block = last.block()?;
            if leaf(block, (self.read)(block, false)?)? {
                return Ok(true);
            }
            if !self.next_leaf(&mut path, hash)? {
                return Ok(false);
            }
        }
        Err(self.corrupt(&path, "more leaves than names collide"))
    }

    fn root(&self, name: &[u8]) -> Result<(Vec<Step>, u32)> {
        let (bytes, place) = (self.read)(0, true)?;
        let root = Fields::new(&bytes, Endian::Little, "directory index", place);
        let version = root.u8(ROOT_INFO.saturating_add(4))?;
        let hash = NameHash::new(version, self.unsigned, self.seed)
            .ok_or_else(|| root.corrupt(0x1c, format_args!("hash_version {version}")))?
            .of(name);
        let (info_length, levels) = (root.u8(0x1d)?, root.u8(0x1e)?);
        let most = if self.large_dir { MAX_LEVELS } else { 1 };
        if root.u32(ROOT_INFO)? != 0 || info_length != INFO_LENGTH || levels > most {
            let why = format_args!("info_length {info_length}, indirect_levels {levels}");
            return Err(root.corrupt(0x1d, why));
        }
        let entries = ROOT_INFO.saturating_add(usize::from(INFO_LENGTH));
        let step = step(Arc::clone(&bytes), place, entries)?;
        let mut path = vec![step];
        path.resize_with(usize::from(levels).saturating_add(1), || Step {
            bytes: Arc::new([]),
            place: 0,
            entries: NODE_ENTRIES,
            count: 0,
            at: 0,
        });
        if let Some(first) = path.first_mut() {
            first.seek(hash)?;
        }
        Ok((path, hash))
    }

    /// Fills in the nodes below the first whose entry is taken, by hash or at their first entries.
    fn descend(&self, path: &mut [Step], hash: Option<u32>) -> Result<()> {
        let [above, below @ ..] = path else { return Ok(()) };
        let mut block = above.block()?;
        for slot in below {
            let (bytes, place) = (self.read)(block, true)?;
            let mut step = step(bytes, place, NODE_ENTRIES)?;
            let start = Fields::new(&step.bytes, Endian::Little, "directory index", place);
            if start.u32(0x0)? != 0 {
                return Err(start.corrupt(0x0, "an index node that begins with a used entry"));
            }
            if let Some(hash) = hash {
                step.seek(hash)?;
            }
            block = step.block()?;
            *slot = step;
        }
        Ok(())
    }

    /// Goes on to the next leaf if it begins with the same hash: names that collide may spill over.
    fn next_leaf(&self, path: &mut [Step], hash: u32) -> Result<bool> {
        for level in (0..path.len()).rev() {
            let Some([step, ..]) = path.get_mut(level..) else { return Ok(false) };
            let next = step.at.saturating_add(1);
            if next >= step.count {
                continue;
            }
            if step.hash(next)? & !1 != hash {
                return Ok(false);
            }
            step.at = next;
            self.descend(path.get_mut(level..).unwrap_or_default(), None)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn corrupt(&self, path: &[Step], why: &str) -> fsimage_sdk::Error {
        let place = path.first().map_or(0, |root| root.place);
        fsimage_sdk::Error::corrupt(format!("directory index: {why}")).at(place)
    }
}

/// A node's limit and count, checked.
fn step(bytes: Arc<[u8]>, place: u64, entries: usize) -> Result<Step> {
    let node = Fields::new(&bytes, Endian::Little, "directory index", place);
    let limit = usize::from(node.u16(entries)?);
    let count = usize::from(node.u16(entries.saturating_add(2))?);
    let room = bytes.len().saturating_sub(entries) / ENTRY_SIZE;
    if count == 0 || count > limit || limit > room {
        return Err(node.corrupt(entries, format_args!("count {count} of limit {limit}, room {room}")));
    }
    Ok(Step { bytes, place, entries, count, at: 0 })
}
