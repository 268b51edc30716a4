//! Commands on what a guest without its own boot loader has not: keys held down, firmware, the network, encrypted disks. Each
//! leaves the status that GRUB leaves where there is no such thing (tests/grub2/linux/linux.txt).

use super::Call;
use super::options::{Argument, Spec, Unknown, parse};
use crate::budget::Stop;
use crate::grub2::eval::Machine;
use crate::grub2::status;
use crate::text::shown;

/// Those that fail, whatever they are asked.
pub(super) const NAMES: &[&str] = &[
    "cmostest",
    "efivar",
    "file",
    "gdbstub",
    "getenv",
    "hwmatch",
    "legacy_check_password",
    "legacy_password",
    "net_add_addr",
    "net_add_dns",
    "net_add_route",
    "net_bootp",
    "net_bootp6",
    "net_del_addr",
    "net_del_dns",
    "net_del_route",
    "net_dhcp",
    "net_get_dhcp_option",
    "net_ipv6_autoconf",
    "net_nslookup",
    "rdmsr",
    "read_byte",
    "read_dword",
    "read_word",
    "smbios",
    "tpm",
    "wrmsr",
    "xen_cat",
    "xen_ls",
    "zfs-bootfs",
    "zfsinfo",
    "zfskey",
];

const KEYS: &[Spec] = &[
    Spec { short: b's', long: b"shift", argument: Argument::None },
    Spec { short: b'c', long: b"ctrl", argument: Argument::None },
    Spec { short: b'a', long: b"alt", argument: Argument::None },
];

const CRYPTOMOUNT: &[Spec] = &[
    Spec { short: b'u', long: b"uuid", argument: Argument::Required },
    Spec { short: b'a', long: b"all", argument: Argument::None },
    Spec { short: b'b', long: b"boot", argument: Argument::None },
    Spec { short: b'p', long: b"password", argument: Argument::Required },
    Spec { short: b'k', long: b"key-file", argument: Argument::Required },
    Spec { short: b'O', long: b"keyfile-offset", argument: Argument::Required },
    Spec { short: b'S', long: b"keyfile-size", argument: Argument::Required },
    Spec { short: b'H', long: b"header", argument: Argument::Required },
    Spec { short: b'P', long: b"protector", argument: Argument::Required },
];

pub(super) fn fails(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    machine.note(&format!("`{}` fails here", shown(call.name)));
    Ok(status::TEST_FAILURE)
}

/// `keystatus [--shift] [--ctrl] [--alt]`: nobody holds a key.
pub(super) fn keystatus(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let known = parse(KEYS, Unknown::Fails, call.arguments).is_some();
    Ok(if known { status::TEST_FAILURE } else { status::BAD_ARGUMENT })
}

/// `cryptomount`: nothing here opens encrypted disks. Of all of them, that succeeds.
pub(super) fn cryptomount(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    machine.note("`cryptomount` opens nothing here: there are no keys");
    let options = parse(CRYPTOMOUNT, Unknown::Fails, call.arguments);
    let all = options.is_some_and(|options| options.has(b"all") || options.has(b"boot"));
    Ok(if all { 0 } else { status::BAD_ARGUMENT })
}

/// `verify_detached file signature [key]`: no signature is good without keys.
pub(super) fn verify_detached(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<u32, Stop> {
    let files = call.arguments.iter().filter(|word| !word.starts_with(b"-")).count();
    if files < 2 {
        return Ok(status::BAD_ARGUMENT);
    }
    machine.note("`verify_detached` fails: there are no keys here");
    Ok(status::BAD_SIGNATURE)
}
