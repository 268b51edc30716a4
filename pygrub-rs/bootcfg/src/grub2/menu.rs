//! The menu while it is being built.

use super::ast::Script;
use std::rc::Rc;

/// A line of the menu: an entry or a submenu.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) submenu: bool,
    /// `$1` is the title, more arguments may follow it.
    pub(crate) arguments: Rc<Vec<Vec<u8>>>,
    pub(crate) id: Option<Vec<u8>>,
    /// `--unrestricted`: no password even where there are superusers.
    pub(crate) unrestricted: bool,
    pub(crate) body: Rc<Script>,
    pub(crate) file: Rc<str>,
    pub(crate) line: u32,
}

impl Item {
    pub(crate) fn title(&self) -> &[u8] {
        self.arguments.first().map_or(&[], Vec::as_slice)
    }

    /// GRUB uses the title where no `--id` is given.
    pub(crate) fn id_or_title(&self) -> &[u8] {
        self.id.as_deref().unwrap_or_else(|| self.title())
    }
}
