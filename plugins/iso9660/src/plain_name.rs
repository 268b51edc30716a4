//! Names of discs without extensions, as Linux shows them with `map=normal`.

/// Lower case; `;1` and a dot before it dropped; other semicolons and slashes become dots; ends at a NUL.
pub(crate) fn translate(name: &[u8]) -> Vec<u8> {
    let name = name.split(|&b| b == 0).next().unwrap_or_default();
    let name = name.strip_suffix(b";1").map_or(name, |name| name.strip_suffix(b".").unwrap_or(name));
    name.iter().map(|b| if matches!(b, b';' | b'/') { b'.' } else { b.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn names_as_linux_translates_them() {
        assert_eq!(translate(b"GRUB.CFG;1"), b"grub.cfg");
        assert_eq!(translate(b"VMLINUZ.;1"), b"vmlinuz");
        assert_eq!(translate(b"VMLINUZ."), b"vmlinuz.");
        assert_eq!(translate(b"A.B;2"), b"a.b.2");
        assert_eq!(translate(b"DIR"), b"dir");
        assert_eq!(translate(b"A/B"), b"a.b");
        assert_eq!(translate(b"A\0B"), b"a");
        assert_eq!(translate(b";1"), b"");
    }
}
