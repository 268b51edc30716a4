//! Unified kernel images. The first test takes one apart that binutils made, and asks objdump where its parts are; the
//! others are made here, byte by byte, because they are broken or have names no tool gives twice.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's own numbers and pieces; it fails by panicking"
)]

mod common;

use bootcfg::{BootFile, BootMenu, Section};
use common::{MapGuest, arguments, default, pe};
use std::fs;
use std::path::Path;
use std::process::Command;

const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

const OSREL: &[u8] = b"ID=arch\nPRETTY_NAME=\"Arch Linux\"\nVERSION_ID=1\n";

/// The menu of an EFI system partition with this file in /EFI/Linux.
fn menu_of(image: &[u8]) -> BootMenu {
    MapGuest::default()
        .volume("hd0,gpt1", "AAAA-BBBB", "ESP")
        .of_type(ESP)
        .file("/EFI/Linux/a.efi", image)
        .menu()
}

/// The bytes a boot file stands for.
fn bytes<'a>(image: &'a [u8], file: &BootFile) -> &'a [u8] {
    let Section { offset, length } = file.section.unwrap();
    let (from, length) = (usize::try_from(offset).unwrap(), usize::try_from(length).unwrap());
    &image[from..from + length]
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output =
        output.unwrap_or_else(|why| panic!("{program}: {why}; install it: apt-get install binutils"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Made by as, ld and objcopy, as the Arch wiki's "Unified kernel image#Manually" has it; looked at by objdump.
#[test]
fn objdump_sees_the_same_sections() {
    let folder = std::env::temp_dir().join(format!("bootcfg-uki-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("stub.s"), ".globl _start\n_start: ret\n").unwrap();
    run("as", &["-o", "stub.o", "stub.s"], &folder);
    run("ld", &["-m", "i386pep", "--subsystem", "10", "-e", "_start", "-o", "stub.efi", "stub.o"], &folder);
    let parts: [(&str, Vec<u8>); 5] = [
        (".osrel", OSREL.to_vec()),
        (".cmdline", b"root=/dev/xvda1 ro\n".to_vec()),
        (".ucode", b"microcode".repeat(99)),
        (".linux", b"kernel ".repeat(1_001)),
        (".initrd", b"ramdisk".repeat(777)),
    ];
    let mut options = Vec::new();
    for (number, (name, content)) in parts.iter().enumerate() {
        fs::write(folder.join(&name[1..]), content).unwrap();
        options.push(format!("--add-section={name}={}", &name[1..]));
        options.push(format!(
            "--change-section-vma={name}={:#x}",
            0x1_4100_0000_u64 + (number as u64) * 0x10_0000
        ));
    }
    let mut words: Vec<&str> = options.iter().map(String::as_str).collect();
    words.extend(["stub.efi", "uki.efi"]);
    run("objcopy", &words, &folder);
    let image = fs::read(folder.join("uki.efi")).unwrap();
    let listing = run("objdump", &["-h", "uki.efi"], &folder);
    fs::remove_dir_all(&folder).unwrap();
    // `Idx Name Size VMA LMA File-off Algn`
    let place = |name: &str| {
        let line = listing.lines().find(|line| line.split_whitespace().nth(1) == Some(name)).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &str| u64::from_str_radix(word, 16).unwrap();
        Section { offset: number(words[5]), length: number(words[2]) }
    };

    let menu = menu_of(&image);
    let entry = default(&menu);
    assert_eq!(
        (entry.title.as_slice(), arguments(entry).as_str()),
        (&b"Arch Linux"[..], "root=/dev/xvda1 ro")
    );
    let kernel = entry.kernel.as_ref().unwrap();
    assert_eq!(kernel.section, Some(place(".linux")));
    assert_eq!(bytes(&image, kernel), parts[3].1);
    let ramdisks: Vec<_> = entry.ramdisks.iter().map(|file| file.section.unwrap()).collect();
    assert_eq!(ramdisks, [place(".ucode"), place(".initrd")]);
    assert_eq!(bytes(&image, &entry.ramdisks[0]), parts[2].1);
    assert_eq!(bytes(&image, &entry.ramdisks[1]), parts[4].1);
}

/// UAPI.5, "Multi-profile UKIs": what stands before the first `.profile` is everyone's.
#[test]
fn profiles_are_entries() {
    let image = pe(&[
        (".linux", b"kernel"),
        (".initrd", b"ramdisk"),
        (".osrel", OSREL),
        (".cmdline", b"quiet"),
        (".profile", b"ID=main\n"),
        (".profile", b"ID=debug\nTITLE=with messages\n"),
        (".cmdline", b"debug"),
        (".profile", b""),
        (".profile", b"ID=reset"),
        (".initrd", b"other ramdisk"),
    ]);
    let menu = menu_of(&image);
    let told: Vec<(String, String, String)> = menu
        .entries
        .iter()
        .map(|entry| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(entry.id.as_ref().unwrap()), text(&entry.title), arguments(entry))
        })
        .collect();
    let line =
        |id: &str, title: &str, arguments: &str| (id.to_owned(), title.to_owned(), arguments.to_owned());
    assert_eq!(
        told,
        [
            line("a.efi", "Arch Linux", "quiet"),
            line("a.efi@debug", "Arch Linux (with messages)", "debug"),
            line("a.efi@2", "Arch Linux (Profile #3)", "quiet"),
            line("a.efi@reset", "Arch Linux (reset)", "quiet"),
        ]
    );
    assert!(menu.entries.iter().all(|entry| bytes(&image, entry.kernel.as_ref().unwrap()) == b"kernel"));
    assert_eq!(bytes(&image, &menu.entries[0].ramdisks[0]), b"ramdisk");
    assert_eq!(bytes(&image, &menu.entries[3].ramdisks[0]), b"other ramdisk");
}

/// One damage, one exact answer.
#[test]
fn corruptions_are_told_exactly() {
    let good = pe(&[(".osrel", OSREL), (".cmdline", b"x"), (".linux", b"kernel"), (".initrd", b"ramdisk")]);
    // Headers of sections begin at 0x80 + 0x18 + 0xf0 = 0x188: .linux is the third.
    let linux = 0x188 + 80;
    let patched = |at: usize, value: u32| {
        let mut image = good.clone();
        image[at..at + 4].copy_from_slice(&value.to_le_bytes());
        image
    };
    let size = u32::try_from(good.len()).unwrap();
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("e_lfanew", patched(0x3c, size - 3), "PE: e_lfanew points behind the file's end, at 0x3c"),
        ("e_lfanew wraps", patched(0x3c, u32::MAX), "PE: e_lfanew points behind the file's end, at 0x3c"),
        ("sections", patched(0x86, 97), "PE: NumberOfSections is over 96, at 0x86"),
        ("table", patched(0x94, 0xffff), "PE: the section table reaches behind the file's end, at 0x10097"),
        (
            "offset",
            patched(linux + 20, size - 5),
            "PE section `.linux`: it reaches behind the file's end, header at 0x1d8",
        ),
        (
            "offset wraps",
            patched(linux + 20, u32::MAX),
            "PE section `.linux`: it reaches behind the file's end, header at 0x1d8",
        ),
        (
            "size",
            patched(linux + 8, 513),
            "PE section `.linux`: VirtualSize is over SizeOfRawData: a part of it is not in the file, header at 0x1d8",
        ),
        ("no kernel", patched(linux + 8, 0), ""),
        (
            "cut off",
            good[..good.len() - 513].to_vec(),
            "PE section `.initrd`: it reaches behind the file's end, header at 0x200",
        ),
    ];
    for (name, image, expected) in cases {
        let menu = menu_of(&image);
        assert_eq!(menu.default, None, "{name}");
        match menu.entries.as_slice() {
            [entry] => assert_eq!(entry.problems, [expected], "{name}"),
            [] => assert!(
                expected.is_empty()
                    && menu.notes.iter().any(|note| note.ends_with("it is no unified kernel image")),
                "{name}: {:?}",
                menu.notes
            ),
            more => panic!("{name}: {more:?}"),
        }
    }
    // A command line that is too long is not cut.
    let long = pe(&[(".linux", b"kernel"), (".cmdline", &b"x".repeat(17_000))]);
    assert_eq!(menu_of(&long).entries[0].problems, ["section `.cmdline` has 17000 bytes, more than 16384"]);
    // Not a program at all.
    for text in [&b""[..], b"MZ", b"#!/bin/sh\n", &[0; 4096]] {
        assert!(menu_of(text).entries.is_empty());
    }
}

#[test]
fn every_truncation_and_many_flips_do_no_harm() {
    let good = pe(&[
        (".osrel", OSREL),
        (".cmdline", b"x"),
        (".linux", b"kernel"),
        (".profile", b"ID=a"),
        (".initrd", b"r"),
    ]);
    let headers = 0x188 + 5 * 40;
    for at in 0..headers {
        for bit in 0..8 {
            let mut image = good.clone();
            image[at] ^= 1 << bit;
            check(&menu_of(&image), &image);
        }
    }
    for length in (0..good.len()).step_by(7) {
        check(&menu_of(&good[..length]), &good[..length]);
    }
}

/// Whatever is handed out lies within the file.
fn check(menu: &BootMenu, image: &[u8]) {
    for entry in &menu.entries {
        let files = entry.ramdisks.iter().chain(&entry.kernel);
        files.for_each(|file| assert!(!bytes(image, file).is_empty()));
        assert!(entry.kernel.is_some() || !entry.problems.is_empty());
    }
}
