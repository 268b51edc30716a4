//! `probe` (manual: "probe").

use super::Call;
use super::options::{Argument, Options, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::files::disk_of;
use crate::grub2::status;
use crate::guest::VolumeName;
use crate::text::shown;

const PROBE: &[Spec] = &[
    Spec { short: b's', long: b"set", argument: Argument::Required },
    Spec { short: b'd', long: b"driver", argument: Argument::None },
    Spec { short: b'p', long: b"partmap", argument: Argument::None },
    Spec { short: b'f', long: b"fs", argument: Argument::None },
    Spec { short: b'u', long: b"fs-uuid", argument: Argument::None },
    Spec { short: b'l', long: b"label", argument: Argument::None },
    Spec { short: 0, long: b"part-uuid", argument: Argument::None },
];

/// `probe [--set=variable] --driver|--partmap|--fs|--fs-uuid|--label|--part-uuid device`: sets the variable, or prints. Of
/// several questions the first of this list is answered.
pub(super) fn probe(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(PROBE, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let Some(device) = options.rest.first() else {
        machine.note("`probe` wants a device");
        return Ok(status::BAD_ARGUMENT);
    };
    let device = device.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).unwrap_or(device);
    let Some(volume) = machine.volume_named(device) else {
        machine.note(&format!("no device is called `{}`", shown(device)));
        return Ok(status::UNKNOWN_DEVICE);
    };
    let value = match answer(&options, volume, machine.loops.contains(disk_of(device))) {
        Ok(value) => value,
        Err(status) => return Ok(status),
    };
    match options.value(b"set") {
        Some(variable) => machine.environment.set(variable, &value, &mut machine.budget)?,
        None => machine.print(&value),
    }
    Ok(0)
}

/// What is asked of a volume. What has no filesystem known here has neither UUID nor label; a label may be empty.
fn answer(options: &Options<'_>, volume: &VolumeName, is_loop: bool) -> Result<Vec<u8>, u32> {
    let text = |text: &Option<String>| text.clone().map(String::into_bytes);
    let of_filesystem = |value: Option<Vec<u8>>| match (&volume.filesystem, value) {
        (None, None) => Err(status::UNKNOWN_FS),
        (_, value) => Ok(value.unwrap_or_default()),
    };
    if options.has(b"driver") {
        // A Xen guest's GRUB has no other disks.
        Ok(if is_loop { b"loopback".to_vec() } else { b"xen".to_vec() })
    } else if options.has(b"partmap") {
        Ok(partmap(volume))
    } else if options.has(b"fs") {
        of_filesystem(text(&volume.filesystem))
    } else if options.has(b"fs-uuid") {
        of_filesystem(text(&volume.uuid))
    } else if options.has(b"label") {
        of_filesystem(volume.label.clone())
    } else if options.has(b"part-uuid") {
        let of_gpt = || volume.gpt.as_ref().map(|entry| entry.guid.clone().into_bytes());
        Ok(text(&volume.part_uuid).or_else(of_gpt).unwrap_or_else(|| b"none".to_vec()))
    } else {
        Err(status::BAD_ARGUMENT)
    }
}

/// What divides its disk: the partition's own name says it, as in `hd0,gpt2`.
fn partmap(volume: &VolumeName) -> Vec<u8> {
    let name = volume.grub_names.first().map_or("", String::as_str);
    let scheme = |part: &str| part.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned();
    let parts: Vec<String> = name.split(',').skip(1).map(scheme).collect();
    if parts.is_empty() { b"none".to_vec() } else { parts.join(" ").into_bytes() }
}
