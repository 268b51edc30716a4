//! The archive of a GRUB's memdisk, its magic right in the first two headers: the grub.cfg in it, evaluated within bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut archive = fuzz::at_least(bytes, 1536);
    for header in [0, 1024] {
        archive[header + 257..][..5].copy_from_slice(b"ustar");
    }
    fuzz::Files::new(vec![("/flatcar/grub/grub.cfg.tar", &archive), ("/flatcar/vmlinuz-a", b"kernel")])
        .check();
});
