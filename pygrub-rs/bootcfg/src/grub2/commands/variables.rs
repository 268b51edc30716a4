//! Commands on variables (manual: "Environment", "Environment block").

use super::Call;
use super::options::{Argument, Options, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::grubenv::{self, Variables};
use crate::grub2::status;
use crate::text::shown;

/// `set name=value`; without arguments it lists, which is nothing here.
pub(super) fn set(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(word) = call.arguments.first() else {
        return Ok(0);
    };
    let Some(at) = word.iter().position(|&byte| byte == b'=') else {
        return Ok(status::BAD_ARGUMENT);
    };
    let (name, value) = word.split_at(at);
    machine.environment.set(name, value.get(1..).unwrap_or_default(), &mut machine.budget)?;
    Ok(0)
}

/// `unset name`.
pub(super) fn unset(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(name) = call.arguments.first() else {
        return Ok(status::BAD_ARGUMENT);
    };
    machine.environment.unset(name, &mut machine.budget)?;
    Ok(0)
}

/// `export name…`.
pub(super) fn export(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if call.arguments.is_empty() {
        return Ok(status::BAD_ARGUMENT);
    }
    for name in call.arguments {
        machine.environment.export(name, &mut machine.budget)?;
    }
    Ok(0)
}

/// `read name`: a line from the keyboard, where nobody types.
pub(super) fn read(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if let Some(name) = call.arguments.last() {
        machine.environment.set(name, b"", &mut machine.budget)?;
    }
    Ok(0)
}

const LOAD_ENV: &[Spec] = &[
    Spec { short: b'f', long: b"file", argument: Argument::Required },
    Spec { short: b's', long: b"skip-sig", argument: Argument::None },
];

/// What a call asks for, and the variables of its environment block; or what `$?` becomes without it.
fn block<'a>(
    machine: &mut Machine<'_>,
    call: &Call<'a>,
) -> Result<Result<(Options<'a>, Variables), u32>, Stop> {
    let Some(options) = parse(LOAD_ENV, Unknown::Fails, call.arguments) else {
        return Ok(Err(status::BAD_ARGUMENT));
    };
    let name = match options.value(b"file") {
        Some(name) => name.to_vec(),
        None => [machine.environment.get(b"prefix").unwrap_or_default(), b"/grubenv"].concat(),
    };
    let block = match machine.read_file(&name)? {
        Ok(block) => block,
        Err(status) => return Ok(Err(status)),
    };
    let variables = grubenv::parse(&block);
    if variables.is_none() {
        machine.note(&format!("{} is no environment block", shown(&name)));
    }
    Ok(variables.map(|variables| (options, variables)).ok_or(status::BAD_FILE_TYPE))
}

/// `load_env [-f file] [name…]`: the variables of an environment block, all or those named.
pub(super) fn load_env(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let (options, variables) = match block(machine, call)? {
        Ok(block) => block,
        Err(status) => return Ok(status),
    };
    for (name, value) in variables {
        machine.budget.step()?;
        if options.rest.is_empty() || options.rest.contains(&&*name) {
            machine.environment.set(&name, &value, &mut machine.budget)?;
        }
    }
    Ok(0)
}

/// `list_env [-f file] [-s]`: shows an environment block.
pub(super) fn list_env(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let (_, variables) = match block(machine, call)? {
        Ok(block) => block,
        Err(status) => return Ok(status),
    };
    for (name, value) in variables {
        machine.budget.step()?;
        machine.print(&[name.as_slice(), b"=", &value, b"\n"].concat());
    }
    Ok(0)
}

/// `save_env [-f file] name…`: the guest's disk is never written.
pub(super) fn save_env(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if let Some(name) = call.arguments.last() {
        machine.note(&format!("`save_env {}` ignored: the guest's disk is not written", shown(name)));
    }
    Ok(0)
}
