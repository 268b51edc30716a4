//! Filesystem boot records, which end in the MBR's signature too.

use fsimage_sdk::{Endian, Fields, Result};

/// The filesystem whose boot record this sector is, if it is one.
pub(crate) fn filesystem(sector: &[u8]) -> Option<&'static str> {
    // A sector too short for a field holds no boot record.
    recognise(&Fields::new(sector, Endian::Little, "boot record", 0)).unwrap_or_default()
}

fn recognise(fields: &Fields<'_>) -> Result<Option<&'static str>> {
    // BS_jmpBoot 0x00: a short jump and a NOP, or a near jump. GRUB's first stage begins so as well, but it
    // leaves the parameter block of a disk that has none at zero.
    if !matches!(fields.array::<3>(0x00)?, [0xeb, _, 0x90] | [0xe9, _, _]) {
        return Ok(None);
    }
    Ok(match &fields.array::<8>(0x03)? {
        b"NTFS    " => Some("NTFS"),
        b"EXFAT   " => Some("exFAT"),
        _ if is_fat(fields)? => Some("FAT"),
        _ => None,
    })
}

/// The BIOS parameter block's fields that every FAT has, whatever wrote it.
fn is_fat(fields: &Fields<'_>) -> Result<bool> {
    let bytes_per_sector = fields.u16(0x0b)?; // BPB_BytsPerSec
    let sectors_per_cluster = fields.u8(0x0d)?; // BPB_SecPerClus
    let reserved_sectors = fields.u16(0x0e)?; // BPB_RsvdSecCnt
    let fats = fields.u8(0x10)?; // BPB_NumFATs
    let media = fields.u8(0x15)?; // BPB_Media
    Ok(bytes_per_sector.is_power_of_two()
        && (512..=4096).contains(&bytes_per_sector)
        && sectors_per_cluster.is_power_of_two()
        && reserved_sectors > 0
        && (1..=2).contains(&fats)
        && matches!(media, 0xf0 | 0xf8..=0xff))
}

#[cfg(test)]
mod tests {
    use super::filesystem;

    fn fat() -> Vec<u8> {
        let mut sector = vec![0; 512];
        sector[..3].copy_from_slice(&[0xeb, 0x58, 0x90]);
        sector[3..11].copy_from_slice(b"mkfs.fat");
        sector[0x0b..0x11].copy_from_slice(&[0x00, 0x02, 1, 32, 0, 2]);
        sector[0x15] = 0xf8;
        sector
    }

    #[test]
    fn each_required_field_is_checked() {
        assert_eq!(filesystem(&fat()), Some("FAT"));
        for (offset, wrong) in
            [(0x00, 0xfa), (0x02, 0), (0x0c, 0x03), (0x0d, 3), (0x0e, 0), (0x10, 3), (0x15, 0xf1)]
        {
            let mut sector = fat();
            sector[offset] = wrong;
            assert_eq!(filesystem(&sector), None, "offset 0x{offset:x}");
        }
    }

    #[test]
    fn ntfs_and_exfat_by_name() {
        for (name, expected) in [(b"NTFS    ", "NTFS"), (b"EXFAT   ", "exFAT")] {
            let mut sector = vec![0; 512];
            sector[..3].copy_from_slice(&[0xeb, 0x52, 0x90]);
            sector[3..11].copy_from_slice(name);
            assert_eq!(filesystem(&sector), Some(expected));
        }
    }

    #[test]
    fn grub_on_an_mbr_is_no_boot_record() {
        let mut sector = vec![0; 512];
        sector[..3].copy_from_slice(&[0xeb, 0x63, 0x90]);
        assert_eq!(filesystem(&sector), None);
        assert_eq!(filesystem(&[0xeb, 0x63, 0x90]), None, "too short");
    }
}
