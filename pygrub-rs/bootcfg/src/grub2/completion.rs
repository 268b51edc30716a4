//! How a line of the command line might go on.

use super::command_line::{machine, type_line};
use super::commands;
use super::eval::Machine;
use crate::guest::{FileKind, Guest};
use crate::interact::Completion;
use crate::limits::Limits;
use crate::menu::BootMenu;

/// Names looked at in one directory.
const MAX_NAMES: usize = 100_000;

pub(crate) fn complete(
    guest: &dyn Guest,
    menu: &BootMenu,
    lines: &[&[u8]],
    line: &[u8],
    limits: &Limits,
) -> Completion {
    let mut machine = machine(guest, menu, limits);
    for line in lines {
        let _stop = type_line(&mut machine, line);
    }
    let start =
        line.iter().rposition(|byte| b" \t;".contains(byte)).map_or(0, |blank| blank.saturating_add(1));
    let (before, word) = line.split_at_checked(start).unwrap_or((&[], line));
    let is_command = before.trim_ascii_end().last().is_none_or(|&byte| byte == b';');
    if is_command {
        let functions: Vec<Vec<u8>> = machine.function_names().map(<[u8]>::to_vec).collect();
        let names = commands::names_typed().map(|name| name.as_bytes().to_vec()).chain(functions);
        return among(names, word, word.len(), b" ");
    }
    // `name=/path` completes the path.
    let word = word.rsplit(|&byte| byte == b'=').next().unwrap_or_default();
    match word.strip_prefix(b"(").filter(|rest| !rest.contains(&b')')) {
        Some(device) => among(machine.volumes().map(|(name, _)| name), device, device.len(), b")"),
        None => path(&mut machine, guest, word),
    }
}

fn path(machine: &mut Machine<'_>, guest: &dyn Guest, word: &[u8]) -> Completion {
    let Some(slash) = word.iter().rposition(|&byte| byte == b'/') else { return Completion::default() };
    let (directory, name) = word.split_at_checked(slash.saturating_add(1)).unwrap_or_default();
    machine.console = false;
    let Ok(file) = machine.locate(directory) else { return Completion::default() };
    let names = guest.list(file.volume, &file.path, MAX_NAMES).unwrap_or_default();
    let names = names.into_iter().filter(|found| found.name.starts_with(name)).map(|found| {
        // Where a link leads decides whether there is more behind it.
        let path = [file.path.as_slice(), &found.name].concat();
        let leads =
            || guest.status(file.volume, &path).is_some_and(|status| status.kind == FileKind::Directory);
        let is_directory = found.kind == FileKind::Directory || (found.kind == FileKind::Other && leads());
        if is_directory { [found.name.as_slice(), b"/"].concat() } else { found.name }
    });
    let mut completion = among(names, name, name.len(), b" ");
    // Behind a directory there is more to come.
    if completion.common.ends_with(b"/ ") {
        completion.common.pop();
    }
    completion
}

/// Those that begin like what was typed, and what they have in common; `end` behind one that is alone.
fn among(names: impl Iterator<Item = Vec<u8>>, typed: &[u8], replaces: usize, end: &[u8]) -> Completion {
    let mut candidates: Vec<Vec<u8>> = names.filter(|name| name.starts_with(typed)).collect();
    candidates.sort();
    candidates.dedup();
    let mut common = candidates.first().cloned().unwrap_or_default();
    for candidate in &candidates {
        let same = common.iter().zip(candidate).take_while(|(one, other)| one == other).count();
        common.truncate(same);
    }
    match candidates.len() {
        0 => return Completion::default(),
        1 => common.extend(end),
        _ => {}
    }
    Completion { replaces, common, candidates }
}
