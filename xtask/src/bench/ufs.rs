//! A large file out of a UFS: makefs lays it down in one go, but for the indirect blocks between its runs.

use super::row::{self, Peer, Row};
use super::{Bench, ours, reads};
use crate::shell::{Result, finish};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

pub(super) fn run(bench: &Bench) -> Result {
    row::head();
    for (version, name) in [(1, "UFS1"), (2, "UFS2")] {
        large(bench, version, name)?;
    }
    Ok(())
}

fn large(bench: &Bench, version: u32, name: &str) -> Result {
    let (folder, mib) = (bench.folder(), bench.large());
    let (tree, image) = (folder.join("tree"), folder.join("ufs.img"));
    row::empty(&tree)?;
    noise(&tree.join("large"), mib)?;
    let mut makefs = Command::new("makefs");
    makefs.args(["-t", "ffs", "-B", "le", "-b", "2%", "-o"]);
    makefs.arg(format!("version={version},bsize=32768,fsize=4096"));
    finish(makefs.arg(&image).arg(&tree).stdout(Stdio::null()))?;
    let row = Row {
        name: format!("{mib} MiB, {name}"),
        rounds: 9,
        wanted: Some(tree.clone()),
        peers: peers(&tree, &image),
    };
    row.run(folder)?;
    let out = folder.join("out");
    row::empty(&out)?;
    println!("\n{name}: we read {}\n", reads::from_image(&image, &row.peers[0].command(&out))?);
    fs::remove_file(&image).map_err(|why| why.to_string())
}

/// A file of bytes that compress by nothing, the same in every run.
fn noise(path: &Path, mib: u32) -> Result {
    let file = File::create(path).map_err(|why| format!("{}: {why}", path.display()))?;
    let line = format!("head -c {mib}M /dev/zero | openssl enc -aes-128-ctr -nosalt -K 0 -iv 0");
    finish(Command::new("sh").args(["-c", &line]).stdout(file).stderr(Stdio::null()))
}

fn peers(tree: &Path, image: &Path) -> Vec<Peer> {
    let (large, of_ours, of_grub) = (tree.join("large"), image.to_owned(), image.to_owned());
    vec![
        Peer::new("fsimage get", move |out: &Path| {
            let mut command = Command::new(ours("fsimage"));
            command.arg("get").arg(&of_ours).arg("/large").arg("-o").arg(out);
            command
        }),
        Peer::new("cp (of the file itself)", move |out: &Path| {
            let mut command = Command::new("cp");
            command.arg(&large).arg(out);
            command
        }),
        Peer::new("grub-fstest cp", move |out: &Path| {
            let mut command = Command::new("grub-fstest");
            command.arg(&of_grub).args(["cp", "(loop0)/large"]).arg(out.join("large"));
            command
        }),
    ]
}
