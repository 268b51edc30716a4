//! loader.conf and fstab, as FreeBSD and as illumos read them.
#![no_main]

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 6] = [
    "/boot/loader.conf",
    "/boot/loader.conf.d/a.conf",
    "/boot/kernel/kernel",
    "/etc/fstab",
    "/platform/i86pc/kernel/amd64/unix",
    "/boot/menu.lst",
];

fuzz_target!(|text: &[u8]| {
    fuzz::menus(&FILES, text);
    let _ = bootcfg::parse_config(text, &bootcfg::Limits { max_steps: 50_000, ..Default::default() });
});
