//! Kernels, ramdisks, wildcards and `regexp` against the record of what GRUB itself did on a PC in QEMU:
//! tests/grub2/linux/linux.txt, made by record.py beside it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's own numbers; it fails by panicking"
)]

mod common;

use common::MapGuest;
use std::collections::BTreeMap;

const RECORD: &str = include_str!("grub2/linux/linux.txt");

/// What differs on purpose, or cannot be known here; each with the reason.
const DIFFERENT: [(&str, &str); 5] = [
    ("hexadecimal escapes", "as Red Hat's GRUB, whose installers rely on it: `\\xHH` stays as it is"),
    ("a brace on the next line", "accepted, because people mean an entry; GRUB has none then"),
    ("a missing second kernel", "whether a kernel exists is found out by whoever boots it"),
    ("regexp: a backreference", "they alone would make the time of a match unbounded"),
    ("probe", "the recording machine's own devices"),
];

struct Case {
    name: &'static str,
    parts: BTreeMap<&'static str, String>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part = "";
    for line in RECORD.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name, parts: BTreeMap::new() });
        } else if let (Some(name), Some(case)) = (line.strip_prefix("--- "), cases.last_mut()) {
            part = name;
            case.parts.insert(part, String::new());
        } else if let Some(text) = cases.last_mut().and_then(|case| case.parts.get_mut(part)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    cases
}

#[test]
fn as_grub_did() {
    let cases = cases();
    assert!(cases.len() > 20, "the record is not read");
    let mut wrong = Vec::new();
    for case in &cases {
        let mut guest = MapGuest::default().volume("cd", "2026-11-21-18-00-00-00", "ISOIMAGE");
        guest = guest.file("/kernel", "");
        for (part, text) in cases.iter().flat_map(|case| &case.parts) {
            if let Some(name) = part.strip_prefix("file ") {
                guest = guest.file(&format!("/{name}"), format!("{}\n", text.trim_matches('\n')));
            }
        }
        let guest = guest.file("/boot/grub/grub.cfg", &case.parts["grub.cfg"]);
        // The recording machine's other devices.
        let menu = guest.volume("cd,msdos1", "", "").volume("fd0", "", "").menu();
        let prints = &case.parts["prints"];
        let line = |key: &str| prints.lines().find_map(|line| line.strip_prefix(key));
        // The last word of the kernel's path is where the arguments begin.
        let recorded = line("cmdline: BOOT_IMAGE=").map(|line| line.split_once("/kernel").unwrap().1);
        let ours = menu.default.and_then(|index| menu.entries.get(index));
        let arguments = ours.map(|entry| match entry.arguments.as_slice() {
            b"" => String::new(),
            line => format!(" {}", String::from_utf8_lossy(line)),
        });
        if arguments.as_deref() != recorded {
            wrong.push((case.name, format!("ours {arguments:?}, GRUB's {recorded:?}")));
            continue;
        }
        // Plain ramdisks are joined at multiples of four; where GRUB packs some, the front end's archive differs in form.
        let ramdisks = ours.map(|entry| entry.ramdisks.clone()).unwrap_or_default();
        let size = |path: &[u8]| if path == b"/a5" { 5 } else { 6_u32 };
        let joined =
            ramdisks.iter().fold(0, |end: u32, file| end.next_multiple_of(4) + size(&file.file.path));
        let recorded = line("ramdisk: ").and_then(|line| line.split(' ').next()?.parse().ok());
        let packed = ramdisks.iter().any(|file| file.newc_name.is_some());
        let missing = prints.contains("`/missing' not found");
        if !packed && !missing && recorded != Some(joined) {
            wrong.push((case.name, format!("a ramdisk of {joined} bytes, GRUB's {recorded:?}")));
        }
    }
    let unexpected: Vec<_> =
        wrong.iter().filter(|(name, _)| !DIFFERENT.iter().any(|(known, _)| known == name)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let differs = |name: &str| wrong.iter().any(|(other, _)| *other == name);
    let same: Vec<_> = DIFFERENT.iter().filter(|(name, _)| !differs(name)).collect();
    assert!(same.is_empty(), "no longer different: {same:?}");
}

#[test]
fn files_are_packed_by_name() {
    let text = "menuentry a { linux /k\ninitrd /plain newc:etc/keys/a:/a newc:/b:(hd0,msdos1)/b }\n\
                menuentry b { linux /k\ninitrd newc:noname }\nmenuentry c { linux /k\ninitrd newc:://x }\n";
    let menu = MapGuest::with_config("/boot/grub/grub.cfg", text).menu();
    let packed: Vec<_> = menu.entries[0]
        .ramdisks
        .iter()
        .map(|file| (file.file.path.as_slice(), file.newc_name.as_deref()))
        .collect();
    assert_eq!(packed, [(&b"/plain"[..], None), (b"/a", Some(&b"etc/keys/a"[..])), (b"/b", Some(b"/b"))]);
    assert!(menu.entries[1].ramdisks.is_empty() && menu.entries[2].ramdisks.is_empty());
}
