//! Commands that decide what runs next.

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::{Flow, Machine};
use crate::grub2::number::leading;
use crate::grub2::source::Source;
use crate::grub2::status;
use std::rc::Rc;

/// `break [n]`: leaves `n` loops; nothing outside a loop.
pub(super) fn break_(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    leave_loops(machine, call, Flow::Break)
}

/// `continue [n]`: the next turn of the `n`th loop.
pub(super) fn continue_(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    leave_loops(machine, call, Flow::Continue)
}

fn leave_loops(machine: &mut Machine<'_>, call: &Call<'_>, flow: fn(u32) -> Flow) -> Result<u32, Stop> {
    let levels = match call.arguments.first() {
        None => 1,
        Some(word) => match leading(word) {
            None => return Ok(status::BAD_NUMBER),
            Some(number) if number < 1 => return Ok(status::BAD_ARGUMENT),
            Some(number) => u32::try_from(number).unwrap_or(u32::MAX),
        },
    };
    let levels = levels.min(machine.turns_around());
    if levels > 0 {
        machine.flow = flow(levels);
    }
    Ok(0)
}

/// `return [n]`: ends the function with that status, or that of its last command; nothing outside a function.
pub(super) fn return_(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let status = match call.arguments.first() {
        None => machine.status,
        Some(word) => match leading(word) {
            None => return Ok(status::BAD_NUMBER),
            Some(number) => u32::try_from(number).unwrap_or(status::BAD_ARGUMENT),
        },
    };
    if machine.scope().is_none() {
        return Ok(status::BAD_ARGUMENT);
    }
    machine.flow = Flow::Return;
    Ok(status)
}

/// `shift [n]`: drops the first `n` arguments, or fails and drops none when there are fewer.
pub(super) fn shift(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let count = match call.arguments.first() {
        None => 1,
        Some(word) => match leading(word).map(usize::try_from) {
            None => return Ok(status::BAD_NUMBER),
            Some(Err(_)) => return Ok(status::BAD_ARGUMENT),
            Some(Ok(count)) => count,
        },
    };
    let Some(scope) = machine.scope() else {
        return Ok(0);
    };
    if count > scope.len() {
        return Ok(status::BAD_ARGUMENT);
    }
    let left = scope.get(count..).unwrap_or_default().to_vec();
    *scope = Rc::new(left);
    let length = machine.positional().iter().map(Vec::len).fold(0, usize::saturating_add);
    machine.budget.moved(length)?;
    Ok(0)
}

/// `setparams word…`: the function's arguments from here on.
pub(super) fn setparams(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    // The new arguments are weighed and stay weighed: the function gives back what it was called with.
    let cost = crate::grub2::expand::cost(call.arguments);
    let words = Rc::new(call.arguments.to_vec());
    let Some(scope) = machine.scope() else {
        return Ok(status::BAD_ARGUMENT);
    };
    *scope = words;
    machine.budget.keep(cost)?;
    Ok(0)
}

/// `true` and `false`.
pub(super) fn constant(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    Ok(if call.name == b"true" { 0 } else { status::TEST_FAILURE })
}

/// `eval word…`: the words, joined by blanks, as commands.
pub(super) fn eval(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    machine.status = 0;
    let text = call.arguments.join(&b' ');
    machine.budget.check_value(text.len())?;
    machine.budget.moved(text.len())?;
    machine.budget.enter()?;
    let flow = machine.run_source(&Source::from_string(&text, machine.line))?;
    machine.budget.leave();
    machine.flow = flow;
    Ok(machine.status)
}
