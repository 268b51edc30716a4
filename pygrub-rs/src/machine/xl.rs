//! xl.cfg(5). A string stands in double quotes, in which a backslash escapes (libxlu_cfg.c, `xlu__cfgl_dequote`); of a disk,
//! `target=` is last and takes the rest of its string (xl-disk-configuration(5)).

use super::{MEMORY_MIB, Unprintable, Values};

pub(super) fn render(values: &Values<'_>) -> Result<String, Unprintable> {
    let disk = format!("format=raw,vdev=xvda,access=rw,target={}", values.disk);
    let mut text = format!(
        "name = {}\ntype = \"pvh\"\nmemory = {MEMORY_MIB}\nvcpus = 1\nkernel = {}\n",
        quoted(&values.name),
        quoted(values.kernel)
    );
    if let Some(ramdisk) = values.ramdisk {
        text.push_str(&format!("ramdisk = {}\n", quoted(ramdisk)));
    }
    if !values.args.is_empty() {
        text.push_str(&format!("cmdline = {}\n", quoted(values.args)));
    }
    text.push_str(&format!("disk = [ {} ]\n", quoted(&disk)));
    Ok(text)
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}
