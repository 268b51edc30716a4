//! The full-screen editor of an entry's commands.

use super::keys::Key;
use super::line::{Cut, Line};
use super::look::Look;
use super::screen::Screen;

/// Lines being edited; there is always one.
#[derive(Debug, Clone)]
pub(crate) struct Editor {
    lines: Vec<Line>,
    row: usize,
    /// The first line that is seen.
    top: usize,
    /// The place that Up and Down keep, through shorter lines too.
    goal: Option<usize>,
    cut: Cut,
    max_bytes: usize,
}

impl Editor {
    /// Of this text, which may grow to so many bytes.
    pub(crate) fn new(text: &[u8], max_bytes: usize) -> Self {
        let mut lines: Vec<Line> = text.split(|&byte| byte == b'\n').map(Line::new).collect();
        for line in &mut lines {
            line.move_to(0);
        }
        Self { lines, row: 0, top: 0, goal: None, cut: Cut::default(), max_bytes }
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        let lines: Vec<Vec<u8>> = self.lines.iter().map(Line::bytes).collect();
        lines.join(&b'\n')
    }

    /// The lines before the one with the cursor, and that one up to the cursor.
    pub(crate) fn before_cursor(&self) -> (Vec<Vec<u8>>, Vec<u8>) {
        let before = self.lines.get(..self.row).unwrap_or_default();
        let line = self.lines.get(self.row).map(|line| line.halves().0).unwrap_or_default();
        (before.iter().map(Line::bytes).collect(), line)
    }

    /// Replaces the last so many bytes before the cursor.
    pub(crate) fn replace_before_cursor(&mut self, count: usize, bytes: &[u8]) {
        if let Some(line) = self.lines.get_mut(self.row) {
            line.replace_before(count, bytes);
        }
    }

    /// Does what the key says; false where it says nothing to an editor, or where the text would become too long.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        let before = (self.lines.clone(), self.row);
        let known = self.changed_by(key);
        if self.text().len() > self.max_bytes {
            (self.lines, self.row) = before;
            return false;
        }
        known
    }

    fn changed_by(&mut self, key: Key) -> bool {
        if !matches!(
            key,
            Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Ctrl('p' | 'n' | 'g' | 'v')
        ) {
            self.goal = None;
        }
        let cuts = matches!(key, Key::Ctrl('k'));
        match key {
            Key::Up | Key::Ctrl('p') => self.go_to(self.row.saturating_sub(1)),
            Key::Down | Key::Ctrl('n') => self.go_to(self.row.saturating_add(1)),
            Key::PageUp | Key::Ctrl('g') => self.go_to(self.row.saturating_sub(PAGE)),
            Key::PageDown | Key::Ctrl('v') => self.go_to(self.row.saturating_add(PAGE)),
            Key::Enter => self.break_line(),
            Key::Ctrl('o') => {
                self.break_line();
                self.join_place();
            }
            Key::Backspace if self.at_start() => self.join_previous(),
            Key::Delete | Key::Ctrl('d') if self.at_end() => self.join_next(),
            Key::Ctrl('k') if self.at_end() && self.row.saturating_add(1) < self.lines.len() => {
                self.cut.keep(b"\n", false);
                self.join_next();
            }
            Key::Left | Key::Ctrl('b') if self.at_start() => {
                if self.row > 0 {
                    self.row = self.row.saturating_sub(1);
                    self.with_line(|line| line.move_to(usize::MAX));
                }
            }
            Key::Right | Key::Ctrl('f') if self.at_end() => {
                if self.row.saturating_add(1) < self.lines.len() {
                    self.row = self.row.saturating_add(1);
                    self.with_line(|line| line.move_to(0));
                }
            }
            Key::Ctrl('y') => {
                let bytes = std::mem::take(&mut self.cut.bytes);
                self.insert(&bytes);
                self.cut.bytes = bytes;
            }
            key => {
                let Some(line) = self.lines.get_mut(self.row) else { return false };
                return line.key(key, &mut self.cut);
            }
        }
        self.cut.goes_on &= cuts;
        true
    }

    fn with_line<T: Default>(&mut self, change: impl FnOnce(&mut Line) -> T) -> T {
        self.lines.get_mut(self.row).map(change).unwrap_or_default()
    }

    fn at_start(&self) -> bool {
        self.lines.get(self.row).is_none_or(|line| line.cursor() == 0)
    }

    fn at_end(&self) -> bool {
        self.lines.get(self.row).is_none_or(|line| line.cursor() == line.len())
    }

    /// The same place in another line, as far as there is one.
    fn go_to(&mut self, row: usize) {
        let here = self.lines.get(self.row).map_or(0, Line::cursor);
        let place = *self.goal.get_or_insert(here);
        self.row = row.min(self.lines.len().saturating_sub(1));
        self.with_line(|line| line.move_to(place));
    }

    fn break_line(&mut self) {
        let behind = self.with_line(Line::split_off);
        let mut line = Line::new(&behind);
        line.move_to(0);
        self.row = self.row.saturating_add(1);
        self.lines.insert(self.row.min(self.lines.len()), line);
    }

    /// Back to where the line was broken.
    fn join_place(&mut self) {
        self.row = self.row.saturating_sub(1);
        self.with_line(|line| line.move_to(usize::MAX));
    }

    fn join_previous(&mut self) {
        if self.row > 0 {
            self.join_place();
            self.join_next();
        }
    }

    /// The next line goes on where this one ends; the place stays.
    fn join_next(&mut self) {
        let next = self.row.saturating_add(1);
        if next < self.lines.len() {
            let bytes = self.lines.remove(next).bytes();
            self.with_line(|line| {
                let place = line.len();
                line.move_to(place);
                line.insert(&bytes);
                line.move_to(place);
            });
        }
    }

    fn insert(&mut self, bytes: &[u8]) {
        for (index, part) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if index > 0 {
                self.break_line();
            }
            self.with_line(|line| line.insert(part));
        }
    }

    /// Draws as many lines as there is room for, the one with the cursor among them.
    pub(crate) fn draw(
        &mut self,
        screen: &mut Screen,
        (column, row): (u16, u16),
        (width, height): (u16, u16),
        look: Look,
    ) -> Scroll {
        let height = usize::from(height.max(1));
        self.top = self.top.min(self.row).max(self.row.saturating_add(1).saturating_sub(height));
        for ((index, line), at) in self.lines.iter().enumerate().skip(self.top).take(height).zip(row..) {
            let is_current = index == self.row;
            let cursor = line.draw(screen, (column, at), width, look, is_current);
            if is_current {
                screen.show_cursor(cursor, at);
            }
        }
        Scroll { above: self.top > 0, below: self.top.saturating_add(height) < self.lines.len() }
    }
}

/// Lines that PgUp and PgDn go.
const PAGE: usize = 10;

/// Where there is more than can be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scroll {
    pub(crate) above: bool,
    pub(crate) below: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use Key::{Backspace, Char, Ctrl, Delete, Down, End, Enter, Home, Left, PageDown, PageUp, Right, Up};

    const VT100: Look = Look { unicode: false, modern: false };

    fn typed(text: &str, keys: &[Key]) -> Editor {
        let mut editor = Editor::new(text.as_bytes(), 1000);
        for key in keys {
            assert!(editor.key(*key), "{key:?}");
        }
        editor
    }

    #[test]
    fn keys_across_lines() {
        for (keys, expected) in [
            (&[Char('x')][..], "xone\ntwo\n\nthree"),
            (&[End, Enter, Char('x')], "one\nx\ntwo\n\nthree"),
            (&[Right, Ctrl('o'), Char('x')], "ox\nne\ntwo\n\nthree"),
            (&[Down, Backspace], "onetwo\n\nthree"),
            (&[Down, Backspace, Char('x')], "onextwo\n\nthree"),
            (&[End, Delete], "onetwo\n\nthree"),
            (&[Ctrl('n'), Ctrl('n'), Ctrl('d')], "one\ntwo\nthree"),
            (&[Ctrl('k'), Ctrl('k'), Ctrl('k')], "\n\nthree"),
            (&[Ctrl('k'), Ctrl('k'), Ctrl('k'), Down, Down, End, Ctrl('y')], "\n\nthreeone\ntwo"),
            (&[PageDown, End, Char('x'), PageUp, Home, Char('y')], "yone\ntwo\n\nthreex"),
            (&[Left, Char('x')], "xone\ntwo\n\nthree"),
            (&[End, Right, Char('x')], "one\nxtwo\n\nthree"),
            (&[Down, Left, Char('x')], "onex\ntwo\n\nthree"),
            (&[End, Down, Down, Down, Char('x'), Up, Up, Char('y')], "one\ntwoy\n\nthrxee"),
        ] {
            assert_eq!(
                String::from_utf8(typed("one\ntwo\n\nthree", keys).text()).unwrap(),
                expected,
                "{keys:?}"
            );
        }
    }

    #[test]
    fn what_would_be_too_long_is_not_taken() {
        let mut editor = Editor::new(b"12345678", 9);
        assert!(editor.key(Char('9')));
        assert!(!editor.key(Char('x')));
        assert!(!editor.key(Char('ä')));
        assert!(!editor.key(Enter));
        assert_eq!(editor.text(), b"912345678");
        assert!(!editor.key(Key::Escape));
    }

    #[test]
    fn the_cursor_is_always_seen() {
        let text: Vec<String> = (0..30).map(|number| number.to_string()).collect();
        let mut editor = Editor::new(text.join("\n").as_bytes(), 1000);
        for (keys, first, scroll) in [
            (vec![], "0", Scroll { above: false, below: true }),
            (vec![Down; 5], "1", Scroll { above: true, below: true }),
            (vec![PageDown; 9], "25", Scroll { above: true, below: false }),
            (vec![Up], "25", Scroll { above: true, below: false }),
            (vec![PageUp; 9], "0", Scroll { above: false, below: true }),
        ] {
            for key in keys {
                editor.key(key);
            }
            let mut screen = Screen::new(10, 6);
            assert_eq!(editor.draw(&mut screen, (0, 0), (9, 5), VT100), scroll);
            assert_eq!(screen.text().lines().next(), Some(first));
        }
    }
}
