//! GRUB 2: the script language of `grub.cfg` (manual: "Writing full configuration files directly").
//!
//! A text goes through [`source`] (lines), [`lexer`] (words), [`parser`] (a syntax [`ast`]), [`eval`] with [`expand`] and
//! [`commands`], which build the menu; [`outcome`] then tries out each entry's body. Where the manual is silent, the
//! behaviour is that of GRUB itself as grub-emu shows it; tests/grub2/language.txt is the record.

mod ast;
mod cmdline;
mod command_line;
mod commands;
mod completion;
mod environment;
mod eval;
mod expand;
mod files;
mod grubenv;
#[cfg(test)]
mod language_test;
mod lexer;
mod loaded;
mod loops;
mod memdisk;
mod menu;
mod menu_default;
mod number;
mod outcome;
mod parser;
mod source;
mod status;
mod wildcards;

use crate::access::{Security, TimeoutStyle};
use crate::budget::Stop;
use crate::error::Error;
use crate::guest::{FileRef, Guest, VolumeId, folder};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader, pick};
use crate::text::shown;
pub(crate) use command_line::command_line;
pub(crate) use commands::other_copy;
pub(crate) use completion::complete;
use eval::Machine;
use outcome::Place;
use source::Source;
use std::rc::Rc;

/// The menu that a configuration file of a guest makes.
pub(crate) fn menu_from_file(guest: &dyn Guest, config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let file = shown(&config.path);
    let text = memdisk::read(guest, &config, limits.max_config_bytes)
        .map_err(|error| Error::Read { file: file.clone(), message: shown(error.message.as_bytes()) })?;
    menu(Some(guest), &text, config, limits)
}

/// The menu that a text makes, without a guest.
pub(crate) fn menu_from_text(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    let config = FileRef { volume: VolumeId::NONE, path: b"grub.cfg".to_vec() };
    menu(None, text, config, limits)
}

fn menu(guest: Option<&dyn Guest>, text: &[u8], config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    let mut machine = Machine::new(guest, config.volume, limits);
    machine.file = Rc::from(shown(&config.path));
    match evaluate(&mut machine, text, &config) {
        Ok(Evaluated { entries, default, meant, security }) => Ok(BootMenu {
            loader: Loader::Grub2,
            config,
            entries,
            default,
            meant,
            timeout: timeout(&machine),
            timeout_style: timeout_style(&machine),
            security,
            notes: machine.notes.into_list(),
        }),
        Err(limit) => Err(Error::Limit {
            limit,
            value: limits.value(limit),
            file: machine.file.to_string(),
            line: machine.line,
        }),
    }
}

/// What the entry with this number would boot with these commands: the configuration is run again, and its body is theirs.
pub(crate) fn edited(
    guest: &dyn Guest,
    config: &FileRef,
    index: usize,
    commands: &[u8],
    limits: &Limits,
) -> Result<BootEntry, String> {
    let text = memdisk::read(guest, config, limits.max_config_bytes);
    let text = text.map_err(|error| shown(error.message.as_bytes()))?;
    let mut machine = Machine::new(Some(guest), config.volume, limits);
    machine.file = Rc::from(shown(&config.path));
    machine.edit = Some((index, commands.to_vec()));
    match evaluate(&mut machine, &text, config) {
        Ok(evaluated) if machine.edit.is_none() => {
            evaluated.entries.into_iter().nth(index).ok_or_else(|| "the entry is gone".to_owned())
        }
        Ok(_) => Err("this entry's commands cannot be edited".to_owned()),
        Err(limit) => Err(format!("the limit {limit} ({}) is exceeded", limits.value(limit))),
    }
}

/// What a configuration came to.
struct Evaluated {
    entries: Vec<BootEntry>,
    default: Option<usize>,
    meant: Option<usize>,
    security: Security,
}

fn evaluate(machine: &mut Machine<'_>, text: &[u8], config: &FileRef) -> Result<Evaluated, LimitName> {
    if u64::try_from(text.len()).map_or(true, |length| length > machine.limits.max_config_bytes) {
        return Err(LimitName::MaxConfigBytes);
    }
    let mark = machine.budget.mark();
    let stop = run(machine, text, config).err();
    let mut entries = Vec::new();
    let mut order = Vec::new();
    match stop {
        Some(Stop::Limit(limit)) => return Err(limit),
        Some(Stop::Boot) => {
            machine.note("the configuration boots without showing a menu");
            entries.push(outcome::without_menu(machine));
            order.push(0);
        }
        Some(Stop::Leave(name)) => machine.note(&format!("`{name}` outside any entry: GRUB ends here")),
        Some(Stop::Menu) | None => {}
    }
    machine.surface(mark);
    let security = security(machine);
    // The top level had its steps; the entries share as many again.
    machine.budget.exchange_steps(machine.limits.max_steps);
    let items = std::mem::take(&mut machine.menu);
    order.extend(outcome::evaluate(machine, &items, &Place::default(), &mut entries));
    let default = pick(&order, &entries, &mut machine.notes);
    let meant = order.first().copied();
    Ok(Evaluated { entries, default, meant, security })
}

fn run(machine: &mut Machine<'_>, text: &[u8], config: &FileRef) -> Result<(), Stop> {
    machine.budget.keep(text.len())?;
    initial_variables(machine, config)?;
    commands::embedded(machine, config.volume)?;
    machine.run_source(&Source::new(text))?;
    Ok(())
}

/// The environment GRUB starts a configuration with (manual: "Special environment variables").
fn initial_variables(machine: &mut Machine<'_>, config: &FileRef) -> Result<(), Stop> {
    let root = machine.device_of(config.volume);
    let directory = folder(&config.path);
    let prefix = [b"(", root.as_slice(), b")", directory].concat();
    let variables: [(&[u8], &[u8]); 14] = [
        (b"root", &root),
        (b"prefix", &prefix),
        (b"cmdpath", &prefix),
        // What a PV guest's own GRUB says of itself.
        (b"grub_platform", b"xen"),
        (b"grub_cpu", b"x86_64"),
        (b"feature_200_final", b"y"),
        (b"feature_all_video_module", b"y"),
        (b"feature_chainloader_bpb", b"y"),
        (b"feature_default_font_path", b"y"),
        (b"feature_menuentry_id", b"y"),
        (b"feature_menuentry_options", b"y"),
        (b"feature_nativedisk_cmd", b"y"),
        (b"feature_platform_search_hint", b"y"),
        (b"feature_timeout_style", b"y"),
    ];
    for (name, value) in variables {
        machine.environment.set(name, value, &mut machine.budget)?;
        machine.environment.export(name, &mut machine.budget)?;
    }
    let name = [b"(", root.as_slice(), b")", &config.path].concat();
    machine.set_config_file(&name)
}

/// What guards the menu (manual: "Security").
fn security(machine: &Machine<'_>) -> Security {
    let superusers = machine.environment.get(b"superusers");
    Security {
        superusers: superusers.map(|list| commands::names(list).map(<[u8]>::to_vec).collect()),
        accounts: machine.accounts.clone(),
        password: None,
    }
}

/// `timeout_style`; what it does not know is the menu (manual: "timeout_style").
fn timeout_style(machine: &Machine<'_>) -> TimeoutStyle {
    match machine.environment.get(b"timeout_style") {
        Some(b"countdown") => TimeoutStyle::Countdown,
        Some(b"hidden") => TimeoutStyle::Hidden,
        _ => TimeoutStyle::Menu,
    }
}

/// `timeout`: no number, or a negative one, waits for ever (manual: "timeout").
fn timeout(machine: &Machine<'_>) -> Option<u32> {
    let seconds = number::leading(machine.environment.get(b"timeout")?)?;
    if seconds < 0 { None } else { Some(u32::try_from(seconds).unwrap_or(u32::MAX)) }
}
