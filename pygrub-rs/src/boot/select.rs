//! The menu, and the entry of it that is to be booted.

use super::choice::shorten;
use super::{Voice, Wanted, volumes};
use crate::exit::{Failure, Result};
use fsimage::protocol::{EntryReport, MenuReport};
use fsimage::{Session, escape};

/// Titles named in a message before it becomes unreadable.
const MAX_TITLES: u32 = 20;

/// The guest's menu, or why there is none.
pub(crate) fn menu(session: &mut Session, voice: Voice, only: Option<u32>) -> Result<MenuReport> {
    let search = session.menu(only)?;
    if voice.debug {
        for reason in volumes::reasons(session, &search.passed_over)? {
            voice.debug(&format!("passed over {reason}"));
        }
    }
    let Some(menu) = search.menu else {
        let mut reasons = volumes::reasons(session, &search.passed_over)?;
        reasons.extend(session.table()?.remarks.into_iter().map(|remark| format!("remark: {remark}")));
        let why = match reasons.is_empty() {
            true => "the disk has no volume that could be looked into".to_owned(),
            false => shorten(reasons),
        };
        return Err(Failure::Failed(format!(
            "nothing that boots was found: {why}; --kernel=PATH boots without one, `fsimage ls` shows the files"
        )));
    };
    if menu.guess {
        let kernel = menu.config.as_ref().map(|file| escape(&file.path.0)).unwrap_or_default();
        voice.say(&format!(
            "note: no boot configuration was found; the kernel {kernel} is a guess by its name, and so are its \
             arguments; --kernel, --ramdisk and {} say it better, --debug tells what was looked at",
            voice.more_arguments
        ));
    }
    if voice.debug {
        say_menu(&menu, voice);
    }
    Ok(menu)
}

fn say_menu(menu: &MenuReport, voice: Voice) {
    let path = menu.config.as_ref().map(|config| escape(&config.path.0)).unwrap_or_default();
    let loader = escape(&menu.loader.0);
    voice.debug(&format!("{loader} configuration {path}: {} entries", menu.entries));
    for note in &menu.notes.0 {
        voice.debug(&format!("note: {}", escape(&note.0)));
    }
}

/// The entry that `--entry` names, else the default, with its place in the menu.
pub(crate) fn entry(
    session: &mut Session,
    menu: &MenuReport,
    wanted: &Wanted,
    voice: Voice,
) -> Result<(u32, EntryReport)> {
    match &wanted.entry {
        Some(wanted) => named(session, menu, wanted, voice),
        None => match menu.default {
            Some(default) => {
                let entry = session.menu_entry(default)?;
                if let Some(meant) = menu.meant.filter(|meant| *meant != default) {
                    let other = session.menu_entry(meant)?;
                    let why = other.problems.0.first().map(|problem| escape(&problem.0)).unwrap_or_default();
                    let (meant, booted) = (escape(&other.title.0), escape(&entry.title.0));
                    voice.say(&format!(
                        "warning: the default entry \"{meant}\" is {why}; \"{booted}\" is taken"
                    ));
                }
                Ok((default, entry))
            }
            None => Err(Failure::Failed(format!(
                "none of the {} menu entries can be booted; {}, --debug says more",
                menu.entries, voice.lists
            ))),
        },
    }
}

/// By number, by exact title, by id. pygrub boots the default where it finds none of them; whoever asks for one entry
/// does not want another, so that is an error here.
fn named(
    session: &mut Session,
    menu: &MenuReport,
    wanted: &[u8],
    voice: Voice,
) -> Result<(u32, EntryReport)> {
    let number = std::str::from_utf8(wanted).ok().and_then(|text| text.parse::<u32>().ok());
    if let Some(number) = number.filter(|number| *number < menu.entries) {
        return Ok((number, session.menu_entry(number)?));
    }
    let mut by_id = None;
    for index in 0..menu.entries {
        let entry = session.menu_entry(index)?;
        // As -l prints it, too.
        if entry.title.0 == wanted || escape(&entry.title.0).as_bytes() == wanted {
            return Ok((index, entry));
        }
        if by_id.is_none() && entry.id.as_ref().is_some_and(|id| id.0 == wanted) {
            by_id = Some((index, entry));
        }
    }
    match by_id {
        Some(found) => Ok(found),
        None => Err(unknown(session, menu, wanted, voice)?),
    }
}

fn unknown(session: &mut Session, menu: &MenuReport, wanted: &[u8], voice: Voice) -> Result<Failure> {
    let mut titles = Vec::new();
    for index in 0..menu.entries.min(MAX_TITLES) {
        titles.push(format!("{index} \"{}\"", escape(&session.menu_entry(index)?.title.0)));
    }
    if menu.entries > MAX_TITLES {
        titles.push(format!("and more ({})", voice.lists));
    }
    let wanted = escape(wanted);
    Ok(Failure::Failed(format!("--entry={wanted}: no such entry; there are {}", titles.join(", "))))
}
