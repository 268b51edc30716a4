//! A file as it is told of: as an object, as a line of `ls -l`.

use crate::exit::{Failure, Result};
use fsimage::protocol::Metadata;
use fsimage::{ErrorKind, FileType, Node, Session, escape};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// A file in JSON.
#[derive(Debug, Serialize)]
pub(super) struct Object {
    path: String,
    r#type: &'static str,
    size: u64,
    /// Octal, four digits.
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

impl Object {
    pub(super) fn new(path: &[u8], node: &Node, target: Option<String>) -> Self {
        Self {
            path: escape(path),
            r#type: node.file_type.text(),
            size: node.metadata.size,
            mode: mode(node),
            target,
        }
    }
}

/// What is at a path. A name that was typed as listings show it is not found; the error then says how it is typed.
pub(super) fn at(session: &mut Session, volume: u32, path: &[u8], follow: bool) -> Result<Node> {
    session.stat(volume, path, follow).map_err(|why| match why.kind() {
        ErrorKind::NotFound if path.windows(2).any(|pair| pair == b"\\x") => Failure::Failed(format!(
            "{why}; what listings show as \\xNN is typed as that byte: $'\\xNN' in bash, zsh and ksh"
        )),
        _ => why.into(),
    })
}

/// What is at a path, a link's target where there is one: a link that leads nowhere is a file, too.
pub(super) fn at_or_link(session: &mut Session, volume: u32, path: &[u8]) -> Result<Node> {
    at(session, volume, path, true).or_else(|why| session.stat(volume, path, false).map_err(|_| why))
}

/// Whether there are bytes in it that can be read.
///
/// # Errors
/// What it is instead, and what to do about it.
pub(super) fn check_is_regular(node: &Node) -> Result<()> {
    match node.file_type {
        FileType::Regular => Ok(()),
        FileType::Directory => {
            Err(Failure::Failed("a directory; `fsimage ls` lists it, `fsimage get -r` copies it".to_owned()))
        }
        other => Err(Failure::Failed(format!("a {}: there is no data in it", described(other)))),
    }
}

/// A type of file in words.
pub(super) fn described(file_type: FileType) -> &'static str {
    match file_type {
        FileType::Symlink => "symbolic link",
        FileType::CharDevice => "character device",
        FileType::BlockDevice => "block device",
        other => other.text(),
    }
}

/// Permissions in octal, four digits.
pub(super) fn mode(node: &Node) -> String {
    format!("{:04o}", node.metadata.mode)
}

/// Where a symbolic link leads, escaped; nothing for another file.
pub(super) fn target(session: &mut Session, volume: u32, node: &Node) -> Result<Option<String>> {
    Ok(match node.file_type {
        FileType::Symlink => Some(escape(&session.read_link(volume, node)?)),
        _ => None,
    })
}

/// What `ls -l` puts behind a link's name.
pub(super) fn arrow(target: Option<&str>) -> String {
    target.map(|target| format!(" -> {target}")).unwrap_or_default()
}

/// How wide the numbers of `ls -l` are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    links: usize,
    uid: usize,
    gid: usize,
    size: usize,
}

/// Wide enough for most files, where it is not known which are to come.
impl Default for Columns {
    fn default() -> Self {
        Self { links: 3, uid: 5, gid: 5, size: 12 }
    }
}

impl Columns {
    /// As narrow as these files allow.
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a Metadata>) -> Self {
        let width = |number: u64| number.to_string().len();
        files.fold(Self { links: 1, uid: 1, gid: 1, size: 1 }, |widest, file| Self {
            links: widest.links.max(width(file.links.into())),
            uid: widest.uid.max(width(file.uid.into())),
            gid: widest.gid.max(width(file.gid.into())),
            size: widest.size.max(width(file.size)),
        })
    }
}

/// As `ls -l --time-style=long-iso` with numbers for owner and group, the time in UTC.
pub(super) fn long(node: &Node, name: &str, target: Option<&str>, columns: &Columns) -> String {
    let Columns { links, uid, gid, size } = columns;
    let file = &node.metadata;
    format!(
        "{} {:>links$} {:>uid$} {:>gid$} {:>size$} {} {name}{}",
        letters(node),
        file.links,
        file.uid,
        file.gid,
        file.size,
        minute(file.mtime_seconds),
        arrow(target),
    )
}

/// A time to the minute; the bare number of seconds when no calendar has it.
fn minute(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(
        |_| format!("{seconds:>16}"),
        |time| time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// A time as RFC 3339 has it, if a calendar has it.
pub(super) fn instant(seconds: i64, nanoseconds: u32) -> Option<String> {
    let nanoseconds = i32::try_from(nanoseconds).ok()?;
    Timestamp::new(seconds, nanoseconds).ok().map(|time| time.to_string())
}

/// Type and permissions: `drwxr-xr-x`.
pub(super) fn letters(node: &Node) -> String {
    format!("{}{}", type_letter(node.file_type), permissions(node.metadata.mode))
}

fn type_letter(file_type: FileType) -> char {
    match file_type {
        FileType::Regular => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::CharDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
        FileType::Unknown => '?',
    }
}

fn permissions(mode: u32) -> String {
    let bit = |mask: u32, letter: char| if mode & mask != 0 { letter } else { '-' };
    let execute =
        |mask: u32, special: u32, both: char, alone: char| match (mode & mask != 0, mode & special != 0) {
            (true, true) => both,
            (false, true) => alone,
            (true, false) => 'x',
            (false, false) => '-',
        };
    String::from_iter([
        bit(0o400, 'r'),
        bit(0o200, 'w'),
        execute(0o100, 0o4000, 's', 'S'),
        bit(0o040, 'r'),
        bit(0o020, 'w'),
        execute(0o010, 0o2000, 's', 'S'),
        bit(0o004, 'r'),
        bit(0o002, 'w'),
        execute(0o001, 0o1000, 't', 'T'),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_spelled_as_ls_does() {
        for (mode, expected) in [
            (0o755, "rwxr-xr-x"),
            (0o4755, "rwsr-xr-x"),
            (0o2644, "rw-r-Sr--"),
            (0o1777, "rwxrwxrwt"),
            (0o1666, "rw-rw-rwT"),
            (0, "---------"),
        ] {
            assert_eq!(permissions(mode), expected, "{mode:o}");
        }
    }

    /// The expectations are date(1)'s.
    #[test]
    fn times_that_no_calendar_has_are_numbers() {
        assert_eq!(minute(0), "1970-01-01 00:00");
        assert_eq!(minute(1_700_000_000), "2023-11-14 22:13");
        assert_eq!(minute(-1), "1969-12-31 23:59");
        assert_eq!(minute(i64::MAX), "9223372036854775807");
        assert_eq!(instant(1_700_000_000, 5).as_deref(), Some("2023-11-14T22:13:20.000000005Z"));
        assert_eq!(instant(i64::MIN, 0), None);
        assert_eq!(instant(0, u32::MAX), None);
    }
}
