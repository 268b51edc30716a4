//! `fsimage tree`.

use super::args::{Common, TreeShape};
use super::file::{Object, arrow, target};
use super::output::Output;
use super::several::each;
use super::volume;
use super::walk::{Then, walk};
use crate::exit::{Failure, Result};
use fsimage::protocol::Detail;
use fsimage::{FileType, Session, escape};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The strokes before a name: of a level that goes on and of one that does not, of an entry and of the last one.
struct Strokes {
    on: &'static str,
    off: &'static str,
    entry: &'static str,
    last: &'static str,
}

const LINES: Strokes = Strokes { on: "│   ", off: "    ", entry: "├── ", last: "└── " };
const ASCII: Strokes = Strokes { on: "|   ", off: "    ", entry: "|-- ", last: "`-- " };

/// Draws the directories and what is in them.
pub(super) fn tree(
    session: &mut Session,
    paths: &[OsString],
    shape: &TreeShape,
    common: &Common,
) -> Result<()> {
    let volume = volume::choose(session, common, paths)?;
    let strokes = if speaks_utf8() { LINES } else { ASCII };
    let mut output = Output::new();
    let (mut directories, mut files) = (0_u64, 0_u64);
    let outcome = each(paths, |path| {
        walk(session, volume, path.as_bytes(), common, Detail::Content {}, &mut |session, visit| {
            let is_directory = visit.node.file_type == FileType::Directory;
            if shape.directories && !is_directory {
                return Ok(Then::Stay);
            }
            let depth = visit.depth();
            let target = target(session, volume, visit.node)?;
            if common.json {
                output.json(&Object::new(visit.path, visit.node, target))?;
            } else {
                let indent: String = visit
                    .lasts()
                    .enumerate()
                    .map(|(level, is_last)| match (level.saturating_add(1) == depth, is_last) {
                        (true, true) => strokes.last,
                        (true, false) => strokes.entry,
                        (false, true) => strokes.off,
                        (false, false) => strokes.on,
                    })
                    .collect();
                output.line(&format!("{indent}{}{}", escape(visit.name), arrow(target.as_deref())))?;
            }
            match (is_directory, depth) {
                // The tree's root is not in the tree.
                (true, 0) => {}
                (true, _) => directories = directories.saturating_add(1),
                (false, _) => files = files.saturating_add(1),
            }
            Ok(if shape.level.is_some_and(|level| depth >= level) { Then::Stay } else { Then::Enter })
        })
    });
    if !matches!(outcome, Ok(()) | Err(Failure::AlreadySaid)) {
        return outcome;
    }
    if !common.json {
        output.line("")?;
        output.line(&match shape.directories {
            true => count(directories, "directory", "directories"),
            false => {
                format!(
                    "{}, {}",
                    count(directories, "directory", "directories"),
                    count(files, "file", "files")
                )
            }
        })?;
    }
    outcome.and(output.finish())
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Whether the caller's locale says that its terminal takes UTF-8.
fn speaks_utf8() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
