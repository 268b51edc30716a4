//! `cargo xtask images`: the makers in images/, called with their folders.

use crate::packages;
use crate::shell::{Result, command, finish, root, work_folder};
use std::ffi::OsStr;
use std::fs;
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
    let cache = work_folder("images/cache")?;
    made("debian", "make-debian-guest.sh", cache.as_os_str())
}

/// A guest with a ramdisk of this size, made if it is not there.
pub(crate) fn large(mib: &str) -> Result<PathBuf> {
    made(&format!("large-{mib}"), "make-large-guest.sh", mib.as_ref())
}

/// The image of this name. Its maker works in a folder of its own, so that a maker that is stopped leaves no image behind.
fn made(name: &str, script: &str, argument: &OsStr) -> Result<PathBuf> {
    let folder = work_folder("images")?;
    let image = folder.join(format!("{name}.img"));
    if !image.exists() {
        let unfinished = work_folder(&format!("images/{name}.unfinished"))?;
        let partial = unfinished.join(format!("{name}.img"));
        finish(&mut command(maker(script), &[partial.as_os_str(), argument]))?;
        // The manifest first: the image says that all is there.
        let manifest = format!("{name}.img.MANIFEST");
        let moved = fs::rename(unfinished.join(&manifest), folder.join(&manifest))
            .and_then(|()| fs::rename(&partial, &image))
            .and_then(|()| fs::remove_dir(&unfinished));
        moved.map_err(|why| format!("{}: {why}", unfinished.display()))?;
    }
    Ok(image)
}

fn maker(name: &str) -> PathBuf {
    root().join("images").join(name)
}
