//! `probe` (manual: "probe").

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;

const PROBE: &[Spec] = &[
    Spec { short: b's', long: b"set", argument: Argument::Required },
    Spec { short: b'd', long: b"driver", argument: Argument::None },
    Spec { short: b'p', long: b"partmap", argument: Argument::None },
    Spec { short: b'f', long: b"fs", argument: Argument::None },
    Spec { short: b'u', long: b"fs-uuid", argument: Argument::None },
    Spec { short: b'l', long: b"label", argument: Argument::None },
    Spec { short: 0, long: b"part-uuid", argument: Argument::None },
];

/// `probe --set=variable --fs-uuid|--label|--part-uuid|--partmap device`; what else can be asked of a device is not known here, and
/// fails.
pub(super) fn probe(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(PROBE, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let Some(device) = options.rest.first() else {
        return Ok(status::BAD_ARGUMENT);
    };
    let device = device.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")")).unwrap_or(device);
    let Some(volume) = machine.volume_named(device) else {
        return Ok(status::UNKNOWN_DEVICE);
    };
    let value = if options.has(b"fs-uuid") {
        volume.uuid.as_ref().map(|uuid| uuid.as_bytes().to_vec())
    } else if options.has(b"label") {
        volume.label.clone()
    } else if options.has(b"part-uuid") {
        volume.gpt.as_ref().map(|entry| entry.guid.clone().into_bytes())
    } else if options.has(b"partmap") {
        // The partition's own name says it: `hd0,gpt2`.
        let name = volume.grub_names.first().map_or("", String::as_str);
        let scheme = |part: &str| part.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned();
        let parts: Vec<String> = name.split(',').skip(1).map(scheme).collect();
        Some(if parts.is_empty() { b"none".to_vec() } else { parts.join(" ").into_bytes() })
    } else {
        None
    };
    if options.given() == usize::from(options.value(b"set").is_some()) {
        return Ok(status::BAD_ARGUMENT);
    }
    let Some(value) = value else {
        machine.note("`probe` asks for something that is not known here");
        return Ok(status::TEST_FAILURE);
    };
    if let Some(variable) = options.value(b"set") {
        machine.environment.set(variable, &value, &mut machine.budget)?;
    }
    Ok(0)
}
