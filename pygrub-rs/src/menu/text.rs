//! Guest text, as it is drawn: one character a piece, with a width that every terminal agrees on.

use super::look::Look;
use fsimage::{Piece, pieces};
use unicode_width::UnicodeWidthChar;

/// What a piece of guest text looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// Itself, in so many columns: 1 or 2.
    Shown(char, u16),
    /// Its bytes as `\xNN`.
    Escaped(String),
}

impl Glyph {
    /// Columns it takes.
    pub(crate) fn width(&self) -> u16 {
        match self {
            Self::Shown(_, width) => *width,
            Self::Escaped(text) => u16::try_from(text.len()).unwrap_or(u16::MAX),
        }
    }
}

/// How a piece is drawn. Characters without a width of their own (combining marks) and, where the terminal has ASCII
/// only, all others beyond ASCII are escaped as control characters are.
pub(crate) fn glyph(piece: Piece, look: Look) -> Glyph {
    match piece {
        Piece::Shown(character) if character.is_ascii() => Glyph::Shown(character, 1),
        Piece::Shown(character) => match character.width().and_then(|width| u16::try_from(width).ok()) {
            Some(width @ 1..=2) if look.unicode => Glyph::Shown(character, width),
            _ => Glyph::Escaped(fsimage::hexadecimal(character.encode_utf8(&mut [0; 4]).as_bytes())),
        },
        Piece::Hidden(byte) => Glyph::Escaped(fsimage::hexadecimal(&[byte])),
    }
}

/// A text on one line; a backslash is doubled, so that it can be told from an escape.
pub(crate) fn shown(bytes: &[u8], look: Look) -> String {
    let mut text = String::new();
    for piece in pieces(bytes) {
        match glyph(piece, look) {
            Glyph::Shown('\\', _) => text.push_str("\\\\"),
            Glyph::Shown(character, _) => text.push(character),
            Glyph::Escaped(escape) => text.push_str(&escape),
        }
    }
    text
}

/// A text that says itself what is escaped, in as many lines as it has; tabs are blanks up to a multiple of eight.
pub(crate) fn lines(bytes: &[u8], look: Look) -> Vec<String> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    text.split(|&byte| byte == b'\n')
        .map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut out = String::new();
            for piece in pieces(line) {
                match (piece, glyph(piece, look)) {
                    (Piece::Hidden(b'\t'), _) => {
                        out.push(' ');
                        while !columns(&out).is_multiple_of(8) {
                            out.push(' ');
                        }
                    }
                    (_, Glyph::Shown(character, _)) => out.push(character),
                    (_, Glyph::Escaped(escape)) => out.push_str(&escape),
                }
            }
            out
        })
        .collect()
}

/// Columns of a text of ours, or of one of the functions above.
pub(crate) fn columns(text: &str) -> u16 {
    text.chars().map(width).fold(0, u16::saturating_add)
}

fn width(character: char) -> u16 {
    character.width().and_then(|width| u16::try_from(width).ok()).unwrap_or(0)
}

/// The text, cut to so many columns; what was cut off is told by dots.
pub(crate) fn cut(text: &str, room: u16, look: Look) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let dots = if look.unicode { "…" } else { "..." };
    let (dots, room) = match room.checked_sub(columns(dots)) {
        Some(left) => (dots, left),
        None => ("", room),
    };
    let mut used = 0_u16;
    let mut out: String = text
        .chars()
        .take_while(|character| {
            used = used.saturating_add(width(*character));
            used <= room
        })
        .collect();
    out.push_str(dots);
    out
}

/// The text in lines of so many columns: parted at blanks, and within words that are longer than a line.
pub(crate) fn wrapped(text: &str, room: u16) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            let used = columns(&line);
            if used > 0 && used.saturating_add(columns(word.trim_end())) > room {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            for character in word.chars() {
                if columns(&line).saturating_add(width(character)) > room && character != ' ' {
                    lines.push(std::mem::take(&mut line).trim_end().to_owned());
                }
                line.push(character);
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The text in lines of so many columns, nothing of it left out.
pub(crate) fn wrapped_exactly(text: &str, room: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0_u16;
    for character in text.chars() {
        if used.saturating_add(width(character)) > room.max(2) {
            lines.push(String::new());
            used = 0;
        }
        used = used.saturating_add(width(character));
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII: Look = Look { unicode: false, modern: false };
    const UNICODE: Look = Look { unicode: true, modern: true };

    #[test]
    fn titles_are_what_every_terminal_can_show() {
        assert_eq!(shown(b"Debian \\ \x1b[2J", ASCII), "Debian \\\\ \\x1b[2J");
        assert_eq!(shown("Größe 世".as_bytes(), UNICODE), "Größe 世");
        assert_eq!(shown("ö".as_bytes(), ASCII), "\\xc3\\xb6");
        // A combining mark, a zero width joiner, a line that would run from right to left.
        assert_eq!(
            shown("e\u{301}\u{200d}\u{202e}".as_bytes(), UNICODE),
            "e\\xcc\\x81\\xe2\\x80\\x8d\\xe2\\x80\\xae"
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("世界"), 4);
        assert_eq!(cut("世界世界", 5, UNICODE), "世界…");
        assert_eq!(cut("世界世界", 4, UNICODE), "世…");
        assert_eq!(cut("abcdefgh", 6, ASCII), "abc...");
        assert_eq!(cut("abcdefgh", 2, ASCII), "ab");
        assert_eq!(cut("abc", 3, ASCII), "abc");
    }

    #[test]
    fn lines_are_wrapped_at_blanks() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(wrapped("", 0), [""]);
    }

    #[test]
    fn printed_text_has_lines_and_tabs() {
        assert_eq!(lines(b"a\tb\r\n\x1b[m\\\n", ASCII), ["a       b", "\\x1b[m\\"]);
        assert_eq!(lines(b"", ASCII), [""]);
    }
}
