//! An entry's commands (manual: "Commands"), carried out one after the other until one fails.

use super::config::{self, Config, Item};
use super::device::{locate, name_of, parted, volume, volumes};
use super::lines::command;
use crate::access::Secret;
use crate::guest::{BootFile, FileRef, VolumeId};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::multiboot::{Image, boots};
use crate::reader::{Parents, Reader, first_word, trimmed};
use crate::text::shown;

/// Commands that change nothing here.
const NO_OPS: &[&[u8]] = &[
    b"background",
    b"clear",
    b"color",
    b"debug",
    b"device",
    b"displayapm",
    b"displaymem",
    b"find",
    b"foreground",
    b"geometry",
    b"gfxmenu",
    b"hide",
    b"hiddenmenu",
    b"makeactive",
    b"map",
    b"partnew",
    b"parttype",
    b"pause",
    b"quiet",
    b"savedefault",
    b"serial",
    b"setkey",
    b"shade",
    b"splashimage",
    b"terminal",
    b"terminfo",
    b"unhide",
    b"verbose",
    b"viewport",
];

/// What the commands came to.
pub(super) struct Run {
    pub(super) entry: BootEntry,
    /// `configfile`: another menu comes in its place.
    pub(super) opens: Option<FileRef>,
}

/// The state of an entry being carried out.
struct State<'c> {
    variables: &'c [(Vec<u8>, Vec<u8>)],
    root: VolumeId,
    root_name: Vec<u8>,
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
                let image = self.image(reader, without_options(rest), name.ends_with(b"$"))?;
                // GRUB forgets what was loaded before.
                (self.kernel, self.modules, self.ramdisks) = (image, Vec::new(), Vec::new());
            }
            b"module" | b"module$" | b"modulenounzip" if self.kernel.is_some() => {
                let image = self.image(reader, rest, name.ends_with(b"$"))?;
                self.modules.extend(image);
            }
            b"initrd" if self.kernel.is_some() => {
                let image = self.image(reader, rest, false)?;
                self.ramdisks = image.into_iter().map(|image| image.file.into()).collect();
            }
            b"module" | b"module$" | b"modulenounzip" | b"initrd" => {
                self.problem = Some(format!("`{}` comes before any kernel", shown(name)));
            }
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

    fn set_root(&mut self, reader: &mut Reader<'_>, rest: &[u8]) {
        // Without a device the command only shows what is set.
        if let Some((device, _)) = parted(first_word(rest).0) {
            self.root = volume(reader, device);
            self.root_name = device.to_vec();
        }
    }

    /// Solaris: the volume with `/boot/grub/bootsign/SIGNATURE` (illumos' menu.lst: `findroot (pool_rpool,0,a)`).
    fn find_root(&mut self, reader: &mut Reader<'_>, rest: &[u8]) -> Result<(), LimitName> {
        let device = parted(rest).map_or(rest, |(device, _)| device);
        let signature = device.split(|&byte| byte == b',').next().map(trimmed).unwrap_or_default();
        let path = [b"/boot/grub/bootsign/", signature].concat();
        for volume in volumes(reader) {
            if reader.is_file(&FileRef { volume: volume.id, path: path.clone() })? {
                self.root = volume.id;
                self.root_name = name_of(reader, volume.id);
                return Ok(());
            }
        }
        let signature = shown(signature);
        reader.note(&format!("no volume is signed `{signature}`; the configuration's own is meant"));
        Ok(())
    }

    /// Ubuntu's: the volume of this filesystem.
    fn root_by_uuid(&mut self, reader: &mut Reader<'_>, uuid: &[u8]) {
        let has = |other: &String| other.as_bytes().eq_ignore_ascii_case(uuid);
        match volumes(reader).iter().find(|volume| volume.uuid.as_ref().is_some_and(has)) {
            Some(volume) => {
                self.root = volume.id;
                self.root_name = name_of(reader, volume.id);
            }
            None => reader.note(&format!("no volume has the UUID `{}`", shown(uuid))),
        }
    }

    /// A file and the words behind it, just as they stand; with Solaris' variables where the command ends in `$`.
    fn image(
        &mut self,
        reader: &mut Reader<'_>,
        text: &[u8],
        expand: bool,
    ) -> Result<Option<Image>, LimitName> {
        let expanded = if expand { self.expanded(reader, text) } else { text.to_vec() };
        reader.budget.moved(expanded.len())?;
        reader.budget.check_value(expanded.len())?;
        let (name, arguments) = first_word(&expanded);
        Ok(match locate(reader, self.root, name)? {
            Ok(file) => Some(Image { file, arguments: arguments.to_vec() }),
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

/// What stands behind `--type=…` and `--no-mem-option`.
fn without_options(mut rest: &[u8]) -> &[u8] {
    loop {
        match first_word(rest) {
            (word, after) if word.starts_with(b"--type=") || word.starts_with(b"--no-mem-option") => {
                rest = after
            }
            _ => return rest,
        }
    }
}
