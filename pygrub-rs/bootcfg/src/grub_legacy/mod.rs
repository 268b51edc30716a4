//! GRUB legacy: `menu.lst` and `grub.conf` of GRUB 0.97, with what Ubuntu (`uuid`) and Solaris (`kernel$`, `findroot`,
//! `bootfs`) added.
//!
//! The [manual](https://www.gnu.org/software/grub/manual/legacy/grub.html) says what the commands mean ("Commands"); what it
//! leaves open is as in stage2: how lines are read in [`lines`], which of them belong to an entry in [`config`]. An
//! entry's commands are carried out in [`entry`] and [`root`], devices and files found in [`device`].

mod config;
mod device;
mod entry;
mod lines;
mod root;

use crate::access::{Security, TimeoutStyle};
use crate::error::Error;
use crate::guest::{FileRef, Guest};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{Outcome, Parents, Reader, menu_from_file as from_file, menu_from_text as from_text};
use config::{Config, Default, Item, number};
use lines::Lines;

/// The menu that a configuration file of a guest makes.
pub(crate) fn menu_from_file(guest: &dyn Guest, config: FileRef, limits: &Limits) -> Result<BootMenu, Error> {
    from_file(Loader::GrubLegacy, evaluate, guest, config, limits)
}

/// The menu that a text makes, without a guest.
pub(crate) fn menu_from_text(text: &[u8], limits: &Limits) -> Result<BootMenu, Error> {
    from_text(Loader::GrubLegacy, evaluate, text, "menu.lst", limits)
}

/// What an entry would boot with these commands.
pub(crate) fn edited(
    guest: &dyn Guest,
    file: &FileRef,
    entry: &BootEntry,
    commands: &[u8],
    limits: &Limits,
) -> Result<BootEntry, String> {
    let exceeded = |limit| format!("the limit {limit} ({}) is exceeded", limits.value(limit));
    let mut reader = Reader::new(Some(guest), file, limits);
    // What stands before the first title: illumos' variables.
    let text = reader.read(file).map_err(exceeded)?.unwrap_or_default();
    let config = Config::read(&mut reader, &text).map_err(exceeded)?;
    let item = Item { title: entry.title.clone(), commands: Lines::new(commands).collect() };
    let run = entry::run(&mut reader, &item, &entry.parents, &config).map_err(exceeded)?;
    match run.opens {
        Some(_) => Err("an edited entry cannot open another menu".to_owned()),
        None => Ok(run.entry),
    }
}

fn evaluate(
    reader: &mut Reader<'_>,
    text: &[u8],
    file: &FileRef,
    parents: Parents<'_>,
    entries: &mut Vec<BootEntry>,
) -> Result<Outcome, LimitName> {
    let config = Config::read(reader, text)?;
    let mut candidates = Vec::new();
    for item in &config.items {
        let run = entry::run(reader, item, parents, &config)?;
        candidates.push(match run.opens {
            Some(other) => match reader.submenu(evaluate, &other, run.entry, entries)? {
                Ok(menu) => menu.order,
                Err(index) => vec![index],
            },
            None => vec![reader.push(run.entry, entries)?],
        });
    }
    let order = order(reader, &config, file)?;
    let order = order.into_iter().filter_map(|item| candidates.get(item)).flatten().copied().collect();
    Ok(Outcome {
        order,
        timeout: config.timeout,
        // GRUB tells the seconds and how to see the menu.
        timeout_style: if config.hidden { TimeoutStyle::Countdown } else { TimeoutStyle::Menu },
        security: Security { password: config.password, ..Security::default() },
    })
}

/// The items GRUB tries, best first. A default that is not in the menu means the first fallback, and without one the
/// first entry (stage2.c).
fn order(reader: &mut Reader<'_>, config: &Config, file: &FileRef) -> Result<Vec<usize>, LimitName> {
    let default = match config.default {
        Default::Number(number) => number,
        Default::Saved => saved(reader, file)?,
    };
    let mut order = config.fallback.clone();
    if default < config.items.len() {
        order.insert(0, default);
    } else {
        reader.notes.add(|| format!("the default {default} is not in the menu"));
        if order.is_empty() {
            order.push(0);
        }
    }
    Ok(order)
}

/// `default saved`: what `savedefault` or `grub-set-default` wrote to the file `default` beside the configuration; 0 without
/// it. GRUB looks at its first nine bytes.
fn saved(reader: &mut Reader<'_>, file: &FileRef) -> Result<usize, LimitName> {
    let slash = file.path.iter().rposition(|&byte| byte == b'/');
    let directory = slash.and_then(|slash| file.path.get(..=slash)).unwrap_or_default();
    let file = FileRef { volume: file.volume, path: [directory, b"default"].concat() };
    if !reader.is_file(&file)? {
        return Ok(0);
    }
    let text = reader.read(&file)?.unwrap_or_default();
    Ok(number(text.get(..9).unwrap_or(&text)).unwrap_or(0))
}
