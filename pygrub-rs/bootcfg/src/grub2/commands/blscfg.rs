//! `blscfg`: the entries of the Boot Loader Specification as a part of GRUB's menu.
//!
//! Not in the manual before 2.14, and not in Debian's GRUB, so nothing of it is recorded from GRUB itself. Basis: the
//! specification (UAPI.1), Fedora's documentation, and the two implementations as their sources have it: Fedora's, which
//! RHEL and its kin share, and GRUB 2.14's, which takes options instead of words.

use super::Call;
use super::options::{Argument, Options, Spec, Unknown, parse};
use crate::access::Hotkey;
use crate::bls::rpm_version;
use crate::budget::Stop;
use crate::grub2::ast::Script;
use crate::grub2::eval::Machine;
use crate::grub2::menu::Item;
use crate::grub2::number::leading;
use crate::grub2::status;
use crate::guest::{FileKind, FileRef, file_name};
use crate::limits::LimitName;
use crate::text::shown;
use std::rc::Rc;

/// `uki` has the same.
pub(super) const OPTIONS: &[Spec] = &[
    Spec { short: b'p', long: b"path", argument: Argument::Required },
    Spec { short: b'f', long: b"enable-fallback", argument: Argument::None },
    Spec { short: b'd', long: b"show-default", argument: Argument::None },
    Spec { short: b'n', long: b"show-non-default", argument: Argument::None },
    Spec { short: b'e', long: b"entry", argument: Argument::Required },
];

const DIRECTORY: &[u8] = b"/loader/entries";
/// Where the root filesystem holds `/boot`.
const FALLBACK: &[u8] = b"/boot/loader/entries";
const SUFFIX: &[u8] = b".conf";
/// What a call asks for.
struct Request<'a> {
    /// `(device)/directory`, `/directory` or a single `.conf` file.
    place: Option<&'a [u8]>,
    fallback: bool,
    default: bool,
    others: bool,
    only: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    fn new(options: &Options<'a>) -> Self {
        let (default, others) = (options.has(b"show-default"), options.has(b"show-non-default"));
        let only = options.value(b"entry").map(|name| name.strip_suffix(SUFFIX).unwrap_or(name));
        let all = !default && !others && only.is_none();
        let place = options.value(b"path");
        let fallback = options.has(b"enable-fallback") || place.is_none();
        let request = Self { place, fallback, default: default || all, others: others || all, only };
        // Fedora's takes one word.
        match options.rest.as_slice() {
            [b"default"] => Self { others: false, ..request },
            [b"non-default"] => Self { default: false, ..request },
            [place] if place.starts_with(b"(") => Self { place: Some(place), fallback: false, ..request },
            [id] => Self { default: false, others: false, only: Some(id), ..request },
            _ => request,
        }
    }
}

type Keys = Vec<(Vec<u8>, Vec<u8>)>;

/// An entry file as far as GRUB reads it.
struct Entry {
    /// The file's name without its suffix.
    id: Vec<u8>,
    file: FileRef,
    keys: Keys,
}

impl Entry {
    fn all(&self, key: &'static [u8]) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_slice())
    }

    fn first(&self, key: &'static [u8]) -> Option<&[u8]> {
        self.all(key).next()
    }

    /// Whether `default` means it: by id, by title, or by its place among the entries, from 0.
    fn is_default(&self, default: Option<&[u8]>, place: usize) -> bool {
        let Some(default) = default else { return false };
        default == self.id
            || self.first(b"title") == Some(default)
            || leading(default).is_some_and(|number| usize::try_from(number) == Ok(place))
    }
}

/// `blscfg [default|non-default|(device)/directory|id]`, or with 2.14's options.
pub(super) fn blscfg(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(OPTIONS, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let request = Request::new(&options);
    let entries = match entries(machine, &request)? {
        Ok(entries) => entries,
        Err(status) => return Ok(status),
    };
    let default = machine.environment.get(b"default").map(<[u8]>::to_vec);
    for (place, entry) in entries.iter().enumerate() {
        let is_default = entry.is_default(default.as_deref(), place);
        let wanted = (request.default && is_default)
            || (request.others && !is_default)
            || request.only.is_some_and(|id| id == entry.id);
        if wanted && !machine.bls_shown.contains(&entry.id) {
            Rc::make_mut(&mut machine.bls_shown).insert(entry.id.clone());
            add(machine, entry)?;
        }
    }
    Ok(0)
}

/// The entries asked for, the newest first.
fn entries(machine: &mut Machine<'_>, request: &Request<'_>) -> Result<Result<Vec<Entry>, u32>, Stop> {
    if let Some(file) = request.place.filter(|place| place.ends_with(SUFFIX)) {
        let file = match machine.locate(file) {
            Ok(file) => file,
            Err(status) => return Ok(Err(status)),
        };
        return Ok(Ok(read(machine, file)?.into_iter().collect()));
    }
    let (device, directory) = match request.place {
        Some(place) => match place.strip_prefix(b"(") {
            Some(rest) => match rest.iter().position(|&byte| byte == b')') {
                Some(end) => {
                    (rest.get(..end), rest.get(end.saturating_add(1)..).filter(|path| !path.is_empty()))
                }
                None => return Ok(Err(status::BAD_ARGUMENT)),
            },
            None => (None, Some(place)),
        },
        None => (None, None),
    };
    // Fedora's asks for `boot` on a BIOS and for `root` elsewhere; where both are set they are the same volume.
    let variable = if machine.environment.get(b"boot").is_some() { b"boot" } else { b"root" };
    let device = device.or_else(|| machine.environment.get(variable)).unwrap_or_default().to_vec();
    let directory = directory.or_else(|| machine.environment.get(b"blsdir")).unwrap_or(DIRECTORY).to_vec();
    let mut found = listed(machine, &device, &directory)?;
    if found.as_ref().map_or(true, Vec::is_empty) && request.fallback {
        found = listed(machine, &device, FALLBACK)?.or(found);
    }
    Ok(found)
}

/// The entries of a directory.
fn listed(
    machine: &mut Machine<'_>,
    device: &[u8],
    directory: &[u8],
) -> Result<Result<Vec<Entry>, u32>, Stop> {
    let path = [b"(", device, b")", directory].concat();
    let directory = match machine.locate(&path) {
        Ok(directory) => directory,
        Err(status) => return Ok(Err(status)),
    };
    machine.budget.look()?;
    let Some(guest) = machine.guest else {
        machine.note("`blscfg` finds nothing: there is no guest to search");
        return Ok(Err(status::FILE_NOT_FOUND));
    };
    let names = match guest.list(directory.volume, &directory.path, machine.limits.max_names) {
        Ok(names) => names,
        Err(error) => {
            machine.note(&format!("{}: {}", shown(&path), shown(error.message.as_bytes())));
            return Ok(Err(status::FILE_NOT_FOUND));
        }
    };
    machine.budget.steps_for(names.len())?;
    let is_entry =
        |name: &[u8]| name.ends_with(SUFFIX) && name.len() > SUFFIX.len() && name.first() != Some(&b'.');
    let files = names.into_iter().filter(|file| file.kind != FileKind::Directory && is_entry(&file.name));
    let mut entries: Vec<Entry> = Vec::new();
    for file in files {
        if entries.len() >= machine.limits.max_entries {
            return Err(LimitName::MaxEntries.into());
        }
        let path = [directory.path.as_slice(), b"/", &file.name].concat();
        let Some(entry) = read(machine, FileRef { volume: directory.volume, path })? else { continue };
        machine.budget.moved(entry.id.len().saturating_mul(10))?;
        // Descending. GRUB drops one that is equal to another, whose names differ in punctuation only.
        match entries.binary_search_by(|other| rpm_version::compare_names(&entry.id, &other.id)) {
            Ok(_) => machine
                .note(&format!("{}: left out, another entry has this version", shown(&entry.file.path))),
            Err(place) => entries.insert(place, entry),
        }
    }
    Ok(Ok(entries))
}

fn read(machine: &mut Machine<'_>, file: FileRef) -> Result<Option<Entry>, Stop> {
    machine.budget.look()?;
    let Some(guest) = machine.guest else { return Ok(None) };
    let text = match guest.read(file.volume, &file.path, machine.limits.max_config_bytes) {
        Ok(text) => text,
        Err(error) => {
            machine.note(&format!("{}: {}", shown(&file.path), shown(error.message.as_bytes())));
            return Ok(None);
        }
    };
    machine.budget.moved(text.len())?;
    let (keys, unread) = keys(&text);
    if let Some(line) = unread {
        machine.note(&format!("{}:{line}: GRUB stops at a line without a value", shown(&file.path)));
    }
    let cost = |sum: usize, (key, value): &(Vec<u8>, Vec<u8>)| {
        sum.saturating_add(key.len()).saturating_add(value.len()).saturating_add(64)
    };
    machine.budget.keep(keys.iter().fold(0, cost))?;
    let name = file_name(&file.path);
    let id = name.strip_suffix(SUFFIX).unwrap_or(name).to_vec();
    Ok(Some(Entry { id, file, keys }))
}

/// `key value` lines. GRUB stops at the first line that has no value, an empty one among them; which one it is is told
/// where something follows it.
fn keys(text: &[u8]) -> (Keys, Option<usize>) {
    let mut keys = Vec::new();
    let mut lines = text.split(|&byte| byte == b'\n').enumerate();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    while let Some((number, line)) = lines.next() {
        let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
        let line: Vec<u8> = line.iter().copied().filter(|&byte| byte != b'\r').collect();
        let start = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
        let line = line.get(start..).unwrap_or_default();
        if line.first() == Some(&b'#') {
            continue;
        }
        let (key, rest) = line.split_at(line.iter().position(is_blank).unwrap_or(line.len()));
        let Some(value) = rest.iter().position(|byte| !is_blank(byte)).and_then(|at| rest.get(at..)) else {
            let more = lines.any(|(_, line)| !line.trim_ascii().is_empty());
            return (keys, more.then_some(number.saturating_add(1)));
        };
        keys.push((key.to_vec(), value.to_vec()));
    }
    (keys, None)
}

/// Adds an entry to the menu: its body is the script that the file comes to.
fn add(machine: &mut Machine<'_>, entry: &Entry) -> Result<(), Stop> {
    let Some(kernel) = entry.first(b"linux") else {
        machine.note(&format!("{}: left out, it has no `linux`", shown(&entry.file.path)));
        return Ok(());
    };
    let options = match entry.first(b"options") {
        Some(options) => expanded(machine, options)?,
        None => match machine.environment.get(b"default_kernelopts").map(<[u8]>::to_vec) {
            Some(options) => expanded(machine, &options)?,
            None => Vec::new(),
        },
    };
    if entry.all(b"options").nth(1).is_some() {
        machine.note(&format!("{}: GRUB takes the first `options` alone", shown(&entry.file.path)));
    }
    let mut script = [b"linux ($root)", kernel, b" ", &options, b"\n"].concat();
    let mut ramdisks = Vec::new();
    if let Some(early) = machine.environment.get(b"early_initrd") {
        // They lie beside the first ramdisk, or beside the kernel.
        let beside = entry.first(b"initrd").unwrap_or(kernel);
        let directory =
            beside.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash.saturating_add(1));
        let directory = beside.get(..directory).unwrap_or_default();
        let names = early.split(|&byte| byte == b' ').filter(|name| !name.is_empty());
        ramdisks.extend(names.map(|name| [directory, name].concat()));
    }
    ramdisks.extend(entry.all(b"initrd").map(<[u8]>::to_vec));
    if !ramdisks.is_empty() {
        script.extend(b"initrd");
        for ramdisk in ramdisks {
            script.extend([b" ($root)", ramdisk.as_slice()].concat());
        }
        script.push(b'\n');
    }
    if let Some(tree) = entry.first(b"devicetree") {
        script.extend([b"devicetree ($root)", expanded(machine, tree)?.as_slice(), b"\n"].concat());
    }
    machine.budget.check_value(script.len())?;
    machine.budget.keep(script.len())?;
    let users = match entry.first(b"grub_users") {
        Some(users) => Some(expanded(machine, users)?).filter(|users| !users.trim_ascii().is_empty()),
        None => None,
    };
    let title = entry.first(b"title").unwrap_or(kernel);
    let item = Item {
        submenu: false,
        arguments: Rc::new(
            std::iter::once(title).chain(entry.all(b"grub_arg")).map(<[u8]>::to_vec).collect(),
        ),
        id: Some(entry.id.clone()),
        users,
        hotkey: entry.first(b"grub_hotkey").and_then(Hotkey::named),
        body: Rc::new(Script::of_string(&script, 1)),
        source: Some(script.into()),
        file: Rc::from(shown(&entry.file.path)),
        line: 1,
        made: None,
    };
    Ok(machine.add_item(item)?)
}

/// A value with its `$name`s replaced, those that are not set by nothing. What comes out is GRUB script all the same.
fn expanded(machine: &mut Machine<'_>, value: &[u8]) -> Result<Vec<u8>, LimitName> {
    let mut out = Vec::new();
    let mut pieces = value.split(|&byte| byte == b'$');
    out.extend(pieces.next().unwrap_or_default());
    for piece in pieces {
        let end = piece.iter().position(|&byte| byte != b'_' && !byte.is_ascii_alphanumeric());
        let (name, rest) = piece.split_at(end.unwrap_or(piece.len()));
        let content = machine.environment.get(name).unwrap_or_default();
        machine.budget.check_value(out.len().saturating_add(content.len()))?;
        out.extend(content);
        out.extend(rest);
        machine.budget.step()?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    fn strings(keys: &[(Vec<u8>, Vec<u8>)]) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        keys.iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    #[test]
    fn lines_are_read_as_grub_reads_them() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let (found, unread) = keys(b"title Fedora Linux (6.9)\r\n# c\n\t linux\t/vmlinuz \n");
        assert_eq!(strings(&found), [pair("title", "Fedora Linux (6.9)"), pair("linux", "/vmlinuz ")]);
        assert_eq!(unread, None);
        // A line without a value ends it: from both sources.
        let (found, unread) = keys(b"title a\noptions\nlinux /x\n");
        assert_eq!((strings(&found), unread), (vec![pair("title", "a")], Some(2)));
        assert_eq!(keys(b"title a\n\n\n").1, None);
    }

    #[test]
    fn order_is_by_version() {
        let mut names: Vec<&[u8]> =
            vec![b"id-6.9.1-2.fc40", b"id-0-rescue", b"id-6.10.1-1.fc40", b"id-6.9.1-10.fc40"];
        names.sort_by(|a, b| rpm_version::compare_names(b, a));
        let expected: [&[u8]; 4] =
            [b"id-6.10.1-1.fc40", b"id-6.9.1-10.fc40", b"id-6.9.1-2.fc40", b"id-0-rescue"];
        assert_eq!(names, expected);
        assert_eq!(rpm_version::compare_names(b"a-1.0-1", b"a-1_0-1"), Ordering::Equal);
    }
}
