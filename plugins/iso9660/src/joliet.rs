//! Joliet names: big-endian UCS-2, or UTF-16 as later writers have it.

/// Units that are half of a pair and stand alone.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A name as Linux shows it: UTF-8, without `;1` and without dots at its end.
pub(crate) fn name(bytes: &[u8]) -> Vec<u8> {
    let text = text(bytes);
    let text = text.strip_suffix(";1").filter(|rest| !rest.is_empty()).unwrap_or(&text);
    let trimmed = text.trim_end_matches('.');
    // A name of dots alone keeps one of them.
    if trimmed.is_empty() && !text.is_empty() { b".".to_vec() } else { trimmed.as_bytes().to_vec() }
}

/// Characters up to a NUL.
pub(crate) fn text(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit)).take_while(|&unit| unit != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or(REPLACEMENT)).collect()
}

/// The level that a supplementary descriptor's escape sequences declare.
pub(crate) fn level(escape_sequences: &[u8]) -> Option<u8> {
    match escape_sequences.get(..3)? {
        b"%/@" => Some(1),
        b"%/C" => Some(2),
        b"%/E" => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{level, name};

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn names_as_linux_shows_them() {
        for (joliet, shown) in [
            ("a;1", "a"),
            ("a.b;1", "a.b"),
            ("a.;1", "a"),
            ("a...", "a"),
            (";1", ";1"),
            ("ü€😀", "ü€😀"),
            ("..", "."),
        ] {
            assert_eq!(name(&utf16(joliet)), shown.as_bytes());
        }
        assert_eq!(name(&[0xd8, 0, 0, b'x', 7]), "\u{fffd}x".as_bytes());
    }

    #[test]
    fn levels() {
        assert_eq!(level(b"%/E\0\0"), Some(3));
        assert_eq!(level(b"%/"), None);
        assert_eq!(level(b"%/G"), None);
    }
}
