//! A grub.cfg, an environment block and an entry of the Boot Loader Specification, parted by NULs: evaluated within bounds.
//! Seeds: pygrub-rs/bootcfg/tests/grub2/configs/*.cfg, tests/grub2/language.txt.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (config, block, entry) = (part(), part(), part());
    fuzz::Files::new(vec![
        ("/boot/grub/grub.cfg", config),
        ("/boot/grub/grubenv", block),
        ("/loader/entries/a-1.0-1.conf", entry),
        ("/loader/entries/b-1.0-2.conf", b"title b\nlinux /b\noptions $kernelopts\n"),
    ])
    .check();
});
