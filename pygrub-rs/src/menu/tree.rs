//! Menus within menus, out of the flat list of entries that each tell the submenus around them.

use fsimage::protocol::{Hotkey, SubmenuReport};

/// The menus of a guest; the first is the outermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    menus: Vec<Menu>,
}

/// One menu.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Menu {
    /// What the menu around it calls it: the guest's own bytes.
    pub(crate) title: Vec<u8>,
    pub(crate) items: Vec<Item>,
    /// The number of its first entry: two neighbours may have one title.
    first: u32,
    /// The key that opens it.
    pub(crate) hotkey: Option<Hotkey>,
    /// The menu around it, and its place there.
    pub(crate) outer: Option<(usize, usize)>,
}

/// A line of a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// The entry with this number.
    Entry(usize),
    /// The menu with this number.
    Menu(usize),
}

impl Tree {
    /// Of entries in order, by the submenus around each, outermost first, with their titles. What the worker does not number is
    /// the same where the title is.
    pub(crate) fn new<'a>(parents: impl Iterator<Item = Vec<(&'a [u8], Option<&'a SubmenuReport>)>>) -> Self {
        let mut tree = Self { menus: vec![Menu::default()] };
        // The menus that the last entry was in, without the outermost.
        let mut open: Vec<usize> = Vec::new();
        for (entry, submenus) in parents.enumerate() {
            let shared = open.iter().zip(&submenus).take_while(|(menu, submenu)| tree.is(**menu, **submenu));
            let shared = shared.count();
            open.truncate(shared);
            for (title, submenu) in submenus.into_iter().skip(shared) {
                let outer = open.last().copied().unwrap_or(0);
                open.push(tree.add(outer, title, submenu));
            }
            let innermost = open.last().copied().unwrap_or(0);
            tree.push(innermost, Item::Entry(entry));
        }
        tree
    }

    fn is(&self, menu: usize, (title, submenu): (&[u8], Option<&SubmenuReport>)) -> bool {
        let menu = self.menu(menu);
        menu.title == title && submenu.is_none_or(|submenu| submenu.first == menu.first)
    }

    /// The place in a menu of the submenu that this key opens.
    pub(crate) fn by_hotkey(&self, is_key: impl Fn(&Hotkey) -> bool) -> Option<usize> {
        (0..self.menus.len()).find(|&menu| self.menu(menu).hotkey.as_ref().is_some_and(&is_key))
    }

    fn push(&mut self, menu: usize, item: Item) {
        if let Some(menu) = self.menus.get_mut(menu) {
            menu.items.push(item);
        }
    }

    fn add(&mut self, outer: usize, title: &[u8], submenu: Option<&SubmenuReport>) -> usize {
        let number = self.menus.len();
        let place = self.menu(outer).items.len();
        self.push(outer, Item::Menu(number));
        self.menus.push(Menu {
            title: title.to_vec(),
            items: Vec::new(),
            first: submenu.map_or(0, |submenu| submenu.first),
            hotkey: submenu.and_then(|submenu| submenu.hotkey.clone()),
            outer: Some((outer, place)),
        });
        number
    }

    /// A menu; an empty one where there is none.
    pub(crate) fn menu(&self, number: usize) -> &Menu {
        const EMPTY: &Menu =
            &Menu { title: Vec::new(), items: Vec::new(), first: 0, hotkey: None, outer: None };
        self.menus.get(number).unwrap_or(EMPTY)
    }

    /// The places that lead to an entry: for each menu on the way, the item to choose there.
    pub(crate) fn way_to(&self, entry: usize) -> Vec<(usize, usize)> {
        let places = self.menus.iter().enumerate().find_map(|(number, menu)| {
            let place = menu.items.iter().position(|item| *item == Item::Entry(entry))?;
            Some((number, place))
        });
        let mut way = Vec::new();
        let mut next = places;
        while let Some((menu, place)) = next {
            way.push((menu, place));
            next = self.menu(menu).outer;
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(parents: &[&[&str]]) -> Tree {
        Tree::new(parents.iter().map(|titles| titles.iter().map(|title| (title.as_bytes(), None)).collect()))
    }

    #[test]
    fn neighbours_with_one_title_are_two_where_they_are_numbered_so() {
        let submenu = |first| SubmenuReport { first, hotkey: (first == 2).then_some(Hotkey::Tab {}) };
        let (one, two) = (submenu(0), submenu(2));
        let of = |submenu| vec![(&b"More"[..], Some(submenu))];
        let tree = Tree::new([of(&one), of(&one), of(&two)].into_iter());
        assert_eq!(tree.menus[0].items, [Item::Menu(1), Item::Menu(2)]);
        assert_eq!((tree.menus[1].items.len(), tree.menus[2].items.len()), (2, 1));
        assert_eq!(tree.by_hotkey(|key| *key == Hotkey::Tab {}), Some(2));
        assert_eq!(tree.by_hotkey(|key| *key == Hotkey::Delete {}), None);
    }

    #[test]
    fn entries_find_their_menus() {
        let tree = tree(&[&[], &["A"], &["A", "B"], &["A", "B"], &["A"], &["C"], &[], &["A"]]);
        use Item::{Entry, Menu as Inner};
        let items: Vec<_> = tree.menus.iter().map(|menu| menu.items.clone()).collect();
        assert_eq!(
            items,
            [
                vec![Entry(0), Inner(1), Inner(3), Entry(6), Inner(4)],
                vec![Entry(1), Inner(2), Entry(4)],
                vec![Entry(2), Entry(3)],
                vec![Entry(5)],
                vec![Entry(7)],
            ]
        );
        assert_eq!(tree.way_to(3), [(0, 1), (1, 1), (2, 1)]);
        assert_eq!(tree.way_to(6), [(0, 3)]);
        assert_eq!(tree.way_to(99), []);
        assert_eq!(tree.menu(2).outer, Some((1, 1)));
        assert!(tree.menu(77).items.is_empty());
    }
}
