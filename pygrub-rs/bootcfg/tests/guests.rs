//! Guests of many systems, a file each in `guests/`: the configuration as that system's own tools write it, and what it boots.
//!
//! A file begins with its basis: whose tools write such a configuration, and where the expectation comes from. Then come
//! volumes (`== volume GRUB-NAME UUID LABEL`, and `== gpt TYPE GUID NAME ATTRIBUTES` for one in a GPT, the last in hexadecimal), their
//! files (`== file PATH`, the content below; `== empty PATH`; `== tar PATH NAME`, an archive of that file; `== uki PATH`, a section a line, `\n` being a line's end), and what is expected (`== expect`): loader, volume, timeout, and every entry, the default marked with an asterisk.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod common;

use bootcfg::{BootFile, BootMenu, GptEntry, Limits, VolumeId, discover, guess};
use common::{MapGuest, arguments, kernel, pe, ramdisks};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// As many as the table has to have.
const AT_LEAST: usize = 100;

struct Case {
    guest: MapGuest,
    volumes: u32,
    expected: String,
}

fn read(text: &str) -> Case {
    let (basis, rest) = text.split_once("\n== ").expect("a basis, then sections");
    assert!(basis.starts_with("basis: ") && basis.len() > 40, "a basis");
    let mut case = Case { guest: MapGuest::default(), volumes: 0, expected: String::new() };
    for section in format!("== {rest}").split("\n== ") {
        let section = section.strip_prefix("== ").unwrap_or(section);
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        let words: Vec<&str> = head.split(' ').collect();
        match words.as_slice() {
            ["volume", name, uuid, label] => {
                case.guest = case.guest.volume(name, uuid, label);
                case.volumes += 1;
            }
            ["file", path] => case.guest = case.guest.file(path, format!("{body}\n")),
            ["gpt", type_guid, guid, name, attributes] => {
                let attributes = u64::from_str_radix(attributes, 16).unwrap();
                let (type_guid, guid, name) = ((*type_guid).into(), (*guid).into(), (*name).into());
                case.guest = case.guest.in_gpt(GptEntry { type_guid, guid, name, attributes });
            }
            ["uki", path] => {
                let lines = body.lines().map(|line| line.split_once(' ').expect("a section"));
                let texts: Vec<_> = lines.map(|(name, text)| (name, text.replace("\\n", "\n"))).collect();
                let sections: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
                case.guest = case.guest.file(path, pe(&sections));
            }
            ["tar", path, name] => case.guest = case.guest.file(path, tar(name, &format!("{body}\n"))),
            ["empty", path] => case.guest = case.guest.file(path, ""),
            ["expect"] => case.expected = body.trim_end().to_owned(),
            _ => panic!("`{head}`"),
        }
    }
    case
}

/// An archive of one file.
fn tar(name: &str, content: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), content).unwrap();
    let made = Command::new("tar").arg("cf").arg("-").arg("-C").arg(folder).arg(name).output();
    let made = made.unwrap_or_else(|why| panic!("tar: {why}; install it: apt-get install tar"));
    assert!(made.status.success(), "{made:?}");
    made.stdout
}

/// As the worker does it: the first volume with a configuration that boots, else the first guess.
fn boot(case: &Case) -> Option<BootMenu> {
    let limits = Limits::default();
    let found = (0..case.volumes).find_map(|volume| {
        let menu = discover(&case.guest, VolumeId(volume), &limits).ok().flatten();
        menu.filter(|menu| menu.default.is_some())
    });
    let guessed =
        || (0..case.volumes).find_map(|volume| guess(&case.guest, VolumeId(volume), &limits).ok()?);
    found.or_else(guessed)
}

/// How much of the file it is, when not all.
fn part(image: &BootFile) -> String {
    let size = |length| format!(", {length} byte{}", if length == 1 { "" } else { "s" });
    image.section.map_or(String::new(), |section| size(section.length))
}

fn told(menu: &BootMenu) -> String {
    let timeout = menu.timeout.map_or("none".to_owned(), |seconds| seconds.to_string());
    let mut text =
        format!("loader {}\nvolume {}\ntimeout {timeout}\n", menu.loader.name(), menu.config.volume.0);
    for (index, entry) in menu.entries.iter().enumerate() {
        let mark = if menu.default == Some(index) { '*' } else { '-' };
        let titles: Vec<_> =
            entry.parents.iter().chain([&entry.title]).map(|t| t.escape_ascii().to_string()).collect();
        writeln!(text, "{mark} {}", titles.join(" > ")).unwrap();
        if let Some(image) = &entry.kernel {
            writeln!(text, "  kernel {}{}", kernel(entry), part(image)).unwrap();
        }
        for (image, ramdisk) in entry.ramdisks.iter().zip(ramdisks(entry)) {
            writeln!(text, "  ramdisk {ramdisk}{}", part(image)).unwrap();
        }
        if !entry.arguments.is_empty() {
            writeln!(text, "  args {}", arguments(entry)).unwrap();
        }
        if !entry.problems.is_empty() {
            writeln!(text, "  not bootable").unwrap();
        }
    }
    text.trim_end().to_owned()
}

#[test]
fn every_guest_boots_what_it_would_boot() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= AT_LEAST, "{} guests", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let case = read(&std::fs::read_to_string(file).unwrap());
        let boots = boot(&case).map_or("nothing".to_owned(), |menu| told(&menu));
        if boots != case.expected {
            wrong.push(format!("== {name}: expected\n{}\n== but it boots\n{boots}", case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
