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
    for piece in pieces(bytes) {
        match piece {
            Piece::Shown('\\') => text.push_str("\\\\"),
            Piece::Shown(character) => text.push(character),
            Piece::Hidden(byte) => text.push_str(&hexadecimal(&[byte])),
        }
    }
    text
}

/// A message in which names have been escaped already, made safe on a terminal whatever is in it: as [`escape`] does, but
/// backslashes stay.
///
/// ```
/// assert_eq!(fsimage::escape_message(b"\\xff in inode 2\x1b"), r"\xff in inode 2\x1b");
/// ```
#[must_use]
pub fn escape_message(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for piece in pieces(bytes) {
        match piece {
            Piece::Shown(character) => text.push(character),
            Piece::Hidden(byte) => text.push_str(&hexadecimal(&[byte])),
        }
    }
    text
}

/// A piece of guest text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// A character that is safe on a terminal.
    Shown(char),
    /// A byte that is not, or that belongs to a character that is not.
    Hidden(u8),
}

/// Guest bytes, piece by piece: for whoever has to show them in another way than [`escape`] does.
///
/// ```
/// use fsimage::Piece::{Hidden, Shown};
/// assert_eq!(fsimage::pieces(b"a\x1b").collect::<Vec<_>>(), [Shown('a'), Hidden(0x1b)]);
/// ```
pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().flat_map(|character| {
            let mut buffer = [0; 4];
            let hidden = match is_hidden(character) {
                true => character.encode_utf8(&mut buffer).as_bytes().to_vec(),
                false => Vec::new(),
            };
            let shown = hidden.is_empty().then_some(Piece::Shown(character));
            shown.into_iter().chain(hidden.into_iter().map(Piece::Hidden))
        });
        valid.chain(chunk.invalid().iter().copied().map(Piece::Hidden))
    })
}

/// Bytes as `\xNN`, all of them.
///
/// ```
/// assert_eq!(fsimage::hexadecimal(b"a\n"), r"\x61\x0a");
/// ```
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(4));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\x{byte:02x}");
    }
    text
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
