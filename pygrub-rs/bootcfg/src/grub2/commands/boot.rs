//! Commands that load something to boot (manual: "linux", "initrd").

use super::Call;
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::loaded::Loaded;
use crate::grub2::{cmdline, status};
use crate::text::shown;

/// Commands that load what the domain builder cannot be handed, so far.
pub(super) const OTHER_LOADERS: &[&str] = &[
    "appleloader",
    "chainloader",
    "coreboot_boottime",
    "freedos",
    "kfreebsd",
    "kfreebsd_loadenv",
    "kfreebsd_module",
    "kfreebsd_module_elf",
    "knetbsd",
    "knetbsd_module",
    "knetbsd_module_elf",
    "kopenbsd",
    "kopenbsd_ramdisk",
    "legacy_configfile",
    "legacy_initrd",
    "legacy_kernel",
    "legacy_source",
    "module",
    "module2",
    "multiboot",
    "multiboot2",
    "ntldr",
    "plan9",
    "pxechainloader",
    "syslinux_configfile",
    "syslinux_source",
    "truecrypt",
    "xen_hypervisor",
    "xen_initrd",
    "xen_kernel",
    "xen_linux",
    "xen_module",
    "xen_xsm",
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
        if name.starts_with(b"newc:") {
            machine.note(&format!("`initrd {}` is not supported yet", shown(name)));
            machine.problems.push(format!(
                "the ramdisk `{}` is made up by GRUB, which is not supported yet",
                shown(name)
            ));
            continue;
        }
        match machine.locate(name) {
            Ok(file) => {
                machine.budget.keep(file.path.len().saturating_add(64))?;
                files.push(file.into());
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
