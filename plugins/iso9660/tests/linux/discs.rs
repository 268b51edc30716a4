//! The discs: what is on them, who makes them, how they are mounted.

use crate::common::{make_tree, tool};
use crate::relabel;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Trees that the discs are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tree {
    /// Names of any level, no links.
    Simple,
    /// Links, long names, modes, special files.
    Posix,
    /// Names in several scripts and cases, for Joliet and the levels of ISO9660.
    Names,
    /// Characters beyond 16 bits.
    Pairs,
    /// Fifteen directories deep.
    Deep,
}
use Tree::{Deep, Names, Pairs, Posix, Simple};

/// What is done to the finished disc: in words, and in code.
type Change = (&'static str, fn(&mut Vec<u8>));

/// A disc: its tree, its maker with options, what is changed afterwards, and the mount options it is read with.
pub(crate) struct Disc {
    pub(crate) tree: Tree,
    pub(crate) maker: &'static str,
    pub(crate) options: &'static str,
    pub(crate) change: Option<Change>,
    pub(crate) mounts: &'static [&'static str],
}

const fn disc(
    tree: Tree,
    maker: &'static str,
    options: &'static str,
    mounts: &'static [&'static str],
) -> Disc {
    Disc { tree, maker, options, change: None, mounts }
}

impl Disc {
    const fn then(mut self, what: &'static str, change: fn(&mut Vec<u8>)) -> Self {
        self.change = Some((what, change));
        self
    }
}

const ALL_VIEWS: &[&str] = &["", "norock", "nojoliet", "norock,nojoliet"];

pub(crate) const DISCS: &[Disc] = &[
    disc(Posix, "xorriso", "-R", &["", "norock"]),
    disc(Posix, "xorriso", "-r -J -joliet-long", ALL_VIEWS),
    disc(Posix, "xorriso", "-R --acl --xattr --md5", &[""]),
    disc(Posix, "genisoimage", "-R -J -joliet-long", ALL_VIEWS),
    disc(Posix, "genisoimage", "-r -l", &["", "norock"]),
    disc(Simple, "makefs", "rockridge", &["", "norock"]),
    disc(Simple, "makefs", "", &[""]),
    // Names without Rock Ridge.
    disc(Names, "xorriso", "--norock -iso-level 1", &[""]),
    disc(Names, "xorriso", "--norock -iso-level 2", &[""]),
    disc(Names, "xorriso", "--norock -iso-level 3 -allow-lowercase -relaxed-filenames", &[""]),
    disc(Names, "xorriso", "--norock -U", &[""]),
    disc(Names, "xorriso", "--norock -N -d", &[""]),
    disc(Names, "genisoimage", "-iso-level 1", &[""]),
    disc(Names, "genisoimage", "-iso-level 2 -N", &[""]),
    disc(Names, "genisoimage", "-iso-level 3 -relaxed-filenames -allow-lowercase -allow-multidot", &[""]),
    disc(Names, "genisoimage", "-U", &[""]),
    disc(Names, "genisoimage", "-max-iso9660-filenames -no-iso-translate", &[""]),
    // Enhanced volume descriptors, which Linux does not look at.
    disc(Names, "genisoimage", "-iso-level 4", &[""]),
    disc(Names, "genisoimage", "-iso-level 4 -R -J", ALL_VIEWS),
    disc(Names, "xorriso", "--norock -iso-level 4", &[""]),
    // Joliet of every level, and with pairs of units.
    disc(Names, "genisoimage", "-J -ucs-level 1 -input-charset utf-8", ALL_VIEWS),
    disc(Names, "genisoimage", "-J -ucs-level 2 -input-charset utf-8", &["", "nojoliet"]),
    disc(Names, "genisoimage", "-J -ucs-level 3 -input-charset utf-8", &["", "nojoliet"]),
    disc(Pairs, "xorriso", "--norock -J -joliet-utf16", ALL_VIEWS),
    // Extensions in front of Rock Ridge or beside it.
    disc(Posix, "genisoimage", "-XA -R", &["", "norock"]),
    disc(Posix, "genisoimage", "-xa -R -J -joliet-long", ALL_VIEWS),
    disc(Names, "genisoimage", "-xa", &[""]),
    // Rock Ridge 1.10 and 1.12; genisoimage and makefs write 1.09.
    disc(Posix, "native", "-compliance old_rr", &[""]),
    disc(Posix, "native", "-compliance new_rr", &[""]),
    disc(Posix, "native", "-compliance old_rr:aaip_susp_1_10 -acl on -xattr on -md5 on", &[""]),
    disc(Names, "native", "-rockridge off -joliet on -compliance full_ascii:omit_version", &["", "nojoliet"]),
    // Apple's additions, UDF bridges.
    disc(Simple, "genisoimage", "-hfs -R", &["", "norock"]),
    disc(Simple, "genisoimage", "-apple -R", &["", "norock"]),
    disc(Simple, "genisoimage", "-hfs -part -J", &["", "nojoliet"]),
    disc(Posix, "xorriso", "-R -hfsplus", &[""]),
    disc(Simple, "genisoimage", "-udf -R", &["", "norock"]),
    disc(Simple, "genisoimage", "-udf -J", &["", "nojoliet"]),
    // Directories that were moved.
    disc(Deep, "genisoimage", "-R", &["", "norock"]),
    disc(Deep, "genisoimage", "-R -hide-rr-moved", &[""]),
    disc(Deep, "genisoimage", "-R -D", &["", "norock"]),
    disc(Deep, "xorriso", "-R -rr_reloc_dir /moved", &["", "norock"]),
    disc(Deep, "xorriso", "-R -J", ALL_VIEWS),
    disc(Deep, "makefs", "rockridge", &["", "norock"]),
    // What no maker makes.
    disc(Posix, "genisoimage", "-R", &["block=512", "block=512,norock"])
        .then("blocks of 512 bytes", |disc| relabel::block_size(disc, 512)),
    disc(Posix, "genisoimage", "-R", &["", "norock"])
        .then("blocks of 1024 bytes", |disc| relabel::block_size(disc, 1024)),
    disc(Deep, "genisoimage", "-R", &["block=512"])
        .then("blocks of 512 bytes", |disc| relabel::block_size(disc, 512)),
    disc(Deep, "genisoimage", "-R", &["", "norock"])
        .then("nine bytes to skip", |disc| relabel::skip_bytes(disc, 9)),
    disc(Posix, "xorriso", "-R -J -joliet-long", &["", "norock", "norock,nojoliet"])
        .then("big-endian halves spoiled", |disc| relabel::spoil_big_endian(disc)),
    // zisofs, whose first version Linux reads.
    disc(Simple, "zisofs", "version_2=off:block_size=32k", &["", "nocompress"]),
    disc(Simple, "zisofs", "version_2=off:block_size=128k", &[""]),
];

/// Discs on which names are looked up in [`SPELLINGS`].
pub(crate) const NAMED: &[Disc] = &[
    disc(Names, "genisoimage", "-iso-level 1", &[""]).then("a second version", |disc| {
        for at in 0..disc.len() {
            if disc[at..].starts_with(b"LOWER.TXT;1") {
                disc[at + 10] = b'2';
            }
        }
    }),
    disc(Names, "genisoimage", "-iso-level 4", &[""]),
    disc(Names, "genisoimage", "-J -ucs-level 3 -input-charset utf-8", &[""]),
    disc(Names, "genisoimage", "-R", &[""]),
];

pub(crate) const SPELLINGS: &[&str] = &[
    "/grub.cfg",
    "/GRUB.CFG",
    "/Grub.cfg",
    "/grub.cfg;1",
    "/GRUB.CFG;1",
    "/grub.cfg.",
    "/lower.txt",
    "/LOWER.TXT",
    "/lower.txt;2",
    "/LOWER.TXT;2",
    "/lower.txt.2",
    "/a",
    "/A",
    "/a.",
    "/A.",
    "/A.;1",
    "/trailing",
    "/trailing.",
    "/Mixed.Case.Dots",
    "/mixed.case.dots",
    "/mixed_c.dot",
    "/dir.ext/Sub/grub.cfg",
    "/DIR.EXT/sub/GRUB.cfg",
    "/dir/sub/grub.cfg",
    "/\u{e9}t\u{e9}",
    "/\u{c9}T\u{c9}",
];

/// Makes a disc of a tree.
pub(crate) fn make(disc: &Disc, tree: &Path, image: &Path) {
    let options = disc.options.split_whitespace().map(OsStr::new);
    let quiet = ["-quiet", "-V", "A_LABEL"].map(OsStr::new);
    let output = [OsStr::new("-o"), image.as_os_str(), tree.as_os_str()];
    let (program, arguments): (&str, Vec<&OsStr>) = match disc.maker {
        "xorriso" => {
            let mkisofs = ["-as", "mkisofs"].map(OsStr::new);
            ("xorriso", mkisofs.into_iter().chain(quiet).chain(options).chain(output).collect())
        }
        "native" => {
            let map = [image.as_os_str(), "-map".as_ref(), tree.as_os_str(), "/".as_ref()];
            ("xorriso", options.chain([OsStr::new("-outdev")]).chain(map).collect())
        }
        "zisofs" => {
            let map = [image.as_os_str(), "-map".as_ref(), tree.as_os_str(), "/".as_ref()];
            let filter = ["-set_filter_r", "--zisofs", "/", "--"].map(OsStr::new);
            let begin = [OsStr::new("-zisofs")].into_iter().chain(options).chain([OsStr::new("-outdev")]);
            ("xorriso", begin.chain(map).chain(filter).collect())
        }
        "makefs" => {
            let format = ["-t", "cd9660", "-o"].map(OsStr::new);
            let label = if disc.options.is_empty() { "label=A" } else { disc.options };
            let rest = [label.as_ref(), image.as_os_str(), tree.as_os_str()];
            ("makefs", format.into_iter().chain(rest).collect())
        }
        maker => (maker, quiet.into_iter().chain(options).chain(output).collect()),
    };
    tool(program, &arguments);
    if let Some((_, change)) = disc.change {
        let mut bytes = fs::read(image).unwrap();
        change(&mut bytes);
        fs::write(image, bytes).unwrap();
    }
}

/// Fills a folder.
pub(crate) fn make_source(tree: Tree, root: &Path) {
    match tree {
        Simple => simple(root, false),
        Posix => {
            simple(root, true);
            posix(root);
        }
        Names => names(root),
        Pairs => {
            fs::write(root.join("\u{1f600}.smile"), "smile").unwrap();
            fs::write(root.join("plain"), "plain").unwrap();
        }
        Deep => deep(root),
    }
}

/// A process that reads a file takes its time in QEMU: the tree that the other tests use, with fewer entries.
fn simple(root: &Path, with_links: bool) {
    make_tree(root, with_links);
    fs::remove_dir_all(root.join("a/b/c/d/e/f/g")).unwrap();
    for number in 60..200 {
        fs::remove_file(root.join(format!("many/entry{number:03}.txt"))).unwrap();
    }
}

fn posix(root: &Path) {
    for (name, mode) in [("setuid", 0o4755), ("sticky", 0o1777), ("none", 0), ("all", 0o7777)] {
        fs::write(root.join(name), name).unwrap();
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    tool("mkfifo", &[root.join("fifo")]);
    drop(std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap());
    fs::write(root.join("i".repeat(200)), "long").unwrap();
    symlink("//double//slash/", root.join("slashes")).unwrap();
    symlink("t".repeat(100), root.join("one-component")).unwrap();
    for (name, date) in [("all", "1969-12-31T23:59:59Z"), ("setuid", "2037-01-20T00:00:00+13:00")] {
        tool("touch", &["-d".as_ref(), date.as_ref(), root.join(name).as_os_str()]);
    }
}

fn names(root: &Path) {
    const NAMES: [&str; 22] = [
        "UPPER.TXT",
        "lower.txt",
        "Mixed.Case.Dots",
        "no-extension",
        ".hidden",
        "trailing.",
        "a.b.c.d",
        "spaced name",
        "semi;1",
        "semi;colon",
        "tilde~",
        "hash#",
        "comma,",
        "eightcha.ext",
        "eightchars.extension",
        "thirty-one-characters-and-a-dot.x",
        "a-name-of-more-than-sixty-four-characters-which-joliet-cuts-short.txt",
        "grub.cfg",
        "vmlinuz-6.1.0-56-cloud-amd64",
        "\u{e9}t\u{e9}",
        "\u{4e2d}\u{6587}",
        "a",
    ];
    fs::create_dir_all(root.join("dir.ext/Sub")).unwrap();
    for name in NAMES {
        for folder in ["", "dir.ext/Sub"] {
            fs::write(root.join(folder).join(name), name).unwrap();
        }
    }
}

fn deep(root: &Path) {
    let mut folder = root.to_owned();
    for depth in 1..=15 {
        folder.push(format!("level{depth}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("file"), format!("{depth}")).unwrap();
        symlink("../file", folder.join("up")).unwrap();
    }
    fs::create_dir_all(root.join("level1/level2/a/b/c/d/e/f/g/h")).unwrap();
}
