//! Each monitor's text as its own reader reads it: /bin/sh, Python's JSON, libxlutil, libvirt's test driver.
// What makes a parser dangerous makes a test fail, which is what a test is for.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use pygrub_rs::machine::{Machine, Monitor, Unprintable};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

const MONITORS: [Monitor; 5] =
    [Monitor::Qemu, Monitor::CloudHypervisor, Monitor::Firecracker, Monitor::Xl, Monitor::Libvirt];

/// Values that mean something to one of the readers.
const AWKWARD: [&str; 17] = [
    "plain",
    "a b",
    "it's",
    "say \"x\"",
    "back\\slash \\x41 \\n \\",
    "$(touch /tmp/x) `id` ${HOME} !! *",
    "a,b=c,,d",
    "a;b#c|d&e",
    "<a href='x'>&amp;</a>",
    "]]> <!-- -->",
    "é☃😀",
    "two  blanks",
    "'; rm -rf / #",
    "\\\"",
    "%s %n {} [x]",
    "ends with target=/x",
    "ends with blanks  ",
];

fn machine<'a>(path: &'a str, args: &'a str) -> Machine<'a> {
    Machine {
        kernel: path.as_bytes(),
        ramdisk: Some(path.as_bytes()),
        args: args.as_bytes(),
        disk: path.as_bytes(),
        disk_is_device: false,
    }
}

/// What a program prints, with this on its standard input.
fn run(program: &str, package: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| panic!("{program}: {why}: the Debian package is {package}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {input}");
    String::from_utf8(output.stdout).unwrap()
}

/// The words that a shell makes of a command.
fn words(command: &str) -> Vec<String> {
    // The command itself becomes a function that prints its arguments, a NUL behind each.
    let name = command.split(' ').next().unwrap();
    let script =
        format!("words() {{ printf '%s\\0' \"$@\"; }}\nwords {}", command.strip_prefix(name).unwrap());
    let printed = run("/bin/sh", "dash", &["-s"], &script);
    printed.split_terminator('\0').map(str::to_owned).collect()
}

fn after<'a>(words: &'a [String], option: &str) -> &'a str {
    let place = words.iter().position(|word| word == option).unwrap_or_else(|| panic!("{option}: {words:?}"));
    &words[place + 1]
}

#[test]
fn a_shell_reads_qemus_and_cloud_hypervisors() {
    for value in AWKWARD {
        let path = format!("/b/{value}");
        let qemu = words(&Monitor::Qemu.render(&machine(&path, value)).unwrap());
        assert_eq!((after(&qemu, "-kernel"), after(&qemu, "-initrd")), (path.as_str(), path.as_str()));
        assert_eq!(after(&qemu, "-append"), value);
        // QEMU's own rule for lists: a doubled comma is one of the value's.
        let drive = after(&qemu, "-drive").strip_suffix(",format=raw,if=virtio").unwrap();
        assert_eq!(drive.strip_prefix("file=").unwrap().replace(",,", ","), path);
        if value.contains([',', '"', '[', ']']) {
            continue;
        }
        let cloud = words(&Monitor::CloudHypervisor.render(&machine(&path, value)).unwrap());
        assert_eq!((after(&cloud, "--kernel"), after(&cloud, "--initramfs")), (path.as_str(), path.as_str()));
        assert_eq!(
            (after(&cloud, "--cmdline"), after(&cloud, "--disk")),
            (value, format!("path={path}").as_str())
        );
    }
}

#[test]
fn python_reads_firecrackers() {
    for value in AWKWARD.into_iter().filter(|value| value.is_ascii()) {
        let path = format!("/b/{value}");
        let text = Monitor::Firecracker.render(&machine(&path, value)).unwrap();
        let again = run(
            "python3",
            "python3",
            &["-c", "import json, sys; json.dump(json.load(sys.stdin), sys.stdout)"],
            &text,
        );
        let config: Value = serde_json::from_str(&again).unwrap();
        let expected = serde_json::json!({
            "boot-source": { "kernel_image_path": path, "initrd_path": path, "boot_args": value },
            "drives": [{ "drive_id": "disk", "path_on_host": path, "is_root_device": false, "is_read_only": false }],
            "machine-config": { "vcpu_count": 1, "mem_size_mib": 1024 },
        });
        assert_eq!(config, expected);
    }
}

/// Reads an xl.cfg on standard input with the parsers of xl itself; prints what it holds as JSON.
const XL: &str = r#"
import ctypes, json, sys
lib = ctypes.CDLL("libxlutil.so.4.17")
lib.xlu_cfg_init.restype = lib.xlu_cfg_get_listitem.restype = ctypes.c_void_p
lib.xlu_cfg_init.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
lib.xlu_cfg_readdata.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
lib.xlu_cfg_get_string.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int]
lib.xlu_cfg_get_list.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int), ctypes.c_int]
lib.xlu_cfg_get_listitem.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.xlu_cfg_get_listitem.restype = ctypes.c_char_p
lib.xlu_disk_parse.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p]
stderr = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "stderr")
text = sys.stdin.buffer.read()
config = lib.xlu_cfg_init(stderr, b"test")
if lib.xlu_cfg_readdata(config, text, len(text)): sys.exit("xl.cfg")
told = {}
for key in ["name", "type", "kernel", "ramdisk", "cmdline"]:
    value = ctypes.c_char_p()
    if lib.xlu_cfg_get_string(config, key.encode(), ctypes.byref(value), 0) == 0:
        told[key] = value.value.decode()
disks, count = ctypes.c_void_p(), ctypes.c_int()
if lib.xlu_cfg_get_list(config, b"disk", ctypes.byref(disks), ctypes.byref(count), 0) or count.value != 1: sys.exit("disk")
spec = ctypes.c_char_p(lib.xlu_cfg_get_listitem(disks, 0))
# libxl_device_disk begins: uint32 backend_domid, char *backend_domname, char *pdev_path, char *vdev.
disk = (ctypes.c_char_p * 64)()
if lib.xlu_disk_parse(config, 1, ctypes.byref(spec), disk): sys.exit("disk")
told["disk"], told["vdev"] = disk[2].decode(), disk[3].decode()
json.dump(told, sys.stdout)
"#;

#[test]
fn xl_reads_its_own() {
    for value in AWKWARD {
        let path = format!("/b/{value}");
        let text = Monitor::Xl.render(&machine(&path, value)).unwrap();
        let told: Value = serde_json::from_str(&run("python3", "python3", &["-c", XL], &text)).unwrap();
        for (key, expected) in [
            ("kernel", path.as_str()),
            ("ramdisk", &path),
            ("cmdline", value),
            ("disk", &path),
            ("vdev", "xvda"),
            ("type", "pvh"),
        ] {
            assert_eq!(told[key], expected, "{key}: {text}");
        }
    }
}

const XML: &str = r#"
import json, sys
import xml.etree.ElementTree as tree
domain = tree.parse(sys.stdin).getroot()
json.dump([domain.findtext("os/" + name) for name in ["kernel", "initrd", "cmdline"]]
    + [domain.find("devices/disk/source").get("file")], sys.stdout)
"#;

/// By its schema, and by the library itself, whose test driver takes a domain of the type `test`.
#[test]
fn libvirt_reads_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("domain.xml");
    // All at once: each program takes its time to start.
    let value = AWKWARD.join(" ");
    let path = format!("/b/{value}");
    let text = Monitor::Libvirt.render(&machine(&path, &value)).unwrap();
    std::fs::write(&file, &text).unwrap();
    run("virt-xml-validate", "libvirt-clients and libxml2-utils", &[file.to_str().unwrap(), "domain"], "");
    let test = text.replace("<domain type='kvm'>", "<domain type='test'>").replace(" arch='x86_64'", "");
    std::fs::write(&file, &test).unwrap();
    let name = text.split("<name>").nth(1).unwrap().split("</name>").next().unwrap();
    let commands = format!("define {}; dumpxml {name}", file.display());
    let dumped = run("virsh", "libvirt-clients", &["-q", "-c", "test:///default", &commands], "");
    for text in [text.as_str(), &dumped[dumped.find("<domain").unwrap()..]] {
        let told: [String; 4] = serde_json::from_str(&run("python3", "python3", &["-c", XML], text)).unwrap();
        assert_eq!(told.each_ref(), [&path, &path, &value, &path], "{text}");
    }
}

#[test]
fn what_is_not_there_is_left_out() {
    let bare = Machine { ramdisk: None, args: b"", disk_is_device: true, ..machine("/dev/vg/guest", "") };
    for monitor in MONITORS {
        let text = monitor.render(&bare).unwrap();
        assert!(text.contains("/dev/vg/guest") && text.ends_with('\n'), "{text}");
        for word in ["initr", "ramdisk", "append", "cmdline"] {
            assert!(!text.contains(word), "{text}");
        }
    }
    assert!(Monitor::Libvirt.render(&bare).unwrap().contains("<source dev='/dev/vg/guest'/>"));
}

#[test]
fn what_cannot_be_printed_is_refused() {
    for bytes in
        [&b"a\x1b[2J"[..], b"a\nb", b"a\0b", b"\xff", b"a\tb", "a\u{202e}b".as_bytes(), "\u{9b}".as_bytes()]
    {
        for monitor in MONITORS {
            let args = Machine { args: bytes, ..machine("/b/x", "") };
            let disk = Machine { disk: bytes, ..machine("/b/x", "") };
            for machine in [args, disk] {
                let refused = monitor.render(&machine).unwrap_err();
                assert!(matches!(refused, Unprintable::Hidden { .. }), "{refused}");
            }
        }
    }
    let refused = |monitor: Monitor, path: &str, args: &str, expected: &str| {
        let why = monitor.render(&machine(path, args)).unwrap_err().to_string();
        assert!(why.contains(expected), "{why}");
    };
    refused(Monitor::Firecracker, "/b", "é", "not all ASCII");
    refused(Monitor::Firecracker, "/b", &"x".repeat(2048), "2048 bytes long");
    refused(Monitor::CloudHypervisor, "/a,b", "", "has a comma");
}

/// The configurations that docs/recipes.md shows, each as its reader reads it.
#[test]
fn the_recipes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let page = include_str!("../../docs/recipes.md");
    let mut read = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        let text = format!("{text}\n");
        match language {
            "json" => drop(run("python3", "python3", &["-m", "json.tool"], &text)),
            "xl" => drop(run("python3", "python3", &["-c", XL], &text)),
            "xml" => {
                let file = folder.path().join("domain.xml");
                std::fs::write(&file, &text).unwrap();
                run("virt-xml-validate", "libvirt-clients", &[file.to_str().unwrap(), "domain"], "");
            }
            "console" => {}
            other => panic!("a block of {other}"),
        }
        read.push(language);
    }
    read.retain(|language| *language != "console");
    assert_eq!(read, ["json", "xl", "xl", "xml", "xml"]);
}
