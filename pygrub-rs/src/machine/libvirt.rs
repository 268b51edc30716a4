//! libvirt: a domain's XML for `virsh define` (formatdomain.html).

use super::{MEMORY_MIB, Unprintable, Values};

pub(super) fn render(values: &Values<'_>) -> Result<String, Unprintable> {
    let element = |name: &str, value: &str| format!("    <{name}>{}</{name}>\n", escaped(value));
    let (kind, source) = if values.disk_is_device { ("block", "dev") } else { ("file", "file") };
    Ok([
        "<domain type='kvm'>\n".to_owned(),
        format!("  <name>{}</name>\n", escaped(&values.name)),
        format!("  <memory unit='MiB'>{MEMORY_MIB}</memory>\n  <vcpu>1</vcpu>\n"),
        "  <os>\n    <type arch='x86_64'>hvm</type>\n".to_owned(),
        element("kernel", values.kernel),
        values.ramdisk.map(|path| element("initrd", path)).unwrap_or_default(),
        if values.args.is_empty() { String::new() } else { element("cmdline", values.args) },
        "  </os>\n  <features>\n    <acpi/>\n  </features>\n  <devices>\n".to_owned(),
        format!("    <disk type='{kind}' device='disk'>\n      <driver name='qemu' type='raw'/>\n"),
        format!("      <source {source}='{}'/>\n", escaped(values.disk)),
        "      <target dev='vda' bus='virtio'/>\n    </disk>\n    <console type='pty'/>\n".to_owned(),
        "  </devices>\n</domain>\n".to_owned(),
    ]
    .concat())
}

/// As an element's text or an attribute's value.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\'' => text.push_str("&apos;"),
            '"' => text.push_str("&quot;"),
            other => text.push(other),
        }
    }
    text
}
