//! A boot image: an entry of El Torito's catalogue, and how long what it points to is.

use crate::el_torito::BOOTABLE;
use crate::sectors::Sectors;
use crate::units::SECTOR;
use fsimage_sdk::{Endian, Fields, Result};

/// Bytes of the virtual sectors that entries count in.
const VIRTUAL_SECTOR: u64 = 512;
/// Platform of UEFI, whose images of 0 or 1 sectors reach to the end of the disc.
const EFI: u8 = 0xef;
/// Media types: floppies of these KiB, a hard disk.
const FLOPPIES: [(u8, u64); 3] = [(1, 1200), (2, 1440), (3, 2880)];
const HARD_DISK: u8 = 4;

/// A boot image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BootImage {
    platform: u8,
    media: u8,
    bootable: bool,
    /// First byte on the volume.
    pub(crate) place: u64,
    pub(crate) length: u64,
}

impl BootImage {
    /// Reads an entry. What is loaded of an image is often only its beginning, so its length is what the image itself
    /// says, else what its media type does, else what is loaded.
    ///
    /// # Errors
    /// `Io` when the host's read fails.
    pub(crate) fn read(sectors: &Sectors, entry: &Fields<'_>, platform: u8) -> Result<Self> {
        let media = entry.u8(1)? & 0x0f;
        let count = u64::from(entry.u16(6)?);
        let sector = entry.u32(8)?;
        let place = u64::from(sector).saturating_mul(SECTOR);
        let to_end = sectors.volume().size().saturating_sub(place);
        let loaded = match count {
            0 => to_end,
            1 if platform == EFI => to_end,
            _ => count.saturating_mul(VIRTUAL_SECTOR),
        };
        let floppy =
            FLOPPIES.iter().find(|(number, _)| *number == media).map(|(_, kib)| kib.saturating_mul(1024));
        let length = match floppy {
            Some(length) => length,
            None if media == HARD_DISK => hard_disk_length(sectors, place, to_end)?.unwrap_or(loaded),
            None => boot_info_length(sectors, sector, place, to_end)?.unwrap_or(loaded),
        };
        let bootable = entry.u8(0)? == BOOTABLE;
        Ok(Self { platform, media, bootable, place, length: length.min(to_end) })
    }

    /// What it boots, in a word.
    pub(crate) fn platform(&self) -> String {
        match self.platform {
            0 => "bios".to_owned(),
            1 => "powerpc".to_owned(),
            2 => "mac".to_owned(),
            EFI => "efi".to_owned(),
            other => format!("platform-{other:#x}"),
        }
    }

    fn media(&self) -> &'static str {
        match self.media {
            0 => "no-emulation",
            1 => "floppy-1200",
            2 => "floppy-1440",
            3 => "floppy-2880",
            HARD_DISK => "hard-disk",
            _ => "unknown-emulation",
        }
    }

    /// Without blanks, as one of `Info.features`.
    pub(crate) fn describe(&self) -> String {
        let idle = if self.bootable { "" } else { ":not-bootable" };
        let sector = self.place / SECTOR;
        format!("el-torito:{}:{}:sector-{sector}:{}-bytes{idle}", self.platform(), self.media(), self.length)
    }
}

/// The file's length in a boot information table, which `mkisofs -boot-info-table` writes at offset 8: sector of the
/// primary descriptor, sector of the file, its length.
fn boot_info_length(sectors: &Sectors, sector: u32, place: u64, to_end: u64) -> Result<Option<u64>> {
    if to_end < SECTOR {
        return Ok(None);
    }
    let bytes = sectors.read(place, 20)?;
    let table = Fields::new(&bytes, Endian::Little, "boot information table", place);
    let length = u64::from(table.u32(16)?);
    let is_one = table.u32(8)? == 16 && table.u32(12)? == sector && length > 0 && length <= to_end;
    Ok(is_one.then_some(length))
}

/// The end of the last partition in a master boot record, which begins the image of a hard disk.
fn hard_disk_length(sectors: &Sectors, place: u64, to_end: u64) -> Result<Option<u64>> {
    if to_end < VIRTUAL_SECTOR {
        return Ok(None);
    }
    let bytes = sectors.read(place, 512)?;
    let record = Fields::new(&bytes, Endian::Little, "master boot record", place);
    let mut end = 0;
    for entry in [0x1be_usize, 0x1ce, 0x1de, 0x1ee] {
        if record.u8(entry.saturating_add(4))? != 0 {
            let start = u64::from(record.u32(entry.saturating_add(8))?);
            end = end.max(start.saturating_add(u64::from(record.u32(entry.saturating_add(12))?)));
        }
    }
    let length = end.saturating_mul(VIRTUAL_SECTOR);
    let is_one = record.array(510)? == [0x55, 0xaa] && length > 0 && length <= to_end;
    Ok(is_one.then_some(length))
}
