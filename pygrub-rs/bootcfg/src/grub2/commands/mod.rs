//! The commands (manual: "Commands"), one table.

mod blscfg;
mod boot;
mod bsd;
mod chainloader;
mod control;
mod files;
mod foreign;
mod gptprio;
mod list;
mod loopback;
mod menu;
mod multiboot;
mod options;
mod output;
mod password;
mod probe;
mod regexp;
mod search;
mod test;
mod translate;
mod typed;
mod uki;
mod unavailable;
mod variables;

pub(crate) use gptprio::{embedded, other_copy};
pub(crate) use menu::names;
pub(crate) use typed::{find_typed, names as names_typed};

use super::ast::Block;
use super::eval::Machine;
use crate::budget::Stop;

/// A command as it was called.
pub(crate) struct Call<'a> {
    pub(crate) name: &'a [u8],
    /// Without the command's name; a block is the last one, as text.
    pub(crate) arguments: &'a [Vec<u8>],
    pub(crate) block: Option<&'a Block>,
}

/// A command: returns what `$?` becomes.
pub(crate) type Handler = fn(&mut Machine<'_>, &Call<'_>) -> Result<u32, Stop>;

/// The command of this name.
pub(crate) fn find(name: &[u8]) -> Option<Handler> {
    let name = std::str::from_utf8(name).ok()?;
    Some(match name {
        "[" | "test" => test::test,
        "break" => control::break_,
        "continue" => control::continue_,
        "return" => control::return_,
        "shift" => control::shift,
        "setparams" => control::setparams,
        "true" | "false" => control::constant,
        "eval" => control::eval,
        "set" => variables::set,
        "unset" => variables::unset,
        "export" => variables::export,
        "load_env" => variables::load_env,
        "list_env" => variables::list_env,
        "save_env" => variables::save_env,
        "read" => variables::read,
        "password" | "password_pbkdf2" => password::password,
        "menuentry" | "submenu" => menu::menuentry,
        "blscfg" | "bls_import" => blscfg::blscfg,
        "uki" => uki::uki,
        "tr" => translate::tr,
        "source" | "." => files::source,
        "configfile" | "normal" => files::configfile,
        "extract_entries_source" | "extract_entries_configfile" => files::extract_entries,
        "legacy_configfile" | "syslinux_configfile" => foreign::configfile,
        "legacy_source"
        | "syslinux_source"
        | "extract_legacy_entries_source"
        | "extract_legacy_entries_configfile"
        | "extract_syslinux_entries_source"
        | "extract_syslinux_entries_configfile" => foreign::source,
        "cat" | "cmp" | "crc" | "hashsum" | "hexdump" | "loadfont" | "md5sum" | "sha1sum" | "sha256sum"
        | "sha512sum" => list::reads,
        "keystatus" => unavailable::keystatus,
        "cryptomount" => unavailable::cryptomount,
        "verify_detached" => unavailable::verify_detached,
        "loopback" => loopback::loopback,
        "search" => search::search,
        "search.file" | "search.fs_label" | "search.fs_uuid" | "search.part_label" | "search.part_uuid"
        | "search.disk_uuid" => search::search_one,
        "gptprio.next" => gptprio::next,
        "gptpriority" => gptprio::priority,
        "probe" => probe::probe,
        "echo" => output::echo,
        "linux" | "linux16" | "linuxefi" => boot::linux,
        "initrd" | "initrd16" | "initrdefi" | "legacy_initrd" | "legacy_initrd_nounzip" => boot::initrd,
        "legacy_kernel" => boot::legacy_kernel,
        "chainloader" => chainloader::chainloader,
        "multiboot" | "multiboot2" | "xen_hypervisor" | "xen_kernel" => multiboot::multiboot,
        "module" | "module2" | "xen_module" | "xen_linux" | "xen_initrd" | "xen_xsm" => multiboot::module,
        "kfreebsd" | "knetbsd" | "kopenbsd" => bsd::kernel,
        "kfreebsd_loadenv" => bsd::load_environment,
        "kfreebsd_module"
        | "kfreebsd_module_elf"
        | "knetbsd_module"
        | "knetbsd_module_elf"
        | "kopenbsd_ramdisk" => bsd::module,
        "insmod" => regexp::insmod,
        "regexp" => regexp::regexp,
        "boot" => boot::boot,
        "exit" | "normal_exit" | "halt" | "reboot" | "fwsetup" | "halt_mach" => boot::leave,
        _ if boot::OTHER_LOADERS.contains(&name) => boot::other,
        _ if unavailable::NAMES.contains(&name) => unavailable::fails,
        _ if QUIET.contains(&name) => quiet,
        _ => return None,
    })
}

/// Commands that change only how the menu looks or which of GRUB's own parts are loaded, or that only print:
/// success, and nothing else.
const QUIET: &[&str] = &[
    "915resolution",
    "acpi",
    "all_functional_test",
    "authenticate",
    "background_color",
    "background_image",
    "backtrace",
    "badram",
    "blocklist",
    "cbmemc",
    "clear",
    "cmosclean",
    "cmosdump",
    "cmosset",
    "cpuid",
    "cutmem",
    "date",
    "devicetree",
    "distrust",
    "drivemap",
    "dump",
    "efiemu_loadcore",
    "efiemu_prepare",
    "efiemu_unload",
    "fakebios",
    "fix_video",
    "functional_test",
    "gdbstub_break",
    "gdbstub_stop",
    "gettext",
    "gptsync",
    "hdparm",
    "hello",
    "help",
    "hexdump_random",
    "inb",
    "inl",
    "inw",
    "keymap",
    "list_trusted",
    "loadbios",
    "ls",
    "lsacpi",
    "lsapm",
    "lscoreboot",
    "lsefi",
    "lsefimmap",
    "lsefisystab",
    "lsfonts",
    "lsmmap",
    "lsmod",
    "lspci",
    "lssal",
    "macppcbless",
    "mactelbless",
    "module_verify",
    "nativedisk",
    "net_ls_addr",
    "net_ls_cards",
    "net_ls_dns",
    "net_ls_routes",
    "outb",
    "outl",
    "outw",
    "parttool",
    "pause",
    "pcidump",
    "play",
    "rmmod",
    "sendkey",
    "serial",
    "setpci",
    "sleep",
    "spkmodem",
    "terminal_input",
    "terminal_output",
    "terminfo",
    "test_blockarg",
    "testload",
    "testspeed",
    "time",
    "trust",
    "usb",
    "usb_keyboard",
    "vbeinfo",
    "vbetest",
    "videoinfo",
    "videotest",
    "write_byte",
    "write_dword",
    "write_word",
];

fn quiet(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    if call.name == b"devicetree" {
        machine.note("`devicetree` ignored");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    /// `command.lst` of GRUB 2.06 (Debian's) for x86_64-xen, i386-pc and x86_64-efi, sorted, without repetitions.
    const GRUBS: &str = include_str!("../../../tests/grub2/commands.txt");

    #[test]
    fn every_command_of_grub_is_known() {
        let unknown: Vec<_> = GRUBS.lines().filter(|name| super::find(name.as_bytes()).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(GRUBS.lines().count() > 200, "the list is not read");
    }
}
