//! Lines `key value` as systemd reads them: Boot Loader Specification entries, `loader.conf`, and with `=` os-release files.

/// The keys and values of a text. Blank lines, comments and lines without a value's separator are passed over; blanks at
/// both ends are nobody's; a value in double quotes loses them.
pub(crate) fn key_values<'a>(
    text: &'a [u8],
    separators: &'static [u8],
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    // What follows a NUL is not seen: systemd's strings end there.
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    text.split(|byte| matches!(byte, b'\n' | b'\r')).filter_map(move |line| key_value(line, separators))
}

fn key_value<'a>(line: &'a [u8], separators: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = line.iter().position(|byte| !is_blank(byte))?;
    let end = line.iter().rposition(|byte| !is_blank(byte))?;
    let line = line.get(start..=end)?;
    if line.first() == Some(&b'#') {
        return None;
    }
    let is_separator = |byte: &u8| separators.contains(byte);
    let (key, rest) = line.split_at(line.iter().position(is_separator)?);
    let value =
        rest.iter().position(|byte| !is_separator(byte)).and_then(|at| rest.get(at..)).unwrap_or_default();
    // A single `"` is both its own first and last.
    match (value.strip_prefix(b"\""), value.last()) {
        (Some(rest), Some(b'"')) => Some((key, rest.strip_suffix(b"\"").unwrap_or_default())),
        _ => Some((key, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_systemd_reads_them() {
        let text = b"title  Arch Linux \r\n\n# no\n  linux\t/vmlinuz\nalone\noptions a=\"b\" \"c\"\nx \"y z\"\nq \"\n\0hidden x";
        let expected: [(&[u8], &[u8]); 5] = [
            (b"title", b"Arch Linux"),
            (b"linux", b"/vmlinuz"),
            (b"options", b"a=\"b\" \"c\""),
            (b"x", b"y z"),
            (b"q", b""),
        ];
        assert_eq!(key_values(text, b" \t").collect::<Vec<_>>(), expected);
        let release: Vec<_> = key_values(b"ID=arch\nNAME=\"A B\"\nEMPTY=\n", b"=").collect();
        assert_eq!(release, [(&b"ID"[..], &b"arch"[..]), (b"NAME", b"A B"), (b"EMPTY", b"")]);
    }
}
