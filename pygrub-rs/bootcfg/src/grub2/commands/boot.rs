//! Commands that load something to boot (manual: "linux", "initrd").

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::files::Missing;
use crate::grub2::loaded::{Failed, Loaded};
use crate::grub2::{cmdline, status};
use crate::guest::BootFile;
use crate::text::shown;

/// Commands that load what the domain builder cannot be handed, so far.
pub(super) const OTHER_LOADERS: &[&str] = &[
    "appleloader",
    "coreboot_boottime",
    "freedos",
    "ntldr",
    "plan9",
    "pxechainloader",
    "truecrypt",
    "xnu_kernel",
    "xnu_kernel64",
    "xnu_kext",
    "xnu_kextdir",
    "xnu_mkext",
    "xnu_ramdisk",
    "xnu_resume",
    "xnu_splash",
    "xnu_uuid",
    "xnu_devprop_load",
];

/// `linux file word…`: in the place of what was loaded before, unless the file is not there: then that stays, and takes no
/// ramdisk any more (tests/grub2/linux/linux.txt).
pub(super) fn linux(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some((file, words)) = call.arguments.split_first() else {
        machine.note("a `linux` without a file is ignored");
        no_more_ramdisks(machine);
        return Ok(status::BAD_ARGUMENT);
    };
    let arguments = cmdline::joined(words);
    machine.budget.check_value(arguments.len())?;
    let kernel = match machine.loadable("kernel", file)? {
        Ok(kernel) => kernel,
        Err(Missing { why, status, file }) => {
            machine.failed.get_or_insert(Failed { why, kernel: file, arguments });
            no_more_ramdisks(machine);
            return Ok(status);
        }
    };
    machine.budget.keep(arguments.len().saturating_add(kernel.path.len()))?;
    machine.loaded =
        Loaded::Linux { kernel: kernel.into(), arguments, ramdisks: Vec::new(), takes_ramdisks: true };
    Ok(0)
}

/// A `linux` that failed leaves the kernel before it, and GRUB takes no ramdisk for that one.
fn no_more_ramdisks(machine: &mut Machine<'_>) {
    if let Loaded::Linux { takes_ramdisks, .. } = &mut machine.loaded {
        *takes_ramdisks = false;
    }
}

/// `legacy_kernel [--type=…] [--no-mem-option] file file word…`: what GRUB makes of legacy GRUB's `kernel`, which is the first
/// word of its own arguments. Which kind of kernel it is, whoever boots it sees.
pub(super) fn legacy_kernel(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let is_option = |word: &&Vec<u8>| word.starts_with(b"--type=") || word.as_slice() == b"--no-mem-option";
    let options = call.arguments.iter().take_while(is_option).count();
    let mut words = call.arguments.get(options..).unwrap_or_default().to_vec();
    if words.len() > 1 {
        words.remove(1);
    }
    let status = linux(machine, &Call { name: call.name, arguments: &words, block: None })?;
    Ok(if words.is_empty() || status == 0 { status } else { status::BAD_OS })
}

/// `initrd file…`: replaces the ramdisks of the kernel loaded before it; one that is not there, and none is replaced.
pub(super) fn initrd(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if call.arguments.is_empty() {
        machine.note("an `initrd` without a file is ignored");
        return Ok(status::BAD_ARGUMENT);
    }
    if !matches!(machine.loaded, Loaded::Linux { takes_ramdisks: true, .. }) {
        machine.note("an `initrd` without a kernel before it is ignored");
        return Ok(status::BAD_ARGUMENT);
    }
    let mut files = Vec::new();
    for name in call.arguments {
        match ramdisk(machine, name)? {
            Ok(file) => {
                let newc_name = file.newc_name.as_ref().map_or(0, Vec::len);
                machine.budget.keep(file.file.path.len().saturating_add(newc_name).saturating_add(64))?;
                files.push(file);
            }
            Err(status) => return Ok(status),
        }
    }
    if let Loaded::Linux { ramdisks, .. } = &mut machine.loaded {
        *ramdisks = files;
    }
    Ok(0)
}

/// `FILE`, or `newc:NAME:FILE`: a file that GRUB packs into an archive under this name.
fn ramdisk(machine: &mut Machine<'_>, name: &[u8]) -> Result<Result<BootFile, u32>, Stop> {
    let Some(packed) = name.strip_prefix(b"newc:") else {
        return loaded_ramdisk(machine, name);
    };
    let Some(colon) = packed.iter().position(|&byte| byte == b':') else {
        machine.note(&format!("`{}` names no file", shown(name)));
        return Ok(Err(status::BAD_ARGUMENT));
    };
    let (name, file) = packed.split_at(colon);
    if name.iter().all(|&byte| byte == b'/') {
        machine.note("a ramdisk's name in its archive is empty");
        return Ok(Err(status::BAD_ARGUMENT));
    }
    let file = loaded_ramdisk(machine, file.get(1..).unwrap_or_default())?;
    Ok(file.map(|file| BootFile { newc_name: Some(name.to_vec()), ..file }))
}

/// One that is missing is what is wrong with an entry that ends up without any.
fn loaded_ramdisk(machine: &mut Machine<'_>, name: &[u8]) -> Result<Result<BootFile, u32>, Stop> {
    Ok(match machine.loadable("ramdisk", name)? {
        Ok(file) => Ok(file.into()),
        Err(Missing { why, status, .. }) => {
            machine.failed_ramdisk.get_or_insert(why);
            Err(status)
        }
    })
}

/// `boot`: starts what is loaded.
pub(super) fn boot(machine: &mut Machine<'_>, _call: &Call<'_>) -> Result<u32, Stop> {
    if matches!(machine.loaded, Loaded::Nothing) {
        return Ok(status::NO_KERNEL);
    }
    Err(Stop::Boot)
}

/// Another kind of boot command.
pub(super) fn other(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let name = OTHER_LOADERS.iter().find(|name| name.as_bytes() == call.name).copied().unwrap_or_default();
    machine.note(&format!("`{name}` is not supported yet"));
    // What only adds to something loaded before does not hide its name.
    let adds = name.contains("module") || name.contains("initrd") || name.contains("ramdisk");
    if !(adds && matches!(machine.loaded, Loaded::Other(_))) {
        machine.loaded = Loaded::Other(name);
    }
    Ok(0)
}

/// `exit`, `halt`, `reboot`, `fwsetup`.
pub(super) fn leave(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if call.name == b"fwsetup" && call.arguments.iter().any(|word| word == b"--is-supported") {
        return Ok(status::TEST_FAILURE);
    }
    Err(Stop::Leave(match call.name {
        b"halt" => "halt",
        b"reboot" => "reboot",
        b"fwsetup" => "fwsetup",
        _ => "exit",
    }))
}
