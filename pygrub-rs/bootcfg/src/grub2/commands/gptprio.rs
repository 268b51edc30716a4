//! `gptprio.next` and `gptpriority`: systems with two copies of themselves, and the one to boot in the GPT.
//!
//! The first is CoreOS' (Flatcar, EVE OS and, with another type, Bottlerocket have it from there), the second Chrome OS'. Both keep in the
//! attributes of a partition's entry what Chrome OS' design documents ("Disk format", "Selecting a kernel") lay down: bits 48 to 51 are
//! its priority, 0 meaning never; 52 to 55 the attempts left; 56 says that it booted successfully.

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;
use crate::guest::{GptEntry, VolumeName};

const NEXT: &[Spec] = &[
    Spec { short: b'd', long: b"set-device", argument: Argument::Required },
    Spec { short: b'u', long: b"set-uuid", argument: Argument::Required },
];

/// The types among which `gptprio.next` chooses. Each system's GRUB knows its own, and no disk has both.
const TYPES: [&str; 2] = [
    "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6", // CoreOS' /usr, which Flatcar and EVE OS have too
    "6b636168-7420-6568-2070-6c616e657421", // Bottlerocket's boot partition
];

/// The attribute bits of an entry.
struct Attempts {
    priority: u64,
    left: u64,
    successful: bool,
}

impl Attempts {
    fn of(entry: &GptEntry) -> Self {
        let bits = |from: u32, mask: u64| entry.attributes.wrapping_shr(from) & mask;
        Self { priority: bits(48, 0xf), left: bits(52, 0xf), successful: bits(56, 1) != 0 }
    }
}

/// The disk's name without a partition: `hd0,gpt3` is on `hd0`.
fn disk(device: &[u8]) -> &[u8] {
    device.split(|&byte| byte == b',').next().unwrap_or_default()
}

/// The number of a disk's partition in its GPT, and the name that says it: `hd0,gpt3`.
fn number<'v>(volume: &'v VolumeName, disk: &[u8]) -> Option<(u32, &'v [u8])> {
    volume.grub_names.iter().find_map(|name| {
        let number = name.as_bytes().strip_prefix(disk)?.strip_prefix(b",gpt")?;
        Some((std::str::from_utf8(number).ok()?.parse().ok()?, name.as_bytes()))
    })
}

/// `gptprio.next -d VARIABLE -u VARIABLE [DEVICE]`: the partition of the highest priority that has attempts left or has booted; of equal ones
/// the first. GRUB takes one attempt off; nothing is written here.
pub(super) fn next(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(NEXT, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let (Some(device), Some(uuid)) = (options.value(b"set-device"), options.value(b"set-uuid")) else {
        return Ok(status::INVALID_COMMAND);
    };
    let root = machine.environment.get(b"root").unwrap_or_default().to_vec();
    let disk = match options.rest.as_slice() {
        [] => disk(&root),
        [name] => disk(name),
        _ => return Ok(status::BAD_ARGUMENT),
    };
    let volumes = machine.guest.map(|guest| guest.volumes()).unwrap_or_default();
    machine.budget.steps_for(volumes.len())?;
    let mut found: Option<(u64, u32, &[u8], &GptEntry)> = None;
    for volume in volumes {
        let (Some(entry), Some((number, name))) = (&volume.gpt, number(volume, disk)) else { continue };
        let Attempts { priority, left, successful } = Attempts::of(entry);
        let may_boot = TYPES.contains(&entry.type_guid.as_str()) && priority > 0 && (left > 0 || successful);
        let is_better =
            found.is_none_or(|(other, at, ..)| priority > other || (priority == other && number < at));
        if may_boot && is_better {
            found = Some((priority, number, name, entry));
        }
    }
    let Some((.., name, entry)) = found else {
        machine.note("`gptprio.next` finds no partition with a priority and attempts left");
        return Ok(status::UNKNOWN_DEVICE);
    };
    if Attempts::of(entry).left > 0 {
        machine.note("`gptprio.next` takes no attempt off: nothing is written to the disk");
    }
    machine.environment.set(device, name, &mut machine.budget)?;
    machine.environment.set(uuid, entry.guid.as_bytes(), &mut machine.budget)?;
    Ok(0)
}

/// `gptpriority DISK NUMBER [VARIABLE]`: a partition's priority, into an exported variable.
pub(super) fn priority(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let (name, partition, variable) = match call.arguments {
        [name, partition] => (name, partition, None),
        [name, partition, variable] => (name, partition, Some(variable)),
        _ => return Ok(status::BAD_ARGUMENT),
    };
    let volumes = machine.guest.map(|guest| guest.volumes()).unwrap_or_default();
    machine.budget.steps_for(volumes.len())?;
    let wanted = std::str::from_utf8(partition).ok().and_then(|text| text.parse::<u32>().ok());
    let is_meant =
        |volume: &&VolumeName| wanted.is_some() && number(volume, name).map(|(number, _)| number) == wanted;
    let Some(entry) = volumes.iter().find(is_meant).and_then(|volume| volume.gpt.as_ref()) else {
        return Ok(status::BAD_ARGUMENT);
    };
    if let Some(variable) = variable {
        let priority = Attempts::of(entry).priority.to_string();
        machine.environment.set(variable, priority.as_bytes(), &mut machine.budget)?;
        machine.environment.export(variable, &mut machine.budget)?;
    }
    Ok(0)
}
