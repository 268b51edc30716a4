//! `-l`: the menu as text, in pygrub's words.
//!
//! Better on purpose: guest text is escaped; an entry without a ramdisk or without arguments does not end the list
//! (pygrub raises, or prints `None`); a guest without a configuration is an error, not an empty list.

use super::args::Options;
use crate::boot;
use crate::console;
use crate::exit::{Failure, Result};
use fsimage::protocol::{BootFile, EntryReport, MenuReport};
use fsimage::{Session, escape};

/// Prints the guest's menu.
pub(super) fn print(session: &mut Session, options: &Options, only: Option<u32>) -> Result<()> {
    let menu = boot::menu(session, options.voice(), only)?;
    let text = entries(session, &menu)?;
    console::print(&text).map_err(|why| Failure::io("standard output", &why))
}

/// Every entry's lines.
pub(super) fn entries(session: &mut Session, menu: &MenuReport) -> Result<String> {
    let mut text = String::new();
    for index in 0..menu.entries {
        text.push_str(&lines(&session.menu_entry(index)?));
    }
    Ok(text)
}

fn lines(entry: &EntryReport) -> String {
    let kernel = entry.kernel.as_ref().map(|kernel| escape(&kernel.file.path.0)).unwrap_or_default();
    let mut text = format!(
        "title: {}\n  root: {}\n  kernel: {kernel}\n  args: {}\n",
        escape(&entry.title.0),
        escape(&entry.root.0),
        escape(&entry.arguments.0)
    );
    text.push_str(&ramdisk_line(&entry.ramdisks.0));
    text
}

/// The line that names the ramdisks; nothing when there are none.
pub(super) fn ramdisk_line(ramdisks: &[BootFile]) -> String {
    let paths: Vec<String> = ramdisks.iter().map(|ramdisk| escape(&ramdisk.file.path.0)).collect();
    match paths.is_empty() {
        true => String::new(),
        false => format!("  initrd: {}\n", paths.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fsimage::protocol::{Bytes, FileRef, List};

    fn entry(title: &[u8], ramdisks: &[&str]) -> EntryReport {
        let file = |path: &str| BootFile::from(FileRef { volume: 0, path: Bytes::from(path.as_bytes()) });
        EntryReport {
            title: Bytes::from(title),
            id: None,
            parents: List(Vec::new()),
            submenus: List(Vec::new()),
            root: Bytes::from(&b"hd0,msdos1"[..]),
            kernel: Some(file("/boot/vmlinuz")),
            ramdisks: List(ramdisks.iter().map(|path| file(path)).collect()),
            arguments: Bytes::from(&b"ro quiet"[..]),
            restricted: false,
            users: List(Vec::new()),
            password: None,
            hotkey: None,
            problems: List(Vec::new()),
        }
    }

    #[test]
    fn the_lines_are_pygrubs() {
        assert_eq!(
            lines(&entry(b"Debian \"GNU\"", &["/boot/initrd"])),
            "title: Debian \"GNU\"\n  root: hd0,msdos1\n  kernel: /boot/vmlinuz\n  args: ro quiet\n  initrd: /boot/initrd\n"
        );
    }

    #[test]
    fn escapes_in_a_title_do_not_reach_the_terminal() {
        let text = lines(&entry(b"\x1b[2Jroot: x\n  kernel: /evil", &[]));
        assert!(text.starts_with("title: \\x1b[2Jroot: x\\x0a  kernel: /evil\n  root: "), "{text}");
    }
}
