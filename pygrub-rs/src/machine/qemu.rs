//! QEMU: a command. A comma in a path is doubled in an option's list (qemu(1), "-drive").

use super::shell::Command;
use super::{MEMORY_MIB, Unprintable, Values};

pub(super) fn render(values: &Values<'_>) -> Result<String, Unprintable> {
    let disk = values.disk.replace(',', ",,");
    // A path of many slashes would be a protocol's name only before a colon, and ours begins with a slash.
    Ok(Command::new(&format!("qemu-system-x86_64 -accel kvm -accel tcg -m {MEMORY_MIB} -nographic"))
        .option("-kernel", values.kernel)
        .optional("-initrd", values.ramdisk)
        .optional("-append", Some(values.args).filter(|args| !args.is_empty()))
        .option("-drive", &format!("file={disk},format=raw,if=virtio"))
        .finish())
}
