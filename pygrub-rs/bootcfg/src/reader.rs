//! What the loaders whose configurations are one command a line have in common: files, budgets and notes.

use crate::access::{Secret, Security, TimeoutStyle};
use crate::budget::Budget;
use crate::error::Error;
use crate::guest::{FileKind, FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader, number_submenus, pick};
use crate::notes::Notes;
use crate::text::shown;
use std::collections::HashSet;

/// One evaluation: its budgets only shrink, whatever file is being read.
pub(crate) struct Reader<'g> {
    pub(crate) guest: Option<&'g dyn Guest>,
    /// The volume of the configuration.
    pub(crate) home: VolumeId,
    pub(crate) limits: &'g Limits,
    pub(crate) budget: Budget,
    pub(crate) notes: Notes,
    /// Where we are, escaped, for messages.
    pub(crate) file: String,
    pub(crate) line: u32,
    /// Syslinux' working directory in the configuration that is read next; without it, that configuration's own.
    pub(crate) directory: Option<Vec<u8>>,
    /// Every file that was read: menus lead back to one another.
    seen: HashSet<FileRef>,
}

/// The entries that a menu would boot, best first, as indices; and its timeout.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) order: Vec<usize>,
    pub(crate) timeout: Option<u32>,
    pub(crate) timeout_style: TimeoutStyle,
    pub(crate) security: Security,
}

impl Outcome {
    /// The first that boots is the default.
    pub(crate) fn in_order(entries: &[BootEntry], timeout: Option<u32>) -> Self {
        Self { order: (0..entries.len()).collect(), timeout, ..Self::default() }
    }
}

/// Where a menu stands among the menus.
pub(crate) type Parents<'a> = &'a [Vec<u8>];

/// What a loader does with one configuration: entries are appended, in menu order.
pub(crate) type Evaluate =
    fn(&mut Reader<'_>, &[u8], &FileRef, Parents<'_>, &mut Vec<BootEntry>) -> Result<Outcome, LimitName>;

/// The menu of a guest's file.
pub(crate) fn menu_from_file(
    loader: Loader,
    evaluate: Evaluate,
    guest: &dyn Guest,
    config: FileRef,
    limits: &Limits,
) -> Result<BootMenu, Error> {
    let text = guest.read(config.volume, &config.path, limits.max_config_bytes).map_err(|error| {
        Error::Read { file: shown(&config.path), message: shown(error.message.as_bytes()) }
    })?;
    menu(loader, Some(guest), config.clone(), limits, |reader, entries| {
        reader.check_size(&text)?;
        evaluate(reader, &text, &config, &[], entries)
    })
}

/// The menu of a system that has no configuration, or several files that are one; `config` is what stands for it.
pub(crate) fn menu_without_text(
    loader: Loader,
    guest: &dyn Guest,
    config: FileRef,
    limits: &Limits,
    find: impl FnOnce(&mut Reader<'_>, &mut Vec<BootEntry>) -> Result<Outcome, LimitName>,
) -> Result<BootMenu, Error> {
    menu(loader, Some(guest), config, limits, find)
}

/// The menu of a text, without a guest.
pub(crate) fn menu_from_text(
    loader: Loader,
    evaluate: Evaluate,
    text: &[u8],
    name: &str,
    limits: &Limits,
) -> Result<BootMenu, Error> {
    let config = FileRef { volume: VolumeId::NONE, path: name.as_bytes().to_vec() };
    menu(loader, None, config.clone(), limits, |reader, entries| {
        reader.check_size(text)?;
        evaluate(reader, text, &config, &[], entries)
    })
}

fn menu(
    loader: Loader,
    guest: Option<&dyn Guest>,
    config: FileRef,
    limits: &Limits,
    evaluate: impl FnOnce(&mut Reader<'_>, &mut Vec<BootEntry>) -> Result<Outcome, LimitName>,
) -> Result<BootMenu, Error> {
    let mut reader = Reader::new(guest, &config, limits);
    let mut entries = Vec::new();
    match evaluate(&mut reader, &mut entries) {
        Ok(outcome) => {
            number_submenus(&mut entries, 0, 0);
            let default = pick(&outcome.order, &entries, &mut reader.notes);
            let notes = reader.notes.into_list();
            Ok(BootMenu {
                loader,
                config,
                entries,
                default,
                meant: outcome.order.first().copied(),
                timeout: outcome.timeout,
                timeout_style: outcome.timeout_style,
                security: outcome.security,
                notes,
            })
        }
        Err(limit) => {
            Err(Error::Limit { limit, value: limits.value(limit), file: reader.file, line: reader.line })
        }
    }
}

impl<'g> Reader<'g> {
    /// With all budgets full.
    pub(crate) fn new(guest: Option<&'g dyn Guest>, config: &FileRef, limits: &'g Limits) -> Self {
        Self {
            guest,
            home: config.volume,
            limits,
            budget: Budget::new(limits),
            notes: Notes::new(limits.max_notes),
            file: shown(&config.path),
            line: 0,
            directory: None,
            seen: HashSet::from([config.clone()]),
        }
    }
}

impl Reader<'_> {
    fn check_size(&mut self, text: &[u8]) -> Result<(), LimitName> {
        if u64::try_from(text.len()).map_or(true, |length| length > self.limits.max_config_bytes) {
            return Err(LimitName::MaxConfigBytes);
        }
        self.budget.keep(text.len())
    }

    /// Says something about the current line.
    pub(crate) fn note(&mut self, text: &str) {
        let (file, line) = (&self.file, self.line);
        self.notes.add(|| format!("{file}:{line}: {text}"));
    }

    /// Whether there is a regular file; without a guest there is none.
    pub(crate) fn is_file(&mut self, file: &FileRef) -> Result<bool, LimitName> {
        self.budget.look()?;
        let status = self.guest.and_then(|guest| guest.status(file.volume, &file.path));
        Ok(status.is_some_and(|status| status.kind == FileKind::File))
    }

    /// A further file's content; `None`, and a note, when it cannot be read.
    pub(crate) fn read(&mut self, file: &FileRef) -> Result<Option<Vec<u8>>, LimitName> {
        self.budget.read_file()?;
        self.seen.insert(file.clone());
        let Some(guest) = self.guest else {
            self.note(&format!("{}: not read, there is no guest", shown(&file.path)));
            return Ok(None);
        };
        match guest.read(file.volume, &file.path, self.limits.max_config_bytes) {
            Ok(content) => {
                self.check_size(&content)?;
                self.budget.moved(content.len())?;
                Ok(Some(content))
            }
            Err(error) => {
                self.note(&format!("{}: {}", shown(&file.path), shown(error.message.as_bytes())));
                Ok(None)
            }
        }
    }

    /// A further file's content, when there is such a file.
    pub(crate) fn read_if_there(&mut self, file: &FileRef) -> Result<Option<Vec<u8>>, LimitName> {
        match self.is_file(file)? {
            true => self.read(file),
            false => Ok(None),
        }
    }

    /// Does something inside a further file, whose lines messages name meanwhile. A circle ends at the budget's depth.
    pub(crate) fn inside<T>(
        &mut self,
        file: &FileRef,
        read: impl FnOnce(&mut Self) -> Result<T, LimitName>,
    ) -> Result<T, LimitName> {
        self.budget.enter_include()?;
        let outer = (std::mem::replace(&mut self.file, shown(&file.path)), self.line);
        // On an error the place stays, for the message.
        let result = read(self)?;
        (self.file, self.line) = outer;
        self.budget.leave_include();
        Ok(result)
    }

    /// One more entry of the menu; what it holds is paid for.
    pub(crate) fn push(
        &mut self,
        entry: BootEntry,
        entries: &mut Vec<BootEntry>,
    ) -> Result<usize, LimitName> {
        let index = entries.len();
        if index >= self.limits.max_entries {
            return Err(LimitName::MaxEntries);
        }
        let lengths = [entry.title.len(), entry.arguments.len(), entry.root.len()];
        let parents = entry.parents.iter().map(Vec::len);
        let extra = [
            entry.source.as_ref().map_or(0, |source| source.len()),
            entry.password.as_ref().map_or(0, Secret::bytes),
        ];
        let files = entry.ramdisks.iter().chain(&entry.kernel).map(|image| image.file.path.len());
        for length in lengths.into_iter().chain(parents).chain(files).chain(extra) {
            self.budget.keep(length)?;
        }
        self.budget.keep(size_of::<BootEntry>())?;
        entries.push(entry);
        Ok(index)
    }

    /// Another configuration's menu, as a submenu in the place of the entry that leads to it; that entry, by its index, where
    /// there is none. What makes it unreadable is that entry's problem, and what it gave until then is forgotten. So is a way
    /// back to what was already read, which menus over several files have ("Back").
    pub(crate) fn submenu(
        &mut self,
        evaluate: Evaluate,
        file: &FileRef,
        mut entry: BootEntry,
        entries: &mut Vec<BootEntry>,
    ) -> Result<Result<Outcome, usize>, LimitName> {
        let before = entries.len();
        let depth = entry.parents.len();
        let place = (self.file.clone(), self.line);
        let mark = self.budget.mark();
        let mut parents = entry.parents.clone();
        parents.push(entry.title.clone());
        let result = if self.seen.contains(file) {
            Err(format!("it leads back to `{}`", shown(&file.path)))
        } else {
            match self.other_menu(evaluate, file, &parents, entries) {
                Ok(Some(outcome)) => Ok(outcome),
                Ok(None) => Err(format!("`{}` cannot be read", shown(&file.path))),
                // These are the whole configuration's, and end it.
                Err(limit @ (LimitName::MaxSteps | LimitName::MaxEntries)) => return Err(limit),
                Err(limit) => {
                    let value = self.limits.value(limit);
                    Err(format!("{}:{}: the limit {limit} ({value}) is exceeded", self.file, self.line))
                }
            }
        };
        match result {
            Ok(outcome) => {
                number_submenus(entries.get_mut(before..).unwrap_or_default(), before, depth);
                Ok(Ok(outcome))
            }
            Err(problem) => {
                (self.file, self.line) = place;
                self.budget.restore_depth(mark);
                entries.truncate(before);
                entry.problems.push(problem);
                Ok(Err(self.push(entry, entries)?))
            }
        }
    }

    fn other_menu(
        &mut self,
        evaluate: Evaluate,
        file: &FileRef,
        parents: Parents<'_>,
        entries: &mut Vec<BootEntry>,
    ) -> Result<Option<Outcome>, LimitName> {
        let Some(text) = self.read(file)? else { return Ok(None) };
        self.inside(file, |reader| evaluate(reader, &text, file, parents, entries)).map(Some)
    }
}

/// Blanks and tabs at both ends are nobody's.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

/// The first word, and what follows the blanks behind it.
pub(crate) fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = trimmed(text);
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, trimmed(rest))
}

/// The words between blanks.
pub(crate) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The first four fields of the line of an fstab(5) for this mount point: device, mount point, type, options.
pub(crate) fn mounted_at<'a>(fstab: &'a [u8], place: &[u8]) -> Option<[&'a [u8]; 4]> {
    let lines = fstab.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.starts_with(b"#")).find_map(|line| {
        let mut fields = words(line);
        let fields = [fields.next()?, fields.next()?, fields.next()?, fields.next().unwrap_or_default()];
        (fields[1] == place).then_some(fields)
    })
}
