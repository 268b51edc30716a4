//! Kernels, ramdisks, wildcards and `regexp` against the record of what GRUB itself did on a PC in QEMU:
//! tests/grub2/linux/linux.txt, made by record.py beside it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's own numbers; it fails by panicking"
)]

mod common;

use bootcfg::{Limits, VolumeName, command_line};
use common::MapGuest;
use common::record::{Case, cases};

const RECORD: &str = include_str!("grub2/linux/linux.txt");

/// What differs on purpose, or cannot be known here; each with the reason.
const DIFFERENT: [(&str, &str); 9] = [
    ("hexadecimal escapes", "as Red Hat's GRUB, whose installers rely on it: `\\xHH` stays as it is"),
    ("a brace on the next line", "accepted, because people mean an entry; GRUB has none then"),
    ("a missing ramdisk", "GRUB waits for a key and boots without one; nobody would see what comes of that"),
    ("a missing ramdisk in an entry", "as before"),
    ("a missing ramdisk and more in an entry", "as before"),
    ("probe", "the recording machine's own devices"),
    ("legacy_source", "read as legacy GRUB reads it: the arguments are passed on as they stand"),
    ("legacy_configfile", "as before"),
    ("extract legacy entries", "as before"),
];

/// The same of what is printed.
const PRINTED_DIFFERENTLY: [(&str, &str); 6] = [
    ("ls", "without dates, and a directory's own line for a file; see `listings_are_as_grubs`"),
    ("ls: loops", "as before"),
    ("legacy_kernel: types", "which kind of kernel it is, whoever boots it sees"),
    ("probe: what it prints", "the recording machine's own disk, and a partition that is listed twice"),
    (
        "devices and images and their status",
        "what changes disks, or knows kinds of files, is not looked into",
    ),
    ("looks and their status", "fonts, modules, terminals, pictures: they succeed, there are none here"),
];

/// The recording machine: a disc that has every case's files, and nothing else.
fn machine(cases: &[Case]) -> MapGuest {
    let named = |name: &str, filesystem: &str, uuid: &str, label: &str| VolumeName {
        grub_names: name.split(' ').map(str::to_owned).collect(),
        filesystem: (!filesystem.is_empty()).then(|| filesystem.to_owned()),
        uuid: (!uuid.is_empty()).then(|| uuid.to_owned()),
        label: (!label.is_empty()).then(|| label.into()),
        part_uuid: name.starts_with(',').then(|| "12345678-01".to_owned()),
        ..VolumeName::default()
    };
    const LOOPBACK: &str =
        "set timeout=0\nmenuentry L {\n  linux /kernel from=$iso_path on=$root\n  initrd /inside\n}\n";
    const INSIDE: &[(&str, &str)] = &[("/kernel", ""), ("/inside", "inside\n"), ("/loopback.cfg", LOOPBACK)];
    const UUID: &str = "00000000-1111-2222-3333-444444444444";
    let ext2 = |name: &str| named(name, "ext2", UUID, "LOOPED");
    let iso = named("", "iso9660", "2026-11-21-18-00-00-01", "LOOPISO");
    let mut guest = MapGuest::default()
        .volume("cd", "2026-11-21-18-00-00-00", "ISOIMAGE")
        .filesystem("iso9660")
        .file("/kernel", "")
        .file("/kernel.gz", "")
        .file("/a5.gz", "a packed file of 25 bytes")
        .image("/loop.iso", vec![(iso.clone(), INSIDE)])
        .image("/ext2.img", vec![(ext2(""), INSIDE)])
        .image("/disk.img", vec![(named("", "", "", ""), &[]), (ext2(",msdos1 ,1"), INSIDE)])
        .image("/outer.img", vec![(named("", "ext2", "", ""), INSIDE)]);
    guest = guest.image_in_image("/outer.img", "/loop.iso", vec![(iso, INSIDE)]);
    for (part, text) in cases.iter().flat_map(|case| &case.parts) {
        if let Some(name) = part.strip_prefix("file ") {
            guest = guest.file(&format!("/{name}"), format!("{}\n", text.trim_matches('\n')));
        }
    }
    guest.file("/cases/0/grub.cfg", "").complete()
}

#[test]
fn as_grub_did() {
    let cases = cases(RECORD);
    assert!(cases.len() > 50, "the record is not read");
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| case.parts["prints"].contains("cmdline: ")) {
        let guest = machine(&cases).file("/boot/grub/grub.cfg", &case.parts["grub.cfg"]);
        // The recording machine's other devices.
        let menu = guest.volume("cd,msdos1", "", "").volume("fd0", "", "").menu();
        let prints = &case.parts["prints"];
        let line = |key: &str| prints.lines().find_map(|line| line.strip_prefix(key));
        // The last word of the kernel's path is where the arguments begin.
        let recorded = line("cmdline: BOOT_IMAGE=").map(|line| {
            let line = line.split_once("/kernel").unwrap().1;
            line.strip_prefix(".gz").unwrap_or(line)
        });
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
        let size = |path: &[u8]| match path {
            b"/a5" => 5,
            b"/b6" => 6,
            b"/inside" => 7,
            b"/a5.gz" => 25,
            // What the recorded kernel's file has.
            _ => 1392_u32,
        };
        let joined =
            ramdisks.iter().fold(0, |end: u32, file| end.next_multiple_of(4) + size(&file.file.path));
        let recorded = line("ramdisk: ").and_then(|line| line.split(' ').next()?.parse().ok());
        let packed = ramdisks.iter().any(|file| file.newc_name.is_some());
        if !packed && recorded != Some(joined) {
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

/// What commands print, and which status they leave: what GRUB wrote, without its errors, whose words differ.
#[test]
fn prints_as_grub_did() {
    let cases = cases(RECORD);
    // A terminal's tabs; GRUB with its network module says 32 of a device that is not there.
    let told = |text: &str| -> Vec<String> {
        let kept =
            |line: &&str| !["error: ", "cmdline: ", "ramdisk: "].iter().any(|start| line.starts_with(start));
        let tidy = |line: &str| line.replace("\t", "   ").replace(" 32", " 12").trim_end().to_owned();
        text.lines().filter(kept).map(tidy).filter(|line| !line.is_empty()).collect()
    };
    let mut wrong = Vec::new();
    let prints = |case: &&Case| case.parts["prints"].lines().any(|line| line.starts_with("> "));
    for case in cases.iter().filter(prints) {
        let guest = machine(&cases).file("/boot/grub/grub.cfg", "menuentry A { linux /kernel }\n");
        let text = case.parts["grub.cfg"].trim_end_matches("boot\n");
        let guest = guest.file("/case.cfg", text);
        let menu = guest.menu();
        let printed = command_line(&guest, &menu, &[b"source /case.cfg"], &Limits::default());
        let (ours, grubs) = (told(&String::from_utf8_lossy(&printed.output)), told(&case.parts["prints"]));
        if ours != grubs {
            wrong.push((case.name, ours, grubs));
        }
    }
    let unexpected: Vec<_> = wrong
        .iter()
        .filter(|(name, ..)| !PRINTED_DIFFERENTLY.iter().any(|(known, _)| known == name))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let differs = |name: &str| wrong.iter().any(|(other, ..)| *other == name);
    let same: Vec<_> = PRINTED_DIFFERENTLY.iter().filter(|(name, _)| !differs(name)).collect();
    assert!(same.is_empty(), "no longer different: {same:?}");
}

/// The lines behind one that is a number alone, up to the next.
fn block(text: &str, number: u32) -> Vec<String> {
    let is_number = |line: &&str| line.parse::<u32>().is_ok() || *line == "> ]";
    let behind = text.lines().skip_while(|line| *line != number.to_string()).skip(1);
    // Dates, in either form.
    let dates = ["20261121200042 ", "2026-11-21 20:00:42 Saturday    "];
    let tidy = |line: &str| {
        dates.iter().fold(line.to_owned(), |line, date| line.replace(date, "")).trim_end().to_owned()
    };
    let lines = behind.take_while(|line| !is_number(line));
    lines.map(tidy).filter(|line| !line.is_empty() && !line.starts_with("error: ")).collect()
}

#[test]
fn listings_are_as_grubs() {
    let cases = cases(RECORD);
    let kernel = "x".repeat(1392);
    for (name, blocks) in [("ls", &[2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 16, 17][..]), ("ls: loops", &[1, 8])]
    {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let guest = machine(&cases).file("/case.cfg", &case.parts["grub.cfg"]).file("/kernel", &kernel);
        let guest = guest.file("/boot/grub/grub.cfg", "menuentry A { linux /kernel }\n");
        let guest = guest.volume("cd,msdos1", "", "").volume("fd0", "", "");
        let printed = command_line(&guest, &guest.menu(), &[b"source /case.cfg"], &Limits::default());
        let ours = String::from_utf8_lossy(&printed.output).into_owned();
        for &number in blocks {
            assert_eq!(block(&ours, number), block(&case.parts["prints"], number), "{name} {number}\n{ours}");
        }
    }
    // ISO9660 shows a file's line to GRUB 2.06 as nothing; of a device it tells more, in as many words.
    let guest =
        machine(&cases).file("/k", &kernel).file("/boot/grub/grub.cfg", "menuentry A { linux /kernel }\n");
    let menu = guest.menu();
    let typed = |lines: &[&[u8]]| {
        let printed = command_line(&guest, &menu, lines, &Limits::default());
        String::from_utf8_lossy(&printed.output).into_owned()
    };
    assert_eq!(typed(&[b"ls -lh /k"]), "1.36K        k\n\n");
    assert_eq!(
        typed(&[b"ls (cd)"]),
        "Device cd: Filesystem type iso9660 - Label `ISOIMAGE' - UUID 2026-11-21-18-00-00-00\n"
    );
    let lines: [&[u8]; 2] = [b"loopback d /disk.img", b"ls (d,1) (d)"];
    assert_eq!(
        typed(&lines),
        "\tPartition d,1: Filesystem type ext2 - Label `LOOPED' - UUID 00000000-1111-2222-3333-444444444444\n\
         Device d: No known filesystem detected\n"
    );
}
