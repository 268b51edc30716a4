//! A label, and the entry it makes.

use super::config::Config;
use crate::access::{Hotkey, Secret};
use crate::guest::{BootFile, FileRef};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::multiboot::{Image, boots};
use crate::reader::{Parents, Reader, first_word, words};
use crate::text::shown;
use std::sync::Arc;

/// What stands between the images of `mboot.c32`.
const SEPARATOR: &[u8] = b"---";
/// Names whose file is no Linux kernel (wiki: "Config", KERNEL).
const PROGRAMS: [&[u8]; 8] = [b".c32", b".cbt", b".com", b".bs", b".bss", b".bin", b".img", b".0"];

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
}

impl Label {
    pub(super) fn new(name: &[u8], menu: usize, line: u32) -> Self {
        Self { name: name.to_vec(), menu, line, ..Self::default() }
    }

    /// A kernel that `DEFAULT` names itself.
    pub(super) fn of_kernel(name: &[u8], arguments: &[u8]) -> Self {
        let kernel = Some((Kind::Any, name.to_vec()));
        Self { name: name.to_vec(), kernel, append: Some(arguments.to_vec()), ..Self::default() }
    }

    /// This label with more arguments.
    pub(super) fn with(&self, arguments: &[u8], global: &[u8]) -> Self {
        let append = [self.appended(global), arguments].join(&b' ');
        Self { append: Some(append), default: false, hidden: false, ..self.clone() }
    }

    /// `APPEND`, or the one before all labels; `-` is none.
    fn appended<'a>(&'a self, global: &'a [u8]) -> &'a [u8] {
        match self.append.as_deref().unwrap_or(global) {
            b"-" => b"",
            append => append,
        }
    }

    /// Its lines as text, for a person to edit; none where the label itself is the kernel's name.
    fn source(&self, global: &[u8]) -> Option<Arc<[u8]>> {
        let (kind, name) = self.kernel.as_ref()?;
        let keyword = match kind {
            Kind::Any => "kernel",
            Kind::Linux => "linux",
            Kind::Config => "config",
            Kind::Other(keyword) => keyword,
        };
        let mut lines = vec![[keyword.as_bytes(), b" ", name].concat()];
        lines.extend(self.initrd.iter().map(|list| [b"initrd ", list.as_slice()].concat()));
        lines.push([b"append ", self.appended(global)].concat());
        Some(lines.join(&b'\n').into())
    }

    pub(super) fn bytes(&self) -> usize {
        let texts = [Some(&self.name), self.title.as_ref(), self.append.as_ref(), self.initrd.as_ref()];
        let texts = texts.into_iter().flatten().chain(self.kernel.as_ref().map(|(_, name)| name));
        texts.fold(0, |sum, text| sum.saturating_add(text.len()))
    }
}

/// What a label came to.
pub(super) struct Run {
    pub(super) entry: BootEntry,
    /// Another configuration's menu comes in its place.
    pub(super) opens: Option<FileRef>,
}

/// Kernel, ramdisks, arguments.
#[derive(Default)]
struct Boot {
    kernel: Option<BootFile>,
    ramdisks: Vec<BootFile>,
    arguments: Vec<u8>,
    opens: Option<FileRef>,
}

/// The entry of a label.
pub(super) fn run(
    reader: &mut Reader<'_>,
    label: &Label,
    config: &Config,
    parents: Parents<'_>,
) -> Result<Run, LimitName> {
    let (boot, problems) = match boot(reader, label, config)? {
        Ok(boot) => (boot, Vec::new()),
        Err(problem) => (Boot::default(), vec![problem]),
    };
    let entry = BootEntry {
        title: label.title.clone().filter(|title| !title.is_empty()).unwrap_or_else(|| label.name.clone()),
        id: Some(label.name.clone()),
        parents: parents.iter().cloned().chain(config.titles(label.menu)).collect(),
        kernel: boot.kernel,
        ramdisks: boot.ramdisks,
        arguments: boot.arguments,
        restricted: label.restricted,
        password: label.password.clone(),
        hotkey: label.hotkey,
        source: label.source(&config.append),
        problems,
        ..BootEntry::default()
    };
    Ok(Run { entry, opens: boot.opens })
}

fn boot(reader: &mut Reader<'_>, label: &Label, config: &Config) -> Result<Result<Boot, String>, LimitName> {
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
    let program = PROGRAMS.iter().any(|extension| has_extension(name, extension));
    Ok(match kind {
        Kind::Other(keyword) => Err(format!("not bootable because it runs `{keyword}`")),
        Kind::Config => config.locate(name).map(opening),
        Kind::Any if has_extension(name, b"mboot.c32") => multiboot(reader, config, &arguments),
        Kind::Any if has_extension(name, b"menu.c32") && !first_word(&arguments).0.is_empty() => {
            config.locate(first_word(&arguments).0).map(opening)
        }
        Kind::Any if program => Err(format!("not bootable because `{}` is no Linux kernel", shown(name))),
        Kind::Any | Kind::Linux => linux(label, config, name, &arguments),
    })
}

fn opening(file: FileRef) -> Boot {
    Boot { opens: Some(file), ..Boot::default() }
}

/// `INITRD`, or without it the last `initrd=`: a list with commas. Syslinux leaves `initrd=` in the arguments; here it is taken
/// out, as Xen's pygrub does it: it is not the kernel's.
fn linux(label: &Label, config: &Config, name: &[u8], line: &[u8]) -> Result<Boot, String> {
    let kernel = Some(config.locate(name)?.into());
    let in_line = words(line).filter_map(|word| word.strip_prefix(b"initrd=")).last();
    let list = label.initrd.as_deref().or(in_line).unwrap_or_default();
    let names = list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    let ramdisks = names.map(|name| config.locate(name).map(BootFile::from)).collect::<Result<_, _>>()?;
    Ok(Boot { kernel, ramdisks, arguments: without_initrd(line), opens: None })
}

/// The line as it stands, but for the words `initrd=…` and the blank before each.
fn without_initrd(line: &[u8]) -> Vec<u8> {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.starts_with(b"initrd="));
    words.collect::<Vec<_>>().join(&b' ').trim_ascii().to_vec()
}

/// `mboot.c32 xen.gz … --- vmlinuz … --- initrd` (wiki: "Mboot.c32").
fn multiboot(reader: &mut Reader<'_>, config: &Config, line: &[u8]) -> Result<Boot, String> {
    let all: Vec<&[u8]> = words(line).collect();
    let mut images = Vec::new();
    for section in all.split(|word| *word == SEPARATOR) {
        let (name, arguments) =
            section.split_first().ok_or("not bootable because `mboot.c32` has a module without a name")?;
        images.push(Image { file: config.locate(name)?, arguments: arguments.join(&b' ') });
    }
    let mut images = images.into_iter();
    let first = images.next().ok_or("not bootable because `mboot.c32` loads nothing")?;
    let (kernel, ramdisks, unused) = boots(first, images.collect())?;
    for file in unused {
        reader.note(&format!("the module {} is left out", shown(&file.path)));
    }
    Ok(Boot { kernel: Some(kernel.file.into()), ramdisks, arguments: kernel.arguments, opens: None })
}

/// Whether a name ends so, in either case.
pub(super) fn has_extension(name: &[u8], extension: &[u8]) -> bool {
    let start = name.len().checked_sub(extension.len());
    start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(extension))
}
