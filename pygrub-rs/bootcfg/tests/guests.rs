//! Guests of many systems, a file each in `guests/`: the configuration as that system's own tools write it, and what it boots.
//!
//! A file begins with its basis: whose tools write such a configuration, and where the expectation comes from. Then come
//! volumes (`== volume GRUB-NAME UUID LABEL`), their files (`== file PATH`, the content below; `== empty PATH`), and what is
//! expected (`== expect`): loader, volume, timeout, and every entry, the default marked with an asterisk.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod common;

use bootcfg::{BootMenu, Limits, VolumeId, discover, guess};
use common::{MapGuest, arguments, kernel, ramdisks};
use std::fmt::Write;
use std::path::Path;

/// As many as the table has to have.
const AT_LEAST: usize = 60;

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
            ["empty", path] => case.guest = case.guest.file(path, ""),
            ["expect"] => case.expected = body.trim_end().to_owned(),
            _ => panic!("`{head}`"),
        }
    }
    case
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

fn told(menu: &BootMenu) -> String {
    let timeout = menu.timeout.map_or("none".to_owned(), |seconds| seconds.to_string());
    let mut text =
        format!("loader {}\nvolume {}\ntimeout {timeout}\n", menu.loader.name(), menu.config.volume.0);
    for (index, entry) in menu.entries.iter().enumerate() {
        let mark = if menu.default == Some(index) { '*' } else { '-' };
        let titles: Vec<_> =
            entry.parents.iter().chain([&entry.title]).map(|t| t.escape_ascii().to_string()).collect();
        writeln!(text, "{mark} {}", titles.join(" > ")).unwrap();
        if entry.kernel.is_some() {
            writeln!(text, "  kernel {}", kernel(entry)).unwrap();
        }
        for ramdisk in ramdisks(entry) {
            writeln!(text, "  ramdisk {ramdisk}").unwrap();
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
