//! Mutated configurations: whatever the bytes, an answer and no panic.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test's own numbers; an overflow fails the test"
)]

mod common;

use bootcfg::{Limits, VolumeId, discover, parse_config};
use common::MapGuest;

const SEEDS: [&[u8]; 4] = [
    include_bytes!("grub2/configs/debian12.cfg"),
    include_bytes!("grub2/configs/ubuntu2404.cfg"),
    include_bytes!("grub2/language.txt"),
    include_bytes!("grub2/syntax.txt"),
];

const PIECES: [&[u8]; 24] = [
    b"{",
    b"}",
    b"\"",
    b"'",
    b"\\",
    b"$",
    b"${",
    b"\n",
    b";",
    b"#",
    b"\0",
    b"\xff",
    b" if ",
    b" fi ",
    b"; then ",
    b"$@",
    b"menuentry x {",
    b"submenu y {",
    b"\nfunction f {\n",
    b"while true; do ",
    b" done\n",
    b"[ ",
    b" >1",
    b"eval ",
];

/// The same numbers on every run (xorshift): a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 1).unwrap_or(0) % below.max(1)
    }
}

fn mutated(numbers: &mut Numbers) -> Vec<u8> {
    let seed = SEEDS[numbers.next(SEEDS.len())];
    let from = numbers.next(seed.len());
    let length = numbers.next(4000);
    let mut text: Vec<u8> = seed.iter().copied().skip(from).take(length).collect();
    for _ in 0..numbers.next(12) {
        let at = numbers.next(text.len() + 1);
        match numbers.next(4) {
            0 => {
                let piece = PIECES[numbers.next(PIECES.len())];
                text.splice(at..at, piece.iter().copied());
            }
            1 => drop(text.drain(at..(at + numbers.next(40)).min(text.len()))),
            2 => {
                let copy: Vec<u8> = text.iter().copied().skip(numbers.next(text.len())).take(60).collect();
                text.splice(at..at, copy);
            }
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << numbers.next(8);
                }
            }
        }
    }
    text
}

#[test]
fn mutations_do_no_harm() {
    let limits = Limits { max_steps: 20_000, ..Limits::default() };
    let mut numbers = Numbers(0x5eed_2026_1121_0001);
    for _ in 0..4_000 {
        let text = mutated(&mut numbers);
        let alone = parse_config(&text, &limits);
        let guest = MapGuest::with_config("/boot/grub/grub.cfg", &text).file("/boot/grub/grubenv", &text);
        let whole = discover(&guest, VolumeId(0), &limits);
        for menu in [alone.ok(), whole.ok().flatten()].into_iter().flatten() {
            if let Some(default) = menu.default {
                assert!(menu.entries[default].is_bootable());
            }
            for entry in &menu.entries {
                assert!(entry.kernel.is_some() || !entry.problems.is_empty());
            }
        }
    }
}

/// The files of the Boot Loader Specification, by both its readers.
#[test]
fn mutated_entries_do_no_harm() {
    const ENTRY: &[u8] = b"title Fedora \nversion 6.9.1-1.fc40\nmachine-id 0a1b\nsort-key fedora\nlinux /vmlinuz\n\
        initrd /initrd $tuned_initrd\noptions $kernelopts quiet\ngrub_users $grub_users\ngrub_arg --unrestricted\n\
        default a*[b-c]?.conf\ntimeout 3\nefi /vmlinuz\nprofile 1\n";
    let mut numbers = Numbers(0x5eed_2026_1121_0002);
    let mutated = |numbers: &mut Numbers| {
        let mut text = ENTRY.to_vec();
        for _ in 0..numbers.next(6) {
            let at = numbers.next(text.len());
            match numbers.next(3) {
                0 => drop(text.drain(at..(at + numbers.next(20)).min(text.len()))),
                1 => text.splice(at..at, PIECES[numbers.next(PIECES.len())].iter().copied()).for_each(drop),
                _ => text.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
            }
        }
        text
    };
    for _ in 0..2_000 {
        let (conf, first, second) = (mutated(&mut numbers), mutated(&mut numbers), mutated(&mut numbers));
        for config in ["/grub2/grub.cfg", "/loader/loader.conf"] {
            let conf = if config.starts_with("/grub2") { b"blscfg\n".to_vec() } else { conf.clone() };
            let guest = MapGuest::with_config(config, conf)
                .file("/loader/entries/a-1+2-1.conf", &first)
                .file("/loader/entries/b-2.conf", &second)
                .file("/vmlinuz", "x");
            let Ok(Some(menu)) = discover(&guest, VolumeId(0), &Limits::default()) else { continue };
            assert!(menu.default.is_none_or(|index| menu.entries[index].is_bootable()));
            assert!(menu.entries.iter().all(|entry| entry.kernel.is_some() || !entry.problems.is_empty()));
        }
    }
}

#[test]
fn every_truncation_of_a_real_configuration() {
    let text = SEEDS[0];
    for length in 0..text.len() {
        assert!(parse_config(&text[..length], &Limits::default()).is_ok(), "{length}");
    }
}
