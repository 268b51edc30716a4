//! What is to be booted, in guest terms.

use super::{Voice, Wanted, solaris};
use crate::exit::{Failure, Result};
use fsimage::protocol::{BootFile, Content, EntryReport, FileRef, MenuReport};
use fsimage::{ErrorKind, FileType, Session, escape};

/// Reasons listed in a message before it becomes unreadable.
const MAX_REASONS: usize = 8;
/// What most problems of an entry begin with.
const UNBOOTABLE: &str = "not bootable because ";

/// Kernel, ramdisks and arguments.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Its place in the menu, where it is one of the menu's.
    pub entry: Option<u32>,
    pub title: Option<Vec<u8>>,
    /// Nothing of the guest's says that this is what it boots.
    pub guess: bool,
    pub kernel: BootFile,
    pub ramdisks: Vec<BootFile>,
    pub args: Vec<u8>,
    /// What was ignored, escaped.
    pub problems: Vec<String>,
}

/// A menu entry with the command line's changes to it. `index` is its place in the menu, unless a person has edited it.
pub(crate) fn from_entry(
    (index, entry): (Option<u32>, EntryReport),
    menu: &MenuReport,
    wanted: &Wanted,
    voice: Voice,
) -> Result<Choice> {
    let title = entry.title.0;
    let problems: Vec<String> = entry.problems.0.iter().map(|problem| escape(&problem.0)).collect();
    // Without the ramdisk that is missing, say, a kernel boots to nowhere. Who names another knows that.
    let boots = problems.is_empty() || wanted.ramdisks.is_some();
    let Some(kernel) = entry.kernel.filter(|_| boots) else {
        let reasons: Vec<&str> =
            problems.iter().map(|problem| problem.strip_prefix(UNBOOTABLE).unwrap_or(problem)).collect();
        let why = if reasons.is_empty() { "it names no kernel".to_owned() } else { reasons.join("; ") };
        // Whoever has chosen at the menu is there still.
        let next = index.map(|_| format!("; --entry chooses another, {}", voice.lists)).unwrap_or_default();
        return Err(Failure::Failed(format!(
            "the entry \"{}\" cannot be booted: {why}{next}",
            escape(&title)
        )));
    };
    for problem in &problems {
        voice.say(&format!("warning: the entry \"{}\": {problem}", escape(&title)));
    }
    let beside = |path: &Vec<u8>| FileRef { volume: kernel.file.volume, path: path.as_slice().into() }.into();
    let ramdisks = match &wanted.ramdisks {
        Some(paths) => paths.iter().map(beside).collect(),
        None => entry.ramdisks.0,
    };
    let args = match solaris::is_solaris(menu) {
        true => solaris::arguments(&kernel.file.path.0, wanted.args.as_deref()),
        false => join_arguments(&entry.arguments.0, wanted.args.as_deref()),
    };
    Ok(Choice { entry: index, title: Some(title), guess: menu.guess, kernel, ramdisks, args, problems })
}

/// The files that the command line names, on the first volume that has the kernel.
pub(crate) fn without_config(
    session: &mut Session,
    kernel: &[u8],
    wanted: &Wanted,
    only: Option<u32>,
) -> Result<Choice> {
    let volume = first_with(session, kernel, only)?;
    let on_volume = |path: &[u8]| BootFile::from(FileRef { volume, path: path.into() });
    let args = match solaris::is_on(session, volume)? {
        true => solaris::arguments(kernel, wanted.args.as_deref()),
        false => join_arguments(b"", wanted.args.as_deref()),
    };
    Ok(Choice {
        entry: None,
        title: None,
        guess: false,
        kernel: on_volume(kernel),
        ramdisks: wanted.ramdisks.iter().flatten().map(|path| on_volume(path)).collect(),
        args,
        problems: Vec::new(),
    })
}

fn first_with(session: &mut Session, path: &[u8], only: Option<u32>) -> Result<u32> {
    let table = session.table()?;
    let mut reasons = Vec::new();
    for (number, volume) in (0_u32..).zip(&table.volumes) {
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let why = match &volume.content {
            Content::Filesystem { .. } => match session.stat(number, path, true) {
                Ok(node) if node.file_type == FileType::Regular => return Ok(number),
                Ok(node) => format!("there it is a {}", node.file_type.text()),
                Err(why) if why.ends_session() => return Err(why.into()),
                Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    "not there".to_owned()
                }
                Err(why) => why.to_string(),
            },
            Content::Broken { plugin, reason } => {
                format!("{} filesystem: {}", escape(&plugin.0), escape(&reason.0))
            }
            Content::Unrecognised {} => "no filesystem known here".to_owned(),
        };
        reasons.push(format!("volume {}: {why}", escape(&volume.address.0)));
    }
    let path = escape(path);
    Err(Failure::Failed(match reasons.is_empty() {
        true => {
            format!("the kernel {path}: the disk has no volume; `fsimage partitions` shows what was found")
        }
        false => format!("the kernel {path} was not found: {}", shorten(reasons)),
    }))
}

/// The reasons as one sentence.
pub(super) fn shorten(mut reasons: Vec<String>) -> String {
    let count = reasons.len();
    if count > MAX_REASONS {
        reasons.truncate(MAX_REASONS);
        reasons.push(format!("and {} more (--debug tells all)", count.saturating_sub(MAX_REASONS)));
    }
    reasons.join("; ")
}

/// The configuration's arguments, a blank, the user's. White space around them has no meaning to a kernel, and libxl
/// skips it.
pub(crate) fn join_arguments(config: &[u8], user: Option<&[u8]>) -> Vec<u8> {
    let config = config.trim_ascii();
    let user = user.unwrap_or_default();
    let parts: Vec<&[u8]> = [config, user].into_iter().filter(|part| !part.is_empty()).collect();
    let joined = parts.join(&b' ');
    let start = joined.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
    joined.get(start..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_arguments_come_last() {
        assert_eq!(join_arguments(b"root=/dev/xvda1 ro", Some(b"single")), b"root=/dev/xvda1 ro single");
        assert_eq!(join_arguments(b"", Some(b"single")), b"single");
        assert_eq!(join_arguments(b"ro", None), b"ro");
        assert_eq!(join_arguments(b" \t\x0b ro ", Some(b"a  b ")), b"ro a  b ");
        assert_eq!(join_arguments(b" ", Some(b"\x0b\n")), b"");
    }

    #[test]
    fn long_lists_of_reasons_are_cut() {
        let reasons: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(shorten(reasons), "0; 1; 2; 3; 4; 5; 6; 7; and 2 more (--debug tells all)");
    }
}
