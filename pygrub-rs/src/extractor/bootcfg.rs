//! `fsimage bootcfg`: every boot configuration of every volume, which of them boots, and why each other does not.

use super::args::Common;
use super::output::Output;
use crate::boot::volumes;
use crate::exit::Result;
use fsimage::protocol::{
    BootFile, ConfigReport, Content, EntryReport, FileRef, MAX_VOLUMES, MenuReport, VolumeReport,
};
use fsimage::{Session, escape, escape_message};
use serde::Serialize;

/// A terminal's.
const COLUMNS: usize = 80;

#[derive(Debug, Serialize)]
struct Report {
    volumes: Vec<Volume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<Chosen>,
}

#[derive(Debug, Serialize)]
struct Volume {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    filesystem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_over: Option<String>,
    configs: Vec<Config>,
}

#[derive(Debug, Serialize)]
struct Config {
    loader: String,
    path: String,
    guess: bool,
    chosen: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_over: Option<String>,
    default: Option<u32>,
    timeout: Option<u32>,
    entries: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Entry {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parents: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    ramdisks: Vec<String>,
    args: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// What `pygrub-rs -q` boots.
#[derive(Debug, Serialize)]
struct Chosen {
    volume: String,
    loader: String,
    path: String,
    guess: bool,
    entry: Option<u32>,
}

/// Shows the disk's boot configurations.
pub(super) fn bootcfg(session: &mut Session, common: &Common) -> Result<()> {
    let only = match &common.partition {
        Some(address) => Some(volumes::number(session, address)?),
        None => None,
    };
    let table = session.table()?;
    let chosen = session.menu(only)?.menu;
    let place = chosen.as_ref().and_then(|menu| menu.config.clone());
    let address = |number: u32| {
        let volume = usize::try_from(number).ok().and_then(|number| table.volumes.get(number));
        volume.map(|volume| escape(&volume.address.0)).unwrap_or_default()
    };
    let mut report = Report {
        volumes: Vec::new(),
        chosen: chosen.zip(place.as_ref()).map(|(menu, place)| Chosen {
            volume: address(place.volume),
            loader: escape(&menu.loader.0),
            path: escape(&place.path.0),
            guess: menu.guess,
            entry: menu.default,
        }),
    };
    for (number, volume) in (0_u32..).zip(&table.volumes) {
        if only.is_none_or(|only| only == number) {
            report.volumes.push(look_into(session, number, volume, place.as_ref(), report.chosen.as_ref())?);
        }
    }
    let mut output = Output::new();
    match common.json {
        true => output.json(&report)?,
        false => {
            for line in report.lines() {
                output.line(&line)?;
            }
        }
    }
    output.finish()
}

fn look_into(
    session: &mut Session,
    number: u32,
    volume: &VolumeReport,
    place: Option<&FileRef>,
    chosen: Option<&Chosen>,
) -> Result<Volume> {
    let mut told = Volume {
        address: escape(&volume.address.0),
        filesystem: None,
        passed_over: None,
        configs: Vec::new(),
    };
    match &volume.content {
        Content::Filesystem { plugin, flavour, .. } => {
            told.filesystem = Some(escape(if flavour.0.is_empty() { &plugin.0 } else { &flavour.0 }));
        }
        Content::Broken { plugin, reason } => {
            told.passed_over = Some(format!("{}: {}", escape(&plugin.0), escape_message(&reason.0)));
            return Ok(told);
        }
        Content::Unrecognised {} => {
            told.passed_over = Some("no filesystem known here".to_owned());
            return Ok(told);
        }
    }
    let configs = match session.configs(number) {
        Ok(configs) => configs,
        Err(why) if why.ends_session() => return Err(why.into()),
        Err(why) => {
            told.passed_over = Some(why.to_string());
            return Ok(told);
        }
    };
    if configs.is_empty() {
        told.passed_over = Some("no boot configuration".to_owned());
    }
    for (index, config) in (0_u32..).zip(configs) {
        let is_chosen = place.is_some_and(|place| place.volume == number && place.path == config.path)
            && chosen.is_some_and(|chosen| chosen.loader == escape(&config.loader.0));
        let earlier = chosen.filter(|_| !is_chosen).map(|chosen| match chosen.volume == told.address {
            true => format!("{} comes first", chosen.path),
            false => format!("volume {}'s {} comes first", chosen.volume, chosen.path),
        });
        told.configs.push(read(session, (number, index), &config, earlier, is_chosen)?);
    }
    Ok(told)
}

/// One configuration, evaluated.
fn read(
    session: &mut Session,
    (volume, index): (u32, u32),
    config: &ConfigReport,
    earlier: Option<String>,
    chosen: bool,
) -> Result<Config> {
    let mut told = Config {
        loader: escape(&config.loader.0),
        path: escape(&config.path.0),
        guess: config.guess,
        chosen,
        passed_over: None,
        default: None,
        timeout: None,
        entries: Vec::new(),
        notes: Vec::new(),
    };
    let menu = match session.menu_of(volume, index) {
        Ok(menu) => menu,
        Err(why) if why.ends_session() => return Err(why.into()),
        Err(why) => {
            told.passed_over = Some(why.to_string());
            return Ok(told);
        }
    };
    let MenuReport { entries, default, timeout, notes, .. } = menu;
    for index in 0..entries {
        let entry = session.menu_entry(index)?;
        told.entries.push(Entry::new(session, &entry)?);
    }
    told.notes = notes.0.iter().map(|note| escape(&note.0)).collect();
    told.passed_over = match default {
        None => Some(format!("nothing in it boots: {}", why_nothing_boots(&told))),
        Some(_) if told.guess && !chosen => {
            Some("a guess, made only where there is no configuration".to_owned())
        }
        Some(_) => earlier,
    };
    (told.default, told.timeout) = (default, timeout);
    Ok(told)
}

/// The first entry's problem; without entries, what became of those that there might have been, which the notes below say too.
fn why_nothing_boots(config: &Config) -> String {
    let problem = config.entries.iter().flat_map(|entry| &entry.problems).next();
    match (problem, config.notes.first().filter(|_| config.entries.is_empty())) {
        (Some(problem), _) => problem.clone(),
        (None, Some(note)) => format!("it has no menu entry ({note})"),
        (None, None) => "it has no menu entry".to_owned(),
    }
}

impl Entry {
    fn new(session: &mut Session, entry: &EntryReport) -> Result<Self> {
        // What lies in a file of the guest's is named with that file.
        let mut path = |image: &BootFile| -> Result<String> {
            let FileRef { volume, path } = &image.file;
            let inside = usize::try_from(*volume).is_ok_and(|volume| volume >= MAX_VOLUMES);
            let around = match inside && *volume != u32::MAX {
                true => format!("{}:", escape(&volumes::address(session, *volume)?)),
                false => String::new(),
            };
            Ok(around + &escape(&path.0))
        };
        Ok(Self {
            title: escape(&entry.title.0),
            id: entry.id.as_ref().map(|id| escape(&id.0)),
            parents: entry.parents.0.iter().map(|title| escape(&title.0)).collect(),
            kernel: entry.kernel.as_ref().map(&mut path).transpose()?,
            ramdisks: entry.ramdisks.0.iter().map(path).collect::<Result<_>>()?,
            args: escape(&entry.arguments.0),
            problems: entry.problems.0.iter().map(|problem| escape(&problem.0)).collect(),
        })
    }

    fn lines(&self, index: usize, is_default: bool, lines: &mut Vec<String>) {
        let title: Vec<&str> = self.parents.iter().chain([&self.title]).map(String::as_str).collect();
        let mark = if is_default { '*' } else { ' ' };
        wrap(&format!("    {mark} {index:<3} "), &title.join(" > "), lines);
        let indent = |what: &str| format!("          {what:<8} ");
        if let Some(kernel) = &self.kernel {
            wrap(&indent("kernel"), kernel, lines);
        }
        for ramdisk in &self.ramdisks {
            wrap(&indent("ramdisk"), ramdisk, lines);
        }
        if !self.args.is_empty() {
            wrap(&indent("args"), &self.args, lines);
        }
        for problem in &self.problems {
            wrap(&indent("problem"), problem, lines);
        }
    }
}

impl Report {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for volume in &self.volumes {
            let what = volume.filesystem.as_deref().or(volume.passed_over.as_deref()).unwrap_or_default();
            wrap(&format!("volume {}: ", volume.address), what, &mut lines);
            if let (Some(_), Some(why)) = (&volume.filesystem, &volume.passed_over) {
                wrap("    passed over: ", why, &mut lines);
            }
            for config in &volume.configs {
                config.lines(&mut lines);
            }
        }
        match &self.chosen {
            Some(chosen) => {
                let kind = if chosen.guess { "a guess: " } else { "" };
                let Chosen { volume, loader, path, .. } = chosen;
                let entry = chosen.entry.map(|entry| format!("entry {entry} of ")).unwrap_or_default();
                let text = format!(
                    "{kind}{entry}{loader} {path} on volume {volume}; pygrub-rs -q boots it, --entry=N another \
                     entry, --partition=ADDR another volume"
                );
                wrap("chosen: ", &text, &mut lines);
            }
            None => wrap("chosen: ", "nothing; pygrub-rs --kernel=PATH boots a file by its name", &mut lines),
        }
        lines
    }
}

impl Config {
    fn lines(&self, lines: &mut Vec<String>) {
        let mark = if self.chosen { '>' } else { ' ' };
        let timeout = match self.timeout {
            Some(0) => ", boots at once".to_owned(),
            Some(seconds) => format!(", boots after {seconds} s"),
            None => ", waits for a person".to_owned(),
        };
        let entries = match self.entries.len() {
            0 => "no entry".to_owned(),
            1 => "1 entry".to_owned(),
            count => format!("{count} entries"),
        };
        let timeout = if self.default.is_some() { timeout } else { String::new() };
        wrap(&format!("  {mark} {}: ", self.loader), &format!("{}: {entries}{timeout}", self.path), lines);
        if let Some(why) = &self.passed_over {
            wrap("    passed over: ", why, lines);
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let is_default = self.default.and_then(|default| usize::try_from(default).ok()) == Some(index);
            entry.lines(index, is_default, lines);
        }
        for note in &self.notes {
            wrap("    note: ", note, lines);
        }
    }
}

/// A text behind its heading, broken at blanks so that it fits a terminal; further lines are indented as far.
fn wrap(heading: &str, text: &str, lines: &mut Vec<String>) {
    let indent = heading.chars().count();
    let mut line = heading.to_owned();
    let mut used = indent;
    for (number, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        let fits = used.saturating_add(length).saturating_add(1) <= COLUMNS;
        if number > 0 && !fits && used > indent {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            used = indent;
        } else if number > 0 {
            line.push(' ');
            used = used.saturating_add(1);
        }
        line.push_str(word);
        used = used.saturating_add(length);
    }
    lines.push(line.trim_end().to_owned());
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_fit_a_terminal() {
        let mut lines = Vec::new();
        wrap("    args ", &"word=value ".repeat(20), &mut lines);
        wrap("", "short", &mut lines);
        wrap("a ", &"x".repeat(100), &mut lines);
        assert!(lines.iter().take(lines.len() - 1).all(|line| line.len() <= 80), "{lines:#?}");
        assert!(lines[1].starts_with("         word=value"), "{lines:#?}");
        assert_eq!(lines[lines.len() - 2], "short");
        assert_eq!(lines[lines.len() - 1], format!("a {}", "x".repeat(100)));
    }
}
