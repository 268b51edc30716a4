//! The VTOC of Solaris on x86: 16 slices inside an MBR partition, or on a whole disk. docs/formats/vtoc.md.

use crate::disk::Disk;
use crate::frame::{Found, Frame};
use crate::{Partition, Scheme, sun_types};
use fsimage_sdk::{Endian, Fields, Result};

/// The label's sector, from the partition's start.
const LABEL: u64 = 512;
/// v_sanity.
const SANE: u32 = 0x600d_deee;
/// dkl_magic.
const MAGIC: u16 = 0xdabe;
/// V_NUMPAR of Solaris on x86.
const SLICES: u8 = 16;

/// The slices of a frame in their order; none when there is no label.
pub(crate) fn read(disk: &mut Disk<'_>, frame: &Frame) -> Option<Vec<Found>> {
    let sector = frame.read(disk, LABEL, 512)?;
    let fields = Fields::new(&sector, Endian::Little, "Solaris VTOC", LABEL);
    // OK to drop the error: it says that 512 bytes are too few for the label.
    let label = Label::decode(&fields).ok().flatten()?;
    if !label.checksum_holds {
        // Linux and Xen's pygrub do not look at it; GRUB refuses the label.
        disk.remark("the Solaris VTOC's checksum is wrong");
    }
    let unit = u64::from(label.sector_size.unwrap_or(frame.sector_size));
    let mut found = Vec::new();
    for (number, slice) in (0..).zip(label.slices).filter(|(_, slice)| slice.sectors > 0) {
        let start = frame.at(u64::from(slice.start), unit);
        let size = u64::from(slice.sectors).saturating_mul(unit);
        let Some(placed) = frame.place(disk, frame.names.slice("sunpc", number), Scheme::Vtoc, start, size)
        else {
            continue;
        };
        found.push(tagged(placed, slice.tag, slice.flags));
    }
    Some(found)
}

/// A slice with what its tag says.
pub(crate) fn tagged(found: Found, tag: u16, flags: u16) -> Found {
    let (type_name, role) = sun_types::describe(tag);
    let partition = Partition {
        type_name: type_name.to_owned(),
        tag: Some(tag),
        flags: Some(u64::from(flags)),
        ..found.partition
    };
    Found { partition, role, ..found }
}

/// Whether the exclusive or of all 16-bit words is zero, which is how both of Sun's labels are summed.
pub(crate) fn checksum_holds(sector: &[u8]) -> bool {
    let words = sector.as_chunks::<2>().0;
    words.iter().fold([0; 2], |[a, b], [c, d]| [a ^ c, b ^ d]) == [0; 2]
}

struct Label {
    /// v_sectorsz, where it is a size at all.
    sector_size: Option<u32>,
    slices: Vec<Slice>,
    checksum_holds: bool,
}

struct Slice {
    tag: u16,
    flags: u16,
    start: u32,
    sectors: u32,
}

impl Label {
    fn decode(fields: &Fields<'_>) -> Result<Option<Self>> {
        let sane = fields.u32(0x0c)? == SANE; // v_sanity
        let version = fields.u32(0x10)?; // v_version
        let magic = fields.u16(0x1fc)? == MAGIC; // dkl_magic
        if !sane || !magic || version != 1 {
            return Ok(None);
        }
        let sector_size = u32::from(fields.u16(0x1c)?); // v_sectorsz
        // v_nparts: as in Linux, a label either has Solaris's 16 slices or SVR4's 8.
        let slices = if fields.u16(0x1e)? > 8 { SLICES } else { 8 };
        let slice = |number: u8| {
            // OK to multiply: at most 15 * 12.
            let offset = 0x48_usize.saturating_add(usize::from(number).saturating_mul(12)); // v_part
            Ok(Slice {
                tag: fields.u16(offset)?,                       // p_tag
                flags: fields.u16(offset.saturating_add(2))?,   // p_flag
                start: fields.u32(offset.saturating_add(4))?,   // p_start
                sectors: fields.u32(offset.saturating_add(8))?, // p_size
            })
        };
        Ok(Some(Self {
            sector_size: (sector_size.is_power_of_two() && (512..=4096).contains(&sector_size))
                .then_some(sector_size),
            slices: (0..slices).map(slice).collect::<Result<_>>()?,
            checksum_holds: checksum_holds(fields.bytes()),
        }))
    }
}
