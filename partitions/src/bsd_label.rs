//! BSD disklabels, inside an MBR or GPT partition or on a whole disk. docs/formats/bsdlabel.md.

use crate::disk::Disk;
use crate::frame::{Found, Frame, Role};
use crate::{Partition, Scheme, bsd_types};
use fsimage_sdk::{Endian, Fields, Result};

/// d_magic and d_magic2.
const MAGIC: u32 = 0x8256_4557;
/// MAXMAXPARTITIONS: what fits into a sector.
const MAX_SLICES: u16 = 22;
/// Where the systems put the label: in sector 1 (i386, amd64), at offset 64 of sector 0 (alpha, and older ports), in
/// sector 1 of a disk of large sectors.
const PLACES: [u64; 3] = [512, 64, 4096];
/// Most bytes of a label.
const LENGTH: usize = 512;
/// The slice that is the whole partition or disk on FreeBSD: `c`.
const RAW: usize = 2;

/// Whose label it is: each counts from somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    FreeBsd,
    NetBsd,
    OpenBsd,
    /// On a disk without a partition table nothing says whose.
    Bare,
}

impl System {
    /// GRUB's name of the map.
    fn grub_map(self) -> &'static str {
        match self {
            Self::FreeBsd | Self::Bare => "bsd",
            Self::NetBsd => "netbsd",
            Self::OpenBsd => "openbsd",
        }
    }
}

/// The slices of the label in `frame`, a partition of `outer` (or `outer` itself on a bare disk), in their order; none
/// when there is no label.
pub(crate) fn read(disk: &mut Disk<'_>, outer: &Frame, frame: &Frame, system: System) -> Option<Vec<Found>> {
    let label = PLACES.iter().find_map(|&place| find(disk, frame, place))?;
    let unit = u64::from(label.sector_size.unwrap_or(frame.sector_size));
    // NetBSD and OpenBSD count from the disk's start and list what lies outside their partition. FreeBSD counts from
    // its partition; a label that it wrote long ago from the disk's start too, which slice c tells.
    let (around, origin) = match system {
        System::NetBsd | System::OpenBsd => (outer, 0),
        System::Bare => (frame, 0),
        System::FreeBsd => (frame, label.slices.get(RAW).map_or(0, |slice| slice.offset)),
    };
    let mut found = Vec::new();
    for (number, slice) in (0..).zip(&label.slices).filter(|(_, slice)| slice.sectors > 0) {
        let size = slice.sectors.saturating_mul(unit);
        let names = frame.names.lettered(&outer.names, system.grub_map(), number);
        let start = slice.offset.checked_sub(origin).map(|offset| around.at(offset, unit));
        // Slice c stands for the partition, slice d for the disk: never smaller, but for rounding to cylinders.
        let named = matches!(number, 2 | 3);
        let whole = start.is_none_or(|start| {
            [outer, frame].iter().any(|around| around.start == start && (named || around.size <= size))
        });
        if whole && slice.fstype == bsd_types::UNUSED {
            continue;
        }
        let Some(start) = start else {
            disk.remark(format!(
                "partition {} begins before the partition around it: left out",
                names.address
            ));
            continue;
        };
        let Some(placed) = around.place(disk, names, Scheme::Bsd, start, size) else { continue };
        let partition = Partition {
            type_code: Some(slice.fstype),
            type_name: bsd_types::name(label.system_of_types(system), slice.fstype).to_owned(),
            ..placed.partition
        };
        let role = match bsd_types::role(slice.fstype) {
            _ if whole && number == 2 => Role::Unlikely,
            // Slice a is the root by convention.
            Role::Plain if number == 0 => Role::Root,
            role => role,
        };
        found.push(Found { partition, role, ..placed });
    }
    Some(found)
}

fn find(disk: &mut Disk<'_>, frame: &Frame, place: u64) -> Option<Label> {
    let bytes = frame.read(disk, place, LENGTH)?;
    let fields = Fields::new(&bytes, Endian::Little, "BSD label", place);
    // OK to drop the error: it says that the label is too short.
    match Label::decode(&fields).ok()? {
        Decoded::Absent => None,
        Decoded::Label(label) => Some(label),
        Decoded::Broken(why) => {
            disk.remark(format!("a BSD label is broken: {why}"));
            None
        }
    }
}

struct Label {
    /// d_secsize, where it is a size at all.
    sector_size: Option<u32>,
    /// OpenBSD's second version, with 48-bit numbers.
    wide: bool,
    slices: Vec<Slice>,
}

struct Slice {
    offset: u64,
    sectors: u64,
    fstype: u8,
}

enum Decoded {
    Absent,
    Broken(&'static str),
    Label(Label),
}

impl Label {
    fn decode(fields: &Fields<'_>) -> Result<Decoded> {
        // d_magic, d_magic2
        if fields.u32(0x00)? != MAGIC || fields.u32(0x84)? != MAGIC {
            return Ok(Decoded::Absent);
        }
        let count = fields.u16(0x8a)?; // d_npartitions
        if count > MAX_SLICES {
            return Ok(Decoded::Broken("it has more than 22 slices"));
        }
        // OK to saturate: at most 148 + 22 * 16 bytes, which the sector holds.
        let length = usize::from(count).saturating_mul(16).saturating_add(0x94);
        // d_checksum makes the exclusive or of all words zero.
        if !crate::vtoc::checksum_holds(fields.slice(0, length)?) {
            return Ok(Decoded::Broken("its checksum is wrong"));
        }
        let sector_size = fields.u32(0x28)?; // d_secsize
        let wide = fields.u16(0x72)? == 1; // OpenBSD's d_version; spare, and zero, elsewhere
        let slices = (0..usize::from(count)).map(|number| Slice::decode(fields, number, wide));
        Ok(Decoded::Label(Self {
            sector_size: (sector_size.is_power_of_two() && (512..=4096).contains(&sector_size))
                .then_some(sector_size),
            wide,
            slices: slices.collect::<Result<_>>()?,
        }))
    }

    /// Whose names the types have.
    fn system_of_types(&self, system: System) -> System {
        if system == System::Bare && self.wide { System::OpenBsd } else { system }
    }
}

impl Slice {
    fn decode(fields: &Fields<'_>, number: usize, wide: bool) -> Result<Self> {
        let base = number.saturating_mul(16).saturating_add(0x94); // d_partitions
        let sectors = u64::from(fields.u32(base)?); // p_size
        let offset = u64::from(fields.u32(base.saturating_add(4))?); // p_offset
        let (offset_high, sectors_high) = if wide {
            // p_offseth, p_sizeh
            (fields.u16(base.saturating_add(8))?, fields.u16(base.saturating_add(10))?)
        } else {
            (0, 0)
        };
        Ok(Self {
            offset: offset | u64::from(offset_high) << 32,
            sectors: sectors | u64::from(sectors_high) << 32,
            fstype: fields.u8(base.saturating_add(12))?, // p_fstype
        })
    }
}
