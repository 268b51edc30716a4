//! illumos: loader.conf and menu.lst, parted by a NUL.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let (conf, menu) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    fuzz::Files::new(vec![
        ("/boot/defaults/loader.conf", conf),
        ("/boot/conf.d/a", conf),
        ("/boot/menu.lst", menu),
        ("/platform/i86pc/kernel/amd64/unix", b"kernel"),
        ("/platform/i86pc/amd64/boot_archive", b"archive"),
    ])
    .check();
});
