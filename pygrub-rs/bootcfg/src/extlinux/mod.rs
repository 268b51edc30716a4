//! Syslinux and its kin: `extlinux.conf`, `isolinux.cfg`, `syslinux.cfg`.
//!
//! The commands are those of the [syslinux wiki](https://wiki.syslinux.org/wiki/index.php?title=Config) and, for `MENU …`, of its
//! page ["Menu"](https://wiki.syslinux.org/wiki/index.php?title=Menu); what they leave open is as in com32/menu/readconfig.c.
//! [`config`] reads lines and inclusions into labels, [`menus`] has the menus they stand in, [`label`] makes an entry of each,
//! and [`programs`] are those of its own that boot something.

mod config;
mod label;
mod menus;
mod programs;

use crate::access::{Security, TimeoutStyle};
use crate::error::Error;
use crate::guest::{FileRef, Guest};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{
    Outcome, Parents, Reader, first_word, menu_from_file as from_file, menu_from_text as from_text,
};
use config::Config;
use label::{Label, Leads};

/// Syslinux counts in tenths of a second.
const TENTHS: u32 = 10;

/// The menu that a configuration file of a guest makes.
pub(crate) fn menu_from_file(guest: &dyn Guest, config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    from_file(Loader::Extlinux, evaluate, guest, config, limits)
}

/// The menu that a text makes, without a guest.
pub(crate) fn menu_from_text(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    from_text(Loader::Extlinux, evaluate, text, "extlinux.conf", limits)
}

/// What a label would boot with these lines: nothing else of the configuration has a say in that.
pub(crate) fn edited(
    guest: &dyn Guest,
    file: &FileRef,
    entry: &BootEntry,
    commands: &[u8],
    limits: &Limits,
) -> Result<BootEntry, String> {
    let mut reader = Reader::new(Some(guest), file, limits);
    let exceeded = |limit| format!("the limit {limit} ({}) is exceeded", limits.value(limit));
    let mut config = Config::new(file, None);
    config.begin_label(Label::new(entry.id.as_deref().unwrap_or_default(), 0, 1));
    config.read(&mut reader, commands).map_err(exceeded)?;
    config.finish(&mut reader).map_err(exceeded)?;
    let label = config.labels.first().ok_or("there is no label")?;
    let run = label::run(&mut reader, label, &config, &entry.parents).map_err(exceeded)?;
    match run.opens {
        Some(_) => Err("an edited entry cannot open another menu".to_owned()),
        None => Ok(BootEntry { title: entry.title.clone(), ..run.entry }),
    }
}

fn evaluate(
    reader: &mut Reader<'_>,
    text: &[u8],
    file: &FileRef,
    parents: Parents<'_>,
    entries: &mut Vec<BootEntry>,
) -> Result<Outcome, LimitName> {
    let mut config = Config::new(file, reader.directory.take());
    config.read(reader, text)?;
    config.finish(reader)?;
    if let Some(shown) = config.of_interface(reader, text)? {
        config = shown;
    }
    let timeout = timeout(&config);
    let wanted = wanted(reader, &mut config, timeout)?;
    let mut order = vec![Vec::new(); wanted.len()];
    // Where nothing asks and the default is another configuration, that one's menu is what a person sees.
    let leads_on = !config.asks() && !config.shift_key;
    let mut shown = None;
    for (index, label) in config.labels.iter().enumerate() {
        let place = wanted.iter().position(|&other| other == index);
        // A hidden label can still be the default; one that cannot be chosen is there for its text.
        let leads_nowhere = matches!(&label.leads, Some(Leads::To(tag)) if config.menus.find(tag).is_none());
        if label.disabled || leads_nowhere || (label.hidden && place.is_none()) {
            continue;
        }
        let before = entries.len();
        let made = add(reader, label, &config, parents, entries)?;
        if let Some(new @ [_, ..]) = entries.get_mut(before..) {
            let submenus = config.menus.around(label.menu, before);
            new.iter_mut().for_each(|entry| drop(entry.submenus.splice(0..0, submenus.iter().copied())));
        }
        if let Some(slot) = place.and_then(|place| order.get_mut(place)) {
            *slot = made.order;
        }
        shown = shown.or(made.menu.filter(|_| leads_on && place == Some(0)));
    }
    let mut order: Vec<usize> = order.into_iter().flatten().collect();
    if let Some(made) = on_error(reader, &mut config, &order, parents, entries)? {
        order.splice(0..0, made);
    }
    if let Some(menu) = shown {
        return Ok(Outcome { order, ..menu });
    }
    Ok(Outcome {
        order,
        timeout,
        timeout_style: match () {
            () if config.shift_key => TimeoutStyle::Hidden,
            () if config.hidden => TimeoutStyle::Countdown,
            () => TimeoutStyle::Menu,
        },
        security: Security {
            // Nobody is a superuser: nobody edits.
            superusers: (!config.allow_options).then(Vec::new),
            password: config.password,
            ..Security::default()
        },
    })
}

/// What came of a label: which of all entries are its own, best first, and the menu that they are, where it opens one.
struct Made {
    order: Vec<usize>,
    menu: Option<Outcome>,
}

/// A label's entry, or the menu that it opens in its place.
fn add(
    reader: &mut Reader<'_>,
    label: &Label,
    config: &Config,
    parents: Parents<'_>,
    entries: &mut Vec<BootEntry>,
) -> Result<Made, LimitName> {
    reader.line = label.line;
    let run = label::run(reader, label, config, parents)?;
    match run.opens {
        Some(other) => {
            reader.directory = Some(other.directory);
            let made = reader.submenu(evaluate, &other.file, run.entry, entries);
            reader.directory = None;
            Ok(match made? {
                Ok(menu) => Made { order: menu.order.clone(), menu: Some(menu) },
                Err(index) => Made { order: vec![index], menu: None },
            })
        }
        None => Ok(Made { order: vec![reader.push(run.entry, entries)?], menu: None }),
    }
}

/// The labels that boot when nobody interferes, best first: `ONTIMEOUT` where something waits, then `DEFAULT` unless that is the menu
/// program, then what the menu has under its cursor (wiki: "Config", "Menu"; readconfig.c).
fn wanted(
    reader: &mut Reader<'_>,
    config: &mut Config,
    timeout: Option<u32>,
) -> Result<Vec<usize>, LimitName> {
    let mut wanted = Vec::new();
    let on_timeout = config.on_timeout.take().filter(|_| timeout.is_some_and(|seconds| seconds > 0));
    let default = config.default.clone().filter(|line| !is_program(line));
    // A menu has its cursor on the label and passes no arguments; what it does not list is nothing to it.
    let by_cursor = |line: Vec<u8>| match config.interface() {
        Some(_) => config.named(&line).filter(|label| label.is_listed()).map(|label| label.name.clone()),
        None => Some(line),
    };
    for (name, line) in [("ontimeout", on_timeout), ("default", default.and_then(by_cursor))] {
        let Some(line) = line else { continue };
        match command_line(reader, config, &line)? {
            Some(index) => wanted.push(index),
            None => {
                let line = crate::text::shown(&line);
                reader.notes.add(|| format!("{name} `{line}` is neither a label nor a file"));
            }
        }
    }
    wanted.extend(config.menus.chosen(&config.labels));
    Ok(wanted)
}

/// What is typed at the prompt, as a label of its own unless it is one that there is. A file without a label has to be there, and
/// `IMPLICIT 0` forbids it.
fn command_line(
    reader: &mut Reader<'_>,
    config: &mut Config,
    line: &[u8],
) -> Result<Option<usize>, LimitName> {
    if let Some(index) = config.labels.iter().position(|label| label.name == line) {
        return Ok(Some(index));
    }
    if config.named(line).is_none() {
        let Some(file) = config.locate(first_word(line).0).ok().filter(|_| config.implicit) else {
            return Ok(None);
        };
        if !reader.is_file(&file)? {
            return Ok(None);
        }
    }
    config.labels.push(config.typed(line));
    Ok(config.labels.len().checked_sub(1))
}

/// Where the kernel to be booted is missing: `ONERROR`'s command line, with the one that failed behind it (wiki: "Config").
fn on_error(
    reader: &mut Reader<'_>,
    config: &mut Config,
    order: &[usize],
    parents: Parents<'_>,
    entries: &mut Vec<BootEntry>,
) -> Result<Option<Vec<usize>>, LimitName> {
    let Some(line) = config.on_error.take().filter(|_| reader.guest.is_some()) else { return Ok(None) };
    let first = order.iter().filter_map(|&index| entries.get(index)).find(|entry| entry.is_bootable());
    let Some((kernel, id)) =
        first.and_then(|entry| Some((&entry.kernel.as_ref()?.file, entry.id.as_deref()?)))
    else {
        return Ok(None);
    };
    let line = [line.as_slice(), id].join(&b' ');
    if reader.is_file(kernel)? {
        return Ok(None);
    }
    let Some(label) = command_line(reader, config, &line)?.and_then(|index| config.labels.get(index)) else {
        return Ok(None);
    };
    let made = add(reader, label, config, parents, entries)?;
    reader.notes.add(|| "the default kernel is missing: ONERROR's is taken".to_owned());
    Ok(Some(made.order))
}

/// Whether a command line starts a menu program instead of a system.
fn is_program(line: &[u8]) -> bool {
    label::has_extension(first_word(line).0, b".c32")
}

/// Whether a program shows a menu of labels: `menu.c32`, `vesamenu.c32`.
fn is_menu(program: &[u8]) -> bool {
    label::has_extension(program, b"menu.c32")
}

/// Seconds. With neither a menu program nor `PROMPT 1` nothing is asked and nothing waited for; else `TIMEOUT` or `TOTALTIMEOUT`, whichever
/// is over first, and without both nothing ends the waiting.
fn timeout(config: &Config) -> Option<u32> {
    if config.shift_key || !config.asks() {
        return Some(0);
    }
    let given = [config.timeout, config.total_timeout].into_iter().filter(|&tenths| tenths > 0);
    given.min().map(|tenths| tenths.div_ceil(TENTHS))
}
