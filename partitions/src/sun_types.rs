//! The tags of Solaris slices, on x86 and on SPARC.

use crate::frame::Role::{self, Plain, Root, Unlikely};

/// The whole disk, or the whole partition, once more.
pub(crate) const BACKUP: u16 = 5;

/// The tag's name, as `sfdisk -X sun -T` has it, and what such a slice is likely to hold.
pub(crate) fn describe(tag: u16) -> (&'static str, Role) {
    match tag {
        0x00 => ("Unassigned", Plain),
        // Boot blocks: one cylinder before the first slice.
        0x01 => ("Boot", Unlikely),
        0x02 => ("SunOS root", Root),
        0x03 => ("SunOS swap", Unlikely),
        0x04 => ("SunOS usr", Plain),
        BACKUP => ("Whole disk", Unlikely),
        0x06 => ("SunOS stand", Plain),
        0x07 => ("SunOS var", Plain),
        0x08 => ("SunOS home", Plain),
        0x09 => ("SunOS alt sectors", Unlikely),
        0x0a => ("SunOS cachefs", Plain),
        0x0b => ("SunOS reserved", Unlikely),
        // Linux puts its MBR types there.
        0x82 => ("Linux swap", Unlikely),
        0x83 => ("Linux native", Plain),
        0x8e => ("Linux LVM", Plain),
        0xfd => ("Linux raid autodetect", Plain),
        _ => ("unknown", Plain),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn names_are_those_of_sfdisk() {
        let output = Command::new("sfdisk")
            .args(["-X", "sun", "-T"])
            .output()
            .expect("sfdisk does not run: install Debian's package fdisk");
        let listing = String::from_utf8(output.stdout).unwrap();
        let mut compared = 0;
        for line in listing.lines() {
            let Some((tag, theirs)) = line.trim_start().split_once("  ") else { continue };
            let Ok(tag) = u16::from_str_radix(tag, 16) else { continue };
            assert_eq!(super::describe(tag).0, theirs, "tag {tag:02x}");
            compared += 1;
        }
        assert_eq!(compared, 16);
    }
}
