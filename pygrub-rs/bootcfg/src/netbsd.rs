//! NetBSD: the menu of `boot.cfg`, and the kernels that are there without one (boot.cfg(5), x86's boot(8); sys/lib/libsa
//! bootcfg.c).

use crate::bsd_device;
use crate::error::Error;
use crate::guest::{FileRef, Guest, VolumeId};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::multiboot::{Image, boots};
use crate::reader::{Outcome, Parents, Reader, first_word, menu_from_text as from_text, menu_without_text};
use crate::text::shown;

/// The loader's configuration: on the root filesystem, and on an EFI system partition.
pub(crate) const PATHS: &[&str] = &["/boot.cfg", "/EFI/NetBSD/boot.cfg", "/EFI/boot/boot.cfg"];
/// A kernel made for a Xen guest; who put it there did so for this.
const XEN_KERNELS: [&str; 2] = ["/netbsd-XEN3_DOMU", "/netbsd-XEN3_DOMU.gz"];
/// What the loader tries by itself, in its order.
const KERNELS: [&str; 6] =
    ["/netbsd", "/netbsd.gz", "/onetbsd", "/onetbsd.gz", "/netbsd.old", "/netbsd.old.gz"];
/// Without a `boot.cfg`.
pub(crate) const KERNELS_BY_PREFERENCE: [&str; 8] = [
    "/netbsd-XEN3_DOMU",
    "/netbsd-XEN3_DOMU.gz",
    "/netbsd",
    "/netbsd.gz",
    "/onetbsd",
    "/onetbsd.gz",
    "/netbsd.old",
    "/netbsd.old.gz",
];
/// Seconds, when `timeout` is not set.
const TIMEOUT: i64 = 10;

/// The menu of a `boot.cfg`, or of the kernels that are there without one.
pub(crate) fn menu_of_file(guest: &dyn Guest, config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    match config.path.ends_with(b".cfg") {
        true => menu_from_file(guest, config, limits),
        false => menu_of_kernels(guest, config, limits),
    }
}

/// The menu of a `boot.cfg`, with a Xen guest's kernel behind it where there is one.
fn menu_from_file(guest: &dyn Guest, config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    menu_without_text(Loader::NetBsd, guest, config.clone(), limits, |reader, entries| {
        let text = reader.read(&config)?.unwrap_or_default();
        let outcome = evaluate(reader, &text, &config, &[], entries)?;
        for kernel in present(reader, config.volume, &XEN_KERNELS)? {
            let known = |entry: &BootEntry| entry.kernel.as_ref().is_some_and(|known| known.file == kernel);
            if !entries.iter().any(known) {
                reader.push(entry(kernel), entries)?;
            }
        }
        Ok(outcome)
    })
}

/// The menu that a text makes, without a guest.
pub(crate) fn menu_from_text(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    from_text(Loader::NetBsd, evaluate, text, "boot.cfg", limits)
}

/// The kernels of a volume without a `boot.cfg`.
fn menu_of_kernels(guest: &dyn Guest, first: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let volume = first.volume;
    menu_without_text(Loader::NetBsd, guest, first, limits, |reader, entries| {
        for kernel in present(reader, volume, &KERNELS_BY_PREFERENCE)? {
            reader.push(entry(kernel), entries)?;
        }
        Ok(Outcome::in_order(entries, Some(5)))
    })
}

fn entry(kernel: FileRef) -> BootEntry {
    BootEntry {
        title: [b"NetBSD, ", kernel.path.as_slice()].concat(),
        kernel: Some(kernel.into()),
        ..BootEntry::default()
    }
}

fn present(reader: &mut Reader<'_>, volume: VolumeId, paths: &[&str]) -> Result<Vec<FileRef>, LimitName> {
    let mut found = Vec::new();
    for path in paths {
        let file = FileRef { volume, path: path.as_bytes().to_vec() };
        if reader.is_file(&file)? {
            found.push(file);
        }
    }
    Ok(found)
}

fn evaluate(
    reader: &mut Reader<'_>,
    text: &[u8],
    file: &FileRef,
    _: Parents<'_>,
    entries: &mut Vec<BootEntry>,
) -> Result<Outcome, LimitName> {
    let (mut default, mut timeout) = (1_usize, TIMEOUT);
    for line in text.split(|&byte| byte == b'\n') {
        reader.line = reader.line.saturating_add(1);
        reader.budget.step()?;
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        reader.budget.check_value(line.len())?;
        let mut halves = line.splitn(2, |&byte| byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        match name {
            b"menu" => {
                let entry = item(reader, value, file.volume)?;
                reader.push(entry, entries)?;
            }
            b"default" => default = number(value).and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
            // No number means no limit.
            b"timeout" => timeout = number(value).unwrap_or(-1),
            b"load" => reader.note(&format!("the module `{}` is left out", shown(value))),
            b"banner" | b"clear" | b"consdev" | b"format" | b"rndseed" | b"userconf" | b"root" => {}
            _ => reader.note(&format!("`{}` changes nothing here", shown(name))),
        }
    }
    if entries.is_empty() {
        let entry = item(reader, b"NetBSD:boot", file.volume)?;
        reader.push(entry, entries)?;
    }
    let timeout = u32::try_from(timeout).ok();
    // The first is 1.
    let default = default.checked_sub(1).filter(|index| *index < entries.len());
    Ok(Outcome { order: vec![default.unwrap_or(0)], timeout, ..Outcome::default() })
}

fn number(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
}

/// What the commands of an item come to.
#[derive(Default)]
struct Item {
    /// `load` before `multiboot`.
    modules: Vec<Image>,
    kernel: Option<Image>,
    problem: Option<String>,
}

/// `TITLE:COMMAND;COMMAND…`
fn item(reader: &mut Reader<'_>, value: &[u8], home: VolumeId) -> Result<BootEntry, LimitName> {
    let mut halves = value.splitn(2, |&byte| byte == b':');
    let title = halves.next().unwrap_or_default();
    let commands = halves.next().unwrap_or(title);
    let title = if title.is_empty() { commands } else { title };
    let mut item = Item::default();
    let mut device = None;
    for command in commands.split(|&byte| byte == b';').map(<[u8]>::trim_ascii) {
        reader.budget.step()?;
        let (name, rest) = first_word(command);
        match name {
            b"boot" | b"pkboot" => item.boot(reader, rest, (home, device))?,
            b"load" => {
                let image = image(reader, rest, (home, device))?;
                item.modules.push(image);
            }
            b"multiboot" => {
                let first = image(reader, rest, (home, device))?;
                match boots(first, std::mem::take(&mut item.modules)) {
                    Ok((kernel, ..)) => item.kernel = Some(kernel),
                    Err(problem) => item.problem = Some(problem),
                }
            }
            b"dev" => device = rest.strip_suffix(b":").or(Some(rest)),
            b"prompt" | b"quit" | b"menu" | b"ls" => {
                item.problem = Some(format!("not bootable because it runs `{}`", shown(name)));
            }
            b"fs" | b"userconf" => {
                reader.note(&format!(
                    "`{}` is left out: a kernel without its loader gets none",
                    shown(command)
                ));
            }
            b"" | b"rndseed" | b"consdev" | b"vesa" | b"splash" | b"root" | b"modules" => {}
            _ => reader.note(&format!("unknown command `{}`", shown(name))),
        }
        if item.kernel.is_some() || item.problem.is_some() {
            break;
        }
    }
    let mut problems: Vec<String> = item.problem.into_iter().collect();
    if item.kernel.is_none() && problems.is_empty() {
        problems.push("not bootable because it boots no kernel".to_owned());
    }
    let (kernel, arguments) =
        item.kernel.map(|image| (Some(image.file.into()), image.arguments)).unwrap_or_default();
    Ok(BootEntry { title: title.to_vec(), kernel, arguments, problems, ..BootEntry::default() })
}

impl Item {
    /// `boot [DEVICE:][FILE] [-FLAGS]`; without a file, the first of the loader's own that is there.
    fn boot(
        &mut self,
        reader: &mut Reader<'_>,
        rest: &[u8],
        (home, device): (VolumeId, Option<&[u8]>),
    ) -> Result<(), LimitName> {
        for module in self.modules.drain(..) {
            reader.note(&format!("the module {} is left out", shown(&module.file.path)));
        }
        let (word, _) = first_word(rest);
        if !word.is_empty() && !word.starts_with(b"-") && !word.ends_with(b":") {
            self.kernel = Some(image(reader, rest, (home, device))?);
            return Ok(());
        }
        let (device, arguments) = match word.strip_suffix(b":") {
            Some(device) => (Some(device), first_word(rest).1),
            None => (device, rest),
        };
        let volume = device.map_or(home, |name| bsd_device::volume(reader, name));
        let names: Vec<&str> = KERNELS.into_iter().chain(XEN_KERNELS).collect();
        match present(reader, volume, &names)?.into_iter().next() {
            Some(file) => self.kernel = Some(Image { file, arguments: arguments.to_vec() }),
            // Without a guest the first is as good as any.
            None if reader.guest.is_none() => {
                let file = FileRef { volume, path: b"/netbsd".to_vec() };
                self.kernel = Some(Image { file, arguments: arguments.to_vec() });
            }
            None => self.problem = Some("not bootable because there is no /netbsd".to_owned()),
        }
        Ok(())
    }
}

/// A file, with its device or without, and its arguments.
fn image(
    reader: &mut Reader<'_>,
    text: &[u8],
    (home, device): (VolumeId, Option<&[u8]>),
) -> Result<Image, LimitName> {
    let (name, arguments) = first_word(text);
    let file = bsd_device::file(reader, name, device, home)?;
    Ok(Image { file, arguments: arguments.to_vec() })
}
