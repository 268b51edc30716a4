//! `--isconfig`: what a configuration would boot, without a guest.

use super::args::Options;
use super::{boot, list, select};
use crate::console;
use crate::exit::{Failure, Result};
use fsimage::{Session, escape};

/// Prints the chosen entry in pygrub's words, behind the whole list where `-l` asks for it.
pub(super) fn tell(session: &mut Session, options: &Options) -> Result<()> {
    let menu = select::menu(session, options, None)?;
    let mut text = String::new();
    if options.list_entries {
        text.push_str(&list::entries(session, &menu)?);
    }
    let entry = select::entry(session, &menu, options)?;
    let choice = boot::from_entry(entry, &menu, options)?;
    text.push_str(&format!("  kernel: {}\n", escape(&choice.kernel.file.path.0)));
    text.push_str(&list::ramdisk_line(&choice.ramdisks));
    text.push_str(&format!("  args: {}\n", escape(&choice.args)));
    console::print(&text).map_err(|why| Failure::io("standard output", &why))
}
