//! The label of Sun's SPARC machines, in a disk's first sector, big-endian. docs/formats/sun.md.

use crate::Scheme;
use crate::disk::Disk;
use crate::frame::{Found, Frame};
use crate::vtoc::{checksum_holds, tagged};
use fsimage_sdk::{Endian, Fields, Result};

/// dkl_magic.
const MAGIC: u16 = 0xdabe;
/// v_sanity.
const SANE: u32 = 0x600d_deee;
/// NDKMAP of Solaris on SPARC.
const SLICES: u8 = 8;
/// The third slice is the whole disk, by a convention older than the tags.
const THIRD: u8 = 2;
/// The label counts sectors of this size, whatever the disk's own are.
const UNIT: u64 = 512;

/// The slices in their order; none when the sector is no label.
pub(crate) fn read(disk: &mut Disk<'_>, frame: &Frame, sector: &[u8]) -> Option<Vec<Found>> {
    let fields = Fields::new(sector, Endian::Big, "Sun label", 0);
    // OK to drop the error: it says that the sector is too short for a label.
    let label = Label::decode(&fields).ok().flatten()?;
    let mut found = Vec::new();
    for (number, slice) in (0..).zip(label.slices).filter(|(_, slice)| slice.sectors > 0) {
        let start = u64::from(slice.cylinder).saturating_mul(label.cylinder_sectors);
        let start = frame.at(start, UNIT);
        let size = u64::from(slice.sectors).saturating_mul(UNIT);
        let names = frame.names.slice("sun", number);
        let Some(placed) = frame.place(disk, names, Scheme::Sun, start, size) else { continue };
        found.push(tagged(placed, slice.tag, slice.flags));
    }
    Some(found)
}

struct Label {
    cylinder_sectors: u64,
    slices: Vec<Slice>,
}

struct Slice {
    tag: u16,
    flags: u16,
    cylinder: u32,
    sectors: u32,
}

impl Label {
    fn decode(fields: &Fields<'_>) -> Result<Option<Self>> {
        if fields.u16(0x1fc)? != MAGIC || !checksum_holds(fields.bytes()) {
            return Ok(None);
        }
        let heads = u64::from(fields.u16(0x1b4)?); // dkl_nhead
        let sectors = u64::from(fields.u16(0x1b6)?); // dkl_nsect
        // SunOS 4 had no VTOC and left these bytes zero: then nothing is known of the slices but their place.
        let has_tags = fields.u32(0xbc)? == SANE && fields.u32(0x80)? == 1; // v_sanity, v_version
        let slice = |number: u8| {
            // OK to multiply: at most 7 * 8.
            let index = usize::from(number);
            let (meta, map) = (index.saturating_mul(4), index.saturating_mul(8));
            let (tag, flags) = if has_tags {
                // v_part: p_tag, p_flag
                (fields.u16(0x8e_usize.saturating_add(meta))?, fields.u16(0x90_usize.saturating_add(meta))?)
            } else if number == THIRD {
                (crate::sun_types::BACKUP, 0)
            } else {
                (0, 0)
            };
            let cylinder = fields.u32(0x1bc_usize.saturating_add(map))?; // dkl_map: dkl_cylno
            let sectors = fields.u32(0x1c0_usize.saturating_add(map))?; // dkl_nblk
            Ok(Slice { tag, flags, cylinder, sectors })
        };
        Ok(Some(Self {
            cylinder_sectors: heads.saturating_mul(sectors),
            slices: (0..SLICES).map(slice).collect::<Result<_>>()?,
        }))
    }
}
