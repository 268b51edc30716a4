//! What a boot configuration comes down to.

use crate::access::{Hotkey, Secret, Security, TimeoutStyle};
use crate::discover::Candidate;
use crate::guest::{BootFile, FileRef};
use crate::notes::Notes;
use crate::text::shown;
use std::sync::Arc;

/// So many notes are told in one line.
const MOST_NOTES: usize = 3;

/// One bootable (or, with [`BootEntry::problems`], not bootable) line of the menu.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootEntry {
    /// The title as the guest wrote it: any bytes, terminal escapes included.
    pub title: Vec<u8>,
    /// GRUB's `--id`, or what syslinux calls the label.
    pub id: Option<Vec<u8>>,
    /// The titles of the submenus around it, outermost first.
    pub parents: Vec<Vec<u8>>,
    /// The same submenus themselves: two may have one title.
    pub submenus: Vec<Submenu>,
    /// `$root` when it boots, such as `hd0,msdos1`; legacy GRUB's `hd0,0`; empty for syslinux, which has no such thing.
    pub root: Vec<u8>,
    /// The kernel, `None` when the entry boots none.
    pub kernel: Option<BootFile>,
    /// The initial ramdisks, in the order they are joined.
    pub ramdisks: Vec<BootFile>,
    /// The kernel's arguments without its path, joined by single blanks as the loader hands them to Linux.
    pub arguments: Vec<u8>,
    /// Only who has shown a right may boot it: a superuser, one of `users`, who knows its `password` or the menu's.
    pub restricted: bool,
    /// GRUB 2's `--users`: who may boot it besides the superusers.
    pub users: Vec<Vec<u8>>,
    /// A password of its own. Where the entry is not restricted it guards editing alone (lilo's `restricted`).
    pub password: Option<Secret>,
    /// The key that chooses it in the menu.
    pub hotkey: Option<Hotkey>,
    /// Its commands in the loader's own language, for a person to edit; `None` where only its arguments can be edited.
    pub source: Option<Arc<[u8]>>,
    /// Why it cannot be booted, or what went wrong in it; empty when all is well.
    pub problems: Vec<String>,
}

impl BootEntry {
    /// Whether there is a kernel to boot and nothing stands against it.
    #[must_use]
    pub fn is_bootable(&self) -> bool {
        self.kernel.is_some() && self.problems.is_empty()
    }
}

/// A submenu, as an entry in it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submenu {
    /// The index in [`BootMenu::entries`] of its first entry: at one depth no two have the same.
    pub first: usize,
    /// The key that opens it.
    pub hotkey: Option<Hotkey>,
}

/// The first bootable entry in the loader's order of trying, else the first bootable one of all.
pub(crate) fn pick(order: &[usize], entries: &[BootEntry], notes: &mut Notes) -> Option<usize> {
    let bootable = |index: &usize| entries.get(*index).is_some_and(BootEntry::is_bootable);
    let chosen =
        order.iter().copied().find(|index| bootable(index)).or_else(|| (0..entries.len()).find(bootable))?;
    if let Some(entry) = order.first().filter(|&&first| first != chosen).and_then(|&first| entries.get(first))
    {
        let (title, problem) = (shown(&entry.title), entry.problems.join("; "));
        notes.add(|| format!("the default entry `{title}` is passed over: {problem}"));
    }
    Some(chosen)
}

/// Fills in the submenus of entries that stand behind `before` others, from this depth on, where their loader told the titles
/// alone: neighbours with the same titles are in one. What is told already is the innermost, of a menu in another file.
pub(crate) fn number_submenus(entries: &mut [BootEntry], before: usize, depth: usize) {
    let mut last: (Vec<Vec<u8>>, Vec<Submenu>) = Default::default();
    for (index, entry) in (before..).zip(entries) {
        let titles = entry.parents.get(depth..).unwrap_or_default().to_vec();
        let missing = titles.len().saturating_sub(entry.submenus.len());
        let same = titles.iter().zip(&last.0).take_while(|(title, other)| title == other).count();
        let mut filled: Vec<Submenu> = last.1.iter().take(same.min(missing)).copied().collect();
        filled.resize(missing, Submenu { first: index, hotkey: None });
        entry.submenus.splice(0..0, filled.iter().copied());
        last = (titles, filled);
    }
}

/// Whose configuration it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loader {
    /// GRUB 2, `grub.cfg`.
    Grub2,
    /// GRUB legacy (0.97), `menu.lst` or `grub.conf`.
    GrubLegacy,
    /// Syslinux, extlinux or isolinux: `extlinux.conf`, `isolinux.cfg`.
    Extlinux,
    /// systemd-boot: entries of the Boot Loader Specification, unified kernel images.
    SystemdBoot,
    /// None: a Solaris guest of Xen, which says by where its kernel lies what it boots.
    Solaris,
    /// None: a NetWare guest of Xen.
    NetWare,
    /// LILO, `lilo.conf`.
    Lilo,
    /// ELILO, `elilo.conf`.
    Elilo,
    /// yaboot, `yaboot.conf`.
    Yaboot,
    /// FreeBSD's loader, `loader.conf`.
    FreeBsd,
    /// NetBSD's, `boot.cfg`.
    NetBsd,
    /// OpenBSD's, `boot.conf`.
    OpenBsd,
    /// illumos' own loader, `loader.conf` and `menu.lst`.
    Illumos,
    /// None: a Linux whose kernel was guessed by its name.
    LinuxGuess,
}

impl Loader {
    /// The loader's name in one lower-case word, a hyphen at most.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grub2 => "grub2",
            Self::GrubLegacy => "grub-legacy",
            Self::Extlinux => "extlinux",
            Self::SystemdBoot => "systemd-boot",
            Self::Solaris => "solaris",
            Self::NetWare => "netware",
            Self::Lilo => "lilo",
            Self::Elilo => "elilo",
            Self::Yaboot => "yaboot",
            Self::FreeBsd => "freebsd",
            Self::NetBsd => "netbsd",
            Self::OpenBsd => "openbsd",
            Self::Illumos => "illumos",
            Self::LinuxGuess => "linux-guess",
        }
    }

    /// Whether nothing of the guest's says that this is what it boots.
    #[must_use]
    pub const fn is_guess(self) -> bool {
        matches!(self, Self::LinuxGuess)
    }
}

/// A guest's boot menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootMenu {
    /// Whose configuration it was.
    pub loader: Loader,
    /// The configuration file it began with; without one, the first kernel.
    pub config: FileRef,
    /// The entries in menu order, those of submenus in place of the submenu.
    pub entries: Vec<BootEntry>,
    /// The index in `entries` of what boots when nobody interferes; `None` when nothing is bootable.
    pub default: Option<usize>,
    /// What the loader would try first: another entry where that one cannot be booted.
    pub meant: Option<usize>,
    /// Seconds until then; `None` means the loader waits for ever.
    pub timeout: Option<u32>,
    /// What a person sees until then.
    pub timeout_style: TimeoutStyle,
    /// What guards the menu as a whole.
    pub security: Security,
    /// What was ignored or decided on the way, for `--debug`.
    pub notes: Vec<String>,
}

impl BootMenu {
    /// What boots nothing, for this reason.
    pub(crate) fn without_entries(candidate: Candidate, why: String) -> Self {
        let Candidate { loader, config } = candidate;
        Self {
            loader,
            config,
            entries: Vec::new(),
            default: None,
            meant: None,
            timeout: None,
            timeout_style: TimeoutStyle::default(),
            security: Security::default(),
            notes: vec![why],
        }
    }

    /// Why nothing of it boots: its first entry's problem; without entries, what became of those that it might have had.
    #[must_use]
    pub fn why_nothing_boots(&self) -> String {
        let problem = self.entries.iter().flat_map(|entry| &entry.problems).next();
        let problem = problem.map_or("it has no menu entry", String::as_str);
        let notes = self.notes.get(..MOST_NOTES.min(self.notes.len())).unwrap_or_default();
        let more = self.notes.len().saturating_sub(MOST_NOTES);
        match (self.entries.is_empty(), notes, more) {
            (false, ..) | (true, [], _) => problem.to_owned(),
            (true, notes, 0) => format!("{problem} ({})", notes.join("; ")),
            (true, notes, more) => format!("{problem} ({}; and {more} more notes)", notes.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_with_the_same_titles_share_a_submenu() {
        let entry = |titles: &[&str]| BootEntry {
            parents: titles.iter().map(|title| title.as_bytes().to_vec()).collect(),
            ..BootEntry::default()
        };
        let mut entries = [
            entry(&["A"]),
            entry(&["A", "B"]),
            entry(&["A", "B"]),
            entry(&["C", "B"]),
            entry(&[]),
            entry(&["C"]),
            entry(&["C"]),
        ];
        // One that is told already is another, whatever its title.
        entries[5].submenus.push(Submenu { first: 5, hotkey: None });
        number_submenus(&mut entries, 0, 0);
        let first =
            |entry: &BootEntry| entry.submenus.iter().map(|submenu| submenu.first).collect::<Vec<_>>();
        let numbers: Vec<_> = entries.iter().map(first).collect();
        assert_eq!(numbers, [vec![0], vec![0, 1], vec![0, 1], vec![3, 3], vec![], vec![5], vec![6]]);
    }
}
