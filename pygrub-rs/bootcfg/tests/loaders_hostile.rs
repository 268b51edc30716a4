//! Configurations of the line-based loaders made to hurt, and mutated ones: every budget holds, and nothing panics.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's own numbers; an overflow fails the test"
)]

mod common;

use bootcfg::{BootMenu, Error, LimitName, Limits, VolumeId, discover, parse_config};
use common::MapGuest;
use std::time::{Duration, Instant};

/// As in hostile.rs: what never ends, not what is slow.
const MOMENT: Duration = Duration::from_secs(120);
const LEGACY: &str = "/boot/grub/menu.lst";
const EXTLINUX: &str = "/extlinux.conf";

fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < MOMENT, "took {:?}", start.elapsed());
    result
}

fn of_guest(guest: &MapGuest) -> Result<Option<BootMenu>, Error> {
    quickly(|| discover(guest, VolumeId(0), &Limits::default()))
}

#[track_caller]
fn exceeds(text: impl AsRef<[u8]>, name: LimitName) -> String {
    let error = quickly(|| parse_config(text.as_ref(), &Limits::default())).unwrap_err();
    assert!(matches!(error, Error::Limit { limit, .. } if limit == name), "{error}");
    error.to_string()
}

#[test]
fn many_entries() {
    let message = exceeds("title A\nkernel /a\n".repeat(40_000), LimitName::MaxEntries);
    assert_eq!(message, "menu.lst:2001: the limit max_entries (1000) is exceeded");
    exceeds("label a\n".repeat(100_000), LimitName::MaxEntries);
    exceeds("label a\nmenu begin\n".repeat(30_000), LimitName::MaxDepth);
    exceeds("label a\nmenu begin x\nmenu end\n".repeat(30_000), LimitName::MaxEntries);
    // Empty titles are no entries, and cost all the same.
    quickly(|| drop(parse_config(&b"title\n".repeat(170_000), &Limits::default())));
}

#[test]
fn long_lines() {
    let long = "x".repeat(1_000_000);
    exceeds(format!("title A\nkernel /a {long}\n"), LimitName::MaxValueBytes);
    exceeds(format!("title {long}\n"), LimitName::MaxValueBytes);
    exceeds(format!("label a\nappend {long}\n"), LimitName::MaxValueBytes);
    exceeds(format!("label {long}\n"), LimitName::MaxValueBytes);
    assert!(
        quickly(|| parse_config(format!("#{long}\ntitle A\nkernel /a\n").as_bytes(), &Limits::default()))
            .is_ok()
    );
    exceeds(format!("title A\nkernel /a {}\n", "x\\\n".repeat(300_000)), LimitName::MaxValueBytes);
    let isadir = format!("title A\nkernel$ /a {}\n", "$ISADIR".repeat(2_300));
    quickly(|| drop(parse_config(isadir.as_bytes(), &Limits::default())));
    let dataset = "d".repeat(10_000);
    let text = format!("title A\nbootfs {dataset}\nkernel$ /a {}\n", "$ZFS-BOOTFS".repeat(500));
    exceeds(text, LimitName::MaxValueBytes);
}

#[test]
fn includes_without_an_end() {
    for text in ["include /extlinux.conf\n", "label a\nmenu include extlinux.conf\n"] {
        let error = of_guest(&MapGuest::with_config(EXTLINUX, text)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/extlinux.conf:".to_owned()
                + &text.lines().count().to_string()
                + ": the limit max_include_depth (8) is exceeded"
        );
    }
    let many = "include /x\n".repeat(1_000);
    let error = of_guest(&MapGuest::with_config(EXTLINUX, many).file("/x", "")).unwrap_err();
    assert!(error.to_string().contains("max_files_read"), "{error}");
    let error =
        of_guest(&MapGuest::with_config(EXTLINUX, format!("include {EXTLINUX}\n").repeat(20))).unwrap_err();
    assert!(error.to_string().contains("max_include_depth"), "{error}");
}

#[test]
fn menus_that_lead_to_one_another() {
    // Each file leads to several others, twelve deep.
    let leads = |depth: u32, branches: u32| -> String {
        let legacy = |n| format!("title A\nconfigfile /{depth}-{n}.cfg\nlabel a\nconfig /{depth}-{n}.cfg\n");
        (0..branches).map(legacy).collect::<String>() + "title Z\nlabel z\nkernel /z\n"
    };
    for path in [LEGACY, EXTLINUX] {
        let tree = |branches| {
            let names = (0..12).flat_map(|depth| (0..branches).map(move |n| (depth, n)));
            names.fold(MapGuest::with_config(path, leads(0, branches)), |guest, (depth, n)| {
                guest.file(&format!("/{depth}-{n}.cfg"), leads(depth + 1, branches))
            })
        };
        let menu = of_guest(&tree(2)).unwrap().unwrap();
        assert!(menu.default.is_some());
        let problems: Vec<_> = menu.entries.iter().flat_map(|entry| &entry.problems).collect();
        assert!(problems.iter().any(|why| why.contains("max_include_depth (8)")), "{problems:?}");
        let error = of_guest(&tree(50)).unwrap_err();
        assert!(error.to_string().contains("max_entries (1000)"), "{error}");
    }
}

#[test]
fn titles_that_repeat_in_every_entry() {
    // Deep menus with long titles around many entries: what is kept is what is paid for.
    let title = "t".repeat(10_000);
    let text = format!("menu begin {title}\n").repeat(50) + &"label a\nkernel /a\n".repeat(900);
    exceeds(text, LimitName::MaxTotalBytes);
}

#[test]
fn the_other_loaders_have_the_same_budgets() {
    let long = "x".repeat(1_000_000);
    exceeds(format!("image=/a\nappend={long}\n"), LimitName::MaxValueBytes);
    exceeds(format!("image=/a\nappend=\"{}\"\n", "x\\\n".repeat(300_000)), LimitName::MaxValueBytes);
    exceeds("image=/a\n".repeat(50_000), LimitName::MaxEntries);
    exceeds("menu=A:boot\n".repeat(50_000), LimitName::MaxEntries);
    exceeds(format!("menu=A:boot {long}\n"), LimitName::MaxValueBytes);
    // Variables that double themselves.
    let doubling = "a=\"${a}${a}x\"\n".repeat(100);
    let guest = MapGuest::with_config("/boot/loader.conf", doubling).file("/boot/kernel/kernel", "");
    let error = of_guest(&guest).unwrap_err();
    assert!(error.to_string().contains("max_value_bytes"), "{error}");
    // A file that names itself.
    let circle = "loader_conf_files=\"/boot/loader.conf /boot/loader.conf\"\n".repeat(50);
    let guest = MapGuest::with_config("/boot/loader.conf", circle).file("/boot/kernel/kernel", "");
    assert!(of_guest(&guest).unwrap().is_some());
    let kernels = (0..2_000).fold(MapGuest::with_config("/etc/fstab", "x"), |guest, number| {
        guest.file(&format!("/boot/vmlinuz-{number}"), "")
    });
    let menu = quickly(|| bootcfg::guess(&kernels, VolumeId(0), &Limits::default())).unwrap().unwrap();
    assert_eq!(menu.entries.len(), 32);
}

#[test]
fn odd_bytes() {
    for text in [
        &b"title \0\nkernel \0\n"[..],
        b"label \0\0\nkernel\0\n",
        b"title\xff\xfe\ntitle \xff\nkernel (\n",
        b"label\nkernel\nappend\ninclude\nmenu\nmenu end\n",
        b"title\nkernel$ $\n",
        b"append\n\\",
        b"title a\\",
    ] {
        quickly(|| drop(parse_config(text, &Limits::default())));
        drop(of_guest(&MapGuest::with_config(EXTLINUX, text).file(LEGACY, text)));
    }
}

/// Xorshift.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

const SEEDS: [&[u8]; 4] = [
    include_bytes!("grub_legacy.rs"),
    include_bytes!("extlinux.rs"),
    include_bytes!("lilo.rs"),
    include_bytes!("bsd.rs"),
];
const PIECES: [&[u8]; 20] = [
    b"\n",
    b"title ",
    b"label ",
    b"kernel ",
    b"kernel$ ",
    b"$ISADIR",
    b"$ZFS-BOOTFS",
    b"(hd0,",
    b")",
    b"(",
    b"\\\n",
    b"include /extlinux.conf\n",
    b"menu begin\n",
    b"menu end\n",
    b"append initrd=,",
    b" --- ",
    b"mboot.c32",
    b"default ",
    b"\0",
    b"\xff",
];

#[test]
fn mutations_do_no_harm() {
    let limits = Limits { max_steps: 20_000, ..Limits::default() };
    let mut numbers = Numbers(0x5eed_2026_1121_0002);
    for _ in 0..3_000 {
        let seed = SEEDS[numbers.next(SEEDS.len())];
        // The sources hold their configurations in escaped strings.
        let source = String::from_utf8_lossy(seed).replace("\\n", "\n").replace("\\t", "\t");
        let from = numbers.next(source.len());
        let mut text: Vec<u8> = source.bytes().skip(from).take(numbers.next(3_000)).collect();
        for _ in 0..numbers.next(16) {
            let at = numbers.next(text.len() + 1);
            if numbers.next(3) == 0 {
                drop(text.drain(at..(at + numbers.next(30)).min(text.len())));
            } else {
                text.splice(at..at, PIECES[numbers.next(PIECES.len())].iter().copied());
            }
        }
        let alone = parse_config(&text, &limits).ok();
        let legacy = MapGuest::with_config(LEGACY, &text).file("/boot/grub/default", &text);
        let extlinux = MapGuest::with_config(EXTLINUX, &text).file("/menu.cfg", &text);
        let lilo = MapGuest::with_config("/etc/lilo.conf", &text);
        let netbsd = MapGuest::with_config("/boot.cfg", &text).file("/netbsd", "");
        let openbsd = MapGuest::with_config("/etc/boot.conf", &text).file("/bsd", "");
        let freebsd = MapGuest::with_config("/boot/loader.conf", &text)
            .file("/boot/loader.conf.d/a.conf", &text)
            .file("/etc/fstab", &text)
            .file("/boot/kernel/kernel", "");
        let illumos = MapGuest::with_config("/boot/menu.lst", &text)
            .file("/boot/loader.conf", &text)
            .file("/platform/i86pc/kernel/amd64/unix", "");
        let guests = [legacy, extlinux, lilo, netbsd, openbsd, freebsd, illumos];
        let both = guests.map(|guest| discover(&guest, VolumeId(0), &limits).ok().flatten());
        for menu in both.into_iter().chain([alone]).flatten() {
            assert!(menu.default.is_none_or(|default| menu.entries[default].is_bootable()));
            for entry in &menu.entries {
                assert!(entry.kernel.is_some() || !entry.problems.is_empty());
            }
        }
    }
}
