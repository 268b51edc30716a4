//! Names and passwords, typed.

use super::keys::Key;
use super::line::{Cut, Line};
use super::look::Style;
use super::terminal::Event;
use super::{Menu, Step, heading};

/// Nobody types a longer one; hashing takes longer the longer it is.
const LONGEST: usize = 256;

impl<T> Menu<'_, T> {
    /// A user's name and password; none where Escape was pressed.
    pub(super) fn ask_user(&mut self) -> Step<Option<(Vec<u8>, Vec<u8>)>> {
        let Some(user) = self.ask("Enter username:", None)? else { return Ok(None) };
        let password = self.ask("Enter password:", Some(&user))?;
        Ok(password.map(|password| (user, password)))
    }

    /// A password.
    pub(super) fn ask_password(&mut self) -> Step<Option<Vec<u8>>> {
        self.ask("Enter password:", Some(b""))
    }

    /// One line; behind a `user` it is a password, and nothing of it is seen, not even its length.
    fn ask(&mut self, what: &str, user: Option<&[u8]>) -> Step<Option<Vec<u8>>> {
        let mut line = Line::default();
        let mut cut = Cut::default();
        loop {
            let mut screen = self.terminal.screen();
            let look = self.terminal.look();
            heading(&mut screen, "", look);
            let mut row = 3;
            if let Some(user) = user.filter(|user| !user.is_empty()) {
                let at = screen.put(2, row, "Enter username: ", Style::Plain);
                screen.put(at, row, &super::text::shown(user, look), Style::Plain);
                row = 4;
            }
            let at = screen.put(2, row, what, Style::Plain).saturating_add(1);
            let width = screen.width().saturating_sub(at).saturating_sub(1);
            let cursor = match user {
                None => line.draw(&mut screen, (at, row), width, look, true),
                Some(_) => at,
            };
            screen.show_cursor(cursor, row);
            screen.put(2, row.saturating_add(2), "ESC goes back to the menu.", Style::Help);
            self.terminal.show(screen)?;
            match self.terminal.wait(None)? {
                Event::Key(Key::Enter) => return Ok(Some(line.bytes())),
                Event::Key(Key::Escape | Key::Ctrl('c')) => return Ok(None),
                Event::Key(Key::Ctrl('l')) => self.terminal.forget(),
                Event::Key(Key::Char(_)) if line.len() >= LONGEST => {}
                Event::Key(key) => {
                    line.key(key, &mut cut);
                }
                _ => {}
            }
        }
    }
}
