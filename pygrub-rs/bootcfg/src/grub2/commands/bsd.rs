//! The BSDs' kernels (manual: "kfreebsd" and its kin). A domain builder is handed a kernel and its command line; what
//! GRUB would load besides them it has no place for.

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::loaded::Loaded;
use crate::grub2::status;
use crate::text::shown;

/// `kfreebsd file word…` and its like: forgets what was loaded before.
pub(super) fn kernel(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    machine.loaded = Loaded::Nothing;
    // Options may stand before the file.
    let at =
        call.arguments.iter().position(|word| word.first().is_some_and(|byte| matches!(byte, b'/' | b'(')));
    let Some((name, file)) = at.and_then(|at| Some((at, call.arguments.get(at)?))) else {
        machine.note(&format!("a `{}` without a file is ignored", shown(call.name)));
        return Ok(status::BAD_ARGUMENT);
    };
    let kernel = match machine.loadable("kernel", file)? {
        Ok(kernel) => kernel,
        Err(missing) => return Ok(machine.failed(missing)),
    };
    let words = call
        .arguments
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != name)
        .map(|(_, word)| word.as_slice());
    let arguments = words.collect::<Vec<_>>().join(&b' ');
    machine.budget.check_value(arguments.len())?;
    machine.budget.keep(arguments.len().saturating_add(kernel.path.len()))?;
    machine.loaded = Loaded::Bsd { kernel, arguments, freebsd: call.name == b"kfreebsd" };
    Ok(0)
}

/// A module or ramdisk: left out.
pub(super) fn module(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if !matches!(machine.loaded, Loaded::Bsd { .. }) {
        machine.note(&format!("a `{}` without a kernel before it is ignored", shown(call.name)));
        return Ok(status::NO_KERNEL);
    }
    let file = call.arguments.first().map(Vec::as_slice).unwrap_or_default();
    machine.note(&format!(
        "`{} {}` is left out: a domain's kernel has no modules",
        shown(call.name),
        shown(file)
    ));
    Ok(0)
}

/// `kfreebsd_loadenv file`: `name=value` lines for FreeBSD's environment.
pub(super) fn load_environment(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some(file) = call.arguments.first() else { return Ok(status::BAD_ARGUMENT) };
    if !matches!(machine.loaded, Loaded::Bsd { freebsd: true, .. }) {
        return Ok(status::NO_KERNEL);
    }
    let text = match machine.read_file(file)? {
        Ok(text) => text,
        Err(status) => return Ok(status),
    };
    for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        machine.budget.step()?;
        let Some(equals) = line.iter().position(|&byte| byte == b'=') else { continue };
        let (name, value) = line.split_at(equals);
        if name.is_empty() || name.first() == Some(&b'#') {
            continue;
        }
        let value = value.get(1..).unwrap_or_default();
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        machine.environment.set(&[b"kFreeBSD.", name].concat(), value, &mut machine.budget)?;
    }
    Ok(0)
}
