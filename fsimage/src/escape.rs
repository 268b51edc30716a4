//! The one function through which guest text reaches a person.

use core::fmt::Write;

/// Guest bytes as text that is safe on a terminal and can be turned back: printable UTF-8 stays, a backslash
/// becomes `\\`, every other byte becomes `\xNN`.
///
/// Not printable are the C0 and C1 controls, and the characters that reorder or hide text (bidirectional
/// overrides, zero-width characters, line and paragraph separators).
///
/// ```
/// assert_eq!(fsimage::escape(b"plain"), "plain");
/// assert_eq!(fsimage::escape(b"\x1b[2J\xff\\"), r"\x1b[2J\xff\\");
/// ```
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                text.push_str("\\\\");
            } else if is_hidden(character) {
                let mut buffer = [0; 4];
                push_hex(&mut text, character.encode_utf8(&mut buffer).as_bytes());
            } else {
                text.push(character);
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
