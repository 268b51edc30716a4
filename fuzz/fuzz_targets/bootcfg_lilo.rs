//! The grammar of LILO, ELILO and yaboot.
#![no_main]

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 4] = ["/etc/lilo.conf", "/etc/elilo.conf", "/etc/yaboot.conf", "/boot/vmlinuz"];

fuzz_target!(|text: &[u8]| {
    fuzz::menus(&FILES, text);
    let _ = bootcfg::parse_config(text, &bootcfg::Limits { max_steps: 50_000, ..Default::default() });
});
