//! UFS filesystems of small trees, made by makefs, and by images/ffs2sun.py where they are Sun's.

use crate::{Run, need};
use std::path::Path;

/// A tree's files: paths and their bytes.
pub type Files<'a> = &'a [(&'a str, &'a [u8])];

/// Makes a UFS of this version with these files, and gives its bytes.
#[must_use]
pub fn ufs(version: u32, files: Files<'_>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::read(make(folder.path(), version, files)).unwrap()
}

/// The same of Sun's flavour, as a Solaris guest on x86 has it.
#[must_use]
pub fn solaris_ufs(files: Files<'_>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (image, sun) = (make(folder.path(), 1, files), folder.path().join("sun"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../images/ffs2sun.py");
    let run = Run::new(&need("python3", "python3")).env("PATH", "/usr/bin:/bin");
    run.arg(script).arg(&image).arg(&sun).finish().assert_success();
    std::fs::read(sun).unwrap()
}

fn make(folder: &Path, version: u32, files: Files<'_>) -> std::path::PathBuf {
    let (tree, image) = (folder.join("tree"), folder.join("ufs"));
    for (path, bytes) in files {
        let path = tree.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let run = Run::new(&need("makefs", "makefs"))
        .args(["-t", "ffs", "-B", "le", "-M", "4m", "-b", "20%", "-f", "50"]);
    run.args(["-o", &format!("version={version},bsize=8192,fsize=1024")])
        .arg(&image)
        .arg(&tree)
        .finish()
        .assert_success();
    image
}
