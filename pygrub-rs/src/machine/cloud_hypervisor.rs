//! Cloud Hypervisor: a command. A comma in an option's list cannot be written but in quotes that older versions do not
//! know.

use super::shell::Command;
use super::{MEMORY_MIB, Unprintable, Values};

/// What divides or groups an option's list.
const SPECIAL: [char; 4] = [',', '"', '[', ']'];

pub(super) fn render(values: &Values<'_>) -> Result<String, Unprintable> {
    if values.disk.contains(SPECIAL) {
        let why = "has a comma, a quote or a bracket in it, which Cloud Hypervisor's --disk cannot carry"
            .to_owned();
        return Err(Unprintable::Refused { what: "image's path", why });
    }
    Ok(Command::new("cloud-hypervisor --cpus boot=1 --serial tty --console off")
        .option("--memory", &format!("size={MEMORY_MIB}M"))
        .option("--kernel", values.kernel)
        .optional("--initramfs", values.ramdisk)
        .optional("--cmdline", Some(values.args).filter(|args| !args.is_empty()))
        .option("--disk", &format!("path={}", values.disk))
        .finish())
}
