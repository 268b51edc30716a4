//! What is on a disc, as we read it and as Linux does.

use crate::common::{Item, items, run, walk};
use fsimage_sdk::{FileSystem, FileType};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each path's attributes (`st_mode` in hexadecimal, links, owner, group, time, size) and content.
pub(crate) type Listing = BTreeMap<String, (String, Item)>;

/// Which disc is mounted, how, and which paths are looked up there.
#[derive(Clone)]
pub(crate) struct Mount {
    pub(crate) name: String,
    pub(crate) image: PathBuf,
    pub(crate) options: String,
    pub(crate) paths: Vec<String>,
}

/// What Linux answers: a listing, and whether each path was found.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) listing: Listing,
    pub(crate) found: Vec<bool>,
}

/// Stands for a target that Linux does not read, as the record lies in two blocks.
const UNREADABLE: &str = "?";

/// Whether two entries are the same.
pub(crate) fn same(ours: &(String, Item), theirs: &(String, Item)) -> bool {
    ours.0 == theirs.0 && (ours.1 == theirs.1 || theirs.1 == Item::Link(UNREADABLE.to_owned()))
}

/// Our own reading.
pub(crate) fn by_us(fs: &dyn FileSystem) -> Listing {
    let attributes = walk(fs).into_iter().map(|(path, (_, m))| {
        let file_type = match m.file_type {
            FileType::Directory => 0o040_000,
            FileType::Symlink => 0o120_000,
            FileType::Regular => 0o100_000,
            FileType::Fifo => 0o010_000,
            FileType::Socket => 0o140_000,
            FileType::CharDevice => 0o020_000,
            FileType::BlockDevice => 0o060_000,
            FileType::Unknown => 0,
        };
        let mode = m.mode | file_type;
        (path, format!("{mode:x} {} {} {} {} {}", m.links, m.uid, m.gid, m.mtime_seconds, m.size))
    });
    let mut items = items(fs);
    attributes.map(|(path, attributes)| (path.clone(), (attributes, items.remove(&path).unwrap()))).collect()
}

/// Linux's answers, in the order of the mounts; nothing for one that does not mount.
pub(crate) fn by_linux(folder: &Path, mounts: &[Mount]) -> Vec<Option<Answer>> {
    let jobs = folder.join("jobs");
    let mut text = String::new();
    for Mount { name, image, options, paths } in mounts {
        let options = format!("iso9660:iocharset=utf8,{options}");
        writeln!(text, "{name}|{}|{options}|{}", image.display(), paths.join("|")).unwrap();
    }
    std::fs::write(&jobs, text).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/read-by-linux.sh");
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
    let output = run(Command::new(script).arg(packages).arg(jobs)).bytes();
    let mut answers: Vec<Option<Answer>> = Vec::new();
    for line in output.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        match line.split_once(' ').unwrap() {
            ("disc", _) => answers.push(Some(Answer::default())),
            ("refused", _) => answers.push(None),
            (first, rest) => add(answers.last_mut().unwrap().as_mut().unwrap(), first, rest),
        }
    }
    assert_eq!(answers.len(), mounts.len());
    answers
}

/// One more line of an answer. Types come first, then links' targets and files' sums.
fn add(answer: &mut Answer, first: &str, rest: &str) {
    match first {
        "lookup" => answer.found.push(rest.ends_with(" yes")),
        "node" => {
            let (about, path) = rest.match_indices(' ').nth(5).map(|(at, _)| rest.split_at(at)).unwrap();
            let item = match about.as_bytes()[0] {
                b'4' => Item::Directory,
                b'8' => Item::File(size(about), "unreadable".to_owned()),
                _ => Item::Other,
            };
            answer.listing.insert(shown(path), (about.to_owned(), item));
        }
        "link" => {
            let (path, target) = rest.split_once(" -> ").unwrap_or((rest, UNREADABLE));
            answer.listing.get_mut(&shown(path)).unwrap().1 = Item::link(target.as_bytes());
        }
        sum => {
            let entry = answer.listing.get_mut(&shown(rest)).unwrap();
            entry.1 = Item::File(size(&entry.0), sum.to_owned());
        }
    }
}

fn size(attributes: &str) -> u64 {
    attributes.rsplit(' ').next().unwrap().parse().unwrap()
}

/// A path of `find` as [`walk`] shows it.
fn shown(path: &str) -> String {
    path.trim_start_matches(' ').strip_prefix("./").unwrap().as_bytes().escape_ascii().to_string()
}
