//! A screenful of characters, and what has to be sent to turn one into the next.

use super::look::{Look, Style};
use super::text;
use crossterm::Command;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType};

/// One column of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    /// `None`: the right half of the character before.
    character: Option<char>,
    style: Style,
}

const BLANK: Cell = Cell { character: Some(' '), style: Style::Plain };

/// A screenful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Screen {
    width: u16,
    height: u16,
    cells: Vec<Cell>,
    cursor: (u16, u16),
    cursor_shown: bool,
}

impl Screen {
    /// An empty one.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let count = usize::from(width).saturating_mul(usize::from(height));
        Self { width, height, cells: vec![BLANK; count], cursor: (0, 0), cursor_shown: false }
    }

    pub(crate) fn width(&self) -> u16 {
        self.width
    }

    pub(crate) fn height(&self) -> u16 {
        self.height
    }

    /// Puts a text of ours, or of [`text`]'s, on a row, as far as there is room; the column behind it.
    pub(crate) fn put(&mut self, column: u16, row: u16, text: &str, style: Style) -> u16 {
        let mut column = column;
        for character in text.chars() {
            let width = text::columns(character.encode_utf8(&mut [0; 4]));
            let end = column.saturating_add(width);
            if end > self.width || width == 0 {
                break;
            }
            self.set(column, row, Cell { character: Some(character), style });
            if width == 2 {
                self.set(column.saturating_add(1), row, Cell { character: None, style });
            }
            column = end;
        }
        column
    }

    /// The same in the middle of the row.
    pub(crate) fn put_centred(&mut self, row: u16, text: &str, style: Style) {
        let left = self.width.saturating_sub(text::columns(text)) / 2;
        self.put(left, row, text, style);
    }

    /// Blanks of a style.
    pub(crate) fn fill(&mut self, column: u16, row: u16, width: u16, style: Style) {
        for column in column..column.saturating_add(width).min(self.width) {
            self.set(column, row, Cell { style, ..BLANK });
        }
    }

    /// A box: its upper left corner, and its size with the lines.
    pub(crate) fn frame(&mut self, (column, row): (u16, u16), (width, height): (u16, u16), look: Look) {
        let [horizontal, vertical, corners @ ..] = look.lines();
        let (right, bottom) =
            (column.saturating_add(width).saturating_sub(1), row.saturating_add(height).saturating_sub(1));
        let border = |character| Cell { character: Some(character), style: Style::Border };
        for column in column..=right {
            self.set(column, row, border(horizontal));
            self.set(column, bottom, border(horizontal));
        }
        for row in row..=bottom {
            self.set(column, row, border(vertical));
            self.set(right, row, border(vertical));
        }
        let places = [(column, row), (right, row), (right, bottom), (column, bottom)];
        for ((column, row), corner) in places.into_iter().zip(corners) {
            self.set(column, row, border(corner));
        }
    }

    /// One sign on the box's line.
    pub(crate) fn mark(&mut self, column: u16, row: u16, sign: char) {
        self.set(column, row, Cell { character: Some(sign), style: Style::Border });
    }

    /// Where the cursor is, and that a person types there.
    pub(crate) fn show_cursor(&mut self, column: u16, row: u16) {
        self.park_cursor(column, row);
        self.cursor_shown = true;
    }

    /// Where the cursor waits on terminals that cannot hide it.
    pub(crate) fn park_cursor(&mut self, column: u16, row: u16) {
        self.cursor = (column.min(self.width.saturating_sub(1)), row.min(self.height.saturating_sub(1)));
    }

    fn place(&self, column: u16, row: u16) -> Option<usize> {
        let inside = column < self.width && row < self.height;
        let before = usize::from(row).checked_mul(usize::from(self.width))?;
        before.checked_add(usize::from(column)).filter(|_| inside)
    }

    fn set(&mut self, column: u16, row: u16, cell: Cell) {
        if let Some(slot) = self.place(column, row).and_then(|place| self.cells.get_mut(place)) {
            *slot = cell;
        }
    }

    /// The cells of a row. The very last one of the screen is never used: some terminals scroll when it is.
    fn row(&self, row: u16) -> &[Cell] {
        let Some(start) = self.place(0, row) else { return &[] };
        let last = row.saturating_add(1) == self.height;
        let width = usize::from(self.width).saturating_sub(usize::from(last));
        self.cells.get(start..start.saturating_add(width)).unwrap_or_default()
    }

    /// What turns what is `shown` into this; with nothing, whatever is there.
    pub(crate) fn sequences(&self, shown: Option<&Self>, look: Look) -> String {
        let mut out = String::new();
        let shown = shown.filter(|shown| (shown.width, shown.height) == (self.width, self.height));
        if shown.is_none() {
            send(&SetAttribute(Attribute::Reset), &mut out);
            send(&Clear(ClearType::All), &mut out);
        }
        let blank = Self::new(self.width, self.height);
        let before = shown.unwrap_or(&blank);
        if look.modern && (shown.is_none() || before.cursor_shown) && !self.cursor_shown {
            send(&Hide, &mut out);
        }
        for row in 0..self.height {
            self.row_sequences(row, before.row(row), look, &mut out);
        }
        send(&MoveTo(self.cursor.0, self.cursor.1), &mut out);
        if look.modern && self.cursor_shown && (shown.is_none() || !before.cursor_shown) {
            send(&Show, &mut out);
        }
        out
    }

    /// From the first changed cell of a row to its last one.
    fn row_sequences(&self, row: u16, before: &[Cell], look: Look, out: &mut String) {
        let cells = self.row(row);
        let changed = |(new, old): (&Cell, &Cell)| new != old;
        let Some(first) = cells.iter().zip(before).position(changed) else { return };
        let last = cells.iter().zip(before).rposition(changed).unwrap_or(first);
        // Never from the middle of a character.
        let halves = cells.get(..=first).unwrap_or_default().iter().rev();
        let first = first.saturating_sub(halves.take_while(|cell| cell.character.is_none()).count());
        let mut style = None;
        let mut at_cursor = false;
        for (column, cell) in cells.iter().enumerate().take(last.saturating_add(1)).skip(first) {
            let Some(character) = cell.character else { continue };
            if !at_cursor {
                send(&MoveTo(u16::try_from(column).unwrap_or(u16::MAX), row), out);
            }
            if style != Some(cell.style) {
                look.start(cell.style, out);
                style = Some(cell.style);
            }
            out.push(character);
            // Terminals differ in how wide they take some characters: behind each such one the place is told anew.
            at_cursor = character.is_ascii() || matches!(character, '─' | '│');
        }
        if style.is_some_and(|style| style != Style::Plain) {
            send(&SetAttribute(Attribute::Reset), out);
        }
    }

    /// What is to be seen, without styles.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for row in 0..self.height {
            let line: String = self.row(row).iter().filter_map(|cell| cell.character).collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Writing to a String cannot fail.
pub(super) fn send(command: &impl Command, out: &mut String) {
    let _ = command.write_ansi(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    const VT100: Look = Look { unicode: false, modern: false };
    const XTERM: Look = Look { unicode: true, modern: true };

    #[test]
    fn only_what_changed_is_sent() {
        let mut before = Screen::new(20, 3);
        before.put(0, 1, "executed in 5s.", Style::Plain);
        let mut after = Screen::new(20, 3);
        after.put(0, 1, "executed in 4s.", Style::Plain);
        assert_eq!(after.sequences(Some(&before), VT100), "\x1b[2;13H\x1b[0m4\x1b[1;1H");
        assert_eq!(after.sequences(Some(&after), VT100), "\x1b[1;1H");
    }

    #[test]
    fn another_size_begins_anew() {
        let screen = Screen::new(4, 2);
        assert_eq!(screen.sequences(Some(&Screen::new(5, 2)), VT100), "\x1b[0m\x1b[2J\x1b[1;1H");
        assert_eq!(screen.sequences(None, XTERM), "\x1b[0m\x1b[2J\x1b[?25l\x1b[1;1H");
    }

    #[test]
    fn the_last_cell_is_never_written() {
        let mut screen = Screen::new(3, 2);
        screen.put(0, 0, "abc", Style::Plain);
        screen.put(0, 1, "def", Style::Plain);
        assert_eq!(screen.text(), "abc\nde\n");
        assert!(!screen.sequences(None, VT100).contains('f'));
    }

    #[test]
    fn half_a_character_is_never_sent() {
        let (mut before, mut after) = (Screen::new(10, 1), Screen::new(10, 1));
        before.put(0, 0, "世a", Style::Plain);
        after.put(0, 0, "世b", Style::Plain);
        assert_eq!(after.sequences(Some(&before), XTERM), "\x1b[1;3H\x1b[0mb\x1b[1;1H");
        after.put(0, 0, "x界", Style::Plain);
        assert_eq!(after.sequences(Some(&before), XTERM), "\x1b[1;1H\x1b[0mx界\x1b[1;1H");
        // No room for its second half.
        assert_eq!(after.put(9, 0, "世", Style::Plain), 9);
    }

    #[test]
    fn drawing_outside_does_nothing() {
        let mut screen = Screen::new(2, 2);
        screen.put(5, 5, "x", Style::Plain);
        screen.put(1, 0, "xyz", Style::Plain);
        screen.fill(1, 1, 9, Style::Highlight);
        screen.frame((0, 0), (0, 0), VT100);
        screen.frame((1, 1), (9, 9), VT100);
        screen.show_cursor(9, 9);
        let empty = Screen::new(0, 0);
        assert!(empty.sequences(None, VT100).ends_with('H'));
    }
}
