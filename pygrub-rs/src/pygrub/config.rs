//! `--isconfig`: what a configuration would boot, without a guest.

use super::args::Options;
use super::list;
use crate::boot;
use crate::console;
use crate::exit::{Failure, Result};
use fsimage::{Session, escape};

/// Prints the chosen entry in pygrub's words, behind the whole list where `-l` asks for it.
pub(super) fn tell(session: &mut Session, options: &Options) -> Result<()> {
    let (wanted, voice) = (options.wanted(), options.voice());
    let menu = boot::menu(session, voice, None)?;
    let mut text = String::new();
    if options.list_entries {
        text.push_str(&list::entries(session, &menu)?);
    }
    let (index, entry) = boot::entry(session, &menu, &wanted, voice)?;
    let choice = boot::from_entry((Some(index), entry), &menu, &wanted, voice)?;
    text.push_str(&format!("  kernel: {}\n", escape(&choice.kernel.file.path.0)));
    text.push_str(&list::ramdisk_line(&choice.ramdisks));
    text.push_str(&format!("  args: {}\n", escape(&choice.args)));
    console::print(&text).map_err(|why| Failure::io("standard output", &why))
}
