//! extlinux.conf, and a file to include.
#![no_main]

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = ["/extlinux.conf", "/menu.cfg", "/vmlinuz"];

fuzz_target!(|text: &[u8]| {
    fuzz::menus(&FILES, text);
    let _ = bootcfg::parse_config(text, &bootcfg::Limits { max_steps: 50_000, ..Default::default() });
});
