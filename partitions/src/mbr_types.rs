//! The MBR's type byte in words.

/// The type's name, as `sfdisk -T` has it.
pub(crate) fn name(code: u8) -> &'static str {
    match code {
        0x01 => "FAT12",
        0x04 => "FAT16 <32M",
        0x05 => "Extended",
        0x06 => "FAT16",
        0x07 => "HPFS/NTFS/exFAT",
        0x0b => "W95 FAT32",
        0x0c => "W95 FAT32 (LBA)",
        0x0e => "W95 FAT16 (LBA)",
        0x0f => "W95 Ext'd (LBA)",
        0x11 => "Hidden FAT12",
        0x12 => "Compaq diagnostics",
        0x14 => "Hidden FAT16 <32M",
        0x16 => "Hidden FAT16",
        0x17 => "Hidden HPFS/NTFS",
        0x1b => "Hidden W95 FAT32",
        0x1c => "Hidden W95 FAT32 (LBA)",
        0x1e => "Hidden W95 FAT16 (LBA)",
        0x27 => "Hidden NTFS WinRE",
        0x39 => "Plan 9",
        0x41 => "PPC PReP Boot",
        0x63 => "GNU HURD or SysV",
        0x64 => "Novell Netware 286",
        0x65 => "Novell Netware 386",
        0x80 => "Old Minix",
        0x81 => "Minix / old Linux",
        0x82 => "Linux swap / Solaris",
        0x83 => "Linux",
        0x85 => "Linux extended",
        0x88 => "Linux plaintext",
        0x8e => "Linux LVM",
        0xa5 => "FreeBSD",
        0xa6 => "OpenBSD",
        0xa8 => "Darwin UFS",
        0xa9 => "NetBSD",
        0xab => "Darwin boot",
        0xaf => "HFS / HFS+",
        0xbe => "Solaris boot",
        0xbf => "Solaris",
        0xda => "Non-FS data",
        0xea => "Linux extended boot",
        0xeb => "BeOS fs",
        0xee => "GPT",
        0xef => "EFI (FAT-12/16/32)",
        0xfb => "VMware VMFS",
        0xfc => "VMware VMKCORE",
        0xfd => "Linux raid autodetect",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn names_are_those_of_sfdisk() {
        let output = Command::new("sfdisk")
            .args(["-X", "dos", "-T"])
            .output()
            .expect("sfdisk does not run: install Debian's package fdisk");
        assert!(output.status.success());
        let listing = String::from_utf8(output.stdout).unwrap();
        let mut compared = 0;
        for line in listing.lines() {
            let Some((code, theirs)) = line.trim_start().split_once("  ") else { continue };
            let Ok(code) = u8::from_str_radix(code, 16) else { continue };
            let ours = super::name(code);
            if ours != "unknown" {
                assert_eq!(ours, theirs, "type {code:02x}");
                compared += 1;
            }
        }
        let named = (0..=u8::MAX).filter(|&code| super::name(code) != "unknown").count();
        assert_eq!(compared, named, "sfdisk does not list a type that we name");
    }
}
