//! The list of entries.

use super::keys::Key;
use super::look::{Look, Style};
use super::screen::Screen;
use super::text;
use super::tree::{Item, Tree};
use super::{Summary, heading, put_help};

/// Where one is in the menus.
#[derive(Debug)]
pub(crate) struct List {
    menu: usize,
    place: usize,
    /// The first item that is seen.
    top: usize,
    /// Items that were seen when it was last drawn.
    page: usize,
    /// The way to the default entry.
    default: Vec<(usize, usize)>,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Nothing,
    Redraw,
    Leave,
    Boot(usize),
    Edit,
    CommandLine,
    /// It means nothing to a list.
    Other,
}

impl List {
    /// The outermost menu, where the default entry is highlighted, or the submenu that it is in.
    pub(crate) fn new(tree: &Tree, default: usize) -> Self {
        let default = tree.way_to(default);
        let place = default.first().map_or(0, |(_, place)| *place);
        Self { menu: 0, place, top: 0, page: 1, default }
    }

    pub(crate) fn selected(&self, tree: &Tree) -> Option<Item> {
        tree.menu(self.menu).items.get(self.place).copied()
    }

    /// Highlights an entry, wherever it is.
    pub(crate) fn go_to(&mut self, tree: &Tree, entry: usize) {
        if let Some((menu, place)) = tree.way_to(entry).last() {
            (self.menu, self.place) = (*menu, *place);
        }
    }

    pub(crate) fn key(&mut self, key: Key, tree: &Tree) -> Wish {
        let last = tree.menu(self.menu).items.len().saturating_sub(1);
        match key {
            Key::Up | Key::Ctrl('p') | Key::Char('^') => self.place = self.place.saturating_sub(1),
            Key::Down | Key::Ctrl('n') | Key::Char('v') => {
                self.place = self.place.saturating_add(1).min(last)
            }
            Key::PageUp | Key::Ctrl('g') => self.place = self.place.saturating_sub(self.page),
            Key::PageDown | Key::Ctrl('v') => self.place = self.place.saturating_add(self.page).min(last),
            Key::Home | Key::Ctrl('a') => self.place = 0,
            Key::End | Key::Ctrl('e') => self.place = last,
            Key::Enter | Key::Right | Key::Ctrl('f') => match self.selected(tree) {
                Some(Item::Entry(index)) => return Wish::Boot(index),
                Some(Item::Menu(inner)) => self.enter(inner),
                None => {}
            },
            Key::Escape | Key::Left => {
                if let Some((outer, place)) = tree.menu(self.menu).outer {
                    (self.menu, self.place) = (outer, place);
                }
            }
            Key::Char('e') => return Wish::Edit,
            Key::Char('c') => return Wish::CommandLine,
            Key::Ctrl('l') => return Wish::Redraw,
            Key::Ctrl('c') => return Wish::Leave,
            _ => return Wish::Other,
        }
        Wish::Nothing
    }

    /// Into a menu, to its default.
    pub(crate) fn enter(&mut self, menu: usize) {
        let default = self.default.iter().find(|(other, _)| *other == menu);
        (self.menu, self.place) = (menu, default.map_or(0, |(_, place)| *place));
        self.top = 0;
    }

    /// Draws it as GRUB does: its box, the help, the seconds that are left.
    pub(crate) fn draw(
        &mut self,
        screen: &mut Screen,
        tree: &Tree,
        entries: &[Summary],
        left: Option<u64>,
        can_unlock: bool,
        look: Look,
    ) {
        let menu = tree.menu(self.menu);
        heading(screen, &text::shown(&menu.title, look), look);
        let help = help(can_unlock, menu.outer.is_some(), look);
        let (width, height) = (screen.width(), screen.height());
        let margin = if width >= 60 { 6 } else { 0 };
        let lines = u16::try_from(text::wrapped(&help, width.saturating_sub(margin)).len()).unwrap_or(0);
        // Heading, help with a blank line, the seconds.
        let room = height.saturating_sub(2).saturating_sub(lines).saturating_sub(2);
        let with_help = room >= 6;
        let frame_height = if with_help { room } else { height.saturating_sub(3) };
        let side = if width >= 60 { 1 } else { 0 };
        let frame_width = width.saturating_sub(side).saturating_sub(side);
        screen.frame((side, 2), (frame_width, frame_height), look);
        self.items(screen, tree, entries, (side, 2), (frame_width, frame_height), look);
        if with_help {
            put_help(screen, frame_height.saturating_add(2), &help);
        }
        if let Some(left) = left {
            let what = format!("The highlighted entry will be executed automatically in {left}s.");
            let text = if text::columns(&what) < width { what } else { format!("Booting in {left}s.") };
            let indent = if width >= 80 { 3 } else { 0 };
            screen.put(indent, height.saturating_sub(1), &text, Style::Plain);
        }
    }

    fn items(
        &mut self,
        screen: &mut Screen,
        tree: &Tree,
        entries: &[Summary],
        (column, row): (u16, u16),
        (width, height): (u16, u16),
        look: Look,
    ) {
        let items = &tree.menu(self.menu).items;
        let rows = usize::from(height.saturating_sub(2)).max(1);
        self.page = rows;
        self.top = self.top.min(self.place).max(self.place.saturating_add(1).saturating_sub(rows));
        self.top = self.top.min(items.len().saturating_sub(rows.min(items.len())));
        let inside = width.saturating_sub(2);
        let left = column.saturating_add(1);
        for ((index, item), row) in
            items.iter().enumerate().skip(self.top).take(rows).zip(row.saturating_add(1)..)
        {
            let is_selected = index == self.place;
            let style = if is_selected { Style::Highlight } else { Style::Plain };
            if is_selected {
                screen.fill(left, row, inside, style);
                screen.put(left, row, "*", style);
                screen.park_cursor(left, row);
            }
            let (title, sign) = match item {
                Item::Entry(index) => (entries.get(*index).map(|entry| &entry.title), None),
                Item::Menu(menu) => (Some(&tree.menu(*menu).title), Some(look.submenu())),
            };
            let title = text::shown(title.map(Vec::as_slice).unwrap_or_default(), look);
            let room = inside.saturating_sub(if sign.is_some() { 4 } else { 2 });
            screen.put(left.saturating_add(1), row, &text::cut(&title, room, look), style);
            if let Some(sign) = sign {
                let at = left.saturating_add(inside).saturating_sub(2);
                screen.put(at, row, sign.encode_utf8(&mut [0; 4]), style);
            }
        }
        let [up, down] = look.arrows();
        let right = column.saturating_add(width).saturating_sub(1);
        if self.top > 0 {
            screen.mark(right, row.saturating_add(1), up);
        }
        if self.top.saturating_add(rows) < items.len() {
            screen.mark(right, row.saturating_add(height).saturating_sub(2), down);
        }
    }
}

fn help(can_unlock: bool, nested: bool, look: Look) -> String {
    let [up, down] = look.arrows();
    let keys = format!("Use the {up} and {down} keys to select which entry is highlighted.");
    let deeds = match can_unlock {
        true => {
            "Press enter to boot the selected OS or `p' to enter a password to unlock the next set of features."
        }
        false => {
            "Press enter to boot the selected OS, `e' to edit the commands before booting, `a' to modify the kernel \
             arguments or `c' for a command-line."
        }
    };
    let back = if nested { " ESC to return to the previous menu." } else { "" };
    format!("{keys}\n{deeds}{back}")
}
