//! The filesystem types of BSD labels, which the systems numbered alike up to 17 and then each for itself.

use crate::bsd_label::System;
use crate::frame::Role::{self, Plain, Unlikely};

/// p_fstype of a slice that is not in use.
pub(crate) const UNUSED: u8 = 0;

/// The type's name, as `sfdisk -X bsd -T` has those that it knows.
pub(crate) fn name(system: System, code: u8) -> &'static str {
    match (code, system) {
        (0, _) => "unused",
        (1, _) => "swap",
        (2, _) => "Version 6",
        (3, _) => "Version 7",
        (4, _) => "System V",
        (5, _) => "4.1BSD",
        (6, _) => "Eighth Edition",
        (7, _) => "4.2BSD",
        (8, _) => "MS-DOS",
        (9, _) => "4.4LFS",
        (10, _) => "unknown",
        (11, _) => "HPFS",
        (12, _) => "ISO-9660",
        (13, _) => "boot",
        (14, System::FreeBsd) => "vinum",
        (14, _) => "ADOS",
        (15, System::FreeBsd) => "raid",
        (15, _) => "HFS",
        (16, _) => "AdvFS",
        (17, System::NetBsd | System::OpenBsd) => "ext2fs",
        (18, System::NetBsd | System::OpenBsd) => "NTFS",
        (19, System::NetBsd | System::OpenBsd) => "RAID",
        (20, System::NetBsd) => "ccd",
        (27, System::FreeBsd) => "ZFS",
        _ => "unknown",
    }
}

/// What a slice of this type is likely to hold.
pub(crate) fn role(code: u8) -> Role {
    match code {
        1 | 13 => Unlikely,
        _ => Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::System;
    use std::process::Command;

    #[test]
    fn names_are_those_of_sfdisk() {
        let output = Command::new("sfdisk")
            .args(["-X", "bsd", "-T"])
            .output()
            .expect("sfdisk does not run: install Debian's package fdisk");
        let listing = String::from_utf8(output.stdout).unwrap();
        let mut compared = 0;
        for line in listing.lines() {
            let Some((code, theirs)) = line.trim_start().split_once("  ") else { continue };
            let Ok(code) = u8::from_str_radix(code, 16) else { continue };
            assert_eq!(super::name(System::NetBsd, code), theirs, "type {code:02x}");
            compared += 1;
        }
        assert_eq!(compared, 17);
    }
}
