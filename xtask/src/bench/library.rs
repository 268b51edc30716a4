//! The C library beside Xen's: one program, either library, a file out of an ext2.

use super::row::{self, Peer, Row};
use super::{Bench, ext2, ours};
use crate::shell::{Result, finish, root};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Xen's library, as Debian's libxenmisc4.17 has it.
const THEIRS: &str = "/usr/lib/xen-4.17/lib/x86_64-linux-gnu/libxenfsimage.so.4.17";
/// The file's name in its filesystem and outside.
const NAME: &str = "large";

pub(super) fn run(bench: &Bench) -> Result {
    let (folder, mib) = (bench.folder(), bench.large() / 4);
    let (tree, image, program) = (folder.join("tree"), folder.join("ext2.img"), folder.join("read"));
    row::empty(&tree)?;
    ext2::noise(&tree.join(NAME), mib)?;
    let mut mke2fs = Command::new("mke2fs");
    mke2fs.args(["-q", "-F", "-t", "ext2", "-m", "0", "-d"]).arg(&tree).arg(&image);
    finish(mke2fs.arg(format!("{}M", mib + mib / 16 + 64)).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let source = root().join("xtask/src/bench/read.c");
    finish(Command::new("cc").args(["-O2", "-D_DEFAULT_SOURCE", "-o"]).arg(&program).arg(source))?;

    row::head();
    for piece in ["4096", "65536", "1048576"] {
        let row = Row {
            name: format!("{mib} MiB read in pieces of {piece}"),
            rounds: 5,
            wanted: Some(tree.clone()),
            peers: vec![
                peer("libfsimage", &program, &ours("libfsimage_capi.so"), &image, piece),
                peer("libxenfsimage 4.17", &program, Path::new(THEIRS), &image, piece),
            ],
        };
        row.run(folder)?;
    }
    let original = tree.join(NAME);
    let row = Row {
        name: format!("{mib} MiB, fsi_copy_file"),
        rounds: 5,
        wanted: Some(tree.clone()),
        peers: vec![
            peer("libfsimage", &program, &ours("libfsimage_capi.so"), &image, "copy"),
            Peer::new("cp (of the file itself)", move |out: &Path| {
                let mut command = Command::new("cp");
                command.arg(&original).arg(out);
                command
            }),
        ],
    };
    row.run(folder)?;
    fs::remove_file(&image).map_err(|why| why.to_string())
}

fn peer(name: &str, program: &Path, library: &Path, image: &Path, how: &str) -> Peer {
    let (program, library, image) = (program.to_owned(), library.to_owned(), image.to_owned());
    let how = how.to_owned();
    Peer::new(name, move |out: &Path| {
        let mut command = Command::new(&program);
        command.arg(&library).arg(&image).arg(format!("/{NAME}")).arg(out.join(NAME)).arg(&how);
        command
    })
}
