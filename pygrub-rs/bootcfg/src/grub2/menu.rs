//! The menu while it is being built.

use super::ast::Script;
use super::eval::Machine;
use super::expand;
use crate::access::Hotkey;
use crate::limits::LimitName;
use crate::menu::BootEntry;
use std::rc::Rc;
use std::sync::Arc;

/// A line of the menu: an entry or a submenu.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) submenu: bool,
    /// `$1` is the title, more arguments may follow it.
    pub(crate) arguments: Rc<Vec<Vec<u8>>>,
    pub(crate) id: Option<Vec<u8>>,
    /// Who may boot it where there are superusers, besides them: `None` is everyone (`--unrestricted`).
    pub(crate) users: Option<Vec<u8>>,
    pub(crate) hotkey: Option<Hotkey>,
    pub(crate) body: Rc<Script>,
    /// The body as text, for a person to edit.
    pub(crate) source: Option<Arc<[u8]>>,
    /// What it boots, when another loader's configuration says so: nothing is left to run.
    pub(crate) made: Option<Box<BootEntry>>,
    pub(crate) file: Rc<str>,
    pub(crate) line: u32,
}

impl Item {
    pub(crate) fn title(&self) -> &[u8] {
        self.arguments.first().map_or(&[], Vec::as_slice)
    }

    /// Whether that is its id or its title.
    pub(crate) fn is_called(&self, name: &[u8]) -> bool {
        self.id_or_title() == name || self.title() == name
    }

    /// GRUB uses the title where no `--id` is given.
    pub(crate) fn id_or_title(&self) -> &[u8] {
        self.id.as_deref().unwrap_or_else(|| self.title())
    }
}

impl Machine<'_> {
    /// One more line of the menu, of which there are `max_entries` at most, those of submenus among them.
    pub(crate) fn add_item(&mut self, item: Item) -> Result<(), LimitName> {
        if self.entries >= self.limits.max_entries {
            return Err(LimitName::MaxEntries);
        }
        let names =
            item.id.as_ref().map_or(0, Vec::len).saturating_add(item.users.as_ref().map_or(0, Vec::len));
        self.budget.keep(expand::cost(&item.arguments))?;
        self.budget.keep(names)?;
        // A loop makes many entries of one block, and they share its text.
        if let Some(source) = item.source.as_ref().filter(|source| Arc::strong_count(source) <= 2) {
            self.budget.keep(source.len())?;
        }
        self.entries = self.entries.saturating_add(1);
        self.retained = self.retained.saturating_add(1);
        self.menu.push(item);
        Ok(())
    }
}
