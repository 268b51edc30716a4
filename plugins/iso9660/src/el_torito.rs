//! El Torito: the boot catalogue, and where its images lie.

use crate::sectors::Sectors;
use crate::units::{SECTOR, SECTOR_BYTES};
use fsimage_sdk::{Endian, Fields, Result};

/// Bytes of an entry.
const ENTRY: usize = 32;
/// Images of one catalogue that are looked at: those of its first sector.
const MAX_IMAGES: usize = 63;
/// Bytes of the virtual sectors that entries count in.
const VIRTUAL_SECTOR: u64 = 512;
/// Platform of UEFI, whose images of 0 or 1 sectors reach to the end of the disc.
const EFI: u8 = 0xef;
/// The initial entry, or one of a section, may be booted or not.
const BOOTABLE: u8 = 0x88;
const NOT_BOOTABLE: u8 = 0x00;
/// Headers of sections: more follow, the last one.
const SECTION: u8 = 0x90;
const LAST_SECTION: u8 = 0x91;
/// A further part of the entry before.
const EXTENSION: u8 = 0x44;

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
            4 => "hard-disk",
            _ => "unknown-emulation",
        }
    }

    /// Without blanks, as one of `Info.features`.
    pub(crate) fn describe(&self) -> String {
        let idle = if self.bootable { "" } else { ":not-bootable" };
        let sector = self.place / SECTOR;
        format!("el-torito:{}:{}:sector-{sector}:{}-bytes{idle}", self.platform(), self.media(), self.length)
    }

    fn parse(entry: &Fields<'_>, platform: u8, volume_size: u64) -> Result<Self> {
        let media = entry.u8(1)? & 0x0f;
        let count = u64::from(entry.u16(6)?);
        let place = u64::from(entry.u32(8)?).saturating_mul(SECTOR);
        let to_end = volume_size.saturating_sub(place);
        let length = match media {
            1 => 1200 << 10,
            2 => 1440 << 10,
            3 => 2880 << 10,
            _ if count == 0 || (count == 1 && platform == EFI) => to_end,
            _ => count.saturating_mul(VIRTUAL_SECTOR),
        };
        let bootable = entry.u8(0)? == BOOTABLE;
        Ok(Self { platform, media, bootable, place, length: length.min(to_end) })
    }
}

/// The images of the catalogue in this sector.
///
/// # Errors
/// `Corrupt` for a validation entry that is none; `Io` when the volume ends before it.
pub(crate) fn catalogue(sectors: &Sectors, sector: u32) -> Result<Vec<BootImage>> {
    let place = u64::from(sector).saturating_mul(SECTOR);
    let bytes = sectors.read(place, SECTOR_BYTES)?;
    let catalogue = Fields::new(&bytes, Endian::Little, "boot catalogue", place);
    let (words, _) = bytes.get(..ENTRY).unwrap_or_default().as_chunks::<2>();
    let sum = words.iter().fold(0_u16, |sum, word| sum.wrapping_add(u16::from_le_bytes(*word)));
    let key: [u8; 2] = catalogue.array(0x1e)?;
    if catalogue.u8(0)? != 1 || key != [0x55, 0xaa] || sum != 0 {
        let text = format!("no validation entry: id {}, sum {sum:#x}, key {key:02x?}", catalogue.u8(0)?);
        return Err(catalogue.corrupt(0, text));
    }
    let mut platform = catalogue.u8(1)?;
    let volume_size = sectors.volume().size();
    let mut images = Vec::new();
    let (entries, _) = bytes.as_chunks::<ENTRY>();
    let (mut left, mut last) = (1_u16, false);
    for (index, entry) in entries.iter().enumerate().skip(1) {
        let entry = Fields::new(
            entry,
            Endian::Little,
            "boot catalogue entry",
            catalogue.place(index.saturating_mul(ENTRY)),
        );
        match entry.u8(0)? {
            EXTENSION => {}
            BOOTABLE | NOT_BOOTABLE if left > 0 => {
                left = left.saturating_sub(1);
                images.push(BootImage::parse(&entry, platform, volume_size)?);
            }
            header @ (SECTION | LAST_SECTION) if left == 0 && !last => {
                last = header == LAST_SECTION;
                platform = entry.u8(1)?;
                left = entry.u16(2)?;
            }
            _ => break,
        }
        if images.len() >= MAX_IMAGES {
            break;
        }
    }
    Ok(images)
}
