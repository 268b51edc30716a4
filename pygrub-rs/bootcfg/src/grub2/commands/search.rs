//! `search` (manual: "search").

use super::Call;
use super::options::{Argument, Options, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;
use crate::guest::{FileKind, VolumeName};
use crate::text::shown;

const SEARCH: &[Spec] = &[
    Spec { short: b'f', long: b"file", argument: Argument::None },
    Spec { short: b'l', long: b"label", argument: Argument::None },
    Spec { short: b'l', long: b"fs-label", argument: Argument::None },
    Spec { short: b'u', long: b"fs-uuid", argument: Argument::None },
    Spec { short: 0, long: b"part-label", argument: Argument::None },
    Spec { short: 0, long: b"part-uuid", argument: Argument::None },
    Spec { short: 0, long: b"disk-uuid", argument: Argument::None },
    Spec { short: b's', long: b"set", argument: Argument::Optional },
    Spec { short: b'n', long: b"no-floppy", argument: Argument::None },
    Spec { short: 0, long: b"efidisk-only", argument: Argument::None },
    Spec { short: 0, long: b"cryptodisk-only", argument: Argument::None },
    Spec { short: b'h', long: b"hint", argument: Argument::Required },
    Spec { short: 0, long: b"hint-ieee1275", argument: Argument::Required },
    Spec { short: 0, long: b"hint-bios", argument: Argument::Required },
    Spec { short: 0, long: b"hint-baremetal", argument: Argument::Required },
    Spec { short: 0, long: b"hint-efi", argument: Argument::Required },
    Spec { short: 0, long: b"hint-arc", argument: Argument::Required },
];

/// What makes a volume the right one.
#[derive(Clone, Copy)]
enum Key {
    File,
    Label,
    Uuid,
    /// A partition's name in a GPT; this and the next two in CoreOS' GRUB and its descendants (Flatcar, Bottlerocket, Amazon's).
    PartitionName,
    PartitionGuid,
    /// A GPT's own GUID, which is not known here: nothing fits.
    DiskGuid,
}

/// `search [--file|--label|--fs-uuid] [--set[=variable]] [hints] name`: the first volume that fits, in the order
/// the volumes are in. Hints only say where GRUB would look first, and the names in them are those of another
/// machine: they are ignored.
pub(super) fn search(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(SEARCH, Unknown::IsAWord, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    // `search --file --set NAME`, as old configurations have it: the only word is the name.
    let (name, variable) = match (options.rest.first(), options.has(b"set"), options.value(b"set")) {
        (Some(name), set, variable) => (*name, set.then_some(variable.unwrap_or(b"root"))),
        (None, true, Some(name)) => (name, Some(&b"root"[..])),
        (None, ..) => return Ok(status::BAD_ARGUMENT),
    };
    let Some(key) = key(&options) else {
        return Ok(status::INVALID_COMMAND);
    };
    find(machine, key, name, variable)
}

fn key(options: &Options<'_>) -> Option<Key> {
    if options.has(b"label") || options.has(b"fs-label") {
        Some(Key::Label)
    } else if options.has(b"fs-uuid") {
        Some(Key::Uuid)
    } else if options.has(b"part-label") {
        Some(Key::PartitionName)
    } else if options.has(b"part-uuid") {
        Some(Key::PartitionGuid)
    } else if options.has(b"disk-uuid") {
        Some(Key::DiskGuid)
    } else if options.has(b"file") {
        Some(Key::File)
    } else {
        None
    }
}

/// `search.file name [variable [hint…]]` and its like.
pub(super) fn search_one(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let key = match call.name {
        b"search.file" => Key::File,
        b"search.fs_label" => Key::Label,
        b"search.part_label" => Key::PartitionName,
        b"search.part_uuid" => Key::PartitionGuid,
        b"search.disk_uuid" => Key::DiskGuid,
        _ => Key::Uuid,
    };
    let Some(name) = call.arguments.first() else {
        return Ok(status::BAD_ARGUMENT);
    };
    let variable = call.arguments.get(1).map(Vec::as_slice);
    find(machine, key, name, variable)
}

fn find(machine: &mut Machine<'_>, key: Key, name: &[u8], variable: Option<&[u8]>) -> Result<u32, Stop> {
    let Some(guest) = machine.guest else {
        machine.notes.add(|| "`search` finds nothing: there is no guest to search".to_owned());
        return Ok(status::FILE_NOT_FOUND);
    };
    let volumes = machine.volumes().count();
    machine.budget.steps_for(volumes)?;
    let fits = |volume: &VolumeName| match key {
        Key::Label => volume.label.as_deref() == Some(name),
        Key::Uuid => volume.uuid.as_ref().is_some_and(|uuid| uuid.as_bytes().eq_ignore_ascii_case(name)),
        Key::PartitionName => volume.gpt.as_ref().is_some_and(|entry| entry.name == name),
        Key::PartitionGuid => {
            volume.gpt.as_ref().is_some_and(|entry| entry.guid.as_bytes().eq_ignore_ascii_case(name))
        }
        Key::DiskGuid => false,
        Key::File => guest.status(volume.id, name).is_some_and(|status| status.kind == FileKind::File),
    };
    let Some(device) = machine.volumes().find(|(_, volume)| fits(volume)).map(|(device, _)| device) else {
        machine.note(&format!("`search` finds no volume for `{}`", shown(name)));
        return Ok(status::FILE_NOT_FOUND);
    };
    if let Some(variable) = variable {
        machine.environment.set(variable, &device, &mut machine.budget)?;
    }
    Ok(0)
}
