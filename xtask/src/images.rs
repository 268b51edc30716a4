//! `cargo xtask images`: the makers in images/, called with their folders.

use crate::packages;
use crate::shell::{Result, command, finish, root, work_folder};
use std::path::PathBuf;

/// Makes one kind of image.
pub(crate) fn run(words: &[String]) -> Result {
    packages::ensure()?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["demo"] => finish(&mut command(maker("make-demo.sh"), &[root().join("images")])),
        ["debian"] => debian().map(|image| println!("{}", image.display())),
        ["large", mib] => large(mib).map(|image| println!("{}", image.display())),
        _ => Err("which one? demo | debian | large MIB".to_owned()),
    }
}

/// The guest with Debian's own kernel, made if it is not there.
pub(crate) fn debian() -> Result<PathBuf> {
    let folder = work_folder("images")?;
    let image = folder.join("debian.img");
    if !image.exists() {
        let partial = folder.join("debian.img.partial");
        finish(&mut command(maker("make-debian-guest.sh"), &[&partial, &folder.join("cache")]))?;
        std::fs::rename(&partial, &image).map_err(|why| why.to_string())?;
    }
    Ok(image)
}

/// A guest with a ramdisk of this size, made if it is not there.
pub(crate) fn large(mib: &str) -> Result<PathBuf> {
    let folder = work_folder("images")?;
    let image = folder.join(format!("large-{mib}.img"));
    if !image.exists() {
        let partial = folder.join(format!("large-{mib}.img.partial"));
        let arguments = [partial.as_os_str(), mib.as_ref()];
        finish(&mut command(maker("make-large-guest.sh"), &arguments))?;
        std::fs::rename(&partial, &image).map_err(|why| why.to_string())?;
    }
    Ok(image)
}

fn maker(name: &str) -> PathBuf {
    root().join("images").join(name)
}
