//! Multiboot kernels and Xen, with their modules (manual: "multiboot", "module", "xen_hypervisor", "xen_module").

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::loaded::Loaded;
use crate::grub2::{cmdline, status};
use crate::multiboot::{Image, is_xen};
use crate::text::shown;

/// `multiboot [--quirk-…] file word…`: forgets what was loaded before.
pub(super) fn multiboot(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    machine.loaded = Loaded::Nothing;
    let skipped = call.arguments.iter().take_while(|word| word.starts_with(b"--quirk-")).count();
    match image(machine, call.arguments.get(skipped..).unwrap_or_default())? {
        Ok(first) => {
            machine.loaded = Loaded::Multiboot { first, modules: Vec::new() };
            Ok(0)
        }
        Err(status) => Ok(status),
    }
}

/// `module [--nounzip] file word…`: one more.
pub(super) fn module(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let words = call.arguments.strip_prefix(&[b"--nounzip".to_vec()]).unwrap_or(call.arguments);
    if !matches!(machine.loaded, Loaded::Multiboot { .. }) {
        machine.note(&format!("a `{}` without a kernel before it is ignored", shown(call.name)));
        return Ok(status::BAD_ARGUMENT);
    }
    if call.name == b"xen_xsm" {
        machine.note("`xen_xsm` ignored: a policy is Xen's, not its guest's");
        return Ok(0);
    }
    match image(machine, words)? {
        Ok(image) => {
            if let Loaded::Multiboot { modules, .. } = &mut machine.loaded {
                modules.push(image);
            }
            Ok(0)
        }
        Err(status) => Ok(status),
    }
}

fn image(machine: &mut Machine<'_>, words: &[Vec<u8>]) -> Result<Result<Image, u32>, Stop> {
    let Some((name, words)) = words.split_first() else {
        machine.note("a multiboot command without a file is ignored");
        return Ok(Err(status::BAD_ARGUMENT));
    };
    let file = match machine.locate(name).ok().filter(|file| is_xen(&file.path)) {
        Some(file) => Ok(file),
        None => machine.loadable("image", name)?,
    };
    let file = match file {
        Ok(file) => file,
        Err(missing) => return Ok(Err(machine.failed(missing))),
    };
    // GRUB's own configurations for Xen have it where other loaders put the file's name; it means nothing.
    let words = words.strip_prefix(&[b"placeholder".to_vec()]).unwrap_or(words);
    let arguments = cmdline::joined(words);
    machine.budget.check_value(arguments.len())?;
    machine
        .budget
        .keep(arguments.len().saturating_add(file.path.len()).saturating_add(size_of::<Image>()))?;
    Ok(Ok(Image { file, arguments }))
}
