//! boot.cfg and boot.conf.
#![no_main]

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 4] = ["/boot.cfg", "/netbsd", "/etc/boot.conf", "/bsd"];

fuzz_target!(|text: &[u8]| {
    fuzz::menus(&FILES, text);
    let _ = bootcfg::parse_config(text, &bootcfg::Limits { max_steps: 50_000, ..Default::default() });
});
