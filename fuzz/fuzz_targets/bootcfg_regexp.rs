//! GRUB's `regexp`: an extended regular expression and what it is held against, parted by a NUL.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    // Within single quotes everything but a quote is itself, and a line is one word.
    let mut word = || {
        let text = parts.next().unwrap_or_default().iter();
        text.copied().filter(|byte| !matches!(byte, b'\'' | b'\n' | b'\r' | 0)).collect::<Vec<u8>>()
    };
    let (pattern, subject) = (word(), word());
    let config = [
        b"insmod regexp\nregexp --set 0:all --set 1:one '".as_slice(),
        &pattern,
        b"' '",
        &subject,
        b"'\nmenuentry A { linux /a \"$?\" \"$all\" \"$one\" }\n",
    ]
    .concat();
    fuzz::Files::new(vec![("/boot/grub/grub.cfg", &config)]).check();
});
