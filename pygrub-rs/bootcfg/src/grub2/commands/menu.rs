//! `menuentry` and `submenu` (manual: "Menu", "menuentry").

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::access::Hotkey;
use crate::budget::Stop;
use crate::grub2::ast::Script;
use crate::grub2::eval::Machine;
use crate::grub2::menu::Item;
use crate::grub2::status;
use std::rc::Rc;
use std::sync::Arc;

const MENUENTRY: &[Spec] = &[
    Spec { short: 0, long: b"class", argument: Argument::Required },
    Spec { short: 0, long: b"users", argument: Argument::Required },
    Spec { short: 0, long: b"hotkey", argument: Argument::Required },
    Spec { short: 0, long: b"source", argument: Argument::Required },
    Spec { short: 0, long: b"id", argument: Argument::Required },
    Spec { short: 0, long: b"unrestricted", argument: Argument::None },
];

/// The names in `superusers` and `--users` (manual: "Security").
pub(crate) fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| b" ,;|&".contains(byte)).filter(|name| !name.is_empty())
}

/// Adds an entry or a submenu to the menu; its body runs later.
pub(super) fn menuentry(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let words = match call.block {
        Some(_) => call.arguments.split_last().map_or(&[][..], |(_block, words)| words),
        None => call.arguments,
    };
    let Some(options) = parse(MENUENTRY, Unknown::IsAWord, words) else {
        machine.note("a menu entry with an option that lacks its value is left out");
        return Ok(status::MENU);
    };
    if options.rest.is_empty() {
        machine.note("a menu entry without a title is left out");
        return Ok(if call.block.is_some() { status::MENU } else { status::BAD_ARGUMENT });
    }
    let body = match (call.block, options.value(b"source")) {
        (Some(block), _) => Rc::clone(&block.script),
        (None, Some(source)) => Rc::new(Script::of_string(source, machine.line)),
        (None, None) => {
            machine.note("a menu entry without a body is left out");
            return Ok(status::BAD_ARGUMENT);
        }
    };
    let source = match call.block {
        Some(block) => block.source(),
        None => Arc::from(options.value(b"source").unwrap_or_default()),
    };
    let users = options.value(b"users").unwrap_or_default();
    let item = Item {
        submenu: call.name == b"submenu",
        arguments: Rc::new(options.rest.iter().map(|word| word.to_vec()).collect()),
        id: options.value(b"id").map(<[u8]>::to_vec),
        users: (!options.has(b"unrestricted")).then(|| users.to_vec()),
        hotkey: options.value(b"hotkey").and_then(Hotkey::named),
        body,
        source: Some(source),
        file: Rc::clone(&machine.file),
        line: machine.line,
        made: None,
    };
    machine.add_item(item)?;
    Ok(0)
}
