//! Solaris' log as a whole: the block of its extents (`extent_block`), then its header (`ml_odunit`).

use crate::flavour::Flavour;
use crate::log_space::{LogExtent, LogPosition, LogSpace, SECTOR, USABLE};
use crate::superblock::Superblock;
use fsimage_sdk::{Endian, Error, ErrorKind, Fields, Result, Volume, to_usize};

/// `LUFS_EXTENTS` of `extent_block.type`.
const EXTENTS: u32 = 0;
/// Bytes of `extent_block` before its extents, and of each of these.
const HEAD_SIZE: usize = 20;
const EXTENT_SIZE: usize = 12;
/// `LUFS_VERSION_LATEST` of `od_version`.
const VERSION: u32 = 1;
/// Bytes of a log: Solaris caps them at 512 MiB.
const MAX_LOG: u64 = 512 << 20;

/// A log whose header makes sense.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) space: LogSpace,
    /// `od_head_ident`: the first sector's `st_ident`; each one behind it has the next number.
    pub(crate) head_ident: u32,
    /// Where the first delta begins.
    pub(crate) start: LogPosition,
}

impl Log {
    /// Reads and checks extents and header.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`, `Io`.
    pub(crate) fn read(volume: &Volume, superblock: &Superblock) -> Result<Self> {
        let extents = extents(volume, superblock)?;
        let first = extents.first().ok_or_else(|| Error::corrupt("log: no extents"))?.place;
        let (bytes, place) = header(volume, first)?;
        let od = Fields::new(&bytes, superblock.endian, "log header", place);
        let od_version = od.u32(0x0)?;
        if od_version != VERSION {
            return Err(Error::unsupported(format!("log header: od_version {od_version}")).at(od.place(0x0)));
        }
        if od.u32(0x4)? != 0 {
            return Err(od.corrupt(0x4, "od_badlog: Solaris gave this log up"));
        }
        let (head_ident, tail_ident) = (od.u32(0x34)?, od.u32(0x3c)?);
        let od_chksum = od.u32(0x40)?;
        if od_chksum != head_ident.wrapping_add(tail_ident) {
            return Err(od.corrupt(0x40, format_args!("od_chksum {od_chksum:#x}")));
        }
        let sector_of = |offset: usize, name: &str| {
            let lof = od.i32(offset)?;
            let whole = u64::try_from(lof).ok().filter(|lof| lof % SECTOR == 0 && *lof <= MAX_LOG);
            whole.map(|lof| lof / SECTOR).ok_or_else(|| od.corrupt(offset, format_args!("{name} {lof}")))
        };
        let (begin, end) = (sector_of(0x14, "od_bol_lof")?, sector_of(0x18, "od_eol_lof")?);
        let sectors = end
            .checked_sub(begin)
            .filter(|sectors| *sectors >= 2)
            .ok_or_else(|| od.corrupt(0x18, format_args!("od_eol_lof: a log of sectors {begin} to {end}")))?;
        let od_head_lof = od.i32(0x30)?;
        let (head, offset) = u64::try_from(od_head_lof)
            .ok()
            .map(|lof| (lof / SECTOR, lof % SECTOR))
            .filter(|(sector, offset)| (begin..end).contains(sector) && *offset < USABLE)
            .ok_or_else(|| od.corrupt(0x30, format_args!("od_head_lof {od_head_lof}")))?;
        let space = LogSpace { extents, begin, sectors, head: head.saturating_sub(begin) };
        Ok(Self { space, head_ident, start: LogPosition(offset) })
    }
}

/// The header's first sector, else its copy behind it, as Solaris does where the first cannot be read.
fn header(volume: &Volume, place: u64) -> Result<(Vec<u8>, u64)> {
    let size = to_usize(SECTOR)?;
    match volume.read_vec_at(place, size) {
        Err(error) if error.kind() == ErrorKind::Io => {
            let copy = place.saturating_add(SECTOR);
            volume.read_vec_at(copy, size).map(|bytes| (bytes, copy)).map_err(|_| error)
        }
        read => read.map(|bytes| (bytes, place)),
    }
}

fn extents(volume: &Volume, superblock: &Superblock) -> Result<Vec<LogExtent>> {
    let place = place_of(superblock, superblock.log_block)
        .ok_or_else(|| Error::corrupt(format!("superblock: fs_logbno {}", superblock.log_block)))?;
    let bytes = volume.read_vec_at(place, to_usize(superblock.block_size.bytes())?)?;
    let block = Fields::new(&bytes, superblock.endian, "log extents", place);
    let (kind, chksum, nextents) = (block.u32(0x0)?, block.u32(0x4)?, block.u32(0x8)?);
    if kind != EXTENTS {
        return Err(block.corrupt(0x0, format_args!("type {kind}")));
    }
    // The sum of all words, in which its own counts as zero.
    let due = words(&bytes, superblock.endian).fold(0, u32::wrapping_add).wrapping_sub(chksum);
    if due != chksum {
        return Err(block.corrupt(0x4, format_args!("chksum {chksum:#x} where {due:#x} is due")));
    }
    let room = bytes.len().saturating_sub(HEAD_SIZE) / EXTENT_SIZE;
    let count = usize::try_from(nextents).ok().filter(|count| (1..=room).contains(count));
    let count = count.ok_or_else(|| block.corrupt(0x8, format_args!("nextents {nextents}")))?;
    (0..count).map(|index| extent(superblock, &block, index)).collect()
}

fn extent(superblock: &Superblock, block: &Fields<'_>, index: usize) -> Result<LogExtent> {
    let at = index.saturating_mul(EXTENT_SIZE).saturating_add(HEAD_SIZE);
    let field = |offset: usize| block.u32(at.saturating_add(offset));
    let (lbno, pbno, nbno) = (field(0x0)?, field(0x4)?, field(0x8)?);
    let length = u64::from(nbno).saturating_mul(SECTOR);
    let place = place_of(superblock, pbno)
        .filter(|place| *place != 0 && place.checked_add(length).is_some_and(|end| end <= superblock.size()));
    let place =
        place.ok_or_else(|| block.corrupt(at, format_args!("an extent of {nbno} sectors at {pbno}")))?;
    Ok(LogExtent { first: u64::from(lbno), count: u64::from(nbno), place })
}

/// The byte at which a block of the log lies: MTB counts fragments, the rest sectors (`logbtodb`).
fn place_of(superblock: &Superblock, number: u32) -> Option<u64> {
    let unit = match superblock.flavour {
        Flavour::SolarisMtb => superblock.fragment_size.bytes(),
        _ => SECTOR,
    };
    u64::from(number).checked_mul(unit).filter(|place| *place < superblock.size())
}

fn words(bytes: &[u8], endian: Endian) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).filter_map(|four| <[u8; 4]>::try_from(four).ok()).map(move |four| match endian {
        Endian::Little => u32::from_le_bytes(four),
        Endian::Big => u32::from_be_bytes(four),
    })
}
