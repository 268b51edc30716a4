//! A loader.conf and two entries, parted by NULs: the menu of systemd-boot, within bounds.
//! Seeds: any loader.conf and /loader/entries/*.conf.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (config, first, second) = (part(), part(), part());
    fuzz::Files::new(vec![
        ("/loader/loader.conf", config),
        ("/loader/entries/first+2-1.conf", first),
        ("/loader/entries/second.conf", second),
        ("/vmlinuz", b"kernel"),
    ])
    .check();
});
