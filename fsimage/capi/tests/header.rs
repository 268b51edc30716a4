//! fsimage.h and the library agree: every function, its type, every structure's layout; and nothing goes away.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(clippy::as_conversions, clippy::panic, clippy::unwrap_used)]

use fsimage_capi::{Directory, DirectoryEntry, FSI_NOFOLLOW, Filesystem, OpenFile, Stat};
use std::collections::BTreeSet;
use std::ffi::{c_char, c_int, c_void};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A type as C writes it.
trait InC {
    const TEXT: &str;
}

macro_rules! in_c {
    ($($ty:ty => $text:literal)*) => {$(impl InC for $ty { const TEXT: &str = $text; })*};
}

in_c! {
    () => "void"
    c_int => "int"
    usize => "size_t"
    isize => "ssize_t"
    u64 => "uint64_t"
    i64 => "int64_t"
    *const c_char => "const char *"
    *mut c_char => "char *"
    *mut c_void => "void *"
    *const *const c_char => "const char *const *"
    *mut Filesystem => "fsi_t *"
    *mut OpenFile => "fsi_file_t *"
    *mut Directory => "fsi_dir_t *"
    *mut Stat => "struct fsi_stat *"
    *const DirectoryEntry => "const struct fsi_dirent *"
}

/// A function's type as C writes a pointer to it.
trait Signature {
    fn text(&self) -> String;
}

macro_rules! signature {
    ($($argument:ident)*) => {
        impl<R: InC, $($argument: InC),*> Signature for unsafe extern "C" fn($($argument),*) -> R {
            fn text(&self) -> String {
                let arguments: &[&str] = &[$($argument::TEXT),*];
                let arguments = if arguments.is_empty() { "void".to_owned() } else { arguments.join(", ") };
                format!("{} (*)({arguments})", R::TEXT)
            }
        }
    };
}

signature!();
signature!(A);
signature!(A B);
signature!(A B C);
signature!(A B C D);
signature!(A B C D E);

macro_rules! functions {
    ($($name:ident($($hole:tt)*))*) => {
        vec![$((
            stringify!($name),
            (fsimage_capi::$name as unsafe extern "C" fn($($hole)*) -> _).text(),
        )),*]
    };
}

/// Every function of the library, with its type.
fn functions() -> Vec<(&'static str, String)> {
    functions! {
        fsi_init()
        fsi_open_fsimage(_, _, _)
        fsi_close_fsimage(_)
        fsi_file_exists(_, _)
        fsi_open_file(_, _)
        fsi_close_file(_)
        fsi_read_file(_, _, _)
        fsi_pread_file(_, _, _, _)
        fsi_fs_bootstring(_)
        fsi_bootstring_alloc(_, _)
        fsi_bootstring_free(_)
        fsi_error_message()
        fsi_version()
        fsi_open(_, _)
        fsi_stat(_, _, _, _, _)
        fsi_stat_file(_, _, _)
        fsi_read_link(_, _, _, _)
        fsi_open_dir(_, _)
        fsi_read_dir(_)
        fsi_close_dir(_)
        fsi_copy_file(_, _)
    }
}

/// Sizes and offsets: what C calls each, and the number.
fn layout() -> Vec<(String, usize)> {
    let mut facts = Vec::new();
    macro_rules! structure {
        ($ty:ident $c:literal { $($member:ident $name:literal)* }) => {
            facts.push((format!("sizeof(struct {})", $c), size_of::<$ty>()));
            // A pattern without `..` fails to compile when a member is missing from the list.
            let _every_member_is_listed = |it: &$ty| {
                let $ty { $($member: _,)* } = it;
            };
            $(facts.push((
                format!("offsetof(struct {}, {})", $c, $name),
                std::mem::offset_of!($ty, $member),
            ));)*
        };
    }
    structure!(Stat "fsi_stat" {
        size "size" node "node" mtime_seconds "mtime_seconds" mtime_nanoseconds "mtime_nanoseconds" mode "mode"
        uid "uid" gid "gid" links "links" reserved "reserved"
    });
    structure!(DirectoryEntry "fsi_dirent" { name "name" node "node" type_ "type" reserved "reserved" });
    facts.push(("FSI_NOFOLLOW".to_owned(), usize::try_from(FSI_NOFOLLOW).unwrap()));
    facts
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs a compiler; what it prints.
fn compile(compiler: &str, flags: &[&str], source: &Path) -> String {
    let package = if compiler == "c++" { "g++" } else { "gcc" };
    let output = Command::new(compiler)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(flags)
        .arg("-I")
        .arg(here().join("../include"))
        .arg(source)
        .output()
        .unwrap_or_else(|why| panic!("{compiler}: {why}: install Debian's package {package}"));
    assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The names of functions of ours that stand before a parenthesis.
fn declared(header: &str) -> BTreeSet<String> {
    let words = header.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '('));
    let names = words.filter_map(|word| word.split_once('(')).map(|(name, _)| name.to_owned());
    names.filter(|name| name.starts_with("fsi_")).collect()
}

#[test]
fn every_function_has_the_type_that_the_header_gives_it() {
    let mut code = "#include <fsimage.h>\n".to_owned();
    for (name, signature) in functions() {
        writeln!(
            code,
            "_Static_assert(_Generic(&{name}, {signature}: 1, default: 0), \"{name}: {signature}\");"
        )
        .unwrap();
    }
    for (fact, value) in layout() {
        writeln!(code, "_Static_assert({fact} == {value}, \"{fact} is not {value}\");").unwrap();
    }
    let source = scratch("types.c");
    std::fs::write(&source, code).unwrap();
    compile("cc", &["-std=c11", "-fsyntax-only"], &source);
}

#[test]
fn what_is_declared_is_exported_and_nothing_else() {
    let source = scratch("all.c");
    std::fs::write(&source, "#include <fsimage.h>\n").unwrap();
    let declared = declared(&compile("cc", &["-std=c99", "-E", "-P"], &source));
    let listed: BTreeSet<String> = functions().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(declared, listed, "fsimage.h, and the list in this test");

    let own = std::env::current_exe().unwrap();
    let library = own.parent().unwrap().join("libfsimage_capi.so");
    let output = Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(&library).output();
    let output = output.unwrap_or_else(|why| panic!("nm: {why}: install Debian's package binutils"));
    assert!(output.status.success(), "{}: {}", library.display(), String::from_utf8_lossy(&output.stderr));
    let exported: BTreeSet<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    assert_eq!(exported, listed, "{}, and the list in this test", library.display());
}

#[test]
fn the_baseline_holds() {
    let mut now = String::new();
    for (name, signature) in functions() {
        writeln!(now, "{name}: {signature}").unwrap();
    }
    for (fact, value) in layout() {
        writeln!(now, "{fact} = {value}").unwrap();
    }
    let path = here().join("baseline.txt");
    if std::env::var_os("FSIMAGE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        committed, now,
        "fsimage.h's interface differs from fsimage/capi/baseline.txt. Programs in the field were built with the \
         baseline: functions may be added, structures may grow at their ends. If this change is meant: cargo xtask abi"
    );
}

/// The header alone must do: in the oldest C that it promises, and in C++.
#[test]
fn the_header_stands_alone() {
    for (compiler, flags, name) in [
        ("cc", ["-std=c99", "-fsyntax-only"], "alone.c"),
        ("c++", ["-std=c++11", "-fsyntax-only"], "alone.cc"),
    ] {
        let source = scratch(name);
        std::fs::write(&source, "#include <fsimage.h>\n#include <fsimage.h>\n").unwrap();
        compile(compiler, &flags, &source);
    }
}
