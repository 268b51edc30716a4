//! An entry's commands (manual: "Commands"), carried out one after the other until one fails.

use super::config::{self, Config, Item};
use super::device::{locate, name_of};
use super::lines::command;
use crate::access::Secret;
use crate::guest::{BootFile, FileRef, VolumeId};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::multiboot::{Image, boots, is_xen};
use crate::reader::{Parents, Reader, first_word};
use crate::text::shown;

/// Commands that change nothing here: they show something, or change the screen, the keyboard, the numbers that a BIOS gives to
/// disks (`map`) or what lies on a disk, which is never written.
const NO_OPS: &[&[u8]] = &[
    b"background",
    b"blocklist",
    b"bootp",
    b"clear",
    b"cls",
    b"color",
    b"debug",
    b"device",
    b"dhcp",
    b"displayapm",
    b"displaymem",
    b"embed",
    b"foreground",
    b"fstest",
    b"geometry",
    b"gfxmenu",
    b"graphicsmode",
    b"help",
    b"hiddenmenu",
    b"hide",
    b"ifconfig",
    b"impsprobe",
    b"install",
    b"ioprobe",
    b"makeactive",
    b"map",
    b"md5crypt",
    b"min_mem64",
    b"outline",
    b"pager",
    b"partnew",
    b"parttype",
    b"pause",
    b"quiet",
    b"rarp",
    b"read",
    b"reset",
    b"savedefault",
    b"serial",
    b"setkey",
    b"setup",
    b"shade",
    b"splash",
    b"splashimage",
    b"terminal",
    b"terminfo",
    b"testvbe",
    b"tftpserver",
    b"timestamp",
    b"unhide",
    b"uppermem",
    b"vbeprobe",
    b"verbose",
    b"viewport",
];

/// What looking at a file costs.
const STEPS_PER_FILE: usize = 50;

/// What the commands came to.
pub(super) struct Run {
    pub(super) entry: BootEntry,
    /// `configfile`: another menu comes in its place.
    pub(super) opens: Option<FileRef>,
}

/// The state of an entry being carried out.
pub(super) struct State<'c> {
    variables: &'c [(Vec<u8>, Vec<u8>)],
    pub(super) root: VolumeId,
    pub(super) root_name: Vec<u8>,
    kernel: Option<Image>,
    modules: Vec<Image>,
    ramdisks: Vec<BootFile>,
    /// Solaris' `bootfs`.
    dataset: Option<Vec<u8>>,
    restricted: bool,
    password: Option<Secret>,
    opens: Option<FileRef>,
    problem: Option<String>,
    /// `boot`: nothing after it counts.
    done: bool,
}

/// Carries out an entry.
pub(super) fn run(
    reader: &mut Reader<'_>,
    item: &Item,
    parents: Parents<'_>,
    config: &Config,
) -> Result<Run, LimitName> {
    let mut state = State {
        variables: &config.variables,
        root: reader.home,
        root_name: name_of(reader, reader.home),
        kernel: None,
        modules: Vec::new(),
        ramdisks: Vec::new(),
        dataset: None,
        restricted: false,
        password: None,
        opens: None,
        problem: None,
        done: false,
    };
    for (number, line) in &item.commands {
        reader.line = *number;
        reader.budget.step()?;
        state.carry_out(reader, line, config.password.is_some())?;
        if state.done || state.problem.is_some() || state.opens.is_some() {
            break;
        }
    }
    Ok(state.finish(reader, item, parents))
}

impl State<'_> {
    fn carry_out(&mut self, reader: &mut Reader<'_>, line: &[u8], password: bool) -> Result<(), LimitName> {
        let (name, rest) = command(line);
        match name {
            b"root" | b"rootnoverify" => self.set_root(reader, rest),
            b"findroot" => self.find_root(reader, rest)?,
            b"uuid" => self.root_by_uuid(reader, first_word(rest).0),
            b"bootfs" => self.dataset = Some(first_word(rest).0.to_vec()),
            b"kernel" | b"kernel$" => {
                let image = match without_options(rest) {
                    Ok(rest) => self.image(reader, "kernel", rest, name.ends_with(b"$"))?,
                    Err(kind) => {
                        let why = format!("there is no kind of kernel called `{}`", shown(kind));
                        self.problem = Some(format!("not bootable because {why}"));
                        return Ok(());
                    }
                };
                // GRUB forgets what was loaded before.
                (self.kernel, self.modules, self.ramdisks) = (image, Vec::new(), Vec::new());
            }
            b"module" | b"module$" | b"modulenounzip" if self.kernel.is_some() => {
                let image = self.image(reader, "module", rest, name.ends_with(b"$"))?;
                self.modules.extend(image);
            }
            b"initrd" if self.kernel.is_some() => {
                let image = self.image(reader, "ramdisk", rest, false)?;
                self.ramdisks = image.into_iter().map(|image| image.file.into()).collect();
            }
            b"module" | b"module$" | b"modulenounzip" | b"initrd" => {
                self.problem = Some(format!("`{}` comes before any kernel", shown(name)));
            }
            // Files that have to be there, or the entry ends.
            b"cat" | b"testload" => drop(self.image(reader, "file", first_word(rest).0, false)?),
            b"cmp" => {
                let (one, other) = first_word(rest);
                drop(self.image(reader, "file", one, false)?);
                drop(self.image(reader, "file", first_word(other).0, false)?);
            }
            b"find" => self.find(reader, rest)?,
            b"configfile" => match locate(reader, self.root, first_word(rest).0)? {
                Ok(file) => self.opens = Some(file),
                Err(problem) => self.problem = Some(problem),
            },
            b"lock" => self.restricted |= password,
            b"password" => {
                self.restricted = true;
                self.password = Some(config::password(rest));
            }
            b"boot" => self.done = true,
            b"chainloader" | b"halt" | b"reboot" | b"quit" => {
                self.problem = Some(format!("not bootable because it runs `{}`", shown(name)));
            }
            _ if NO_OPS.contains(&name) => {}
            b"default" | b"fallback" | b"timeout" => {
                reader.note(&format!("`{}` belongs before the first title; ignored", shown(name)));
            }
            _ => reader.note(&format!("unknown command `{}`", shown(name))),
        }
        Ok(())
    }

    /// A file and the words behind it, just as they stand; with Solaris' variables where the command ends in `$`.
    fn image(
        &mut self,
        reader: &mut Reader<'_>,
        what: &str,
        text: &[u8],
        expand: bool,
    ) -> Result<Option<Image>, LimitName> {
        let expanded = if expand { self.expanded(reader, text) } else { text.to_vec() };
        reader.budget.moved(expanded.len())?;
        reader.budget.check_value(expanded.len())?;
        let (name, arguments) = first_word(&expanded);
        Ok(match locate(reader, self.root, name)? {
            Ok(file) => {
                // What was named is shown with the entry, there or not.
                self.problem = self.problem.take().or(missing(reader, what, &file)?);
                Some(Image { file, arguments: arguments.to_vec() })
            }
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        })
    }

    /// `$ISADIR` is `amd64`; `$ZFS-BOOTFS` names the dataset of `bootfs`, for the front end to look up, and stays as
    /// it is without one; `${NAME}` is what `variable` said of it. Others stay.
    fn expanded(&self, reader: &mut Reader<'_>, text: &[u8]) -> Vec<u8> {
        let dataset = self.dataset.as_ref().map(|dataset| [b"zfs-bootfs=", dataset.as_slice()].concat());
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            if let Some(after) = rest.strip_prefix(b"$ISADIR") {
                out.extend_from_slice(b"amd64");
                rest = after;
            } else if let (Some(after), Some(dataset)) = (rest.strip_prefix(b"$ZFS-BOOTFS"), &dataset) {
                out.extend_from_slice(dataset);
                rest = after;
            } else if let Some((value, after)) = self.variable(rest) {
                out.extend_from_slice(value);
                rest = after;
            } else {
                out.push(byte);
                rest = after;
            }
            // More is refused by the caller; this only keeps the memory small.
            if out.len() > reader.limits.max_value_bytes {
                break;
            }
        }
        if dataset.is_none() && out.windows(11).any(|window| window == b"$ZFS-BOOTFS") {
            reader.note("no `bootfs` says what $ZFS-BOOTFS is");
        }
        out
    }

    /// The value of the `${NAME}` that a text begins with, and what follows it.
    fn variable<'t>(&self, text: &'t [u8]) -> Option<(&[u8], &'t [u8])> {
        let inside = text.strip_prefix(b"${")?;
        let end = inside.iter().position(|&byte| byte == b'}')?;
        let name = inside.get(..end)?;
        let (_, value) = self.variables.iter().rev().find(|(known, _)| known == name)?;
        Some((value, inside.get(end.saturating_add(1)..)?))
    }

    fn finish(self, reader: &mut Reader<'_>, item: &Item, parents: Parents<'_>) -> Run {
        let mut problems: Vec<String> = self.problem.into_iter().collect();
        let (mut kernel, mut ramdisks, mut arguments) = (None, self.ramdisks, Vec::new());
        match self.kernel {
            Some(image) if self.modules.is_empty() => {
                (kernel, arguments) = (Some(image.file.into()), image.arguments);
            }
            Some(image) if is_linux(reader, &image.file) => {
                ramdisks = self
                    .modules
                    .into_iter()
                    .next_back()
                    .map(|module| module.file.into())
                    .into_iter()
                    .collect();
                (kernel, arguments) = (Some(image.file.into()), image.arguments);
            }
            Some(image) => match boots(image, self.modules) {
                Ok((image, files, unused)) => {
                    (kernel, ramdisks, arguments) = (Some(image.file.into()), files, image.arguments);
                    for file in unused {
                        reader.note(&format!("the module {} is left out", shown(&file.path)));
                    }
                }
                Err(problem) => problems.push(problem),
            },
            None => {}
        }
        if kernel.is_none() && problems.is_empty() && self.opens.is_none() {
            problems.push("not bootable because it loads no kernel".to_owned());
        }
        let entry = BootEntry {
            title: item.title.clone(),
            parents: parents.to_vec(),
            root: self.root_name,
            kernel,
            ramdisks,
            arguments,
            restricted: self.restricted,
            password: self.password,
            source: Some(item.source().into()),
            problems,
            ..BootEntry::default()
        };
        Run { entry, opens: self.opens }
    }
}

/// Why a file cannot be loaded, which ends the entry (tests/grub_legacy/legacy.txt).
fn missing(reader: &mut Reader<'_>, what: &str, file: &FileRef) -> Result<Option<String>, LimitName> {
    reader.budget.steps_for(STEPS_PER_FILE)?;
    if is_xen(&file.path) {
        return Ok(None);
    }
    let loadable = reader.guest.map(|guest| guest.loadable(file.volume, &file.path));
    Ok(match loadable {
        None | Some(Ok(())) => None,
        Some(Err(error)) if error.not_found => {
            let path = shown(&file.path);
            Some(format!("not bootable because the {what} {path} does not exist in the guest"))
        }
        Some(Err(error)) => {
            let why = shown(error.message.as_bytes());
            Some(format!("not bootable because the {what} {}: {why}", shown(&file.path)))
        }
    })
}

/// Whether it is a Linux kernel, for which `module` is another word for `initrd`: the boot protocol's signature at 0x202.
fn is_linux(reader: &mut Reader<'_>, file: &FileRef) -> bool {
    let magic = reader.guest.map(|guest| guest.read_at(file.volume, &file.path, 0x202, 4));
    magic.is_some_and(|magic| magic.is_ok_and(|magic| magic == b"HdrS"))
}

/// What stands behind `--type=…` and `--no-mem-option`; the kind of kernel, where there is no such kind.
fn without_options(mut rest: &[u8]) -> Result<&[u8], &[u8]> {
    const KINDS: [&[u8]; 6] = [b"netbsd", b"freebsd", b"openbsd", b"linux", b"biglinux", b"multiboot"];
    loop {
        let (word, after) = first_word(rest);
        match word.strip_prefix(b"--type=") {
            Some(kind) if !KINDS.contains(&kind) => return Err(kind),
            None if !word.starts_with(b"--no-mem-option") => return Ok(rest),
            _ => rest = after,
        }
    }
}
