//! menu.lst, with a second file and a saved default.
#![no_main]

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = ["/boot/grub/menu.lst", "/more.lst", "/boot/grub/default"];

fuzz_target!(|text: &[u8]| {
    fuzz::menus(&FILES, text);
    let _ = bootcfg::parse_config(text, &bootcfg::Limits { max_steps: 50_000, ..Default::default() });
});
