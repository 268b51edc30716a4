//! Volume descriptors (ECMA-119 8), one a sector from the sixteenth of a session on.

use crate::directory_record::{HALVES_DIFFER, both_halves};
use crate::joliet;
use crate::sectors::Sectors;
use crate::units::{BlockSize, SECTOR, SECTOR_BYTES};
use fsimage_sdk::{Endian, Error, ErrorKind, Fields, Result};

/// Sectors before the first descriptor: the system area.
const SYSTEM_AREA: u64 = 16;
/// Descriptors looked at (Linux: up to sector 100).
const MAX_DESCRIPTORS: u64 = 84;
/// Standard identifiers of ISO9660, of High Sierra (eight bytes later), and of UDF's descriptors.
const CD001: &[u8] = b"CD001";
const CDROM: &[u8] = b"CDROM";
const UDF: [&[u8]; 2] = [b"NSR02", b"NSR03"];
const EXTENDED_AREA: [&[u8]; 3] = [b"BEA01", b"TEA01", b"BOOT2"];
/// System identifier of a boot record.
const EL_TORITO: &[u8] = b"EL TORITO SPECIFICATION";

/// A descriptor's sector, its fields not yet looked at.
#[derive(Debug, Clone)]
pub(crate) struct RawDescriptor {
    bytes: Vec<u8>,
    place: u64,
}

/// What is known of a tree of directories from its descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VolumeDescriptor {
    pub(crate) block_size: BlockSize,
    /// Blocks of the volume.
    pub(crate) space_size: u32,
    /// First byte of the root directory.
    pub(crate) root: u64,
}

impl RawDescriptor {
    /// Primary and supplementary descriptors share their layout (ECMA-119 8.4, 8.5). BP n is offset n - 1.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::new(&self.bytes, Endian::Little, "volume descriptor", self.place)
    }

    /// # Errors
    /// `Corrupt` for a block size that is none, or a root record that is none.
    pub(crate) fn parse(&self) -> Result<VolumeDescriptor> {
        let vd = self.fields();
        let bytes = vd.u16(128)?;
        let block_size = BlockSize::new(bytes)
            .ok_or_else(|| vd.corrupt(128, format_args!("logical blocks of {bytes} bytes")))?;
        let space_size = vd.u32(80)?;
        // "Directory Record for Root Directory", of 34 bytes: only its place counts; the root's own record says the rest.
        let root_block = u32::from(vd.u8(157)?)
            .checked_add(vd.u32(158)?)
            .filter(|&block| block != 0)
            .ok_or_else(|| vd.corrupt(158, "a root directory without a place"))?;
        Ok(VolumeDescriptor { block_size, space_size, root: block_size.place(root_block) })
    }

    /// Remarks what is odd about a descriptor that is used.
    ///
    /// # Errors
    /// Never, as a descriptor is a whole sector.
    pub(crate) fn remark(&self, sectors: &Sectors) -> Result<()> {
        let vd = self.fields();
        let (size, root) = (both_halves(&vd, 80)?, both_halves(&vd, 158)?);
        let block_size = (vd.u16(128)?, u16::from_be_bytes(vd.array(130)?));
        if size.0 != size.1 || root.0 != root.1 || block_size.0 != block_size.1 {
            let place = format_args!("volume descriptor at 0x{:x}", self.place);
            sectors.remarks().note(HALVES_DIFFER, place);
        }
        let end = u64::from(size.0).saturating_mul(u64::from(block_size.0));
        let volume = sectors.volume().size();
        if end > volume {
            let text = format_args!("{end} bytes wanted, {volume} there");
            sectors.remarks().note("the image is shorter than its filesystem", text);
        }
        Ok(())
    }

    /// "Volume Identifier", BP 41 to 72.
    pub(crate) fn identifier(&self) -> Result<&[u8]> {
        self.fields().slice(40, 32)
    }

    fn is_joliet(&self) -> bool {
        self.fields().slice(88, 32).ok().and_then(joliet::level).is_some()
    }

    fn version(&self) -> u8 {
        self.bytes.get(6).copied().unwrap_or(0)
    }
}

/// The descriptors of one session: the first of each kind, as in Linux.
#[derive(Debug, Clone, Default)]
pub(crate) struct DescriptorSet {
    pub(crate) primary: Option<RawDescriptor>,
    pub(crate) joliet: Option<RawDescriptor>,
    /// "Enhanced Volume Descriptor" (ECMA-119 8.5, version 2).
    pub(crate) enhanced: Option<RawDescriptor>,
    /// El Torito: the sector of the boot catalogue.
    pub(crate) boot_catalogue: Option<u32>,
    /// Whether UDF describes the same files.
    pub(crate) udf: bool,
}

impl DescriptorSet {
    /// The descriptors of the session that begins at this sector; nothing when there are none.
    ///
    /// # Errors
    /// `Unsupported` for High Sierra and for UDF alone; `Corrupt` when no descriptor describes a tree; `Io` only
    /// when the host's read fails.
    pub(crate) fn read(sectors: &Sectors, session: u64) -> Result<Option<Self>> {
        let mut set = Self::default();
        let mut seen = 0_u64;
        let first = session.saturating_add(SYSTEM_AREA);
        let place_of = |index: u64| first.saturating_add(index).saturating_mul(SECTOR);
        let mut terminated = false;
        for index in 0..MAX_DESCRIPTORS {
            let place = place_of(index);
            if sectors.check_on_volume(place, SECTOR).is_err() {
                break;
            }
            let raw = RawDescriptor { bytes: sectors.read(place, SECTOR_BYTES)?, place };
            let vd = raw.fields();
            let identifier = vd.slice(1, 5)?;
            if UDF.contains(&identifier) {
                set.udf = true;
            } else if identifier == CD001 {
                match vd.u8(0)? {
                    0 => set.boot_record(&vd)?,
                    1 => _ = set.primary.get_or_insert(raw),
                    2 if raw.is_joliet() => _ = set.joliet.get_or_insert(raw),
                    2 if raw.version() == 2 => _ = set.enhanced.get_or_insert(raw),
                    255 => terminated = true,
                    _ => {} // volume partitions, and supplementary descriptors of other character sets
                }
            } else if index == 0 && vd.slice(9, 5)? == CDROM {
                return Err(Error::unsupported("High Sierra, the format before ISO9660").at(place));
            } else if !EXTENDED_AREA.contains(&identifier) && (terminated || index == 0 || set.udf) {
                break;
            } else if !EXTENDED_AREA.contains(&identifier) {
                continue; // as Linux does: unknown sectors among descriptors are passed over
            }
            seen = seen.saturating_add(1);
        }
        if seen == 0 {
            return Ok(None);
        }
        if set.primary.is_none() && set.joliet.is_none() && set.enhanced.is_none() {
            let place = place_of(0);
            return Err(if set.udf {
                Error::unsupported("UDF without ISO9660 beside it").at(place)
            } else {
                Error::corrupt("volume descriptors, and none of them describes a directory tree").at(place)
            });
        }
        Ok(Some(set))
    }

    /// "Boot Record" (ECMA-119 8.2) as El Torito uses it.
    fn boot_record(&mut self, vd: &Fields<'_>) -> Result<()> {
        if vd.slice(7, 32)?.starts_with(EL_TORITO) {
            let catalogue = vd.u32(0x47)?;
            self.boot_catalogue.get_or_insert(catalogue);
        }
        Ok(())
    }

    /// The descriptor that says most about the disc as a whole.
    ///
    /// # Errors
    /// Never, as sets without one are not made.
    pub(crate) fn main(&self) -> Result<&RawDescriptor> {
        let main = self.primary.as_ref().or(self.joliet.as_ref()).or(self.enhanced.as_ref());
        main.ok_or_else(|| Error::new(ErrorKind::Internal, "no descriptor"))
    }
}
