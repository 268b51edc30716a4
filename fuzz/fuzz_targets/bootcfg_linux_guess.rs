//! A Linux without a configuration: fstab and kernel-install's command line.
#![no_main]

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = ["/boot/vmlinuz", "/vmlinuz", "/etc/fstab"];

fuzz_target!(|text: &[u8]| {
    fuzz::menus(&FILES, text);
    let _ = bootcfg::parse_config(text, &bootcfg::Limits { max_steps: 50_000, ..Default::default() });
});
