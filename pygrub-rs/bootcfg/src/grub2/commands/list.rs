//! `ls` and `cat` as a person reads them (manual: "ls", "cat").

use super::Call;
use super::options::{Argument, Options, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;
use crate::guest::{DirName, FileKind, FileRef, file_name};
use crate::text::shown;

const LS: &[Spec] = &[
    Spec { short: b'l', long: b"long", argument: Argument::None },
    Spec { short: b'h', long: b"human-readable", argument: Argument::None },
    Spec { short: b'a', long: b"all", argument: Argument::None },
];

const CAT: &[Spec] = &[Spec { short: 0, long: b"dos", argument: Argument::None }];

/// `ls [-l] [-h] [-a] [device | file]…`: devices, what one holds, or a directory. What goes wrong is told, and the status is 0
/// all the same, as in GRUB (tests/grub2/linux/linux.txt).
pub(super) fn ls(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(LS, Unknown::Fails, call.arguments) else {
        machine.note("`ls` has the options -l, -h and -a");
        return Ok(status::BAD_ARGUMENT);
    };
    if options.rest.is_empty() {
        devices(machine);
    }
    for word in &options.rest {
        match word.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")) {
            Some(device) => self::device(machine, device),
            None => path(machine, &options, word)?,
        }
    }
    Ok(0)
}

/// Every disk, and its partitions behind it.
fn devices(machine: &mut Machine<'_>) {
    for name in machine.devices() {
        machine.print(&[b"(", name.as_slice(), b") "].concat());
    }
    machine.print(b"\n");
}

/// One device, and its filesystem.
fn device(machine: &mut Machine<'_>, name: &[u8]) {
    let Some(volume) = machine.volume_named(name) else {
        machine.note(&format!("no device is called `{}`", shown(name)));
        return;
    };
    let kind: &[u8] = if name.contains(&b',') { b"\tPartition " } else { b"Device " };
    let mut line = [kind, name, b": "].concat();
    match &volume.filesystem {
        Some(filesystem) => line.extend([b"Filesystem type ", filesystem.as_bytes()].concat()),
        None => line.extend(b"No known filesystem detected"),
    }
    if let Some(label) = &volume.label {
        line.extend([b" - Label `", label.as_slice(), b"'"].concat());
    }
    if let Some(uuid) = &volume.uuid {
        line.extend([b" - UUID ", uuid.as_bytes()].concat());
    }
    line.push(b'\n');
    machine.print(&line);
}

fn path(machine: &mut Machine<'_>, options: &Options<'_>, word: &[u8]) -> Result<(), Stop> {
    let (Ok(file), Some(guest)) = (machine.locate(word), machine.guest) else {
        machine.note(&format!("`{}` is no file's name", shown(word)));
        return Ok(());
    };
    machine.budget.look()?;
    match guest.status(file.volume, &file.path) {
        Some(found) if found.kind == FileKind::Directory => directory(machine, options, &file),
        Some(found) => {
            let name = file_name(word);
            let size = options.has(b"long").then(|| size(options, Some(found.size)));
            entry(machine, name, b"", size);
            machine.print(b"\n");
            Ok(())
        }
        None => {
            machine.note(&format!("file `{}' not found", shown(word)));
            Ok(())
        }
    }
}

fn directory(machine: &mut Machine<'_>, options: &Options<'_>, file: &FileRef) -> Result<(), Stop> {
    let Some(guest) = machine.guest else { return Ok(()) };
    let (all, long) = (options.has(b"all"), options.has(b"long"));
    let names = match guest.list(file.volume, &file.path, machine.limits.max_names) {
        Ok(names) => names,
        Err(error) => {
            machine.note(&shown(error.message.as_bytes()));
            return Ok(());
        }
    };
    let own = [&b"."[..], b".."].map(|name| DirName { name: name.to_vec(), kind: FileKind::Directory });
    let own = own.into_iter().filter(|_| all);
    for name in own.chain(names.into_iter().filter(|name| all || !name.name.starts_with(b"."))) {
        machine.budget.step()?;
        let mut kind = name.kind;
        let mut bytes = None;
        if (long && kind != FileKind::Directory) || kind == FileKind::Other {
            // Where a link leads.
            machine.budget.look()?;
            let path = [file.path.strip_suffix(b"/").unwrap_or(&file.path), b"/", &name.name].concat();
            let found = guest.status(file.volume, &path);
            (kind, bytes) = found.map_or((kind, Some(0)), |found| (found.kind, Some(found.size)));
        }
        let is_directory = kind == FileKind::Directory;
        let size = long.then(|| size(options, bytes.filter(|_| !is_directory)));
        entry(machine, &name.name, if is_directory { b"/" } else { b"" }, size);
    }
    machine.print(b"\n");
    Ok(())
}

/// A name in a line of all, or behind its size in a line of its own.
fn entry(machine: &mut Machine<'_>, name: &[u8], sign: &[u8], size: Option<String>) {
    match size {
        Some(size) => machine.print(&[format!("{size:<12} ").as_bytes(), name, sign, b"\n"].concat()),
        None => machine.print(&[name, sign, b" "].concat()),
    }
}

/// Bytes, or with `-h` as `1.36K`; directories have none.
fn size(options: &Options<'_>, bytes: Option<u64>) -> String {
    let Some(bytes) = bytes else { return "DIR".to_owned() };
    if !options.has(b"human-readable") || bytes < 1024 {
        return bytes.to_string();
    }
    // In hundredths of the unit, rounded: 1.36K.
    let mut hundredths = u128::from(bytes).saturating_mul(100);
    let mut unit = 0_usize;
    while hundredths >= 102_400 && unit < 6 {
        hundredths = hundredths.saturating_add(512).checked_div(1024).unwrap_or(0);
        unit = unit.saturating_add(1);
    }
    let (whole, part) = (hundredths.checked_div(100).unwrap_or(0), hundredths.checked_rem(100).unwrap_or(0));
    let unit = ["", "K", "M", "G", "T", "P", "E"].get(unit).copied().unwrap_or_default();
    format!("{whole}.{part:02}{unit}")
}

/// `cat [--dos] file`.
pub(super) fn cat(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(CAT, Unknown::Fails, call.arguments) else {
        machine.note("`cat` has the option --dos");
        return Ok(status::BAD_ARGUMENT);
    };
    let [name] = options.rest.as_slice() else {
        machine.note("`cat` wants the name of one file");
        return Ok(status::BAD_ARGUMENT);
    };
    match machine.read_file(name)? {
        Ok(mut text) => {
            if options.has(b"dos") {
                text.retain(|&byte| byte != b'\r');
            }
            machine.print(&text);
            if !text.ends_with(b"\n") {
                machine.print(b"\n");
            }
            Ok(0)
        }
        Err(status) => {
            machine.note(&format!("`{}' cannot be read", shown(name)));
            Ok(status)
        }
    }
}

/// A command that reads files and tells what it read, where nobody is told: it fails when one is not there.
pub(super) fn reads(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let names = call.arguments.iter().filter(|word| matches!(word.first(), Some(b'/' | b'(')));
    for name in names {
        machine.budget.look()?;
        if machine.file_status(name).is_none_or(|found| found.kind == FileKind::Directory)
            && machine.guest.is_some()
        {
            machine.note(&format!("`{}' cannot be read", shown(name)));
            return Ok(status::FILE_NOT_FOUND);
        }
    }
    Ok(0)
}
