//! The Rust types, the C header and the committed baseline say the same, byte for byte.
// A helper that fails is a test that fails; clippy.toml only knows that of the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use fsimage_abi::{
    DirEntry, Error, ErrorKind, Extent, FileType, Host, Info, Limits, Metadata, Plugin, Probe, ProbeVerdict,
    Volume,
};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One fact of the ABI: its name in the baseline, the C expression, its value here.
type Fact = (String, String, u64);

fn constant(facts: &mut Vec<Fact>, name: &str, value: u64) {
    facts.push((name.to_owned(), name.to_owned(), value));
}

fn shout(variant: &str) -> String {
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

macro_rules! structures {
    ($facts:ident: $($ty:ident $c:literal { $($member:ident)* })*) => {$(
        {
            let c = $c;
            let size = u64::try_from(size_of::<$ty>()).unwrap();
            $facts.push((format!("{c} size"), format!("sizeof({c})"), size));
            let align = u64::try_from(align_of::<$ty>()).unwrap();
            $facts.push((format!("{c} align"), format!("_Alignof({c})"), align));
            // A pattern without `..` fails to compile when a member is missing from the list.
            #[allow(unused)]
            fn every_member_is_listed(it: &$ty) {
                let $ty { $($member: _,)* } = it;
            }
            $({
                let member = stringify!($member);
                let offset = u64::try_from(std::mem::offset_of!($ty, $member)).unwrap();
                $facts.push((format!("{c}.{member} offset"), format!("offsetof({c}, {member})"), offset));
                let size = u64::try_from(member_size(|it: &$ty| &raw const it.$member)).unwrap();
                $facts.push((format!("{c}.{member} size"), format!("sizeof((({c} *)0)->{member})"), size));
            })*
        }
    )*};
}

fn member_size<T, M>(_: impl Fn(&T) -> *const M) -> usize {
    size_of::<M>()
}

fn facts() -> Vec<Fact> {
    let mut facts = Vec::new();
    let wide = |n: usize| u64::try_from(n).unwrap();
    constant(&mut facts, "FSIMAGE_ABI_VERSION", fsimage_abi::ABI_VERSION.into());
    constant(&mut facts, "FSIMAGE_KIND_FILESYSTEM", fsimage_abi::KIND_FILESYSTEM.into());
    constant(&mut facts, "FSIMAGE_MESSAGE_CAPACITY", wide(fsimage_abi::MESSAGE_CAPACITY));
    constant(&mut facts, "FSIMAGE_NAME_MAX", wide(fsimage_abi::NAME_MAX));
    constant(&mut facts, "FSIMAGE_LINK_MAX", wide(fsimage_abi::LINK_MAX));
    constant(&mut facts, "FSIMAGE_NO_OFFSET", fsimage_abi::NO_OFFSET);
    constant(&mut facts, "FSIMAGE_EXTENT_HOLE", fsimage_abi::EXTENT_HOLE.into());
    constant(&mut facts, "FSIMAGE_OK", 0);
    for kind in ErrorKind::ALL {
        let name = format!("FSIMAGE_ERR_{}", shout(&format!("{kind:?}")));
        constant(&mut facts, &name, u64::try_from(kind.code()).unwrap());
    }
    for file_type in FileType::ALL {
        let name = format!("FSIMAGE_TYPE_{}", shout(&format!("{file_type:?}")));
        constant(&mut facts, &name, file_type.code().into());
    }
    for verdict in ProbeVerdict::ALL {
        constant(
            &mut facts,
            &format!("FSIMAGE_PROBE_{}", shout(&format!("{verdict:?}"))),
            verdict.code().into(),
        );
    }
    structures! { facts:
        Error "fsimage_error" { struct_size kind offset volume message_length message }
        Limits "fsimage_limits" { struct_size max_symlinks max_directory_entries max_memory }
        Volume "fsimage_volume" { struct_size sector_size size context read_at }
        Host "fsimage_host" { abi_version struct_size limits context log }
        Probe "fsimage_probe" { struct_size verdict }
        Metadata "fsimage_metadata" {
            struct_size file_type mode uid gid links size mtime_seconds mtime_nanoseconds reserved
        }
        DirEntry "fsimage_dir_entry" { node next_cursor file_type name_length name }
        Extent "fsimage_extent" { logical physical length volume flags }
        Info "fsimage_info" {
            struct_size block_size size label_length uuid_length flavour_length features_length
            label uuid flavour features remarks_length remarks
        }
        Plugin "fsimage_plugin" {
            abi_version struct_size kind flags name version description
            probe open close root metadata lookup read_dir read_link read_at extents info boot_string
        }
    }
    facts
}

fn text(facts: impl Iterator<Item = (String, u64)>) -> String {
    facts.fold(String::new(), |mut text, (name, value)| {
        writeln!(text, "{name} = {value}").unwrap();
        text
    })
}

fn in_rust() -> String {
    text(facts().into_iter().map(|(name, _, value)| (name, value)))
}

fn crate_directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn include_directory() -> PathBuf {
    crate_directory().join("../include")
}

/// Every fact as the C compiler sees it, from a program that prints them.
fn in_c() -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (directory.join("layout.c"), directory.join("layout"));
    let mut code = "#include <inttypes.h>\n#include <stdio.h>\n#include \"fsimage_plugin.h\"\n\
                    const fsimage_plugin fsimage_plugin_entry = { FSIMAGE_ABI_VERSION };\nint main(void) {\n"
        .to_owned();
    for (name, expression, _) in facts() {
        writeln!(code, "printf(\"{name} = %\" PRIu64 \"\\n\", (uint64_t)({expression}));").unwrap();
    }
    code.push_str("return 0;\n}\n");
    std::fs::write(&source, code).unwrap();
    compile(&["-std=c11", "-Wno-missing-field-initializers"], &source, &program);
    let output = Command::new(&program).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn compile(flags: &[&str], source: &Path, program: &Path) {
    let output = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(flags)
        .arg("-I")
        .arg(include_directory())
        .arg(source)
        .arg("-o")
        .arg(program)
        .output()
        .unwrap_or_else(|e| panic!("cc: {e}: install a C compiler (Debian: apt-get install gcc)"));
    assert!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
}

/// The lines that differ, with the side they are on.
fn difference(left: &str, right: &str, names: [&str; 2]) -> String {
    let mut text = String::new();
    for (mine, theirs, name) in [(left, right, names[0]), (right, left, names[1])] {
        for line in mine.lines().filter(|line| !theirs.lines().any(|other| other == *line)) {
            writeln!(text, "  only in {name}: {line}").unwrap();
        }
    }
    text
}

#[test]
fn the_header_and_the_rust_types_agree() {
    let (rust, c) = (in_rust(), in_c());
    assert_eq!(difference(&rust, &c, ["the Rust types", "fsimage_plugin.h"]), "");
    assert_eq!(rust, c);
}

#[test]
fn the_baseline_holds() {
    let path = crate_directory().join("baseline.txt");
    let now = in_rust();
    if std::env::var_os("FSIMAGE_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = difference(&committed, &now, ["baseline.txt", "the code"]);
    assert!(
        committed == now,
        "The plugin ABI differs from fsimage/abi/baseline.txt:\n{difference}\
         Plugins in the field were built with the baseline. Adding at the end of a structure that begins with its \
         size, or a new number, is allowed; anything else needs a new ABI_VERSION. If this change is meant:\n  \
         FSIMAGE_BLESS=1 cargo test -p fsimage-abi --test layout\nand commit the baseline with the reason."
    );
}

/// A plugin's author may write C++; the header alone must do, in the oldest dialect it promises.
#[test]
fn the_header_stands_alone() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = directory.join("alone.c");
    std::fs::write(&source, "#include \"fsimage_plugin.h\"\n#include \"fsimage_plugin.h\"\n").unwrap();
    compile(&["-std=c99", "-c"], &source, &directory.join("alone.o"));
}
