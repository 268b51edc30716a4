//! `regexp`, and the module it comes in, which expands wildcards as well (manual: "regexp").

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;
use crate::posix_regex::Regex;
use crate::text::shown;

const REGEXP: &[Spec] = &[Spec { short: b's', long: b"set", argument: Argument::Required }];

/// `insmod module`: only one of them changes what a configuration means.
pub(super) fn insmod(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let name = |word: &Vec<u8>| word == b"regexp" || word.ends_with(b"/regexp.mod");
    machine.expands_wildcards |= call.arguments.iter().any(name);
    Ok(0)
}

/// `regexp [--set [number:]variable]… expression text`: 0 when it matches anywhere; the variables get the groups of these
/// numbers, the first without one.
pub(super) fn regexp(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    machine.expands_wildcards = true;
    let Some(options) = parse(REGEXP, Unknown::Fails, call.arguments) else {
        return Ok(status::BAD_ARGUMENT);
    };
    let [pattern, text] = options.rest.as_slice() else {
        return Ok(status::BAD_ARGUMENT);
    };
    machine.budget.steps_for(pattern.len())?;
    let regex = match Regex::new(pattern) {
        Ok(regex) => regex,
        Err(why) => {
            machine.note(&format!("the expression `{}` fails: {why}", shown(pattern)));
            return Ok(status::TEST_FAILURE);
        }
    };
    let Some(groups) = regex.find(text, |steps| machine.budget.steps_for(steps))? else {
        return Ok(status::TEST_FAILURE);
    };
    for variable in options.values(b"set") {
        let colon = variable.iter().position(|&byte| byte == b':');
        let (number, name) = match colon.map(|at| variable.split_at(at)) {
            Some((number, name)) => (number, name.get(1..).unwrap_or_default()),
            None => (&b"1"[..], variable),
        };
        let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<usize>().ok());
        let Some(number) = number else { return Ok(status::BAD_NUMBER) };
        // A group that does not exist sets nothing; one that took no part in the match is empty.
        if let Some(group) = groups.get(number) {
            let value = group.clone().and_then(|range| text.get(range)).unwrap_or_default();
            machine.environment.set(name, value, &mut machine.budget)?;
        }
    }
    Ok(0)
}
