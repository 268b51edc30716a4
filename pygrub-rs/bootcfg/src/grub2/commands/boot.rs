//! Commands that load something to boot (manual: "linux", "initrd").

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::loaded::Loaded;
use crate::grub2::{cmdline, status};
use crate::guest::BootFile;
use crate::text::shown;

/// Commands that load what the domain builder cannot be handed, so far.
pub(super) const OTHER_LOADERS: &[&str] = &[
    "appleloader",
    "coreboot_boottime",
    "freedos",
    "legacy_initrd",
    "legacy_kernel",
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

/// `linux file word…`: forgets what was loaded before. Whether the file exists is found out by whoever boots it.
pub(super) fn linux(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let Some((file, arguments)) = call.arguments.split_first() else {
        machine.note("a `linux` without a file is ignored");
        return Ok(status::BAD_ARGUMENT);
    };
    machine.loaded = Loaded::Nothing;
    let kernel = match machine.locate(file) {
        Ok(kernel) => kernel,
        Err(status) => {
            machine.note(&format!("the kernel's name `{}` is no path", shown(file)));
            return Ok(status);
        }
    };
    let arguments = cmdline::joined(arguments);
    machine.budget.check_value(arguments.len())?;
    machine.budget.keep(arguments.len().saturating_add(kernel.path.len()))?;
    machine.loaded = Loaded::Linux { kernel: kernel.into(), arguments, ramdisks: Vec::new() };
    Ok(0)
}

/// `initrd file…`: replaces the ramdisks of the kernel loaded before it.
pub(super) fn initrd(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if call.arguments.is_empty() {
        machine.note("an `initrd` without a file is ignored");
        return Ok(status::BAD_ARGUMENT);
    }
    if !matches!(machine.loaded, Loaded::Linux { .. }) {
        machine.note("an `initrd` without a kernel before it is ignored");
        return Ok(status::BAD_ARGUMENT);
    }
    let mut files = Vec::new();
    for name in call.arguments {
        match ramdisk(machine, name) {
            Ok(file) => {
                let newc_name = file.newc_name.as_ref().map_or(0, Vec::len);
                machine.budget.keep(file.file.path.len().saturating_add(newc_name).saturating_add(64))?;
                files.push(file);
            }
            Err(status) => {
                machine.note(&format!("the ramdisk's name `{}` is no path", shown(name)));
                return Ok(status);
            }
        }
    }
    if let Loaded::Linux { ramdisks, .. } = &mut machine.loaded {
        *ramdisks = files;
    }
    Ok(0)
}

/// `FILE`, or `newc:NAME:FILE`: a file that GRUB packs into an archive under this name.
fn ramdisk(machine: &mut Machine<'_>, name: &[u8]) -> Result<BootFile, u32> {
    let Some(packed) = name.strip_prefix(b"newc:") else {
        return machine.locate(name).map(BootFile::from);
    };
    let colon = packed.iter().position(|&byte| byte == b':').ok_or(status::BAD_ARGUMENT)?;
    let (name, file) = packed.split_at(colon);
    let file = machine.locate(file.get(1..).unwrap_or_default())?;
    if name.iter().all(|&byte| byte == b'/') {
        return Err(status::BAD_ARGUMENT);
    }
    Ok(BootFile { newc_name: Some(name.to_vec()), ..BootFile::from(file) })
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
