//! The menu: GRUB's, on a terminal.
//!
//! This is the trusted side: it draws, and never parses guest text. Titles, commands and output are shown piece by piece
//! ([`text`]), edited commands go back to the worker, passwords come typed and are compared here ([`rights`]).

mod command_line;
mod editor;
mod keys;
mod line;
mod list;
mod login;
mod look;
mod rights;
mod screen;
mod secrets;
mod start;
mod terminal;
mod text;
mod tree;

pub(crate) use terminal::is_there;

use crate::exit::{Failure, Result};
use editor::Editor;
use fsimage::protocol::{Bytes, EntryReport, Hotkey, MAX_SOURCE, MenuReport};
use fsimage::{Session, escape};
use keys::Key;
use line::{Cut, Line};
use list::{List, Wish};
use look::Style;
use rights::{Deed, Lock, Rights, Verdict};
use screen::Screen;
use start::Start;
use std::time::{Duration, Instant};
use terminal::{Event, Interruption, Terminal};
use tree::{Item, Tree};

/// What is to be booted.
#[derive(Debug, Clone)]
pub(crate) struct Picked {
    pub(crate) entry: EntryReport,
    /// All of the kernel's arguments, as a person wrote them; none where they are the entry's own.
    pub(crate) arguments: Option<Vec<u8>>,
}

/// How the menu begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// `--timeout`, instead of the configuration's: the menu is shown meanwhile.
    pub(crate) timeout: Option<Timeout>,
}

/// Seconds until the default entry boots by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeout {
    Never,
    Seconds(u32),
}

/// What has to be known of an entry to list it; the rest is asked for when it is chosen.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) title: Vec<u8>,
    pub(crate) lock: Lock,
    pub(crate) hotkey: Option<Hotkey>,
}

type Step<T> = std::result::Result<T, Interruption>;

/// Lets a person choose. `arguments` makes of an entry's arguments those that the kernel would get, and `prepare` of the choice
/// what is delivered; a choice that cannot be delivered is told, and another can be made. Unless nobody is there: then it ends the program.
pub(crate) fn choose<T>(
    session: &mut Session,
    menu: &MenuReport,
    settings: Settings,
    arguments: impl Fn(&[u8]) -> Vec<u8>,
    mut prepare: impl FnMut(&mut Session, Picked) -> Result<T>,
) -> Result<T> {
    let mut terminal = Terminal::standard()?;
    let mut report = menu.clone();
    loop {
        let (ended, interruption) =
            match choose_from(session, terminal, &report, settings, &arguments, &mut prepare)? {
                Ok(chosen) => return Ok(chosen),
                Err(end) => end,
            };
        match interruption {
            Interruption::Opens(other) => {
                report = *other;
                terminal = ended;
            }
            interruption => return Err(ended.end(interruption)),
        }
    }
}

/// One menu: what was chosen there, or why it ended, with the terminal it was on.
fn choose_from<T>(
    session: &mut Session,
    terminal: Terminal,
    menu: &MenuReport,
    settings: Settings,
    arguments: &dyn Fn(&[u8]) -> Vec<u8>,
    prepare: &mut dyn FnMut(&mut Session, Picked) -> Result<T>,
) -> Result<std::result::Result<T, (Terminal, Interruption)>> {
    let mut summaries = Vec::new();
    let mut parents = Vec::new();
    for index in 0..menu.entries {
        let entry = session.menu_entry(index)?;
        let users = entry.users.0.into_iter().map(|user| user.0).collect();
        let lock = Lock { restricted: entry.restricted, users, password: entry.password };
        summaries.push(Summary { title: entry.title.0, lock, hotkey: entry.hotkey });
        parents.push((entry.parents.0, entry.submenus.0));
    }
    let tree = Tree::new(parents.iter().map(|(titles, submenus)| {
        let numbered = submenus.iter().map(Some).chain(std::iter::repeat(None));
        titles.iter().map(|title| title.0.as_slice()).zip(numbered).collect()
    }));
    let any_lock = summaries.iter().any(|entry| entry.lock.restricted || entry.lock.password.is_some());
    let default = menu.default.and_then(|default| usize::try_from(default).ok()).unwrap_or(0);
    let mut menu = Menu {
        session,
        terminal,
        tree: &tree,
        summaries: &summaries,
        hotkeys_boot: menu.hotkeys_boot,
        rights: Rights::new(menu.security.clone(), any_lock),
        start: Start::new(menu, settings),
        default,
        arguments,
        prepare,
        session_lines: Vec::new(),
        history: Vec::new(),
        failures: 0,
    };
    match menu.run() {
        Ok(chosen) => Ok(Ok(chosen)),
        Err(interruption) => Ok(Err((menu.terminal, interruption))),
    }
}

struct Menu<'a, T> {
    session: &'a mut Session,
    terminal: Terminal,
    tree: &'a Tree,
    summaries: &'a [Summary],
    hotkeys_boot: bool,
    rights: Rights,
    start: Start,
    default: usize,
    arguments: &'a dyn Fn(&[u8]) -> Vec<u8>,
    prepare: &'a mut dyn FnMut(&mut Session, Picked) -> Result<T>,
    /// What was typed at the command line so far: GRUB remembers what it did.
    session_lines: Vec<Vec<u8>>,
    history: Vec<Vec<u8>>,
    /// Wrong passwords so far.
    failures: u32,
}

impl<T> Menu<'_, T> {
    fn run(&mut self) -> Step<T> {
        let mut list = List::new(self.tree, self.default);
        if let Some(chosen) = self.begin(&mut list)? {
            return Ok(chosen);
        }
        loop {
            let now = Instant::now();
            let left = self.start.seconds_left(now);
            let mut screen = self.terminal.screen();
            list.draw(
                &mut screen,
                self.tree,
                self.summaries,
                left,
                self.rights.can_unlock(),
                self.terminal.look(),
            );
            self.terminal.show(screen)?;
            let event = self.terminal.wait(self.start.next_change(now))?;
            let key = match event {
                Event::Redraw => continue,
                Event::Timeout if self.start.is_over(Instant::now()) => {
                    self.start.stop();
                    if let Some(chosen) = self.boot(self.default, false)? {
                        return Ok(chosen);
                    }
                    continue;
                }
                Event::Timeout => continue,
                Event::Key(key) => key,
            };
            self.start.stop();
            if let Some(chosen) = self.key(key, &mut list)? {
                return Ok(chosen);
            }
        }
    }

    /// What comes before the menu is seen: nothing, seconds, or the default entry at once.
    fn begin(&mut self, list: &mut List) -> Step<Option<T>> {
        while !self.start.is_menu_shown() {
            let now = Instant::now();
            if self.start.is_over(now) {
                // A key that was pressed already counts.
                match self.terminal.wait(Some(now))? {
                    Event::Key(key) if self.hidden_key(key, list)? => {}
                    Event::Key(_) => continue,
                    _ => {
                        let chosen = self.boot(self.default, false)?;
                        self.start.show_menu();
                        return Ok(chosen);
                    }
                }
            } else {
                let mut screen = self.terminal.screen();
                self.start.draw(&mut screen, &self.title(self.default), now);
                self.terminal.show(screen)?;
                if let Event::Key(key) = self.terminal.wait(self.start.next_change(now))? {
                    self.hidden_key(key, list)?;
                }
            }
            if let Some(index) = self.start.take_hotkey() {
                return self.boot(index, true);
            }
        }
        Ok(None)
    }

    /// Escape or F4 shows the menu, an entry's key boots it; others mean nothing yet.
    fn hidden_key(&mut self, key: Key, list: &mut List) -> Step<bool> {
        match key {
            Key::Escape | Key::Function(4) => self.start.show_menu(),
            Key::Ctrl('c') => return Err(Interruption::Left),
            key => match self.by_hotkey(key).filter(|_| self.hotkeys_boot) {
                Some(index) => {
                    list.go_to(self.tree, index);
                    self.start.show_menu();
                    self.start.keep_hotkey(index);
                }
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    fn by_hotkey(&self, key: Key) -> Option<usize> {
        self.summaries
            .iter()
            .position(|entry| entry.hotkey.as_ref().is_some_and(|hotkey| is_key(hotkey, key)))
    }

    fn title(&self, index: usize) -> String {
        let title = self.summaries.get(index).map(|entry| entry.title.as_slice()).unwrap_or_default();
        text::shown(title, self.terminal.look())
    }

    fn key(&mut self, key: Key, list: &mut List) -> Step<Option<T>> {
        let selected = list.selected(self.tree);
        match list.key(key, self.tree) {
            Wish::Nothing => {}
            Wish::Redraw => self.terminal.forget(),
            Wish::Leave => return Err(Interruption::Left),
            Wish::Boot(index) => return self.boot(index, true),
            Wish::CommandLine => return self.command_line(),
            Wish::Edit => {
                if let Some(Item::Entry(index)) = selected {
                    return self.edit(index);
                }
            }
            // Our own keys give way to the guest's.
            Wish::Other => match (self.by_hotkey(key), key, selected) {
                (Some(index), ..) => {
                    list.go_to(self.tree, index);
                    if self.hotkeys_boot {
                        return self.boot(index, true);
                    }
                }
                (None, ..) if let Some(submenu) = self.tree.by_hotkey(|hotkey| is_key(hotkey, key)) => {
                    list.enter(submenu);
                }
                (None, Key::Char('a'), Some(Item::Entry(index))) => return self.append(index),
                (None, Key::Char('p'), _) if self.rights.can_unlock() => {
                    self.may(Deed::Anything)?;
                }
                _ => {}
            },
        }
        Ok(None)
    }

    fn lock(&self, index: usize) -> Lock {
        let lock = self.summaries.get(index).map(|entry| entry.lock.clone());
        lock.unwrap_or(Lock { restricted: true, users: Vec::new(), password: None })
    }

    /// Whether a deed may be done, after whatever has to be shown for it.
    fn may(&mut self, deed: Deed<'_>) -> Step<bool> {
        let granted = match self.rights.verdict(deed) {
            Verdict::Granted => return Ok(true),
            Verdict::Never => {
                self.message(Style::Error, "This is locked, and no password would open it.")?;
                return Ok(false);
            }
            Verdict::AskUser => {
                let Some((user, password)) = self.ask_user()? else { return Ok(false) };
                self.rights.log_in(&user, &password)
            }
            Verdict::AskPassword => {
                let Some(password) = self.ask_password()? else { return Ok(false) };
                let entry = match deed {
                    Deed::Boot(index, lock) | Deed::Edit(index, lock) => Some((index, lock)),
                    Deed::Anything => None,
                };
                self.rights.open(entry, &password)
            }
        };
        match granted {
            Ok(_) if self.rights.verdict(deed) == Verdict::Granted => Ok(true),
            Ok(_) => {
                self.punish()?;
                self.message(Style::Error, "Access denied.")?;
                Ok(false)
            }
            Err(why) => {
                self.message(Style::Error, &format!("{why}."))?;
                Ok(false)
            }
        }
    }

    /// Boots an entry as it is.
    fn boot(&mut self, index: usize, by_person: bool) -> Step<Option<T>> {
        let lock = self.lock(index);
        if !self.may(Deed::Boot(index, &lock))? {
            return Ok(None);
        }
        let entry = self.session.menu_entry(number(index))?;
        self.deliver(Picked { entry, arguments: None }, by_person)
    }

    /// What cannot be booted is told to whoever is there, and ends the program where nobody is.
    fn deliver(&mut self, picked: Picked, by_person: bool) -> Step<Option<T>> {
        match (self.prepare)(self.session, picked) {
            Ok(chosen) => Ok(Some(chosen)),
            Err(Failure::Fsimage(why)) if why.ends_session() => Err(Failure::Fsimage(why).into()),
            Err(why) if !by_person => Err(why.into()),
            Err(why) => {
                // Warnings may have been said over it.
                self.terminal.forget();
                self.message(Style::Error, &format!("error: {why}"))?;
                Ok(None)
            }
        }
    }

    /// `a`: the kernel's arguments on one line, as legacy GRUB has it.
    fn append(&mut self, index: usize) -> Step<Option<T>> {
        let lock = self.lock(index);
        if !self.may(Deed::Edit(index, &lock))? {
            return Ok(None);
        }
        let entry = self.session.menu_entry(number(index))?;
        let text = (self.arguments)(&entry.arguments.0);
        let mut line = Line::new(&text);
        let mut cut = Cut::default();
        loop {
            let mut screen = self.terminal.screen();
            let look = self.terminal.look();
            heading(&mut screen, &text::shown(&entry.title.0, look), look);
            let help = "Minimal Emacs-like line editing is supported. ENTER boots with these kernel arguments, ESC goes back.";
            let row = put_help(&mut screen, 3, help);
            screen.put(0, row, "kernel arguments: ", Style::Plain);
            let width = screen.width().saturating_sub(2);
            let cursor = line.draw(&mut screen, (1, row.saturating_add(2)), width, look, true);
            screen.show_cursor(cursor, row.saturating_add(2));
            self.terminal.show(screen)?;
            match self.terminal.wait(None)? {
                Event::Key(Key::Enter) => {
                    let arguments = Some(line.bytes());
                    if let Some(chosen) = self.deliver(Picked { entry: entry.clone(), arguments }, true)? {
                        return Ok(Some(chosen));
                    }
                }
                Event::Key(Key::Escape | Key::Ctrl('c')) => return Ok(None),
                Event::Key(Key::Ctrl('l')) => self.terminal.forget(),
                Event::Key(key) => {
                    line.key(key, &mut cut);
                }
                _ => {}
            }
        }
    }

    /// `e`: the entry's commands, all of the screen.
    fn edit(&mut self, index: usize) -> Step<Option<T>> {
        let lock = self.lock(index);
        if !self.may(Deed::Edit(index, &lock))? {
            return Ok(None);
        }
        let source = match self.session.entry_source(number(index)) {
            Ok(Some(source)) => source,
            // Only its arguments can be edited.
            Ok(None) => return self.append(index),
            Err(why) if why.ends_session() => return Err(why.into()),
            Err(why) => {
                self.message(Style::Error, &format!("error: {why}"))?;
                return Ok(None);
            }
        };
        let original = self.session.menu_entry(number(index))?;
        let mut editor = Editor::new(&source, MAX_SOURCE);
        let title = self.title(index);
        loop {
            let mut screen = self.terminal.screen();
            draw_editor(&mut screen, &mut editor, &title, self.terminal.look());
            self.terminal.show(screen)?;
            let Event::Key(key) = self.terminal.wait(None)? else { continue };
            match key {
                Key::Escape => return Ok(None),
                Key::Ctrl('l') => self.terminal.forget(),
                Key::Ctrl('c') | Key::Function(2) => {
                    if let Some(chosen) = self.command_line()? {
                        return Ok(Some(chosen));
                    }
                }
                Key::Ctrl('x') | Key::Function(10) => {
                    match self.session.evaluate(number(index), &editor.text()) {
                        Ok(entry) => match new_problems(&original, &entry) {
                            // As with any other text that does not mean what was meant: it can be mended, and is not lost.
                            Some(problems) => self.message(Style::Error, &format!("error: {problems}"))?,
                            None => {
                                if let Some(chosen) = self.deliver(Picked { entry, arguments: None }, true)? {
                                    return Ok(Some(chosen));
                                }
                            }
                        },
                        Err(why) if why.ends_session() => return Err(why.into()),
                        Err(why) => self.message(Style::Error, &format!("error: {why}"))?,
                    }
                }
                Key::Tab => {
                    let (lines, line) = editor.before_cursor();
                    let leading = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let line = line.get(leading..).unwrap_or_default();
                    if let Some(found) = self.completions(&lines, line)? {
                        editor.replace_before_cursor(found.replaces, &found.common);
                        if found.candidates.len() > 1 {
                            self.list_completions(&found.candidates)?;
                        }
                    }
                }
                key => {
                    editor.key(key);
                }
            }
        }
    }

    /// Says something, and waits for a key.
    fn message(&mut self, style: Style, what: &str) -> Step<()> {
        loop {
            let mut screen = self.terminal.screen();
            heading(&mut screen, "", self.terminal.look());
            let width = screen.width().saturating_sub(4);
            let mut row = 3;
            for line in text::wrapped(what, width) {
                screen.put(2, row, &line, style);
                row = row.saturating_add(1);
            }
            screen.put(2, row.saturating_add(1), "Press any key to continue...", Style::Help);
            screen.park_cursor(2, row.saturating_add(2));
            self.terminal.show(screen)?;
            if let Event::Key(_) = self.terminal.wait(None)? {
                return Ok(());
            }
        }
    }

    /// After a wrong password it takes longer and longer, as in GRUB.
    fn punish(&mut self) -> Step<()> {
        self.failures = self.failures.saturating_add(1);
        let seconds = 1_u64.checked_shl(self.failures.saturating_sub(1)).unwrap_or(LONGEST_PUNISHMENT);
        let end = terminal::after(Duration::from_secs(seconds.min(LONGEST_PUNISHMENT)));
        while Instant::now() < end {
            // Keys meanwhile are lost.
            self.terminal.wait(Some(end))?;
        }
        Ok(())
    }
}

const LONGEST_PUNISHMENT: u64 = 16;

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// What stands against an edited entry and did not stand against it before.
fn new_problems(original: &EntryReport, edited: &EntryReport) -> Option<String> {
    let is_new = |problem: &&Bytes<512>| !original.problems.0.contains(problem);
    let new: Vec<String> =
        edited.problems.0.iter().filter(is_new).map(|problem| escape(&problem.0)).collect();
    (!new.is_empty()).then(|| new.join("; "))
}

fn is_key(hotkey: &Hotkey, key: Key) -> bool {
    match (hotkey, key) {
        (Hotkey::Character { character }, Key::Char(pressed)) => char::from(*character) == pressed,
        (Hotkey::Function { number }, Key::Function(pressed)) => *number == pressed,
        (Hotkey::Backspace {}, Key::Backspace)
        | (Hotkey::Tab {}, Key::Tab)
        | (Hotkey::Delete {}, Key::Delete)
        | (Hotkey::Insert {}, Key::Insert) => true,
        _ => false,
    }
}

/// The program's name, and below it where one is.
fn heading(screen: &mut Screen, below: &str, look: look::Look) {
    let name = concat!("pygrub-rs  version ", env!("CARGO_PKG_VERSION"));
    let room = screen.width();
    screen.put_centred(0, &text::cut(name, room, look), Style::Title);
    screen.put_centred(1, &text::cut(below, room, look), Style::Plain);
}

/// Help in as many lines as it takes; the row behind it.
fn put_help(screen: &mut Screen, row: u16, help: &str) -> u16 {
    let width = screen.width();
    let margin = if width >= 60 { 3 } else { 0 };
    let mut row = row;
    for line in text::wrapped(help, width.saturating_sub(margin).saturating_sub(margin)) {
        screen.put(margin, row, &line, Style::Help);
        row = row.saturating_add(1);
    }
    row.saturating_add(1)
}

fn draw_editor(screen: &mut Screen, editor: &mut Editor, title: &str, look: look::Look) {
    heading(screen, title, look);
    let help = "Minimum Emacs-like screen editing is supported. TAB lists completions. Press Ctrl-x or F10 to boot, \
                Ctrl-c or F2 for a command-line or ESC to discard edits and return to the menu.";
    let (width, height) = (screen.width(), screen.height());
    let lines = u16::try_from(text::wrapped(help, width.saturating_sub(6)).len()).unwrap_or(0);
    let room = height.saturating_sub(4).saturating_sub(lines);
    // A small screen has room for the text before all.
    let (top, frame_height) = if room >= 6 { (2, room) } else { (2, height.saturating_sub(3)) };
    screen.frame((0, top), (width, frame_height), look);
    let inside = (width.saturating_sub(3), frame_height.saturating_sub(2));
    let scroll = editor.draw(screen, (1, top.saturating_add(1)), inside, look);
    let [up, down] = look.arrows();
    let right = width.saturating_sub(1);
    if scroll.above {
        screen.mark(right, top.saturating_add(1), up);
    }
    if scroll.below {
        screen.mark(right, top.saturating_add(frame_height).saturating_sub(2), down);
    }
    if room >= 6 {
        put_help(screen, top.saturating_add(frame_height), help);
    }
}
