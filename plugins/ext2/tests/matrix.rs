//! Every combination of block size and features that mke2fs makes, over one small tree with the edge cases: read under
//! `checksums=strict`, every name looked up, and compared with the folder it came from and with the crate `ext4-view`.
//!
//! The kernel's own read-only mounts are compared too, which takes root and loop devices.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics fails, as it should"
)]

mod common;

use common::{
    Image, assert_extents, assert_same, host_listing, listing, mke2fs, noise, try_tool, walk, write_sparse,
};
use fsimage_ext2::EXT2;
use fsimage_sdk::{Format, OpenOptions, Volume};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const OLD: &str = "none,sparse_super,large_file,filetype,ext_attr,dir_index";
const NEW: &str =
    "none,sparse_super,large_file,filetype,ext_attr,dir_index,extent,huge_file,flex_bg,dir_nlink,extra_isize";

/// Features beside `NEW` (or `OLD`, with a leading `-`), and other arguments.
const FEATURES: &[(&str, &[&str])] = &[
    ("-", &[]),
    ("-has_journal", &["-J", "size=4"]),
    ("-resize_inode,uninit_bg", &[]),
    ("-sparse_super2", &[]),
    ("-ext_attr,huge_file", &["-I", "128"]),
    ("", &[]),
    ("64bit", &[]),
    ("64bit,metadata_csum", &[]),
    ("64bit,metadata_csum,metadata_csum_seed", &["-I", "512"]),
    ("metadata_csum", &["-I", "128"]),
    ("uninit_bg,64bit", &[]),
    ("64bit,meta_bg,metadata_csum", &["-I", "1024"]),
    ("bigalloc,metadata_csum,64bit", &[]),
    ("inline_data,metadata_csum,64bit", &[]),
    ("inline_data", &["-I", "1024"]),
    ("mmp,quota,project,metadata_csum", &[]),
    ("ea_inode,verity,stable_inodes,casefold,large_dir", &[]),
    ("has_journal,fast_commit,metadata_csum,64bit,orphan_file", &["-J", "size=8"]),
    ("encrypt,metadata_csum", &[]),
];
const BLOCK_SIZES: &[&str] = &["1024", "2048", "4096", "65536"];

struct Case {
    name: String,
    block_size: &'static str,
    image: PathBuf,
}

fn small_tree(root: &Path) {
    for folder in ["boot/grub", "dir0", "dir1", "many"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("boot/vmlinuz"), noise(1, 300_001)).unwrap();
    fs::write(root.join("boot/grub/grub.cfg"), b"menuentry x {}\n").unwrap();
    fs::write(root.join("dir1/only"), b"1").unwrap();
    fs::write(root.join("empty"), b"").unwrap();
    fs::hard_link(root.join("boot/vmlinuz"), root.join("hard")).unwrap();
    for length in [1, 59, 60, 61, 200, 1000] {
        symlink("t".repeat(length), root.join(format!("link{length}"))).unwrap();
    }
    fs::write(root.join("n".repeat(255)), b"long").unwrap();
    fs::write(root.join("not-utf8-\u{e9}"), b"x").unwrap();
    fs::write(root.join(std::ffi::OsString::from_vec(b"raw-\xff\xfe".to_vec())), b"y").unwrap();
    for number in 0..300 {
        fs::write(root.join(format!("many/entry-\u{fc}-{number}")), b"").unwrap();
    }
    for size in [1_u16, 59, 60, 61, 100, 150, 151, 1023, 1024, 1025, 4095, 4096, 4097, 12_288, 49_152, 49_153]
    {
        fs::write(root.join(format!("size{size}")), noise(u64::from(size), usize::from(size))).unwrap();
    }
    write_sparse(&root.join("hole-first"), 45_056, [40_960]);
    write_sparse(&root.join("hole-middle"), 397_312, [0, 274_432, 393_216]);
    // Islands at the file's end: with inline_data mke2fs 1.47.0 forgets a hole there.
    write_sparse(&root.join("comb"), 199 * 8192 + 4096, (0..200).map(|tooth| tooth * 8192));
}

fn make(folder: &Path, tree: &Path, block_sizes: &[&'static str]) -> Vec<Case> {
    let mut cases = Vec::new();
    for block_size in block_sizes {
        for (number, (features, arguments)) in FEATURES.iter().enumerate() {
            let (base, more) = match features.strip_prefix('-') {
                Some(more) => (OLD, more),
                None => (NEW, *features),
            };
            let all = [base, more].into_iter().filter(|f| !f.is_empty()).collect::<Vec<_>>().join(",");
            if *block_size == "65536" && more.contains("journal") {
                continue; // A journal has at least 1024 blocks.
            }
            let mut with = vec!["-b", block_size, "-I", "256", "-N", "2048", "-O", &all];
            with.extend(*arguments);
            let size = if *block_size == "65536" || more.contains("bigalloc") { "160M" } else { "32M" };
            let name = format!("{block_size}-{number}");
            let image = mke2fs(folder, &name, Some(tree), &with, size);
            // mke2fs makes no index; e2fsck does.
            let (code, out, _) = try_tool("e2fsck", &["-fyD".as_ref(), image.as_os_str()]);
            assert!(code <= 1, "{name}: {out}");
            cases.push(Case { name: format!("{block_size} {all} {arguments:?}"), block_size, image });
        }
    }
    cases
}

/// Every path below `folder`, as [`walk`] shows paths, with where it lies on the host.
fn host(root: &Path, folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let shown = path.strip_prefix(root).unwrap().as_os_str().as_bytes().escape_ascii().to_string();
        found.insert(shown, path.clone());
        if path.symlink_metadata().unwrap().is_dir() {
            host(root, &path, found);
        }
    }
}

/// Every path below `root`, its type, size, target, bytes and mode.
fn compare(case: &Case, root: &Path) {
    println!("{}", case.name);
    let volume = Image::open(&case.image);
    let as_volume: Volume = volume.clone();
    let options = OpenOptions { options: b"checksums=strict".to_vec(), ..OpenOptions::default() };
    let fs = EXT2.open(&[as_volume], &options).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let (mut ours, mut theirs) = (listing(&*fs), host_listing(root));
    for side in [&mut ours, &mut theirs] {
        side.retain(|path, _| !path.starts_with("lost+found"));
    }
    assert_same(&ours, &theirs);
    assert_extents(&*fs, &*volume);
    let (mut paths, nodes) = (BTreeMap::new(), walk(&*fs));
    host(root, root, &mut paths);
    for name in ours.keys() {
        let mode = paths[name].symlink_metadata().unwrap().mode() & 0o7777;
        assert_eq!(nodes[name].1.mode, mode, "{}: {name}", case.name);
    }
    let root = fs.root().unwrap();
    for missing in ["missing", "n", "boot\u{e9}"] {
        let error = fs.lookup(root, missing.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), fsimage_sdk::ErrorKind::NotFound, "{}: {error}", case.name);
    }
    let remarks: Vec<_> = fs.info().unwrap().remarks;
    assert!(remarks.is_empty(), "{}: {remarks:?}", case.name);
}

/// Does `ext4-view` read the image, and the same in it?
fn ext4_view_agrees(case: &Case, tree: &Path, compared: &mut usize) -> bool {
    let Ok(theirs) = ext4_view::Ext4::load_from_path(&case.image) else { return false };
    let mut paths = BTreeMap::new();
    host(tree, tree, &mut paths);
    for (name, path) in &paths {
        let absolute = [b"/", path.strip_prefix(tree).unwrap().as_os_str().as_bytes()].concat();
        let what = format!("{}: {name}", case.name);
        let absolute = ext4_view::Path::try_from(absolute.as_slice()).unwrap();
        if path.is_symlink() {
            let Ok(target) = theirs.read_link(absolute) else { continue };
            assert_eq!(target.as_ref(), fs::read_link(path).unwrap().as_os_str().as_bytes(), "{what}");
        } else if path.is_file() {
            // It fails on the holes of block maps ("invalid read … from block 0"): an error is no disagreement.
            let Ok(bytes) = theirs.read(absolute) else { continue };
            *compared += 1;
            assert!(bytes == fs::read(path).unwrap(), "{what}");
        }
    }
    true
}

fn folder() -> (fsimage_plugin_testing::tempfile::TempDir, PathBuf) {
    let folder = common::work_folder!();
    let tree = folder.path().join("tree");
    small_tree(&tree);
    (folder, tree)
}

/// The layouts of two block sizes: 19 + 19, or 19 + 17, of the 74 in all.
fn every_layout(block_sizes: &[&'static str], least: usize) {
    let (folder, tree) = folder();
    let cases = make(folder.path(), &tree, block_sizes);
    let (mut agreeing, mut compared) = (0, 0);
    for case in &cases {
        compare(case, &tree);
        agreeing += usize::from(ext4_view_agrees(case, &tree, &mut compared));
    }
    // It refuses several features (inline_data, bigalloc, casefold …), never reads one differently.
    println!("{} cases, {agreeing} of them with ext4-view, {compared} files", cases.len());
    assert!(cases.len() >= least && agreeing >= 20 && compared >= 1000, "{} {agreeing}", cases.len());
}

#[test]
fn every_layout_of_small_blocks_reads_as_its_folder() {
    every_layout(&["1024", "2048"], 38);
}

#[test]
fn every_layout_of_large_blocks_reads_as_its_folder() {
    every_layout(&["4096", "65536"], 36);
}

#[test]
fn every_layout_reads_as_the_kernel_reads_it() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let is_root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    assert!(is_root, "this test mounts images: run it as root");
    let (folder, tree) = folder();
    let mut mounted = 0;
    for case in make(folder.path(), &tree, BLOCK_SIZES).iter().filter(|case| case.block_size != "65536") {
        let point = folder.path().join("mount");
        fs::create_dir_all(&point).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "ext4", "-o", "loop,ro,noload"])
            .arg(&case.image)
            .arg(&point)
            .output();
        let mount = mount.unwrap();
        if !mount.status.success() {
            // A kernel without CONFIG_UNICODE mounts no casefold; anything else must mount.
            let why = String::from_utf8_lossy(&mount.stderr);
            assert!(case.name.contains("casefold"), "{}: {why}", case.name);
            continue;
        }
        let outcome = std::panic::catch_unwind(|| compare(case, &point));
        assert!(Command::new("umount").arg(&point).status().unwrap().success());
        outcome.unwrap();
        mounted += 1;
    }
    println!("{mounted} mounted");
    assert!(mounted >= 54, "{mounted}");
}

/// 3 TiB of hole with data at both ends, and the last block that 32 bits can number.
#[test]
fn a_file_of_3_tib() {
    const TIB: u64 = 1 << 40;
    let folder = common::work_folder!();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    write_sparse(&tree.join("large"), 3 * TIB, [0, 2 * TIB, 3 * TIB - 4096]);
    let host = File::open(tree.join("large")).unwrap();
    for features in [NEW, "none,sparse_super,large_file,filetype,extent,64bit,metadata_csum"] {
        let image = mke2fs(folder.path(), "image", Some(&tree), &["-b", "4096", "-O", features], "16M");
        let fs = common::open_image(&image);
        let node = fs.lookup(fs.root().unwrap(), b"large").unwrap();
        assert_eq!(fs.metadata(node).unwrap().size, 3 * TIB);
        assert_eq!(common::extents(&*fs, node, 0).unwrap().len(), 5);
        for place in [0, 4096, TIB, 2 * TIB - 100, 2 * TIB, 3 * TIB - 4100] {
            let (mut ours, mut theirs) = ([1; 5000], [2; 5000]);
            let count = fs.read_at(node, place, &mut ours).unwrap();
            assert_eq!(count, host.read_at(&mut theirs, place).unwrap());
            assert_eq!(ours[..count], theirs[..count]);
        }
    }
}
