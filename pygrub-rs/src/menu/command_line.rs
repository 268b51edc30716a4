//! The command line: GRUB's language, carried out in the worker.

use super::keys::Key;
use super::line::{Cut, Line};
use super::look::Style;
use super::rights::Deed;
use super::terminal::{Event, Interruption};
use super::{Menu, Picked, Step, heading, put_help, text};
use fsimage::Completions;
use fsimage::protocol::{CommandEnd, MAX_LINE};

const PROMPT: &str = "grub> ";
/// Lines of output that can be scrolled back to.
const MAX_TRANSCRIPT: usize = 5000;
/// Lines of history.
const MAX_HISTORY: usize = 200;

/// What was typed and printed.
#[derive(Debug, Default)]
struct Transcript {
    lines: Vec<String>,
    /// Lines scrolled back.
    back: usize,
}

impl Transcript {
    fn push(&mut self, line: String) {
        self.back = 0;
        self.lines.push(line);
        let excess = self.lines.len().saturating_sub(MAX_TRANSCRIPT);
        self.lines.drain(..excess);
    }
}

impl<T> Menu<'_, T> {
    pub(super) fn command_line(&mut self) -> Step<Option<T>> {
        if !self.may(Deed::Anything)? {
            return Ok(None);
        }
        let mut transcript = Transcript::default();
        let (mut line, mut cut) = (Line::default(), Cut::default());
        // The line of history that is shown; behind the last one is what is being typed.
        let mut place = self.history.len();
        let mut typed = Vec::new();
        loop {
            self.draw_command_line(&mut transcript, &line)?;
            let Event::Key(key) = self.terminal.wait(None)? else { continue };
            match key {
                Key::Escape => return Ok(None),
                Key::Ctrl('c') => line = Line::default(),
                Key::Ctrl('l') => {
                    transcript = Transcript::default();
                    self.terminal.forget();
                }
                Key::PageUp => {
                    transcript.back = transcript.back.saturating_add(10).min(transcript.lines.len())
                }
                Key::PageDown => transcript.back = transcript.back.saturating_sub(10),
                Key::Up | Key::Ctrl('p') | Key::Down | Key::Ctrl('n') => {
                    if place == self.history.len() {
                        typed = line.bytes();
                    }
                    let up = matches!(key, Key::Up | Key::Ctrl('p'));
                    place = match up {
                        true => place.saturating_sub(1),
                        false => place.saturating_add(1).min(self.history.len()),
                    };
                    line = Line::new(self.history.get(place).unwrap_or(&typed));
                }
                Key::Tab => self.complete(&mut transcript, &mut line)?,
                Key::Enter => {
                    let bytes = line.bytes();
                    line = Line::default();
                    let shown = text::lines(&bytes, self.terminal.look()).join(" ");
                    transcript.push(format!("{PROMPT}{shown}"));
                    if bytes.trim_ascii().is_empty() {
                        continue;
                    }
                    if self.history.last() != Some(&bytes) {
                        self.history.push(bytes.clone());
                        let excess = self.history.len().saturating_sub(MAX_HISTORY);
                        self.history.drain(..excess);
                    }
                    place = self.history.len();
                    match self.carry_out(bytes, &mut transcript)? {
                        CommandEnd::Waits {} => {}
                        CommandEnd::Leaves {} => return Ok(None),
                        CommandEnd::Opens { menu } => return Err(Interruption::Opens(menu)),
                        CommandEnd::Boots { entry } => {
                            if let Some(chosen) =
                                self.deliver(Picked { entry: *entry, arguments: None }, true)?
                            {
                                return Ok(Some(chosen));
                            }
                        }
                    }
                }
                Key::Char(_) if line.bytes().len() >= MAX_LINE.saturating_sub(8) => {}
                key => {
                    transcript.back = 0;
                    line.key(key, &mut cut);
                }
            }
        }
    }

    /// Carries out one line more. What ends it, or goes wrong with the worker's answer, is not remembered.
    fn carry_out(&mut self, line: Vec<u8>, transcript: &mut Transcript) -> Step<CommandEnd> {
        self.session_lines.push(line);
        let printed = match self.session.command_line(&self.session_lines) {
            Ok(printed) => printed,
            Err(why) if why.ends_session() => return Err(why.into()),
            Err(why) => {
                self.session_lines.pop();
                transcript.push(format!("error: {why}."));
                return Ok(CommandEnd::Waits {});
            }
        };
        if !matches!(printed.end, CommandEnd::Waits {}) {
            self.session_lines.pop();
        }
        if !printed.output.is_empty() {
            for line in text::lines(&printed.output, self.terminal.look()) {
                transcript.push(line);
            }
        }
        Ok(printed.end)
    }

    pub(super) fn completions(&mut self, lines: &[Vec<u8>], line: &[u8]) -> Step<Option<Completions>> {
        match self.session.complete(lines, line) {
            Ok(found) if found.candidates.is_empty() => Ok(None),
            Ok(found) => Ok(Some(found)),
            Err(why) if why.ends_session() => Err(why.into()),
            Err(_) => Ok(None),
        }
    }

    fn complete(&mut self, transcript: &mut Transcript, line: &mut Line) -> Step<()> {
        let lines = self.session_lines.clone();
        let before = line.halves().0;
        let Some(found) = self.completions(&lines, &before)? else { return Ok(()) };
        if found.candidates.len() > 1 {
            let look = self.terminal.look();
            let shown = text::lines(&line.bytes(), look).join(" ");
            transcript.push(format!("{PROMPT}{shown}"));
            let names: Vec<String> = found.candidates.iter().map(|name| text::shown(name, look)).collect();
            for line in text::wrapped(&names.join("  "), self.terminal.size().0.saturating_sub(2)) {
                transcript.push(line);
            }
        }
        line.replace_before(found.replaces, &found.common);
        Ok(())
    }

    /// In the editor: the candidates, until a key is pressed.
    pub(super) fn list_completions(&mut self, candidates: &[Vec<u8>]) -> Step<()> {
        let look = self.terminal.look();
        let names: Vec<String> = candidates.iter().map(|name| text::shown(name, look)).collect();
        self.message(Style::Plain, &format!("Possible completions:\n\n{}", names.join("  ")))
    }

    fn draw_command_line(&mut self, transcript: &mut Transcript, line: &Line) -> Step<()> {
        let look = self.terminal.look();
        let mut screen = self.terminal.screen();
        heading(&mut screen, "", look);
        let help = "Minimal BASH-like line editing is supported. For the first word, TAB lists possible command \
                    completions. Anywhere else TAB lists possible device or file completions. ESC at any time exits.";
        let top = if screen.height() >= 12 { put_help(&mut screen, 2, help) } else { 1 };
        let width = screen.width().saturating_sub(1);
        let room = usize::from(screen.height().saturating_sub(top).saturating_sub(1));
        let mut lines: Vec<String> = Vec::new();
        for line in transcript.lines.iter().rev() {
            if lines.len() > room.saturating_add(transcript.back) {
                break;
            }
            lines.extend(text::wrapped_exactly(line, width).into_iter().rev());
        }
        transcript.back = transcript.back.min(lines.len().saturating_sub(room));
        let mut row = top;
        let shown: Vec<&String> = lines.iter().skip(transcript.back).take(room).collect();
        for text in shown.into_iter().rev() {
            screen.put(0, row, text, Style::Plain);
            row = row.saturating_add(1);
        }
        let at = screen.put(0, row, PROMPT, Style::Plain);
        let cursor = line.draw(&mut screen, (at, row), width.saturating_sub(at), look, true);
        screen.show_cursor(cursor, row);
        self.terminal.show(screen)
    }
}
