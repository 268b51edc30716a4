//! Lines, inclusions, menus inside menus: from texts to labels.

use super::label::{Kind, Label};
use crate::access::{Hotkey, Secret};
use crate::guest::FileRef;
use crate::limits::LimitName;
use crate::reader::{Reader, first_word, trimmed, words};
use crate::text::shown;

/// What keeping a label costs beside its bytes.
const LABEL_COST: usize = 256;

/// A menu: the whole, or what stands between `MENU BEGIN` and `MENU END`.
#[derive(Debug, Default)]
pub(super) struct Menu {
    title: Vec<u8>,
    /// `MENU LABEL`: what the menu around it calls it, if not by its title.
    label: Option<Vec<u8>>,
    outer: Option<usize>,
}

/// A configuration as far as it is read.
#[derive(Debug)]
pub(super) struct Config {
    /// Which file it began with: names are relative to that one's directory, wherever they stand.
    file: FileRef,
    pub(super) labels: Vec<Label>,
    /// The first is the whole.
    pub(super) menus: Vec<Menu>,
    menu: usize,
    label: Option<Label>,
    /// `TEXT HELP` until `ENDTEXT`.
    in_text: bool,
    /// `APPEND` before any label, for those without one of their own.
    pub(super) append: Vec<u8>,
    pub(super) default: Option<Vec<u8>>,
    pub(super) on_timeout: Option<Vec<u8>>,
    /// Tenths of a second.
    pub(super) timeout: u32,
    pub(super) prompt: bool,
    /// A menu program asks, not the prompt.
    pub(super) interface: bool,
    /// `MENU HIDDEN`.
    pub(super) hidden: bool,
    /// `MENU MASTER PASSWD`.
    pub(super) password: Option<Secret>,
}

impl Config {
    pub(super) fn new(file: &FileRef) -> Self {
        Self {
            file: file.clone(),
            labels: Vec::new(),
            menus: vec![Menu::default()],
            menu: 0,
            label: None,
            in_text: false,
            append: Vec::new(),
            default: None,
            on_timeout: None,
            timeout: 0,
            prompt: false,
            interface: false,
            hidden: false,
            password: None,
        }
    }

    /// What comes next belongs to this label.
    pub(super) fn begin_label(&mut self, label: Label) {
        self.label = Some(label);
    }

    /// Carries out the lines of a file. A NUL ends a line's text, as in C.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, text: &[u8]) -> Result<(), LimitName> {
        reader.line = 0;
        for line in text.split(|&byte| byte == b'\n') {
            reader.line = reader.line.saturating_add(1);
            reader.budget.step()?;
            let line = trimmed(line.split(|&byte| byte == 0).next().unwrap_or_default());
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            reader.budget.check_value(line.len())?;
            let (keyword, rest) = first_word(line);
            let keyword = keyword.to_ascii_lowercase();
            if self.in_text {
                self.in_text = keyword != b"endtext";
            } else if keyword == b"menu" {
                self.menu_command(reader, rest)?;
            } else {
                self.command(reader, &keyword, rest)?;
            }
        }
        Ok(())
    }

    fn command(&mut self, reader: &mut Reader<'_>, keyword: &[u8], rest: &[u8]) -> Result<(), LimitName> {
        match keyword {
            b"label" => {
                self.end_label(reader)?;
                self.label = Some(Label::new(rest, self.menu, reader.line));
            }
            b"include" => self.include(reader, first_word(rest).0)?,
            b"default" => self.default = Some(rest.to_vec()),
            b"ontimeout" => self.on_timeout = Some(rest.to_vec()),
            b"timeout" => self.timeout = number(rest).unwrap_or(0),
            b"prompt" => self.prompt = number(rest).is_some_and(|flag| flag != 0),
            b"ui" => self.interface = true,
            b"text" if first_word(rest).0.eq_ignore_ascii_case(b"help") => self.in_text = true,
            b"append" => match &mut self.label {
                Some(label) => label.append = Some(rest.to_vec()),
                None => self.append = rest.to_vec(),
            },
            b"initrd" => self.set(|label| label.initrd = Some(rest.to_vec())),
            b"fdt" | b"fdtdir" | b"devicetree" | b"devicetreedir" => {
                reader.note(&format!("the device tree `{}` is left out", shown(rest)));
            }
            b"localboot" => self.set(|label| label.kernel = Some((Kind::Other("localboot"), Vec::new()))),
            _ => match Kind::of_keyword(keyword) {
                Some(kind) => self.set(|label| label.kernel = Some((kind, rest.to_vec()))),
                // Screens, consoles, function keys, network options.
                None => reader.note(&format!("`{}` changes nothing here", shown(keyword))),
            },
        }
        Ok(())
    }

    fn set(&mut self, change: impl FnOnce(&mut Label)) {
        if let Some(label) = &mut self.label {
            change(label);
        }
    }

    fn menu_command(&mut self, reader: &mut Reader<'_>, text: &[u8]) -> Result<(), LimitName> {
        let (keyword, rest) = first_word(text);
        match keyword.to_ascii_lowercase().as_slice() {
            // The hot key's mark is not shown.
            b"label" => {
                let title = unmarked(rest);
                match &mut self.label {
                    Some(label) => (label.title, label.hotkey) = (Some(title), hotkey(rest)),
                    None => self.set_menu(|menu| menu.label = Some(title)),
                }
            }
            b"title" => self.set_menu(|menu| menu.title = unmarked(rest)),
            b"default" => self.set(|label| label.default = true),
            b"hide" => self.set(|label| label.hidden = true),
            b"disable" => self.set(|label| label.disabled = true),
            b"passwd" => self.set(|label| {
                label.restricted = true;
                // Without one of its own the master's is meant.
                label.password = (!rest.is_empty()).then(|| Secret::crypt_or_plain(rest));
            }),
            b"master" if first_word(rest).0.eq_ignore_ascii_case(b"passwd") => {
                self.password = Some(Secret::crypt_or_plain(first_word(rest).1));
            }
            b"hidden" => self.hidden = true,
            b"include" => self.include(reader, first_word(rest).0)?,
            b"begin" => {
                self.end_label(reader)?;
                reader.budget.enter()?;
                reader.budget.keep(rest.len().saturating_add(LABEL_COST))?;
                self.menus.push(Menu { title: unmarked(rest), label: None, outer: Some(self.menu) });
                self.menu = self.menus.len().saturating_sub(1);
            }
            b"end" => {
                self.end_label(reader)?;
                if let Some(outer) = self.menus.get(self.menu).and_then(|menu| menu.outer) {
                    self.menu = outer;
                    reader.budget.leave();
                }
            }
            b"goto" | b"exit" | b"quit" => {
                self.set(|label| label.kernel = Some((Kind::Other("menu"), Vec::new())));
            }
            // Colours, texts, sizes, and a first menu that nobody is there to see.
            _ => {}
        }
        Ok(())
    }

    fn set_menu(&mut self, change: impl FnOnce(&mut Menu)) {
        if let Some(menu) = self.menus.get_mut(self.menu) {
            change(menu);
        }
    }

    fn include(&mut self, reader: &mut Reader<'_>, name: &[u8]) -> Result<(), LimitName> {
        match self.locate(name) {
            Ok(file) => {
                if let Some(text) = reader.read(&file)? {
                    reader.inside(&file, |reader| self.read(reader, &text))?;
                }
            }
            Err(problem) => reader.note(&problem),
        }
        Ok(())
    }

    /// The text is over.
    pub(super) fn finish(&mut self, reader: &mut Reader<'_>) -> Result<(), LimitName> {
        self.end_label(reader)?;
        while let Some(outer) = self.menus.get(self.menu).and_then(|menu| menu.outer) {
            self.menu = outer;
            reader.budget.leave();
        }
        self.interface |= self.default.as_ref().is_some_and(|line| super::is_program(line));
        Ok(())
    }

    fn end_label(&mut self, reader: &mut Reader<'_>) -> Result<(), LimitName> {
        if let Some(label) = self.label.take() {
            if self.labels.len() >= reader.limits.max_entries {
                return Err(LimitName::MaxEntries);
            }
            reader.budget.keep(label.bytes().saturating_add(LABEL_COST))?;
            self.labels.push(label);
        }
        Ok(())
    }

    /// A file's place: relative names begin at the first configuration's directory, `::` at the root (wiki: "Working directory").
    pub(super) fn locate(&self, name: &[u8]) -> Result<FileRef, String> {
        let volume = self.file.volume;
        if name.is_empty() {
            return Err("a file without a name".to_owned());
        }
        if name.windows(3).any(|window| window == b"://") {
            return Err(format!("`{}` is on the network", shown(name)));
        }
        if name.starts_with(b"/") {
            return Ok(FileRef { volume, path: name.to_vec() });
        }
        if let Some(name) = name.strip_prefix(b"::") {
            return Ok(FileRef { volume, path: [b"/", name.strip_prefix(b"/").unwrap_or(name)].concat() });
        }
        let slash = self.file.path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let directory = self.file.path.get(..slash).unwrap_or_default();
        Ok(FileRef { volume, path: [directory, b"/", name].concat() })
    }

    /// The titles of the menus around a label, outermost first; the whole menu's own is not one of them.
    pub(super) fn titles(&self, mut menu: usize) -> Vec<Vec<u8>> {
        let mut titles = Vec::new();
        while let Some((inner, outer)) = self.menus.get(menu).and_then(|menu| Some((menu, menu.outer?))) {
            titles.push(inner.label.as_ref().unwrap_or(&inner.title).clone());
            menu = outer;
        }
        titles.reverse();
        titles
    }
}

/// A menu's text without the mark before its hot key.
fn unmarked(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|&byte| byte != b'^').collect()
}

/// The letter behind the mark, in either case.
fn hotkey(text: &[u8]) -> Option<Hotkey> {
    let mark = text.iter().position(|&byte| byte == b'^')?;
    let letter = text.get(mark.saturating_add(1)..)?.first()?.to_ascii_lowercase();
    Hotkey::named(&[letter])
}

/// A decimal number at the beginning.
fn number(text: &[u8]) -> Option<u32> {
    let word = words(text).next()?;
    let end = word.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(word.len());
    std::str::from_utf8(word.get(..end)?).ok()?.parse().ok()
}
