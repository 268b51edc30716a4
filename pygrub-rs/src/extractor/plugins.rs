//! `fsimage plugins`.

use super::args::Common;
use super::jail::{self, Plugins};
use super::output::Output;
use crate::exit::Result;
use fsimage::Session;

/// Lists the filesystems that this installation reads, in the order in which they are asked, and the plugins that could
/// not be loaded.
pub(super) fn plugins(session: &Session, common: &Common) -> Result<()> {
    let plugins = Plugins::of(session);
    let mut output = Output::new();
    match common.json {
        true => output.json(&plugins)?,
        false => jail::plugin_lines(&plugins).iter().try_for_each(|line| output.line(line))?,
    }
    output.finish()
}
