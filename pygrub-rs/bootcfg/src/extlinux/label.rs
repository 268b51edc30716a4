//! A label, and the entry it makes.

use super::config::Config;
use super::programs;
use crate::access::{Hotkey, Secret};
use crate::guest::{BootFile, FileRef};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::reader::{Parents, Reader, first_word, words};
use crate::text::shown;
use std::sync::Arc;

/// Names whose file is no Linux kernel (wiki: "Config", KERNEL), besides `.c32`: [`programs`].
const PROGRAMS: [&[u8]; 7] = [b".cbt", b".com", b".bs", b".bss", b".bin", b".img", b".0"];

/// How a file is to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `KERNEL`: by its extension.
    Any,
    /// `LINUX`, whatever the extension.
    Linux,
    /// `CONFIG`: another configuration.
    Config,
    /// What no domain builder can start: the keyword.
    Other(&'static str),
}

impl Kind {
    /// `None` when the keyword names no file to start.
    pub(super) fn of_keyword(keyword: &[u8]) -> Option<Self> {
        Some(match keyword {
            b"kernel" | b"com32" => Self::Any,
            b"linux" => Self::Linux,
            b"config" => Self::Config,
            b"boot" => Self::Other("boot"),
            b"bss" => Self::Other("bss"),
            b"pxe" => Self::Other("pxe"),
            b"fdimage" => Self::Other("fdimage"),
            b"comboot" => Self::Other("comboot"),
            _ => return None,
        })
    }
}

/// Where a label leads that boots nothing (wiki: "Menu").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leads {
    /// `MENU GOTO`, or `MENU EXIT` with a word: to the menu of this tag.
    To(Vec<u8>),
    /// `MENU EXIT`: to the menu around its own.
    Back,
    /// `MENU QUIT`: to the prompt.
    Away,
}

/// What stands between one `LABEL` and the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Label {
    pub(super) name: Vec<u8>,
    pub(super) menu: usize,
    pub(super) line: u32,
    /// `MENU LABEL`.
    pub(super) title: Option<Vec<u8>>,
    pub(super) kernel: Option<(Kind, Vec<u8>)>,
    pub(super) append: Option<Vec<u8>>,
    pub(super) initrd: Option<Vec<u8>>,
    pub(super) default: bool,
    pub(super) hidden: bool,
    pub(super) disabled: bool,
    pub(super) restricted: bool,
    /// `MENU PASSWD` with a password.
    pub(super) password: Option<Secret>,
    /// The letter marked in its title.
    pub(super) hotkey: Option<Hotkey>,
    /// It boots nothing.
    pub(super) leads: Option<Leads>,
}

impl Label {
    pub(super) fn new(name: &[u8], menu: usize, line: u32) -> Self {
        Self { name: name.to_vec(), menu, line, ..Self::default() }
    }

    /// A kernel that `DEFAULT` names itself.
    pub(super) fn of_kernel(name: &[u8], arguments: &[u8]) -> Self {
        let kernel = Some((Kind::Any, name.to_vec()));
        // No menu lists it.
        Self {
            name: name.to_vec(),
            kernel,
            append: Some(arguments.to_vec()),
            hidden: true,
            ..Self::default()
        }
    }

    /// Whether a menu lists it as something to boot.
    pub(super) fn is_listed(&self) -> bool {
        !self.hidden && !self.disabled && self.leads.is_none()
    }

    /// This label with more arguments.
    pub(super) fn with(&self, arguments: &[u8], global: &[u8]) -> Self {
        let append = [self.appended(global), arguments].join(&b' ');
        Self { append: Some(append), default: false, hidden: true, ..self.clone() }
    }

    /// `APPEND`, or the one before all labels; `-` is none.
    fn appended<'a>(&'a self, global: &'a [u8]) -> &'a [u8] {
        match self.append.as_deref().unwrap_or(global) {
            b"-" => b"",
            append => append,
        }
    }

    /// Its lines as text, for a person to edit; none where the label itself is the kernel's name, or stands for others.
    fn source(&self, config: &Config) -> Option<Arc<[u8]>> {
        let (kind, line) = self.kernel.as_ref()?;
        let keyword = match kind {
            Kind::Any => "kernel",
            Kind::Linux => "linux",
            Kind::Config => "config",
            Kind::Other(keyword) => keyword,
        };
        let list = |list: &[u8]| {
            let names = list.split(|&byte| byte == b',').map(|name| config.shown_name(name.trim_ascii()));
            names.collect::<Vec<_>>().join(&b',')
        };
        let (name, rest) = first_word(line);
        // What it chooses among is not in these lines.
        if programs::chooses(name) {
            return None;
        }
        let name = if matches!(kind, Kind::Other(_)) { name.to_vec() } else { config.shown_name(name) };
        let mut lines = vec![[keyword.as_bytes(), name.as_slice(), rest].join(&b' ').trim_ascii().to_vec()];
        lines.extend(self.initrd.iter().map(|names| [b"initrd ", list(names).as_slice()].concat()));
        let word = |word: &[u8]| match word.strip_prefix(b"initrd=") {
            Some(names) => [b"initrd=", list(names).as_slice()].concat(),
            None => word.to_vec(),
        };
        let words = self.appended(&config.append).split(u8::is_ascii_whitespace).map(word);
        lines.push([b"append ", words.collect::<Vec<_>>().join(&b' ').as_slice()].concat());
        Some(lines.join(&b'\n').into())
    }

    pub(super) fn bytes(&self) -> usize {
        let texts = [Some(&self.name), self.title.as_ref(), self.append.as_ref(), self.initrd.as_ref()];
        let tag = self.leads.as_ref().and_then(|leads| match leads {
            Leads::To(tag) => Some(tag),
            Leads::Back | Leads::Away => None,
        });
        let texts = texts.into_iter().flatten().chain(self.kernel.as_ref().map(|(_, name)| name)).chain(tag);
        texts.fold(0, |sum, text| sum.saturating_add(text.len()))
    }
}

/// What a label came to.
pub(super) struct Run {
    pub(super) entry: BootEntry,
    /// Another configuration's menu comes in its place.
    pub(super) opens: Option<Opened>,
}

/// Another configuration, and the working directory there.
pub(super) struct Opened {
    pub(super) file: FileRef,
    pub(super) directory: Vec<u8>,
}

/// Kernel, ramdisks, arguments.
#[derive(Default)]
pub(super) struct Boot {
    pub(super) kernel: Option<BootFile>,
    pub(super) ramdisks: Vec<BootFile>,
    pub(super) arguments: Vec<u8>,
    pub(super) opens: Option<Opened>,
}

/// The entry of a label.
pub(super) fn run(
    reader: &mut Reader<'_>,
    label: &Label,
    config: &Config,
    parents: Parents<'_>,
) -> Result<Run, LimitName> {
    let (boot, problems) = match boot(reader, label, config, programs::MAX_DEPTH)? {
        Ok(boot) => (boot, Vec::new()),
        Err(problem) => (Boot::default(), vec![problem]),
    };
    let guard = config.menus.password(label.menu);
    let entry = BootEntry {
        title: label.title.clone().filter(|title| !title.is_empty()).unwrap_or_else(|| label.name.clone()),
        id: Some(label.name.clone()),
        parents: parents.iter().cloned().chain(config.menus.titles(label.menu)).collect(),
        kernel: boot.kernel,
        ramdisks: boot.ramdisks,
        arguments: boot.arguments,
        restricted: label.restricted || guard.is_some(),
        password: label.password.clone().or_else(|| guard.filter(|_| !label.restricted).cloned()),
        hotkey: label.hotkey,
        source: label.source(config),
        problems,
        ..BootEntry::default()
    };
    Ok(Run { entry, opens: boot.opens })
}

/// What a label boots, or why it boots nothing; `depth` programs may still choose for one another.
pub(super) fn boot(
    reader: &mut Reader<'_>,
    label: &Label,
    config: &Config,
    depth: u32,
) -> Result<Result<Boot, String>, LimitName> {
    match label.leads {
        Some(Leads::To(_) | Leads::Back) => {
            return Ok(Err("not bootable because it leads to another menu".to_owned()));
        }
        Some(Leads::Away) => return Ok(Err("not bootable because it leaves the menu".to_owned())),
        None => {}
    }
    // Without KERNEL the label is the kernel's name.
    let (kind, line) = match &label.kernel {
        Some((kind, line)) => (*kind, line.as_slice()),
        None => {
            let exists = match config.locate(&label.name) {
                Ok(file) => reader.is_file(&file)?,
                Err(_) => false,
            };
            if !exists {
                return Ok(Err("not bootable because it names no kernel".to_owned()));
            }
            (Kind::Any, label.name.as_slice())
        }
    };
    let (name, before) = if label.kernel.is_some() { first_word(line) } else { (line, &b""[..]) };
    let append = label.appended(&config.append);
    let arguments = if before.is_empty() { append.to_vec() } else { [before, append].join(&b' ') };
    reader.budget.moved(arguments.len())?;
    reader.budget.check_value(arguments.len())?;
    match kind {
        Kind::Other(keyword) => Ok(Err(format!("not bootable because it runs `{keyword}`"))),
        // The directory is the label's own APPEND: one for all labels is arguments.
        Kind::Config => Ok(opening(config, name, label.append.as_deref().unwrap_or_default())),
        Kind::Any if has_extension(name, b".c32") => {
            programs::run(reader, label, config, (name, &arguments), depth)
        }
        Kind::Any if PROGRAMS.iter().any(|extension| has_extension(name, extension)) => {
            Ok(Err(no_kernel(name)))
        }
        Kind::Any | Kind::Linux => Ok(linux(label, config, name, &arguments)),
    }
}

pub(super) fn no_kernel(name: &[u8]) -> String {
    format!("not bootable because `{}` is no Linux kernel", shown(name))
}

/// Another configuration; what its names are relative to stays, unless a directory is given (wiki: "Config", CONFIG).
pub(super) fn opening(config: &Config, name: &[u8], directory: &[u8]) -> Result<Boot, String> {
    let directory = match first_word(directory).0 {
        b"" | b"-" => config.directory().to_vec(),
        directory => config.locate(directory)?.path,
    };
    let end = directory.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last.saturating_add(1));
    let directory = directory.get(..end).unwrap_or_default().to_vec();
    Ok(Boot { opens: Some(Opened { file: config.locate(name)?, directory }), ..Boot::default() })
}

/// `INITRD`, or without it the last `initrd=`: a list with commas. Syslinux leaves `initrd=` in the arguments; here it is taken
/// out, as Xen's pygrub does it: it is not the kernel's.
pub(super) fn linux(label: &Label, config: &Config, name: &[u8], line: &[u8]) -> Result<Boot, String> {
    let kernel = Some(config.locate(name)?.into());
    let in_line = words(line).filter_map(|word| word.strip_prefix(b"initrd=")).last();
    let list = label.initrd.as_deref().or(in_line).unwrap_or_default();
    let names = list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    let ramdisks = names.map(|name| config.locate(name).map(BootFile::from)).collect::<Result<_, _>>()?;
    Ok(Boot { kernel, ramdisks, arguments: without_initrd(line), ..Boot::default() })
}

/// The line as it stands, but for the words `initrd=…` and the blank before each.
fn without_initrd(line: &[u8]) -> Vec<u8> {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.starts_with(b"initrd="));
    words.collect::<Vec<_>>().join(&b' ').trim_ascii().to_vec()
}

/// Whether a name ends so, in either case.
pub(super) fn has_extension(name: &[u8], extension: &[u8]) -> bool {
    let start = name.len().checked_sub(extension.len());
    start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(extension))
}
