//! Other loaders' configurations inside GRUB's (manual: "legacy_configfile", "legacy_source", "syslinux_configfile",
//! "syslinux_source"): GRUB has readers for both, and so have we.

use super::Call;
use crate::budget::Stop;
use crate::error::Error;
use crate::grub2::eval::Machine;
use crate::grub2::menu::Item;
use crate::grub2::status;
use crate::limits::Limits;
use crate::menu::BootMenu;
use crate::text::shown;
use crate::{extlinux, grub_legacy};
use std::rc::Rc;

/// `legacy_configfile file`, `syslinux_configfile [options] file`: the other menu takes this one's place.
pub(super) fn configfile(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let menu = match menu(machine, call)? {
        Ok(menu) => menu,
        Err(status) => return Ok(status),
    };
    machine.environment.open_context(&mut machine.budget)?;
    machine.menu.clear();
    let timeout = menu.timeout.map(|seconds| seconds.to_string());
    let default = menu.default.map(|index| index.to_string());
    for (name, value) in [(&b"timeout"[..], timeout), (b"default", default)] {
        match value {
            Some(value) => machine.environment.set(name, value.as_bytes(), &mut machine.budget)?,
            None => machine.environment.unset(name, &mut machine.budget)?,
        }
    }
    add(machine, menu)?;
    if machine.menu.is_empty() {
        machine.environment.rollback(&mut machine.budget);
        return Ok(0);
    }
    Err(Stop::Menu)
}

/// `legacy_source file` and its like: the other menu's entries, here.
pub(super) fn source(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    match menu(machine, call)? {
        Ok(menu) => {
            add(machine, menu)?;
            Ok(0)
        }
        Err(status) => Ok(status),
    }
}

/// The menu of the file a call names, or what `$?` becomes without it.
fn menu(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Result<BootMenu, u32>, Stop> {
    // syslinux' options say what this guest's volumes say already.
    let Some(name) = call.arguments.last() else { return Ok(Err(status::BAD_ARGUMENT)) };
    let file = match machine.locate(name) {
        Ok(file) => file,
        Err(status) => return Ok(Err(status)),
    };
    machine.budget.read_file()?;
    let Some(guest) = machine.guest else { return Ok(Err(status::FILE_NOT_FOUND)) };
    // The other reader has budgets of its own: a part of what is left here, which is gone afterwards.
    let left = machine.budget.exchange_steps(0);
    let share = left.checked_div(4).unwrap_or(0);
    machine.budget.exchange_steps(left.saturating_sub(share));
    let limits = Limits {
        max_steps: share,
        max_entries: machine.limits.max_entries.saturating_sub(machine.entries),
        max_total_bytes: machine.limits.max_total_bytes.checked_div(4).unwrap_or(0),
        ..machine.limits.clone()
    };
    let is_legacy = call.name.windows(6).any(|part| part == b"legacy");
    let menu = match is_legacy {
        true => grub_legacy::menu_from_file(guest, file, &limits),
        false => extlinux::menu_from_file(guest, file, &limits),
    };
    match menu {
        Ok(menu) => Ok(Ok(menu)),
        Err(error) => {
            machine.note(&error.to_string());
            if matches!(error, Error::Limit { .. }) {
                machine.problems.push(error.to_string());
            }
            Ok(Err(status::FILE_NOT_FOUND))
        }
    }
}

fn add(machine: &mut Machine<'_>, menu: BootMenu) -> Result<(), Stop> {
    for note in menu.notes {
        machine.notes.add(|| note);
    }
    let file: Rc<str> = Rc::from(shown(&menu.config.path));
    for (index, mut entry) in menu.entries.into_iter().enumerate() {
        // Where it will stand is not known yet: its distance from its submenus' first entries is.
        for submenu in &mut entry.submenus {
            submenu.first = index.saturating_sub(submenu.first);
        }
        // What guards that menu's editing guards its entries'.
        if entry.password.is_none() {
            entry.password.clone_from(&menu.security.password);
        }
        let files = entry.ramdisks.iter().chain(&entry.kernel).map(|image| image.file.path.len());
        let lengths = files.chain([entry.arguments.len(), entry.title.len(), size_of_val(&entry)]);
        machine.budget.keep(lengths.fold(0, usize::saturating_add))?;
        machine.add_item(Item {
            arguments: Rc::new(vec![entry.title.clone()]),
            id: entry.id.clone(),
            made: Some(Box::new(entry)),
            file: Rc::clone(&file),
            line: machine.line,
            ..Item::default()
        })?;
    }
    Ok(())
}
