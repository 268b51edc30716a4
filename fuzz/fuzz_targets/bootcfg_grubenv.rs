//! GRUB's environment block, as it lies on the disk: every variable in it is loaded, and one names what boots.
#![no_main]

use libfuzzer_sys::fuzz_target;

const CONFIG: &[u8] = b"load_env\nload_env -f /other -s a b\nset default=\"${saved_entry}\"\n\
    menuentry A { linux /a $kernelopts \"$a\" }\nmenuentry B --id=b { linux /b ${b} }\n";

fuzz_target!(|block: &[u8]| {
    let signed = [b"# GRUB Environment Block\n".as_slice(), block].concat();
    fuzz::Files::new(vec![
        ("/boot/grub/grub.cfg", CONFIG),
        ("/boot/grub/grubenv", &signed),
        ("/other", block),
    ])
    .check();
});
