//! systemd-boot: the entries of the Boot Loader Specification (UAPI.1) on the EFI system partition and its companion, the
//! extended boot loader partition, and unified kernel images beside them.
//!
//! Where the specification, systemd-boot(7) and loader.conf(5) are silent, the behaviour is that of systemd's source. What it
//! keeps in EFI variables (the entry saved, or chosen for one boot) is no part of a disk, and is not known here.

mod entry;
mod glob;
mod loader_conf;
mod order;
mod type1;
mod type2;

use crate::access::{Security, TimeoutStyle};
use crate::budget::Budget;
use crate::error::Error;
use crate::guest::{FileKind, FileRef, Guest, VolumeId, VolumeName};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::notes::Notes;
use crate::text::shown;
use entry::Entry;
use loader_conf::LoaderConf;

const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
const XBOOTLDR: &str = "bc13c2ff-59e6-4262-a352-b275fd6f7172";
const LOADER_CONF: &str = "/loader/loader.conf";
const ENTRIES: &str = "/loader/entries";
const IMAGES: &str = "/EFI/Linux";
/// What firmware runs when nothing else is configured, by architecture; where that is itself a unified kernel image it is
/// the whole configuration.
const FALLBACK: &[&str] = &["/EFI/BOOT/BOOTX64.EFI", "/EFI/BOOT/BOOTAA64.EFI"];
/// Where this volume has something that systemd-boot reads: `loader.conf`, its entries, images, in that order.
pub(crate) fn config(guest: &dyn Guest, volume: VolumeId) -> Option<FileRef> {
    let is =
        |path: &str, kind| guest.status(volume, path.as_bytes()).is_some_and(|status| status.kind == kind);
    let path = if is(LOADER_CONF, FileKind::File) {
        LOADER_CONF
    } else {
        *[ENTRIES, IMAGES].iter().find(|path| is(path, FileKind::Directory))?
    };
    Some(FileRef { volume, path: path.as_bytes().to_vec() })
}

/// One evaluation.
struct Search<'g> {
    guest: &'g dyn Guest,
    limits: &'g Limits,
    budget: Budget,
    notes: Notes,
    conf: LoaderConf,
    entries: Vec<Entry>,
}

/// The menu of the volume that [`config`] found something on.
///
/// # Errors
/// A limit is exceeded.
pub(crate) fn menu_of_volume(guest: &dyn Guest, config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let (budget, notes) = (Budget::new(limits), Notes::new(limits.max_notes));
    let mut search =
        Search { guest, limits, budget, notes, conf: LoaderConf::default(), entries: Vec::new() };
    match search.menu(config.volume) {
        Ok((entries, default)) => {
            let notes = search.notes.into_list();
            let conf = search.conf;
            Ok(BootMenu {
                loader: Loader::SystemdBoot,
                config,
                entries,
                default,
                meant: default,
                timeout: conf.timeout,
                timeout_style: if conf.timeout == Some(0) {
                    TimeoutStyle::Hidden
                } else {
                    TimeoutStyle::Menu
                },
                // Nobody is a superuser: nobody edits.
                security: Security { superusers: (!conf.editor).then(Vec::new), ..Security::default() },
                notes,
            })
        }
        Err(limit) => {
            let (value, file) = (limits.value(limit), shown(&config.path));
            Err(Error::Limit { limit, value, file, line: 0 })
        }
    }
}

type Menu = (Vec<BootEntry>, Option<usize>);

impl Search<'_> {
    fn menu(&mut self, volume: VolumeId) -> Result<Menu, LimitName> {
        let volumes = self.volumes(volume);
        if let Some(&first) = volumes.first() {
            let file = FileRef { volume: first, path: LOADER_CONF.as_bytes().to_vec() };
            self.conf = loader_conf::parse(&self.read(&file)?.unwrap_or_default());
        }
        for &volume in &volumes {
            self.add_images(volume)?;
            self.add_files(volume)?;
        }
        if self.entries.is_empty() {
            for path in FALLBACK {
                self.add_image(FileRef { volume, path: path.as_bytes().to_vec() }, true)?;
            }
        }
        let entries = order::sorted(std::mem::take(&mut self.entries));
        let titles = order::titles(&entries);
        let order = self.order_of_trying(&entries);
        let menu: Vec<BootEntry> = entries
            .into_iter()
            .zip(titles)
            .map(|(entry, title)| BootEntry { title, ..entry.boots })
            .collect();
        let default = order.into_iter().find(|&index| menu.get(index).is_some_and(BootEntry::is_bootable));
        Ok((menu, default))
    }

    /// The volume itself; with it the partition of the other kind, the EFI system partition first.
    fn volumes(&mut self, volume: VolumeId) -> Vec<VolumeId> {
        let volumes = self.guest.volumes();
        let of_type = |guid: &str| {
            let is = |other: &&VolumeName| other.is_of_type(guid) && other.id != volume;
            volumes.iter().find(is).map(|other| other.id)
        };
        let (first, second) = match volumes.iter().find(|other| other.id == volume) {
            Some(own) if own.is_of_type(XBOOTLDR) => (of_type(ESP), Some(volume)),
            _ => (Some(volume), of_type(XBOOTLDR)),
        };
        first.into_iter().chain(second).collect()
    }

    /// The default, then all others in the menu's order.
    fn order_of_trying(&mut self, entries: &[Entry]) -> Vec<usize> {
        let mut meant = None;
        if let Some(pattern) = &self.conf.default {
            let find = |pattern: &[u8]| entries.iter().position(|entry| glob::matches(pattern, &entry.id));
            // Before systemd 246 the suffix was no part of an entry's name.
            meant = find(pattern).or_else(|| find(&[pattern.as_slice(), b".conf"].concat()));
            if pattern.eq_ignore_ascii_case(b"@saved") {
                self.notes
                    .add(|| "default @saved is kept in an EFI variable, so it is the first entry".to_owned());
            } else if meant.is_none() && !entries.is_empty() {
                let pattern = shown(pattern);
                self.notes.add(|| format!("default `{pattern}` fits no entry, so it is the first entry"));
            }
        }
        if let Some(entry) =
            meant.and_then(|index| entries.get(index)).filter(|entry| !entry.boots.is_bootable())
        {
            let (id, problem) = (shown(&entry.id), entry.boots.problems.join("; "));
            self.notes.add(|| format!("the default entry `{id}` is passed over: {problem}"));
        }
        meant.into_iter().chain(0..entries.len()).collect()
    }

    /// A file's text; `None`, and a note unless it is not there, when it cannot be read.
    fn read(&mut self, file: &FileRef) -> Result<Option<Vec<u8>>, LimitName> {
        self.budget.look()?;
        match self.guest.read(file.volume, &file.path, self.limits.max_config_bytes) {
            Ok(text) => {
                self.budget.moved(text.len())?;
                Ok(Some(text))
            }
            Err(error) => {
                if !error.not_found {
                    self.note(file, &shown(error.message.as_bytes()));
                }
                Ok(None)
            }
        }
    }

    /// The files of a directory with this suffix, in either case, but for hidden ones and those that systemd-boot keeps
    /// for entries of its own.
    fn files(&mut self, volume: VolumeId, directory: &str, suffix: &[u8]) -> Result<Vec<Vec<u8>>, LimitName> {
        self.budget.look()?;
        let names = match self.guest.list(volume, directory.as_bytes(), self.limits.max_names) {
            Ok(names) => names,
            Err(error) => {
                if !error.not_found {
                    let file = FileRef { volume, path: directory.as_bytes().to_vec() };
                    self.note(&file, &shown(error.message.as_bytes()));
                }
                return Ok(Vec::new());
            }
        };
        self.budget.steps_for(names.len())?;
        let has_suffix = |name: &[u8]| {
            let at = name.len().checked_sub(suffix.len());
            at.and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        };
        let is_own = |name: &[u8]| name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"auto-"));
        let is_meant = |name: &[u8]| has_suffix(name) && name.first() != Some(&b'.') && !is_own(name);
        let files = names.into_iter().filter(|file| file.kind != FileKind::Directory && is_meant(&file.name));
        Ok(files.map(|file| file.name).collect())
    }

    fn note(&mut self, file: &FileRef, what: &str) {
        self.notes.add(|| format!("{}: {what}", shown(&file.path)));
    }

    fn push(&mut self, entry: Entry) -> Result<(), LimitName> {
        if self.entries.len() >= self.limits.max_entries {
            return Err(LimitName::MaxEntries);
        }
        self.budget.keep(entry.cost())?;
        self.entries.push(entry);
        Ok(())
    }
}
