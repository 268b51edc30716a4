//! Lines and inclusions: from texts to labels.

use super::label::{Kind, Label, Leads};
use super::menus::Menus;
use crate::access::{Hotkey, Secret};
use crate::guest::{FileRef, folder};
use crate::limits::LimitName;
use crate::reader::{Reader, first_word, trimmed, words};
use crate::text::shown;

/// What keeping a label or a menu costs beside its bytes.
const LABEL_COST: usize = 256;

/// A configuration as far as it is read.
#[derive(Debug)]
pub(super) struct Config {
    /// Which file it began with: `~` of a menu program.
    file: FileRef,
    /// The working directory, without a slash at its end: names are relative to it, in whatever file they stand.
    directory: Vec<u8>,
    /// That is not the directory of the file that the menu began with.
    is_moved: bool,
    pub(super) labels: Vec<Label>,
    pub(super) menus: Menus,
    label: Option<Label>,
    /// `TEXT` until `ENDTEXT`.
    in_text: bool,
    /// `APPEND` before any label, for those without one of their own.
    pub(super) append: Vec<u8>,
    pub(super) default: Option<Vec<u8>>,
    pub(super) on_timeout: Option<Vec<u8>>,
    pub(super) on_error: Option<Vec<u8>>,
    /// Tenths of a second, both; 0 is none.
    pub(super) timeout: u32,
    pub(super) total_timeout: u32,
    pub(super) prompt: bool,
    /// `IMPLICIT`: a command line may name a file that no label names.
    pub(super) implicit: bool,
    /// `ALLOWOPTIONS`: arguments may be typed.
    pub(super) allow_options: bool,
    /// `UI`: what asks in place of the prompt.
    pub(super) ui: Option<Vec<u8>>,
    /// A device tree is named, so U-Boot reads it, and some `MENU` line: then U-Boot shows its menu.
    has_device_tree: bool,
    has_menu: bool,
    /// `MENU HIDDEN`.
    pub(super) hidden: bool,
    /// `MENU SHIFTKEY`: no menu is shown to who holds no key.
    pub(super) shift_key: bool,
    /// `MENU MASTER PASSWD`.
    pub(super) password: Option<Secret>,
}

impl Config {
    /// Names are relative to `directory`, else to that of the file.
    pub(super) fn new(file: &FileRef, directory: Option<Vec<u8>>) -> Self {
        Self {
            file: file.clone(),
            is_moved: directory.is_some(),
            directory: directory.unwrap_or_else(|| folder(&file.path).to_vec()),
            labels: Vec::new(),
            menus: Menus::new(),
            label: None,
            in_text: false,
            append: Vec::new(),
            default: None,
            on_timeout: None,
            on_error: None,
            timeout: 0,
            total_timeout: 0,
            prompt: false,
            implicit: true,
            allow_options: true,
            ui: None,
            has_device_tree: false,
            has_menu: false,
            hidden: false,
            shift_key: false,
            password: None,
        }
    }

    /// What comes next belongs to this label.
    pub(super) fn begin_label(&mut self, label: Label) {
        self.label = Some(label);
    }

    /// Whether it is isolinux' configuration, which lies on a disc.
    pub(super) fn is_isolinux(&self) -> bool {
        self.file.path.ends_with(b"/isolinux.cfg")
    }

    /// The label that a command line begins with: all of it, or its first word.
    pub(super) fn named(&self, line: &[u8]) -> Option<&Label> {
        let named = |name: &[u8]| self.labels.iter().find(|label| label.name == name);
        named(line).or_else(|| named(first_word(line).0))
    }

    /// What a command line boots: a label, a label with further arguments, or else a kernel with its arguments.
    pub(super) fn typed(&self, line: &[u8]) -> Label {
        let (word, arguments) = first_word(line);
        match self.named(line) {
            Some(label) if label.name == line => label.clone(),
            Some(label) => label.with(arguments, &self.append),
            None => Label::of_kernel(word, arguments),
        }
    }

    /// The working directory.
    pub(super) fn directory(&self) -> &[u8] {
        &self.directory
    }

    /// The program that asks instead of the prompt, with its arguments: `UI`'s, else `DEFAULT`'s.
    pub(super) fn interface(&self) -> Option<&[u8]> {
        self.ui.as_deref().or(self.default.as_deref().filter(|line| super::is_program(line)))
    }

    /// Whether anything waits for a person: a menu, or the prompt.
    pub(super) fn asks(&self) -> bool {
        self.prompt || self.interface().is_some() || (self.has_device_tree && self.has_menu)
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
                self.label = Some(Label::new(rest, self.menus.current(), reader.line));
            }
            b"include" => self.include(reader, rest)?,
            b"default" => self.default = Some(rest.to_vec()),
            b"ontimeout" => self.on_timeout = Some(rest.to_vec()),
            b"onerror" => self.on_error = Some(rest.to_vec()),
            b"timeout" => self.timeout = number(rest),
            b"totaltimeout" => self.total_timeout = number(rest),
            b"prompt" => self.prompt = number(rest) != 0,
            b"implicit" => self.implicit = number(rest) != 0,
            b"allowoptions" => self.allow_options = number(rest) != 0,
            b"ui" => self.ui = Some(rest.to_vec()),
            b"text" => self.in_text = true,
            b"append" => match &mut self.label {
                Some(label) => label.append = Some(rest.to_vec()),
                None => self.append = rest.to_vec(),
            },
            b"initrd" => self.set(|label| label.initrd = Some(rest.to_vec())),
            b"fdt" | b"fdtdir" | b"devicetree" | b"devicetreedir" => {
                self.has_device_tree = true;
                reader.note(&format!("the device tree `{}` is left out", shown(rest)));
            }
            b"ipappend" | b"sysappend" if number(rest) != 0 || rest.starts_with(b"0x") => {
                reader.note(
                    "what the loader itself would append (addresses, names of the machine) is left out",
                );
            }
            b"localboot" => self.set(|label| label.kernel = Some((Kind::Other("localboot"), Vec::new()))),
            _ => match Kind::of_keyword(keyword) {
                Some(kind) => self.set(|label| label.kernel = Some((kind, rest.to_vec()))),
                None if is_quiet(keyword) => {}
                None => reader.note(&format!("`{}` is no keyword known here", shown(keyword))),
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
        self.has_menu = true;
        let (keyword, rest) = first_word(text);
        match keyword.to_ascii_lowercase().as_slice() {
            // The hot key's mark is not shown.
            b"label" => match &mut self.label {
                Some(label) => (label.title, label.hotkey) = (Some(unmarked(rest)), hotkey(rest)),
                None => self.menus.set_label(rest.to_vec(), hotkey(rest)),
            },
            b"title" => self.menus.set_title(rest.to_vec()),
            b"default" => match &mut self.label {
                Some(label) => label.default = true,
                None => self.menus.set_default(),
            },
            b"hide" => self.set(|label| label.hidden = true),
            b"disable" | b"disabled" => self.set(|label| label.disabled = true),
            // It is a line of its own, which ends the label before it.
            b"separator" => self.end_label(reader)?,
            b"passwd" => match &mut self.label {
                Some(label) => {
                    label.restricted = true;
                    // Without one of its own the master's is meant.
                    label.password = (!rest.is_empty()).then(|| Secret::crypt_or_plain(rest));
                }
                None if !rest.is_empty() => self.menus.set_password(Secret::crypt_or_plain(rest)),
                None => {}
            },
            b"master" if first_word(rest).0.eq_ignore_ascii_case(b"passwd") => {
                self.password = Some(Secret::crypt_or_plain(first_word(rest).1));
            }
            b"hidden" => self.hidden = true,
            b"shiftkey" => self.shift_key = true,
            b"save" => {
                reader.note("the choice saved at an earlier boot is in ldlinux.sys, and not known here")
            }
            b"start" => self.menus.set_start(),
            b"include" => self.include(reader, rest)?,
            b"begin" => self.begin(reader, rest)?,
            b"end" => self.end(reader)?,
            b"goto" => self.set(|label| label.leads = Some(Leads::To(rest.to_vec()))),
            b"quit" => self.set(|label| label.leads = Some(Leads::Away)),
            b"exit" if self.menus.is_submenu() => self.set(|label| {
                label.leads = Some(if rest.is_empty() { Leads::Back } else { Leads::To(rest.to_vec()) });
            }),
            // Colours, texts, sizes, help, what a hot key does.
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, reader: &mut Reader<'_>, tag: &[u8]) -> Result<(), LimitName> {
        self.end_label(reader)?;
        if self.menus.count() > reader.limits.max_entries {
            return Err(LimitName::MaxEntries);
        }
        reader.budget.enter()?;
        reader.budget.keep(tag.len().saturating_add(LABEL_COST))?;
        self.menus.begin(tag);
        Ok(())
    }

    fn end(&mut self, reader: &mut Reader<'_>) -> Result<(), LimitName> {
        self.end_label(reader)?;
        if self.menus.end() {
            reader.budget.leave();
        }
        Ok(())
    }

    /// `INCLUDE file [tag]`: the file's lines, here; with a tag they are a submenu.
    fn include(&mut self, reader: &mut Reader<'_>, text: &[u8]) -> Result<(), LimitName> {
        let (name, tag) = first_word(text);
        let file = match self.locate(name) {
            Ok(file) => file,
            Err(problem) => {
                reader.note(&problem);
                return Ok(());
            }
        };
        let Some(text) = reader.read(&file)? else { return Ok(()) };
        if tag.is_empty() {
            return reader.inside(&file, |reader| self.read(reader, &text));
        }
        self.begin(reader, tag)?;
        reader.inside(&file, |reader| self.read(reader, &text))?;
        self.end(reader)
    }

    /// The menu that a menu program shows when it is given files: theirs alone; `~` is the configuration's own text. `None` when it
    /// is given none, or what it is given has no label.
    pub(super) fn of_interface(
        &self,
        reader: &mut Reader<'_>,
        text: &[u8],
    ) -> Result<Option<Self>, LimitName> {
        let (program, files) = first_word(self.interface().unwrap_or_default());
        if files.is_empty() || !super::is_menu(program) {
            return Ok(None);
        }
        let directory = self.is_moved.then(|| self.directory.clone());
        let mut config = Self::new(&self.file, directory);
        for name in words(files) {
            match name {
                b"~" => config.read(reader, text)?,
                name => config.include(reader, name)?,
            }
        }
        config.finish(reader)?;
        config.ui.get_or_insert_with(|| program.to_vec());
        if config.labels.is_empty() {
            reader.note(&format!("`{}` shows files without a label", shown(program)));
            return Ok(None);
        }
        Ok(Some(config))
    }

    /// The text is over.
    pub(super) fn finish(&mut self, reader: &mut Reader<'_>) -> Result<(), LimitName> {
        self.end_label(reader)?;
        while self.menus.end() {
            reader.budget.leave();
        }
        Ok(())
    }

    fn end_label(&mut self, reader: &mut Reader<'_>) -> Result<(), LimitName> {
        if let Some(label) = self.label.take() {
            if self.labels.len() >= reader.limits.max_entries {
                return Err(LimitName::MaxEntries);
            }
            reader.budget.keep(label.bytes().saturating_add(LABEL_COST))?;
            self.menus.add(self.labels.len(), &label);
            self.labels.push(label);
        }
        Ok(())
    }

    /// A name as a person edits it, who is asked about the file that the menu began with: absolute where its directory is another.
    pub(super) fn shown_name(&self, name: &[u8]) -> Vec<u8> {
        match self.locate(name) {
            Ok(file) if self.is_moved => file.path,
            _ => name.to_vec(),
        }
    }

    /// A file's place: relative names begin at the working directory, `::` at the root (wiki: "Working directory").
    pub(super) fn locate(&self, name: &[u8]) -> Result<FileRef, String> {
        let volume = self.file.volume;
        if name.is_empty() {
            return Err("a file without a name".to_owned());
        }
        if name.windows(3).any(|window| window == b"://") {
            return Err(format!("`{}` is on the network", shown(name)));
        }
        if name == b"~" {
            return Ok(self.file.clone());
        }
        if name.starts_with(b"/") {
            return Ok(FileRef { volume, path: name.to_vec() });
        }
        if let Some(name) = name.strip_prefix(b"::") {
            return Ok(FileRef { volume, path: [b"/", name.strip_prefix(b"/").unwrap_or(name)].concat() });
        }
        Ok(FileRef { volume, path: [&self.directory, b"/".as_slice(), name].concat() })
    }
}

/// Keywords (wiki: "Config") that say how the loader looks, what it prints and by what it is spoken to, and nothing about what boots.
fn is_quiet(keyword: &[u8]) -> bool {
    const QUIET: [&[u8]; 15] = [
        b"say",
        b"display",
        b"font",
        b"kbdmap",
        b"serial",
        b"console",
        b"noescape",
        b"nocomplete",
        b"nohalt",
        b"path",
        b"ipappend",
        b"sysappend",
        b"sendcookies",
        b"pxeretry",
        b"endtext",
    ];
    let is_function_key = keyword
        .strip_prefix(b"f")
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .is_some_and(|number: u32| number <= 12);
    is_function_key || QUIET.contains(&keyword)
}

/// A menu's text without the mark before its hot key.
pub(super) fn unmarked(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|&byte| byte != b'^').collect()
}

/// The letter behind the mark, in either case.
fn hotkey(text: &[u8]) -> Option<Hotkey> {
    let mark = text.iter().position(|&byte| byte == b'^')?;
    let letter = text.get(mark.saturating_add(1)..)?.first()?.to_ascii_lowercase();
    Hotkey::named(&[letter])
}

/// A decimal number at the beginning, as C's `atoi` reads it: 0 where there is none.
fn number(text: &[u8]) -> u32 {
    let word = words(text).next().unwrap_or_default();
    let end = word.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(word.len());
    let digits = word.get(..end).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
