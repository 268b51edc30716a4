//! `tr` (manual: "tr"): letters for others.

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;

const TR: &[Spec] = &[
    Spec { short: b's', long: b"set", argument: Argument::Required },
    Spec { short: b'U', long: b"upcase", argument: Argument::None },
    Spec { short: b'D', long: b"downcase", argument: Argument::None },
];

/// `tr [--set=variable] --upcase|--downcase text`, `tr [--set=variable] from to text`: each letter of `from` becomes the one at its
/// place in `to`.
pub(super) fn tr(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(options) = parse(TR, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let letters: Vec<u8> = (b'a'..=b'z').collect();
    let capitals = letters.to_ascii_uppercase();
    let (from, to, text) = match (options.has(b"upcase"), options.has(b"downcase"), options.rest.as_slice()) {
        (true, false, [text]) => (letters.as_slice(), capitals.as_slice(), *text),
        (_, true, [text]) => (capitals.as_slice(), letters.as_slice(), *text),
        (false, false, [from, to, text]) => (*from, *to, *text),
        _ => return Ok(status::BAD_ARGUMENT),
    };
    if from.len() != to.len() {
        return Ok(status::BAD_ARGUMENT);
    }
    machine.budget.moved(text.len().saturating_mul(from.len().max(1)))?;
    let other = |byte: &u8| {
        let place = from.iter().position(|from| from == byte);
        place.and_then(|place| to.get(place)).copied().unwrap_or(*byte)
    };
    let text: Vec<u8> = text.iter().map(other).collect();
    match options.value(b"set") {
        Some(variable) => machine.environment.set(variable, &text, &mut machine.budget)?,
        None => {
            machine.print(&text);
            machine.print(b"\n");
        }
    }
    Ok(0)
}
