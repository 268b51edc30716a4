//! Two entries of the Boot Loader Specification as GRUB's blscfg reads them, and the environment block they take variables from, parted
//! by NULs. Seeds: any /loader/entries/*.conf.
#![no_main]

use libfuzzer_sys::fuzz_target;

const CONFIG: &[u8] =
    b"load_env\nset default=\"${saved_entry}\"\nset tuned_params=x\ninsmod blscfg\nblscfg\n";

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (first, second, variables) = (part(), part(), part());
    let block = [b"# GRUB Environment Block\n".as_slice(), variables].concat();
    fuzz::Files::new(vec![
        ("/boot/grub2/grub.cfg", CONFIG),
        ("/boot/grub2/grubenv", &block),
        ("/boot/loader/entries/a-6.1~rc1-1.conf", first),
        ("/boot/loader/entries/a-6.1-1.conf", second),
    ])
    .check();
});
