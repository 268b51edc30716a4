//! Configuration files read by others (manual: "source", "configfile", "normal").

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;

/// `source file`: its commands as if they stood here. A file that cannot be read is passed over.
pub(super) fn source(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let [name] = call.arguments else {
        return Ok(status::BAD_ARGUMENT);
    };
    machine.run_file(name)?;
    Ok(machine.status)
}

/// `configfile file`: a menu of its own, in a context of its own. When the file has entries GRUB shows them at
/// once; else it comes back here.
pub(super) fn configfile(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let name = match call.arguments.first() {
        Some(name) => name.clone(),
        None if call.name == b"normal" => {
            [machine.environment.get(b"prefix").unwrap_or_default(), b"/grub.cfg"].concat()
        }
        None => return Ok(status::BAD_ARGUMENT),
    };
    let outer = std::mem::take(&mut machine.menu);
    // These two stay as they are when GRUB comes back.
    machine.set_config_file(&name)?;
    machine.environment.open_context(&mut machine.budget)?;
    machine.run_file(&name)?;
    if !machine.menu.is_empty() {
        machine.note(&format!("`configfile {}` replaces the menu", crate::text::shown(&name)));
        return Err(Stop::Menu);
    }
    machine.menu = outer;
    machine.environment.rollback(&mut machine.budget);
    Ok(0)
}

/// `extract_entries_source file` and `extract_entries_configfile file`: only the entries of a file.
pub(super) fn extract_entries(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(name) = call.arguments.first() else {
        return Ok(status::BAD_ARGUMENT);
    };
    machine.environment.checkpoint();
    machine.run_file(name)?;
    machine.environment.rollback(&mut machine.budget);
    Ok(0)
}
