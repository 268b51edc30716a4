//! GRUB legacy against the record of what GRUB 0.97 itself did on a PC in QEMU: tests/grub_legacy/legacy.txt, made by record.py
//! beside it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "it fails by panicking")]

mod common;

use common::record::cases;
use common::{MapGuest, arguments};

const RECORD: &str = include_str!("grub_legacy/legacy.txt");

/// What differs on purpose; each with the reason.
const DIFFERENT: [(&str, &str); 15] = [
    ("a kernel that is none", "which kind of kernel it is, whoever boots it sees"),
    ("options of kernel", "as before"),
    ("another type", "as before"),
    ("a command of the menu in an entry", "passed over, as Xen's pygrub does"),
    ("find of a missing file", "what is looked for is often GRUB's own, which such guests do without"),
    ("find of a file", "GRUB does not look on discs"),
    ("a root that is not there", "the configuration's own volume is meant: disks move"),
    ("map without arguments", "no disk is another"),
    ("makeactive without a disk", "nothing is written"),
    ("hide without a disk", "nothing is written"),
    ("savedefault on a disc", "nothing is written"),
    ("savedefault with words", "nothing is written; other GRUBs have such words"),
    ("partnew without a disk", "nothing is written"),
    ("parttype without a disk", "nothing is written"),
    ("setup", "nothing is written"),
];

#[test]
fn as_grub_legacy_did() {
    let cases = cases(RECORD);
    assert!(cases.len() > 60, "the record is not read");
    let mut wrong = Vec::new();
    for case in &cases {
        // The setup code is `kernel.S`'s: a Linux kernel by its signature alone.
        let kernel = [&[0; 0x202][..], b"HdrS", &[0; 0x400]].concat();
        let mut guest = MapGuest::default().volume("cd", "", "").file("/kernel", kernel);
        guest = guest.file("/a4", "abcd").file("/b5", "abcde").file("/dir/x", "x").complete();
        for (part, text) in &case.parts {
            match part.strip_prefix("file ") {
                Some(name) => guest = guest.file(&format!("/{name}"), text),
                None if *part == "menu.lst" => guest = guest.file("/boot/grub/menu.lst", text),
                None => {}
            }
        }
        let menu = guest.menu();
        let prints = &case.parts["prints"];
        let line = |key: &str| prints.lines().filter_map(|line| line.strip_prefix(key)).next_back();
        let title = line("  Booting '").and_then(|title| title.strip_suffix('\''));
        let ours = menu.default.map(|index| &menu.entries[index]);
        if prints.contains("(waits)") {
            // GRUB asks; here the first entry that boots is the last resort.
            let tried =
                menu.entries.iter().find(|entry| Some(&*String::from_utf8_lossy(&entry.title)) == title);
            if tried.unwrap().is_bootable() {
                wrong.push((case.name, "it boots".to_owned(), prints.clone()));
            }
            continue;
        }
        let size = |path: &[u8]| match path {
            b"/a4" => 4,
            _ => 5,
        };
        let told = ours.map(|entry| {
            let ramdisk: u32 = entry.ramdisks.iter().map(|file| size(&file.file.path)).sum();
            (String::from_utf8_lossy(&entry.title).into_owned(), arguments(entry), ramdisk)
        });
        let recorded = (
            title.unwrap_or_default().to_owned(),
            line("cmdline:").unwrap().trim_start_matches(' ').to_owned(),
            line("ramdisk: ").unwrap().parse::<u32>().unwrap(),
        );
        if told.as_ref() != Some(&recorded) {
            wrong.push((case.name, format!("{told:?}"), format!("{recorded:?}")));
        }
    }
    let unexpected: Vec<_> =
        wrong.iter().filter(|(name, ..)| !DIFFERENT.iter().any(|(known, _)| known == name)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let differs = |name: &str| wrong.iter().any(|(other, ..)| *other == name);
    let same: Vec<_> = DIFFERENT.iter().filter(|(name, _)| !differs(name)).collect();
    assert!(same.is_empty(), "no longer different: {same:?}");
}
