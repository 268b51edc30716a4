//! Menus within menus, out of the flat list of entries that each tell the submenus around them.

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
    /// Of entries in order, by the titles around each, outermost first. Neighbours with the same titles share a submenu.
    pub(crate) fn new<'a>(parents: impl Iterator<Item = Vec<&'a [u8]>>) -> Self {
        let mut tree = Self { menus: vec![Menu::default()] };
        // The menus that the last entry was in, without the outermost.
        let mut open: Vec<usize> = Vec::new();
        for (entry, titles) in parents.enumerate() {
            let same = |(menu, title): &(&usize, &&[u8])| tree.title(**menu) == **title;
            let shared = open.iter().zip(&titles).take_while(same).count();
            open.truncate(shared);
            for title in titles.into_iter().skip(shared) {
                let outer = open.last().copied().unwrap_or(0);
                open.push(tree.add(outer, title));
            }
            let innermost = open.last().copied().unwrap_or(0);
            tree.push(innermost, Item::Entry(entry));
        }
        tree
    }

    fn title(&self, menu: usize) -> &[u8] {
        self.menus.get(menu).map_or(&[], |menu| &menu.title)
    }

    fn push(&mut self, menu: usize, item: Item) {
        if let Some(menu) = self.menus.get_mut(menu) {
            menu.items.push(item);
        }
    }

    fn add(&mut self, outer: usize, title: &[u8]) -> usize {
        let number = self.menus.len();
        let place = self.menu(outer).items.len();
        self.push(outer, Item::Menu(number));
        self.menus.push(Menu { title: title.to_vec(), items: Vec::new(), outer: Some((outer, place)) });
        number
    }

    /// A menu; an empty one where there is none.
    pub(crate) fn menu(&self, number: usize) -> &Menu {
        const EMPTY: &Menu = &Menu { title: Vec::new(), items: Vec::new(), outer: None };
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
        Tree::new(parents.iter().map(|titles| titles.iter().map(|title| title.as_bytes()).collect()))
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
