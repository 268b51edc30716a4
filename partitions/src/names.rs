//! What a volume is called: by people, by GRUB, by legacy GRUB, by Linux.

use crate::Partition;

/// The names of a disk or a volume, from which those of the volumes inside it are made.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// `1`, `5`, `2s0`, `1a`, `3p1`; empty for the disk itself.
    pub(crate) address: String,
    /// With map names and without: `hd0,msdos1` and `hd0,1`.
    grub: Vec<String>,
    /// Legacy GRUB counts from 0 and has letters for slices: `hd0,0,a`.
    legacy: Option<String>,
    linux: Option<String>,
}

impl Names {
    /// The disk's.
    pub(crate) fn disk() -> Self {
        let hd0 = "hd0".to_owned();
        Self {
            address: String::new(),
            grub: vec![hd0.clone()],
            legacy: Some(hd0),
            linux: Some("sda".to_owned()),
        }
    }

    fn is_disk(&self) -> bool {
        self.address.is_empty()
    }

    /// GRUB's pair for number `number` of the map `map`.
    fn grub_inside(&self, map: &str, number: u32) -> Vec<String> {
        let first = self.grub.first().map(|name| format!("{name},{map}{number}"));
        let last = self.grub.last().map(|name| format!("{name},{number}"));
        first.into_iter().chain(last).collect()
    }

    /// A partition of a table that counts from 1.
    pub(crate) fn numbered(&self, map: &str, number: u32) -> Self {
        let top = self.is_disk();
        Self {
            address: if top { number.to_string() } else { format!("{}p{number}", self.address) },
            grub: self.grub_inside(map, number),
            // Neither of the two looks for a table inside a partition.
            legacy: self
                .legacy
                .as_ref()
                .filter(|_| top)
                .map(|name| format!("{name},{}", number.saturating_sub(1))),
            linux: self.linux.as_ref().filter(|_| top).map(|name| format!("{name}{number}")),
        }
    }

    /// A partition that a disk's second table lists: its number alone would name one of the first table's.
    pub(crate) fn of_second_table(&self, map: &str, prefix: &str, number: u32) -> Self {
        Self {
            address: format!("{prefix}{number}"),
            grub: self.grub.first().map(|name| format!("{name},{map}{number}")).into_iter().collect(),
            legacy: None,
            linux: None,
        }
    }

    /// A Solaris slice, counted from 0; GRUB counts it from 1, legacy GRUB by letter.
    pub(crate) fn slice(&self, map: &str, slice: u8) -> Self {
        let number = u32::from(slice).saturating_add(1);
        Self {
            address: format!("{}s{slice}", self.address),
            grub: self.grub_inside(map, number),
            legacy: self.legacy.as_ref().map(|name| format!("{name},{}", letter(slice))),
            // Linux numbers the slices of a bare disk; those inside a partition depend on what else it found.
            linux: self.linux.as_ref().filter(|_| self.is_disk()).map(|name| format!("{name}{number}")),
        }
    }

    /// A BSD slice. `disk` has the names of the disk, which is where GRUB puts NetBSD's and OpenBSD's.
    pub(crate) fn lettered(&self, disk: &Self, map: &str, slice: u8) -> Self {
        let number = u32::from(slice).saturating_add(1);
        let parent = if map == "bsd" { self } else { disk };
        let mut grub = parent.grub_inside(map, number);
        if map != "bsd" {
            // `hd0,1` is the MBR's first, whatever else has that number.
            grub.truncate(1);
        }
        Self {
            address: format!("{}{}", self.address, letter(slice)),
            grub,
            legacy: self.legacy.as_ref().map(|name| format!("{name},{}", letter(slice))),
            linux: None,
        }
    }

    /// Puts the names on a volume.
    pub(crate) fn name(&self, partition: Partition) -> Partition {
        Partition {
            address: self.address.clone(),
            grub_names: self.grub.clone(),
            legacy_grub_name: self.legacy.clone(),
            linux_name: self.linux.clone(),
            ..partition
        }
    }
}

/// `a` for 0; there are at most 22.
fn letter(slice: u8) -> char {
    char::from(b'a'.saturating_add(slice.min(25)))
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[track_caller]
    fn is(names: &Names, address: &str, grub: &[&str], legacy: Option<&str>, linux: Option<&str>) {
        assert_eq!(names.address, address);
        assert_eq!(names.grub, grub);
        assert_eq!((names.legacy.as_deref(), names.linux.as_deref()), (legacy, linux));
    }

    #[test]
    fn every_kind() {
        let disk = Names::disk();
        let second = disk.numbered("msdos", 2);
        is(&second, "2", &["hd0,msdos2", "hd0,2"], Some("hd0,1"), Some("sda2"));
        is(&disk.numbered("gpt", 3), "3", &["hd0,gpt3", "hd0,3"], Some("hd0,2"), Some("sda3"));
        is(&second.numbered("msdos", 1), "2p1", &["hd0,msdos2,msdos1", "hd0,2,1"], None, None);
        is(&second.slice("sunpc", 0), "2s0", &["hd0,msdos2,sunpc1", "hd0,2,1"], Some("hd0,1,a"), None);
        is(&disk.slice("sun", 1), "s1", &["hd0,sun2", "hd0,2"], Some("hd0,b"), Some("sda2"));
        is(&second.lettered(&disk, "bsd", 0), "2a", &["hd0,msdos2,bsd1", "hd0,2,1"], Some("hd0,1,a"), None);
        is(&second.lettered(&disk, "openbsd", 15), "2p", &["hd0,openbsd16"], Some("hd0,1,p"), None);
        is(&disk.lettered(&disk, "bsd", 4), "e", &["hd0,bsd5", "hd0,5"], Some("hd0,e"), None);
        is(&disk.of_second_table("msdos", "mbr", 2), "mbr2", &["hd0,msdos2"], None, None);
    }
}
