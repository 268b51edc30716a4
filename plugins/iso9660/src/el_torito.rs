//! El Torito: the boot catalogue, and where its images lie.

use crate::boot_image::BootImage;
use crate::sectors::Sectors;
use crate::units::{SECTOR, SECTOR_BYTES};
use fsimage_sdk::{Endian, Fields, Result};

/// Bytes of an entry.
pub(crate) const ENTRY: usize = 32;
/// Sectors of a catalogue that are looked at: 2,047 entries. Makers write one.
const MAX_SECTORS: u64 = 32;
/// Images that are listed.
const MAX_IMAGES: usize = 512;
/// The initial entry, or one of a section, may be booted or not.
pub(crate) const BOOTABLE: u8 = 0x88;
const NOT_BOOTABLE: u8 = 0x00;
/// Headers of sections: more follow, the last one.
const SECTION: u8 = 0x90;
const LAST_SECTION: u8 = 0x91;
/// A further part of the entry before.
const EXTENSION: u8 = 0x44;

/// What a catalogue lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Catalogue {
    pub(crate) images: Vec<BootImage>,
    /// What is wrong behind the images, if anything is.
    pub(crate) remark: Option<String>,
}

/// Where the entries stand.
struct State {
    platform: u8,
    /// Entries that the section still has.
    left: u16,
    /// The section is the last one, or the initial entry has not been followed by one.
    last: bool,
}

impl Catalogue {
    /// The catalogue in this sector and those behind it, as far as its headers say that it goes on.
    ///
    /// # Errors
    /// `Corrupt` for a validation entry that is none; `Io` when the volume ends before it.
    pub(crate) fn read(sectors: &Sectors, sector: u32) -> Result<Self> {
        let first = u64::from(sector).saturating_mul(SECTOR);
        let mut state = State { platform: 0, left: 1, last: false };
        let mut catalogue = Self::default();
        for index in 0..MAX_SECTORS {
            let place = first.saturating_add(index.saturating_mul(SECTOR));
            let bytes = sectors.read(place, SECTOR_BYTES)?;
            let whole = Fields::new(&bytes, Endian::Little, "boot catalogue", place);
            if index == 0 {
                validate(&whole)?;
                state.platform = whole.u8(1)?;
            }
            for offset in (0..SECTOR_BYTES).step_by(ENTRY).skip(usize::from(index == 0)) {
                let bytes = whole.slice(offset, ENTRY)?;
                let entry = Fields::new(bytes, Endian::Little, "boot catalogue entry", whole.place(offset));
                if !catalogue.add(sectors, &entry, &mut state)? {
                    return Ok(catalogue);
                }
            }
        }
        catalogue.remark = Some(format!("the boot catalogue has more than {MAX_SECTORS} sectors"));
        Ok(catalogue)
    }

    /// Takes an entry; whether the catalogue goes on.
    fn add(&mut self, sectors: &Sectors, entry: &Fields<'_>, state: &mut State) -> Result<bool> {
        match entry.u8(0)? {
            EXTENSION => {}
            BOOTABLE | NOT_BOOTABLE if state.left > 0 => {
                if self.images.len() >= MAX_IMAGES {
                    self.remark = Some(format!("the boot catalogue has more than {MAX_IMAGES} images"));
                    return Ok(false);
                }
                state.left = state.left.saturating_sub(1);
                self.images.push(BootImage::read(sectors, entry, state.platform)?);
            }
            header @ (SECTION | LAST_SECTION) if state.left == 0 && !state.last => {
                state.last = header == LAST_SECTION;
                state.platform = entry.u8(1)?;
                state.left = entry.u16(2)?;
            }
            other => {
                // Behind the last entry, and behind an initial entry without sections, are zeros.
                if state.left > 0 || !(other == 0 || state.last) {
                    let place = entry.place(0);
                    self.remark =
                        Some(format!("the boot catalogue ends in an entry 0x{other:02x} at 0x{place:x}"));
                }
                return Ok(false);
            }
        }
        // A last section's last entry may be followed by extensions, which say nothing that is wanted here.
        Ok(!(state.last && state.left == 0))
    }
}

/// "Validation Entry": its header's number, its key bytes, and words whose sum is 0.
fn validate(catalogue: &Fields<'_>) -> Result<()> {
    let (words, _) = catalogue.slice(0, ENTRY)?.as_chunks::<2>();
    let sum = words.iter().fold(0_u16, |sum, word| sum.wrapping_add(u16::from_le_bytes(*word)));
    let (header, key) = (catalogue.u8(0)?, catalogue.array::<2>(0x1e)?);
    if header != 1 || key != [0x55, 0xaa] || sum != 0 {
        let text = format!("no validation entry: id {header}, sum {sum:#x}, key {key:02x?}");
        return Err(catalogue.corrupt(0, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, ENTRY};
    use crate::sectors::Sectors;
    use std::sync::Arc;

    /// A catalogue in sector 1 of a disc of 100 sectors, of these entries behind the validation entry.
    fn catalogue(entries: &[[u8; ENTRY]]) -> Catalogue {
        let mut disc = vec![0; 2048];
        let mut validation = [0; ENTRY];
        validation[0] = 1;
        validation[0x1c..0x20].copy_from_slice(&[0xaa, 0x55, 0x55, 0xaa]);
        disc.extend(validation);
        disc.extend(entries.iter().flatten());
        disc.resize(204_800, 0);
        Catalogue::read(&Sectors::new(Arc::new(disc)), 1).unwrap()
    }

    fn header(kind: u8, platform: u8, count: u16) -> [u8; ENTRY] {
        let mut entry = [0; ENTRY];
        entry[..2].copy_from_slice(&[kind, platform]);
        entry[2..4].copy_from_slice(&count.to_le_bytes());
        entry
    }

    fn image(sector: u8) -> [u8; ENTRY] {
        let mut entry = [0; ENTRY];
        entry[0] = 0x88;
        entry[6] = 4;
        entry[8] = sector;
        entry
    }

    const EXTENSION: [u8; ENTRY] = [0x44; ENTRY];

    fn places(catalogue: &Catalogue) -> Vec<u64> {
        catalogue.images.iter().map(|image| image.place / 2048).collect()
    }

    #[test]
    fn an_initial_entry_alone() {
        let found = catalogue(&[image(7)]);
        assert_eq!((places(&found), found.remark), (vec![7], None));
    }

    #[test]
    fn sections_with_several_entries_and_extensions() {
        let entries = [
            image(7),
            header(0x90, 0xef, 2),
            image(8),
            EXTENSION,
            EXTENSION,
            image(9),
            header(0x90, 1, 0),
            header(0x91, 0, 1),
            image(10),
            image(99),
        ];
        let found = catalogue(&entries);
        assert_eq!((places(&found), found.remark), (vec![7, 8, 9, 10], None));
    }

    #[test]
    fn sections_that_go_on_in_the_next_sectors() {
        let entries = [&[image(7), header(0x91, 0, 150)][..], &[image(8); 150]].concat();
        let found = catalogue(&entries);
        assert_eq!((found.images.len(), found.remark), (151, None));
    }

    #[test]
    fn catalogues_that_end_wrongly() {
        for (entries, images, remark) in [
            (vec![image(7), header(0x90, 0, 2), header(0x91, 0, 1)], 1, "ends in an entry 0x91 at 0x860"),
            (vec![image(7), header(0x77, 0, 2)], 1, "ends in an entry 0x77 at 0x840"),
            (
                [vec![image(7), header(0x91, 0, 600)], vec![image(8); 600]].concat(),
                512,
                "more than 512 images",
            ),
            ([vec![image(7)], vec![header(0x90, 0, 0); 2100]].concat(), 1, "more than 32 sectors"),
        ] {
            let found = catalogue(&entries);
            assert_eq!(found.images.len(), images);
            assert!(found.remark.as_ref().unwrap().contains(remark), "{found:?}");
        }
    }
}
