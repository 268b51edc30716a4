//! `loopback` (manual: "loopback").

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::files::Missing;
use crate::grub2::status;
use crate::text::shown;

const LOOPBACK: &[Spec] = &[
    Spec { short: b'd', long: b"delete", argument: Argument::None },
    Spec { short: b'D', long: b"decompress", argument: Argument::None },
];

/// What reading a partition table and opening its filesystems costs.
const STEPS_PER_IMAGE: usize = 1_000;

/// `loopback [-d] name [file]`: the file is the disk `(name)` from here on; with `-d` it is none any more.
pub(super) fn loopback(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(LOOPBACK, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let Some((&name, files)) = options.rest.split_first() else {
        machine.note("a `loopback` without a name is ignored");
        return Ok(status::BAD_ARGUMENT);
    };
    if options.has(b"delete") {
        return Ok(if machine.loops.remove(name) { 0 } else { status::BAD_DEVICE });
    }
    let Some(file) = files.first() else {
        machine.note(&format!("`loopback {}` names no file", shown(name)));
        return Ok(status::BAD_ARGUMENT);
    };
    if machine.loops.contains(name) {
        machine.note(&format!("`{}` is a loopback device already", shown(name)));
        return Ok(status::BAD_ARGUMENT);
    }
    machine.budget.keep(name.len().saturating_add(64))?;
    machine.loops.want(name);
    let place = match machine.loadable("image", file)? {
        Ok(place) => place,
        Err(missing) => return Ok(machine.failed(missing)),
    };
    machine.budget.read_file()?;
    machine.budget.steps_for(STEPS_PER_IMAGE)?;
    let Some(guest) = machine.guest else {
        machine.note("`loopback` fails: there is no guest");
        return Ok(status::FILE_NOT_FOUND);
    };
    match guest.open_image(place.volume, &place.path) {
        Ok(volumes) => {
            // A name, a UUID, a label each.
            machine.budget.keep(volumes.len().saturating_mul(256).saturating_add(name.len()))?;
            machine.loops.add(name, volumes);
            Ok(0)
        }
        Err(error) => {
            let why = format!("the image {}: {}", shown(file), shown(error.message.as_bytes()));
            machine.note(&why);
            Ok(machine.failed(Missing { why, status: status::BAD_DEVICE, file: None }))
        }
    }
}
