//! A line that is being edited: guest text, piece by piece, with Emacs' keys.

use super::keys::Key;
use super::look::{Look, Style};
use super::screen::Screen;
use super::text::{Glyph, glyph};
use fsimage::{Piece, pieces};

/// A line and the place in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pieces: Vec<Piece>,
    /// Before this piece; at most the line's length.
    cursor: usize,
}

/// What was cut out last, for Ctrl-y.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut {
    pub(crate) bytes: Vec<u8>,
    /// The last key cut, too: what the next one cuts is added.
    pub(crate) goes_on: bool,
}

impl Cut {
    /// Keeps what was cut out behind (or before) what was cut just now.
    pub(crate) fn keep(&mut self, bytes: &[u8], before: bool) {
        if !self.goes_on {
            self.bytes.clear();
        }
        let at = if before { 0 } else { self.bytes.len() };
        self.bytes.splice(at..at, bytes.iter().copied());
        self.goes_on = true;
    }
}

impl Line {
    /// With the place at its end.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let pieces: Vec<Piece> = pieces(bytes).collect();
        Self { cursor: pieces.len(), pieces }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        bytes(&self.pieces)
    }

    /// Before and behind the place.
    pub(crate) fn halves(&self) -> (Vec<u8>, Vec<u8>) {
        let (before, behind) = self.pieces.split_at_checked(self.cursor).unwrap_or((&self.pieces, &[]));
        (bytes(before), bytes(behind))
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// As near to it as the line goes.
    pub(crate) fn move_to(&mut self, place: usize) {
        self.cursor = place.min(self.pieces.len());
    }

    pub(crate) fn insert(&mut self, bytes: &[u8]) {
        let new: Vec<Piece> = pieces(bytes).collect();
        let end = self.cursor.saturating_add(new.len());
        self.pieces.splice(self.cursor..self.cursor, new);
        self.cursor = end;
    }

    /// Takes out what is between a place and the cursor, on whichever side.
    fn take_to(&mut self, place: usize) -> Vec<u8> {
        let place = place.min(self.pieces.len());
        let (from, to) = (place.min(self.cursor), place.max(self.cursor));
        self.cursor = from;
        let taken: Vec<Piece> = self.pieces.drain(from..to).collect();
        bytes(&taken)
    }

    /// Takes out all that is behind the place.
    pub(crate) fn split_off(&mut self) -> Vec<u8> {
        self.take_to(usize::MAX)
    }

    /// Replaces the last so many bytes before the place; where that is within a character, all of it.
    pub(crate) fn replace_before(&mut self, count: usize, bytes: &[u8]) {
        let wanted = self.halves().0.len().saturating_sub(count);
        let mut place = self.cursor;
        while place > 0 && self::bytes(self.pieces.get(..place).unwrap_or_default()).len() > wanted {
            place = place.saturating_sub(1);
        }
        self.take_to(place);
        self.insert(bytes);
    }

    /// Does what the key says within the line; false where it says nothing to a line.
    pub(crate) fn key(&mut self, key: Key, cut: &mut Cut) -> bool {
        let cuts = matches!(key, Key::Ctrl('k' | 'u' | 'w'));
        cut.goes_on &= cuts;
        match key {
            Key::Char(character) => self.insert(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Key::Left | Key::Ctrl('b') => self.cursor = self.cursor.saturating_sub(1),
            Key::Right | Key::Ctrl('f') => self.move_to(self.cursor.saturating_add(1)),
            Key::Home | Key::Ctrl('a') => self.cursor = 0,
            Key::End | Key::Ctrl('e') => self.cursor = self.pieces.len(),
            Key::Backspace => drop(self.take_to(self.cursor.saturating_sub(1))),
            Key::Delete | Key::Ctrl('d') => drop(self.take_to(self.cursor.saturating_add(1))),
            Key::Ctrl('k') => cut.keep(&self.take_to(usize::MAX), false),
            Key::Ctrl('u') => cut.keep(&self.take_to(0), true),
            Key::Ctrl('w') => cut.keep(&self.take_to(self.word_before()), true),
            Key::Ctrl('y') => self.insert(&cut.bytes),
            _ => return false,
        }
        true
    }

    /// Where the word before the place begins.
    fn word_before(&self) -> usize {
        let before = self.pieces.get(..self.cursor).unwrap_or_default();
        let is_blank = |piece: &&Piece| matches!(piece, Piece::Shown(' ') | Piece::Hidden(b'\t'));
        let blanks = before.iter().rev().take_while(is_blank).count();
        let word = before.iter().rev().skip(blanks).take_while(|piece| !is_blank(piece)).count();
        self.cursor.saturating_sub(blanks).saturating_sub(word)
    }

    /// Draws as much of the line as there is room for; where it goes on, a sign says so. Returns the cursor's column.
    pub(crate) fn draw(
        &self,
        screen: &mut Screen,
        (column, row): (u16, u16),
        width: u16,
        look: Look,
        with_cursor: bool,
    ) -> u16 {
        let glyphs = self.glyphs(look);
        let cursor = if with_cursor { self.cursor } else { 0 };
        let first = first_shown(&glyphs, cursor, width);
        let [left_sign, right_sign] = look.continued();
        let mut at = column;
        let end = column.saturating_add(width);
        let mut cursor_column = column;
        for (index, glyph) in glyphs.iter().enumerate().skip(first) {
            if index == cursor {
                cursor_column = at;
            }
            if at.saturating_add(glyph.width()) > end {
                break;
            }
            match glyph {
                Glyph::Shown(character, _) => {
                    screen.put(at, row, character.encode_utf8(&mut [0; 4]), Style::Plain)
                }
                Glyph::Escaped(text) => screen.put(at, row, text, Style::Escaped),
            };
            at = at.saturating_add(glyph.width());
        }
        if cursor == glyphs.len() {
            cursor_column = at;
        }
        let shown = glyphs.get(first..).unwrap_or_default().iter().map(Glyph::width);
        if shown.fold(0, u16::saturating_add) > width {
            screen.mark(end.saturating_sub(1), row, right_sign);
        }
        if first > 0 {
            screen.mark(column, row, left_sign);
        }
        cursor_column.min(end.saturating_sub(1))
    }

    /// Each piece as it is drawn; a tab takes the columns up to the next multiple of eight.
    fn glyphs(&self, look: Look) -> Vec<Glyph> {
        let mut column = 0_u16;
        self.pieces
            .iter()
            .map(|&piece| {
                let glyph = match piece {
                    Piece::Hidden(b'\t') => Glyph::Shown(' ', 8_u16.saturating_sub(column % 8)),
                    piece => glyph(piece, look),
                };
                column = column.saturating_add(glyph.width());
                glyph
            })
            .collect()
    }
}

/// The first glyph to be drawn, so that the cursor is seen, and before it a third of the room, or more where nothing
/// behind it needs that.
fn first_shown(glyphs: &[Glyph], cursor: usize, width: u16) -> usize {
    let columns = |from: usize, to: usize| {
        let part = glyphs.get(from..to).unwrap_or_default();
        part.iter().map(Glyph::width).fold(0, u16::saturating_add)
    };
    // The cursor needs a column of its own, and the sign for more.
    if columns(0, cursor).saturating_add(2) <= width || columns(0, glyphs.len()) < width {
        return 0;
    }
    let behind = columns(cursor, glyphs.len());
    let before = (width / 3).max(width.saturating_sub(2).saturating_sub(behind));
    let mut first = cursor;
    while first > 0 && columns(first.saturating_sub(1), cursor) <= before {
        first = first.saturating_sub(1);
    }
    first
}

fn bytes(pieces: &[Piece]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Shown(character) => bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Piece::Hidden(byte) => bytes.push(*byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const VT100: Look = Look { unicode: false, modern: false };

    fn typed(bytes: &[u8], keys: &[Key]) -> (Line, Cut) {
        let (mut line, mut cut) = (Line::new(bytes), Cut::default());
        for key in keys {
            assert!(line.key(*key, &mut cut), "{key:?}");
        }
        (line, cut)
    }

    #[test]
    fn emacs_keys() {
        use Key::{Backspace, Char, Ctrl, Delete, End, Home, Left, Right};
        for (keys, expected) in [
            (&[Char('x')][..], "one two x"),
            (&[Home, Char('x')], "xone two "),
            (&[Ctrl('a'), Ctrl('d'), Delete], "e two "),
            (&[Backspace, Backspace], "one tw"),
            (&[Left, Ctrl('b'), Char('x'), Right, Ctrl('f'), Char('y')], "one twxo y"),
            (&[Ctrl('w')], "one "),
            (&[Ctrl('w'), Ctrl('w'), Ctrl('y'), Ctrl('y')], "one two one two "),
            (&[Home, Right, Ctrl('k')], "o"),
            (&[Home, Right, Ctrl('k'), Home, Ctrl('y')], "ne two o"),
            (&[Left, Ctrl('u'), End, Ctrl('y')], " one two"),
            // What is cut in one go is put back in one go; another key ends that.
            (&[Left, Ctrl('u'), Ctrl('k'), Ctrl('y')], "one two "),
            (&[Left, Ctrl('u'), Right, Ctrl('k'), Ctrl('y')], " "),
        ] {
            assert_eq!(String::from_utf8(typed(b"one two ", keys).0.bytes()).unwrap(), expected, "{keys:?}");
        }
    }

    #[test]
    fn bytes_survive_being_edited() {
        let bytes = b"a\xff\x1b\xc3\xa4\0\t\xe2\x80\xae";
        let (line, _) = typed(bytes, &[Key::Home, Key::Char('x'), Key::Backspace]);
        assert_eq!(line.bytes(), bytes);
    }

    fn drawn(line: &Line, width: u16) -> (String, u16) {
        let mut screen = Screen::new(width.saturating_add(1), 1);
        let cursor = line.draw(&mut screen, (0, 0), width, VT100, true);
        (screen.text().trim_end().to_owned(), cursor)
    }

    #[test]
    fn a_long_line_scrolls_with_the_cursor() {
        let mut line = Line::new(b"0123456789abcdefghij");
        assert_eq!(drawn(&line, 12), ("<bcdefghij".to_owned(), 10));
        line.move_to(0);
        assert_eq!(drawn(&line, 12), ("0123456789a>".to_owned(), 0));
        line.move_to(10);
        assert_eq!(drawn(&line, 12), ("0123456789a>".to_owned(), 10));
        line.move_to(11);
        assert_eq!(drawn(&line, 12), ("<89abcdefgh>".to_owned(), 4));
        assert_eq!(drawn(&Line::new(b"0123456789a"), 12), ("0123456789a".to_owned(), 11));
        // However narrow it is.
        for width in 0..5 {
            drawn(&line, width);
        }
    }

    #[test]
    fn tabs_and_escapes_take_their_room() {
        assert_eq!(drawn(&Line::new(b"\tlinux\x1b"), 40), ("        linux\\x1b".to_owned(), 17));
        assert_eq!(drawn(&Line::new(b"ab\tc"), 40), ("ab      c".to_owned(), 9));
    }
}
