//! Menus inside menus (wiki: "Menu"), and what stands first in each.

use super::label::{Label, Leads};
use crate::access::{Hotkey, Secret};
use crate::menu::Submenu;

/// What a menu lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    /// By its place among all labels.
    Label(usize),
    /// By its place among all menus.
    Menu(usize),
}

/// The whole, or what stands between `MENU BEGIN` and `MENU END`.
#[derive(Debug, Default)]
struct Menu {
    /// The word behind `MENU BEGIN`, by which `MENU GOTO` knows it.
    tag: Vec<u8>,
    /// `MENU TITLE`.
    title: Option<Vec<u8>>,
    /// `MENU LABEL`: what the menu around it calls it, if not by its title.
    label: Option<Vec<u8>>,
    /// The letter marked in its label.
    hotkey: Option<Hotkey>,
    outer: Option<usize>,
    first: Option<Item>,
    /// `MENU DEFAULT`; of several the last.
    default: Option<Item>,
    /// `MENU PASSWD`, which stands before whatever is in it.
    password: Option<Secret>,
    /// The first of all entries that is in it.
    entry: Option<usize>,
}

/// All menus; the first is the outermost.
#[derive(Debug)]
pub(super) struct Menus {
    list: Vec<Menu>,
    current: usize,
    /// `MENU START`: the one shown at first.
    start: usize,
}

impl Menus {
    pub(super) fn new() -> Self {
        Self { list: vec![Menu { tag: b".top".to_vec(), ..Menu::default() }], current: 0, start: 0 }
    }

    /// How many there are, the outermost included.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Which one the lines are in.
    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// `MENU BEGIN`.
    pub(super) fn begin(&mut self, tag: &[u8]) {
        let (outer, inner) = (self.current, self.list.len());
        if let Some(menu) = self.list.get_mut(outer) {
            menu.first.get_or_insert(Item::Menu(inner));
        }
        self.list.push(Menu { tag: tag.to_vec(), outer: Some(outer), ..Menu::default() });
        self.current = inner;
    }

    /// `MENU END`; false where there is none to end.
    pub(super) fn end(&mut self) -> bool {
        let outer = self.list.get(self.current).and_then(|menu| menu.outer);
        self.current = outer.unwrap_or(self.current);
        outer.is_some()
    }

    pub(super) fn is_submenu(&self) -> bool {
        self.current != 0
    }

    pub(super) fn set_title(&mut self, title: Vec<u8>) {
        self.change(|menu| menu.title = Some(title));
    }

    pub(super) fn set_label(&mut self, label: Vec<u8>, hotkey: Option<Hotkey>) {
        self.change(|menu| (menu.label, menu.hotkey) = (Some(label), hotkey));
    }

    /// `MENU PASSWD` outside labels.
    pub(super) fn set_password(&mut self, password: Secret) {
        self.change(|menu| menu.password = Some(password));
    }

    /// `MENU START`.
    pub(super) fn set_start(&mut self) {
        self.start = self.current;
    }

    /// `MENU DEFAULT` outside labels: this menu is the default of the one around it.
    pub(super) fn set_default(&mut self) {
        let inner = self.current;
        let outer = self.list.get(inner).and_then(|menu| menu.outer);
        if let Some(menu) = outer.and_then(|outer| self.list.get_mut(outer)) {
            menu.default = Some(Item::Menu(inner));
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Menu)) {
        if let Some(menu) = self.list.get_mut(self.current) {
            change(menu);
        }
    }

    /// A label is complete. One that is hidden is in no menu; one that cannot be chosen is nobody's first.
    pub(super) fn add(&mut self, index: usize, label: &Label) {
        let Some(menu) = self.list.get_mut(label.menu).filter(|_| !label.hidden && !label.disabled) else {
            return;
        };
        menu.first.get_or_insert(Item::Label(index));
        if label.default && label.is_listed() {
            menu.default = Some(Item::Label(index));
        }
    }

    /// The menu that `MENU GOTO` names; of several the last.
    pub(super) fn find(&self, tag: &[u8]) -> Option<usize> {
        self.list.iter().rposition(|menu| menu.tag == tag)
    }

    /// What one gets by pressing Enter until something boots, from the menu shown at first. (A timeout does not enter a submenu: it
    /// leaves the menu for the prompt, where nothing boots.)
    pub(super) fn chosen(&self, labels: &[Label]) -> Option<usize> {
        let mut menu = self.list.get(self.start)?;
        // One that leads back to where one was leads nowhere.
        for _ in 0..self.list.len().saturating_mul(2) {
            let next = match menu.default.or(menu.first)? {
                Item::Menu(inner) => Some(inner),
                Item::Label(index) => match labels.get(index).and_then(|label| label.leads.as_ref()) {
                    None => return Some(index),
                    Some(Leads::To(tag)) => self.find(tag),
                    Some(Leads::Back) => menu.outer,
                    Some(Leads::Away) => None,
                },
            };
            menu = next.and_then(|next| self.list.get(next))?;
        }
        None
    }

    /// The titles of a menu and of those around it, outermost first; the whole one's is not among them.
    pub(super) fn titles(&self, menu: usize) -> Vec<Vec<u8>> {
        let title = |menu: &Menu| {
            let text = menu.label.as_ref().or(menu.title.as_ref()).unwrap_or(&menu.tag);
            super::config::unmarked(text)
        };
        let mut titles: Vec<_> = self.upwards(menu).filter(|menu| menu.outer.is_some()).map(title).collect();
        titles.reverse();
        titles
    }

    /// The submenus around what stands in this menu from this entry on, outermost first.
    pub(super) fn around(&mut self, menu: usize, entry: usize) -> Vec<Submenu> {
        let mut submenus = Vec::new();
        let mut next = Some(menu);
        while let Some(menu) = next.and_then(|menu| self.list.get_mut(menu)) {
            next = menu.outer;
            if next.is_some() {
                submenus.push(Submenu { first: *menu.entry.get_or_insert(entry), hotkey: menu.hotkey });
            }
        }
        submenus.reverse();
        submenus
    }

    /// The password of the nearest menu that has one.
    pub(super) fn password(&self, menu: usize) -> Option<&Secret> {
        self.upwards(menu).find_map(|menu| menu.password.as_ref())
    }

    /// A menu and those around it.
    fn upwards(&self, menu: usize) -> impl Iterator<Item = &Menu> {
        std::iter::successors(self.list.get(menu), |menu| self.list.get(menu.outer?))
    }
}
