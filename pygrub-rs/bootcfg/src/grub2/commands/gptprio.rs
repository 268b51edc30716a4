//! `gptprio.next` and `gptpriority`: systems with two copies of themselves, and the one to boot in the GPT.
//!
//! The first is CoreOS' (Flatcar, EVE OS and, with another type, Bottlerocket have it from there), the second Chrome OS'. Both keep in the
//! attributes of a partition's entry what Chrome OS' design documents ("Disk format", "Selecting a kernel") lay down: bits 48 to 51 are
//! its priority, 0 meaning never; 52 to 55 the attempts left; 56 says that it booted successfully.

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::files::disk_of;
use crate::grub2::status;
use crate::guest::{GptEntry, Guest, VolumeId, VolumeName};

const NEXT: &[Spec] = &[
    Spec { short: b'd', long: b"set-device", argument: Argument::Required },
    Spec { short: b'u', long: b"set-uuid", argument: Argument::Required },
];

/// CoreOS' /usr, which Flatcar and EVE OS have too.
const USR: &str = "5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6";
/// Bottlerocket's boot partition.
const BOTTLEROCKET: &str = "6b636168-7420-6568-2070-6c616e657421";
/// Bottlerocket's private partition, by its name.
const PRIVATE: &[u8] = b"BOTTLEROCKET-PRIVATE";

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

/// The number of a disk's partition in its GPT, and the name that says it: `hd0,gpt3`.
fn number<'v>(volume: &'v VolumeName, disk: &[u8]) -> Option<(u32, &'v [u8])> {
    volume.grub_names.iter().find_map(|name| {
        let number = name.as_bytes().strip_prefix(disk)?.strip_prefix(b",gpt")?;
        Some((std::str::from_utf8(number).ok()?.parse().ok()?, name.as_bytes()))
    })
}

/// One of a system's copies.
struct Copy<'v> {
    volume: VolumeId,
    name: &'v [u8],
    entry: &'v GptEntry,
}

/// The copy to boot of those on a disk: that of the highest priority that has attempts left or has booted, of equal ones the first in the
/// table. Each system's GRUB knows its own type, and no disk has both.
fn preferred<'v>(volumes: &'v [VolumeName], disk: &[u8]) -> Option<Copy<'v>> {
    let copies = volumes.iter().filter_map(|volume| {
        let (entry, (number, name)) = (volume.gpt.as_ref()?, number(volume, disk)?);
        let Attempts { priority, left, successful } = Attempts::of(entry);
        let may_boot = [USR, BOTTLEROCKET].contains(&entry.type_guid.as_str())
            && priority > 0
            && (left > 0 || successful);
        may_boot.then_some((priority, std::cmp::Reverse(number), Copy { volume: volume.id, name, entry }))
    });
    copies.max_by_key(|(priority, number, _)| (*priority, *number)).map(|(_, _, copy)| copy)
}

/// Bottlerocket's configuration lies on its copies, and its GRUB chooses before it reads one: the other's name where a volume is not meant.
pub(crate) fn other_copy(guest: &dyn Guest, volume: VolumeId) -> Option<String> {
    let volumes = guest.volumes();
    let own = volumes.iter().find(|own| own.id == volume && own.is_of_type(BOTTLEROCKET))?;
    let other = preferred(volumes, disk_of(own.grub_names.first()?.as_bytes()))?;
    (other.volume != volume).then(|| String::from_utf8_lossy(other.name).into_owned())
}

/// What Bottlerocket's GRUB sets before it reads the configuration of a copy.
pub(crate) fn embedded(machine: &mut Machine<'_>, volume: VolumeId) -> Result<(), Stop> {
    let volumes = machine.guest.map(|guest| guest.volumes()).unwrap_or_default();
    let Some(own) = volumes.iter().find(|own| own.id == volume && own.is_of_type(BOTTLEROCKET)) else {
        return Ok(());
    };
    let name = |volume: &VolumeName| volume.grub_names.first().cloned().unwrap_or_default();
    let is_private = |volume: &&VolumeName| volume.gpt.as_ref().is_some_and(|entry| entry.name == PRIVATE);
    let guid = own.gpt.as_ref().map(|entry| entry.guid.clone()).unwrap_or_default();
    let private = volumes.iter().find(is_private).map(name).unwrap_or_default();
    for (variable, value) in [(&b"boot_dev"[..], name(own)), (b"boot_uuid", guid), (b"private", private)] {
        machine.environment.set(variable, value.as_bytes(), &mut machine.budget)?;
        machine.environment.export(variable, &mut machine.budget)?;
    }
    Ok(())
}

/// `gptprio.next -d VARIABLE -u VARIABLE [DEVICE]`: the copy to boot. GRUB takes one attempt off; nothing is written here.
pub(super) fn next(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(NEXT, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let (Some(device), Some(uuid)) = (options.value(b"set-device"), options.value(b"set-uuid")) else {
        return Ok(status::INVALID_COMMAND);
    };
    let root = machine.environment.get(b"root").unwrap_or_default().to_vec();
    let disk = match options.rest.as_slice() {
        [] => disk_of(&root),
        [name] => disk_of(name),
        _ => return Ok(status::BAD_ARGUMENT),
    };
    let volumes = machine.guest.map(|guest| guest.volumes()).unwrap_or_default();
    machine.budget.steps_for(volumes.len())?;
    let Some(Copy { name, entry, .. }) = preferred(volumes, disk) else {
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
