//! A section, and the entry it makes.

use super::Dialect;
use super::sections::{Section, Setting};
use crate::access::Secret;
use crate::guest::{FileRef, folder};
use crate::limits::LimitName;
use crate::menu::BootEntry;
use crate::reader::Reader;
use crate::text::shown;

/// An entry, and the names that `default=` may know it by.
pub(super) struct Image {
    pub(super) entry: BootEntry,
    pub(super) names: Vec<Vec<u8>>,
}

/// The entry of a section; `None` where it is `optional` and its image is missing.
pub(super) fn run(
    reader: &mut Reader<'_>,
    global: &Section,
    section: &Section,
    (file, dialect): (&FileRef, Dialect),
) -> Result<Option<Image>, LimitName> {
    let Some(Setting { name, value: path, line }) = section.0.first() else { return Ok(None) };
    reader.line = *line;
    let base = path.rsplit(|&byte| matches!(byte, b'/' | b'\\' | b',')).next().unwrap_or_default();
    let label = section.value("label").unwrap_or(base).to_vec();
    let title = section.value("description").unwrap_or(&label).to_vec();
    let mut entry = BootEntry { title, id: Some(label.clone()), ..BootEntry::default() };
    let names: Vec<Vec<u8>> =
        [Some(label.as_slice()), section.value("alias")].into_iter().flatten().map(<[u8]>::to_vec).collect();
    guard(&mut entry, global, section);
    if name.eq_ignore_ascii_case(b"other") {
        entry.problems.push(format!("not bootable because it starts the boot sector of {}", shown(path)));
        return Ok(Some(Image { entry, names }));
    }
    if section.get("range").is_some() {
        entry.problems.push("not bootable because its image is a range of sectors".to_owned());
        return Ok(Some(Image { entry, names }));
    }
    let kernel = match locate(reader, path, (file, dialect))? {
        Some(kernel) => kernel,
        None => {
            entry.problems.push(format!("`{}` is not the name of a file", shown(path)));
            return Ok(Some(Image { entry, names }));
        }
    };
    let optional = global.get("optional").or(section.get("optional")).is_some();
    if optional && reader.guest.is_some() && !reader.is_file(&kernel)? {
        reader.note(&format!("the optional image {} is missing", shown(path)));
        return Ok(None);
    }
    entry.kernel = Some(kernel.into());
    let initrd = section.value("initrd").or(global.value("initrd")).unwrap_or_default();
    // LILO separates several with commas.
    for name in initrd.split(|&byte| byte == b',').filter(|name| !name.is_empty()) {
        if let Some(ramdisk) = locate(reader, name, (file, dialect))? {
            entry.ramdisks.push(ramdisk.into());
        }
    }
    entry.arguments = arguments(reader, global, section);
    if section.get("vmm").or(global.get("vmm")).is_some() {
        // ELILO starts Xen, which starts the image; what stands before `--` is Xen's.
        let words: Vec<&[u8]> = crate::reader::words(&entry.arguments).collect();
        if let Some(place) = words.iter().position(|word| *word == b"--") {
            entry.arguments = words.get(place.saturating_add(1)..).unwrap_or_default().join(&b' ');
        }
    }
    reader.budget.moved(entry.arguments.len())?;
    reader.budget.check_value(entry.arguments.len())?;
    Ok(Some(Image { entry, names }))
}

/// A password of the section, or of the whole unless `bypass` lifts it, guards booting; with `restricted` only arguments.
fn guard(entry: &mut BootEntry, global: &Section, section: &Section) {
    let own = section.value("password");
    let password = own.or(global.value("password").filter(|_| section.get("bypass").is_none()));
    let Some(password) = password.filter(|text| !text.is_empty()) else { return };
    let has = |name: &str| section.get(name).is_some();
    let by_all = global.get("restricted").is_some() && !has("mandatory");
    entry.restricted = !has("restricted") && !by_all;
    entry.password = own.map(|_| Secret::Plain(password.to_vec()));
}

/// `literal`, or else `ro`, `root=`, `ramdisk=`, `append`, `addappend`: the image's own, or those of all.
fn arguments(reader: &mut Reader<'_>, global: &Section, section: &Section) -> Vec<u8> {
    if let Some(literal) = section.value("literal").or(global.value("literal")) {
        return literal.to_vec();
    }
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mode = |section: &Section| {
        let mode = section.0.iter().rev().find_map(|setting| match setting.name.as_slice() {
            b"read-only" => Some(&b"ro"[..]),
            b"read-write" => Some(b"rw"),
            _ => None,
        });
        mode.map(<[u8]>::to_vec)
    };
    words.extend(mode(section).or_else(|| mode(global)));
    for name in ["root", "ramdisk"] {
        match section.value(name).or(global.value(name)) {
            Some(b"current") => {
                reader.note("`root=current` was the root of the system that ran lilo: no root= is given");
            }
            Some(value) if !value.is_empty() => words.push([name.as_bytes(), b"=", value].concat()),
            _ => {}
        }
    }
    words.extend(section.value("append").or(global.value("append")).map(<[u8]>::to_vec));
    words.extend(section.value("addappend").map(<[u8]>::to_vec));
    words.retain(|word| !word.is_empty());
    words.join(&b' ')
}

/// A file by the name that the running system has for it. `/boot` may be a volume of its own.
fn locate(
    reader: &mut Reader<'_>,
    name: &[u8],
    (config, dialect): (&FileRef, Dialect),
) -> Result<Option<FileRef>, LimitName> {
    let mut path = match dialect {
        // `hd:3,/boot/vmlinux`: the partition is Open Firmware's.
        Dialect::Yaboot => {
            let comma = name.iter().position(|&byte| byte == b',');
            comma.and_then(|comma| name.get(comma.saturating_add(1)..)).unwrap_or(name).to_vec()
        }
        // EFI's separator.
        Dialect::Elilo => name.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect(),
        Dialect::Lilo => name.to_vec(),
    };
    if path.is_empty() {
        return Ok(None);
    }
    if !path.starts_with(b"/") {
        let directory = match dialect {
            Dialect::Elilo => folder(&config.path),
            _ => b"",
        };
        path = [directory, b"/", path.as_slice()].concat();
    }
    let meant = FileRef { volume: config.volume, path };
    if reader.is_file(&meant)? {
        return Ok(Some(meant));
    }
    let inside = meant.path.strip_prefix(b"/boot").filter(|path| path.starts_with(b"/"));
    for volume in reader.guest.map(|guest| guest.volumes()).unwrap_or_default() {
        let other = FileRef { volume: volume.id, path: inside.unwrap_or(&meant.path).to_vec() };
        if reader.is_file(&other)? {
            reader.note(&format!("{} is on another volume", shown(&meant.path)));
            return Ok(Some(other));
        }
    }
    Ok(Some(meant))
}
