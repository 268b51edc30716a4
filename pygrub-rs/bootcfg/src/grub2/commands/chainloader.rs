//! `chainloader` (manual: "chainloader"): another boot loader, or a unified kernel image, which is one only in form.

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::loaded::Loaded;
use crate::grub2::{cmdline, status};
use crate::text::shown;
use crate::uki::Image;

const CHAINLOADER: &[Spec] = &[
    Spec { short: 0, long: b"force", argument: Argument::None },
    Spec { short: 0, long: b"bpb", argument: Argument::None },
];

/// What looking into an image costs besides its bytes.
const STEPS_PER_IMAGE: usize = 100;

/// `chainloader file word…`: the words replace the image's own command line, where there are any.
pub(super) fn chainloader(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let options = parse(CHAINLOADER, Unknown::IsAWord, call.arguments);
    let Some((name, words)) = options.as_ref().and_then(|options| options.rest.split_first()) else {
        machine.note("a `chainloader` without a file is ignored");
        return Ok(status::BAD_ARGUMENT);
    };
    machine.budget.steps_for(STEPS_PER_IMAGE)?;
    let unbootable = |why: &str| {
        Loaded::Unbootable(format!("not bootable because it chain-loads `{}`, {why}", shown(name)))
    };
    // `+1` and the like: blocks of a disk.
    let (Ok(file), Some(guest)) = (machine.locate(name), machine.guest) else {
        machine.loaded = unbootable("another boot loader");
        return Ok(0);
    };
    if let Err(missing) = machine.loadable("boot loader", name)? {
        // What was loaded before stays.
        return Ok(machine.failed(missing));
    }
    let max = machine.limits.max_value_bytes;
    machine.loaded = match Image::open(guest, &file) {
        Ok(None) => unbootable("another boot loader"),
        Err(why) => unbootable(&why),
        Ok(Some(image)) => match image.boots(guest, 0, max) {
            Err(why) => unbootable(&why),
            Ok(boots) => {
                let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
                let given = Some(cmdline::joined(&words)).filter(|line| !line.is_empty());
                let arguments = given.or(boots.arguments).unwrap_or_default();
                machine.budget.check_value(arguments.len())?;
                machine.budget.keep(arguments.len().saturating_add(file.path.len().saturating_mul(3)))?;
                Loaded::Linux {
                    kernel: boots.kernel,
                    arguments,
                    ramdisks: boots.ramdisks,
                    takes_ramdisks: true,
                }
            }
        },
    };
    Ok(0)
}
