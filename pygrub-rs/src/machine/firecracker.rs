//! Firecracker: a file for `--config-file` (its swagger definition; docs/getting-started.md). Its kernel's arguments are
//! printable ASCII (linux-loader, `Cmdline`), at most 2048 bytes with those of its own.
//!
//! The disk is not the root device: that would have Firecracker append `root=/dev/vda`, and the guest's own arguments say
//! where its root is.

use super::{MEMORY_MIB, Unprintable, Values};
use serde::Serialize;

/// `CMDLINE_MAX_SIZE` of x86-64.
const MAX_ARGS: usize = 2048;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Config<'a> {
    boot_source: BootSource<'a>,
    drives: [Drive<'a>; 1],
    machine_config: MachineConfig,
}

#[derive(Serialize)]
struct BootSource<'a> {
    kernel_image_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    initrd_path: Option<&'a str>,
    boot_args: &'a str,
}

#[derive(Serialize)]
struct Drive<'a> {
    drive_id: &'static str,
    path_on_host: &'a str,
    is_root_device: bool,
    is_read_only: bool,
}

#[derive(Serialize)]
struct MachineConfig {
    vcpu_count: u32,
    mem_size_mib: u32,
}

pub(super) fn render(values: &Values<'_>) -> Result<String, Unprintable> {
    let refused = |why: String| Err(Unprintable::Refused { what: "arguments", why });
    if !values.args.is_ascii() {
        return refused("are not all ASCII, which Firecracker wants; --cmdline gives others".to_owned());
    }
    let length = values.args.len();
    if length >= MAX_ARGS {
        return refused(format!("are {length} bytes long; Firecracker takes fewer than {MAX_ARGS}"));
    }
    let config = Config {
        boot_source: BootSource {
            kernel_image_path: values.kernel,
            initrd_path: values.ramdisk,
            boot_args: values.args,
        },
        drives: [Drive {
            drive_id: "disk",
            path_on_host: values.disk,
            is_root_device: false,
            is_read_only: false,
        }],
        machine_config: MachineConfig { vcpu_count: 1, mem_size_mib: MEMORY_MIB },
    };
    match serde_json::to_string_pretty(&config) {
        Ok(text) => Ok(text + "\n"),
        Err(why) => refused(why.to_string()),
    }
}
