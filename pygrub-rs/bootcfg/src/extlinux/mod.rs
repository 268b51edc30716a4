//! Syslinux and its kin: `extlinux.conf`, `isolinux.cfg`, `syslinux.cfg`.
//!
//! The commands are those of the [syslinux wiki](https://wiki.syslinux.org/wiki/index.php?title=Config) and, for `MENU …`, of its
//! page ["Menu"](https://wiki.syslinux.org/wiki/index.php?title=Menu); what they leave open is as in com32/menu/readconfig.c.
//! [`config`] reads lines and inclusions into labels, [`label`] makes an entry of each.

mod config;
mod label;

use crate::access::{Security, TimeoutStyle};
use crate::error::Error;
use crate::guest::{FileRef, Guest};
use crate::limits::{LimitName, Limits};
use crate::menu::{BootEntry, BootMenu, Loader};
use crate::reader::{
    Outcome, Parents, Reader, first_word, menu_from_file as from_file, menu_from_text as from_text,
};
use config::Config;
use label::Label;

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
    let mut config = Config::new(file);
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
    let mut config = Config::new(file);
    config.read(reader, text)?;
    config.finish(reader)?;
    let wanted = wanted(reader, &mut config)?;
    let mut order = vec![Vec::new(); wanted.len()];
    for (index, label) in config.labels.iter().enumerate() {
        let place = wanted.iter().position(|&other| other == index);
        // A hidden label can still be the default; one that cannot be chosen is there for its text.
        if label.disabled || (label.hidden && place.is_none()) {
            continue;
        }
        reader.line = label.line;
        let run = label::run(reader, label, &config, parents)?;
        let made = match run.opens {
            Some(other) => reader.submenu(evaluate, &other, run.entry, entries)?,
            None => vec![reader.push(run.entry, entries)?],
        };
        if let Some(slot) = place.and_then(|place| order.get_mut(place)) {
            *slot = made;
        }
    }
    Ok(Outcome {
        order: order.into_iter().flatten().collect(),
        timeout: timeout(&config),
        timeout_style: if config.hidden { TimeoutStyle::Countdown } else { TimeoutStyle::Menu },
        security: Security { password: config.password, ..Security::default() },
    })
}

/// The labels that boot when nobody interferes, best first: `ONTIMEOUT`, then `DEFAULT` unless that is the menu program,
/// then the outermost menu's `MENU DEFAULT`, then its first (wiki: "Config", "Menu"; readconfig.c).
fn wanted(reader: &mut Reader<'_>, config: &mut Config) -> Result<Vec<usize>, LimitName> {
    let mut wanted = Vec::new();
    for (name, line) in [("ontimeout", config.on_timeout.take()), ("default", config.default.take())] {
        let Some(line) = line.filter(|line| !is_program(line)) else { continue };
        match command_line(reader, config, &line)? {
            Some(index) => wanted.push(index),
            None => {
                let line = crate::text::shown(&line);
                reader.notes.add(|| format!("{name} `{line}` is neither a label nor a file"));
            }
        }
    }
    // A submenu's own default is for whoever goes there.
    let outermost = |label: &Label| label.menu == 0 && !label.disabled;
    let by_menu = config.labels.iter().position(|label| label.default && outermost(label));
    let first = config.labels.iter().position(|label| outermost(label) && !label.hidden);
    wanted.extend(by_menu.or(first));
    Ok(wanted)
}

/// What is typed at the prompt: a label (the whole line, or its first word with arguments behind it), or else a kernel with
/// its arguments. The last two make a label of their own.
fn command_line(
    reader: &mut Reader<'_>,
    config: &mut Config,
    line: &[u8],
) -> Result<Option<usize>, LimitName> {
    let named = |name: &[u8]| config.labels.iter().position(|label| label.name == name);
    if let Some(index) = named(line) {
        return Ok(Some(index));
    }
    let (word, arguments) = first_word(line);
    let made = match named(word).and_then(|index| config.labels.get(index)) {
        Some(label) => label.with(arguments, &config.append),
        None => {
            let Ok(file) = config.locate(word) else { return Ok(None) };
            if !reader.is_file(&file)? {
                return Ok(None);
            }
            Label::of_kernel(word, arguments)
        }
    };
    config.labels.push(made);
    Ok(config.labels.len().checked_sub(1))
}

/// Whether a command line starts a menu program instead of a system.
fn is_program(line: &[u8]) -> bool {
    label::has_extension(first_word(line).0, b".c32")
}

/// `TIMEOUT 0`, or none, waits for ever; but without a menu program and with `PROMPT 0` nothing is asked at all.
fn timeout(config: &Config) -> Option<u32> {
    match config.timeout {
        0 if !config.interface && !config.prompt => Some(0),
        0 => None,
        tenths => Some(tenths.div_ceil(TENTHS)),
    }
}
