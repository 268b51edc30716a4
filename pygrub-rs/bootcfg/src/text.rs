//! Guest bytes made safe to stand in our own messages.

use std::fmt::Write;

/// Longer texts are cut: a message is for a person, and a hostile guest gets no megabyte of it.
const SHOWN_BYTES: usize = 160;

/// The bytes as printable ASCII: everything else, and the backslash itself, as an escape.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &byte in bytes.iter().take(SHOWN_BYTES) {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    if bytes.len() > SHOWN_BYTES {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_shown_not_sent() {
        assert_eq!(shown(b"a\x1b[2J\\\xff\n"), "a\\x1b[2J\\\\\\xff\\x0a");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(shown(&[b'a'; 1000]).len(), SHOWN_BYTES + 3);
    }
}
