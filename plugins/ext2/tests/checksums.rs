//! A flipped bit in each checksummed structure: reported and read past by default, an error under `checksums=strict`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{Patched, ask_everything, data_blocks, inode_place, mke2fs, walk, write_sparse};
use fsimage_ext2::EXT2;
use fsimage_sdk::{ErrorKind, FileSystem, Format, OpenOptions, Result};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Opens with options and asks for everything that a boot may: the first error, or the remarks.
fn read_all(bytes: &Arc<Vec<u8>>, place: u64, options: &str) -> Result<Vec<String>> {
    let flipped = bytes[usize::try_from(place).unwrap()] ^ 1;
    let volume = Patched::new(bytes, vec![(place, vec![flipped])]);
    let options = OpenOptions { options: options.as_bytes().to_vec(), ..OpenOptions::default() };
    let fs = EXT2.open(&[volume], &options)?;
    let root = fs.root()?;
    for name in ["file", "link", "many"] {
        let node = fs.lookup(root, name.as_bytes())?;
        fs.metadata(node)?;
        if name == "file" {
            fs.read_at(node, 0, &mut vec![0; 1 << 20])?;
        }
        if name == "many" {
            fs.lookup(node, b"entry-77")?;
            fs.read_dir(node, fsimage_sdk::DirCursor(0), &mut |_| std::ops::ControlFlow::Continue(()))?;
        }
    }
    ask_everything(&*fs);
    remarks(&*fs)
}

fn remarks(fs: &dyn FileSystem) -> Result<Vec<String>> {
    Ok(fs.info()?.remarks)
}

fn image(folder: &Path, features: &str) -> (std::path::PathBuf, Arc<Vec<u8>>) {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("many")).unwrap();
    for number in 0..150 {
        fs::write(tree.join(format!("many/entry-{number}")), b"").unwrap();
    }
    std::os::unix::fs::symlink("target", tree.join("link")).unwrap();
    write_sparse(&tree.join("file"), 40 * 8192, (0..40).map(|tooth| tooth * 8192));
    let arguments = ["-b", "1024", "-I", "256", "-N", "256", "-O", features];
    let image = mke2fs(folder, "image", Some(&tree), &arguments, "2M");
    let (code, ..) = common::try_tool("e2fsck", &["-fyD".as_ref(), image.as_os_str()]);
    assert!(code <= 1);
    let bytes = Arc::new(fs::read(&image).unwrap());
    (image, bytes)
}

#[test]
fn each_structure() {
    let folder = common::work_folder!();
    let features = "none,filetype,dir_index,extent,64bit,metadata_csum";
    let (image, bytes) = image(folder.path(), features);
    let map = common::debugfs(&image, "ex file");
    let line = map.lines().find(|line| line.trim_start().starts_with("0/ 1")).unwrap();
    let node: u64 = line.split(" - ").nth(1).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    let many = data_blocks(&image, "many");
    let descriptor = 2048;
    let cases = [
        // s_wtime, bg_free_blocks_count, i_atime, a hint of the index, then the sums themselves.
        ("superblock", 0x400 + 0x30),
        ("group descriptor", descriptor + 0xc),
        ("group descriptor", descriptor + 0x1e),
        ("ext4_inode", inode_place(&image, "file") + 0x8),
        ("ext4_inode", inode_place(&image, "file") + 0x82),
        ("extent tree node", node * 1024 + 0x8),
        ("directory block", many[0] * 1024 + 0x1f),
        ("directory block", many[1] * 1024 + 1023),
        ("superblock", 0x400 + 0x3fc),
    ];
    assert_eq!(read_all(&bytes, 100, "checksums=strict").unwrap(), [""; 0], "an undamaged image");
    for (structure, place) in cases {
        let remarks = read_all(&bytes, place, "").unwrap_or_else(|e| panic!("{structure} {place:#x}: {e}"));
        let expected = format!(" {structure}: checksum 0x");
        assert!(remarks.len() == 1 && remarks[0].contains(&expected), "{place:#x}: {remarks:?}");
        let error = read_all(&bytes, place, "checksums=strict").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(&format!("{structure}: checksum 0x")), "{place:#x}: {error}");
        assert!(error.offset().is_some());
    }
}

#[test]
fn descriptors_under_uninit_bg() {
    let folder = common::work_folder!();
    let (_, bytes) = image(folder.path(), "none,filetype,dir_index,extent,uninit_bg");
    let descriptor = 2048;
    assert_eq!(read_all(&bytes, 100, "checksums=strict").unwrap(), [""; 0]);
    for offset in [0xc, 0x1e] {
        assert!(read_all(&bytes, descriptor + offset, "").unwrap()[0].contains("group descriptor: checksum"));
        assert!(read_all(&bytes, descriptor + offset, "checksums=strict").is_err());
    }
}

/// The seed outlives a change of the UUID.
#[test]
fn a_seed_of_its_own() {
    let folder = common::work_folder!();
    let features = "none,filetype,dir_index,extent,64bit,metadata_csum,metadata_csum_seed";
    let (image, _) = image(folder.path(), features);
    common::tool("tune2fs", &["-U".as_ref(), "random".as_ref(), image.as_os_str()]);
    let bytes = Arc::new(fs::read(&image).unwrap());
    assert_eq!(read_all(&bytes, 100, "checksums=strict").unwrap(), [""; 0]);
    walk(&*common::open_image(&image));
}
