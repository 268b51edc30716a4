//! GNU getopt's rules, one by one.

use super::*;

/// pygrub's long options, and whether they take a value.
const PYGRUBS: [(&str, bool); 16] = [
    ("quiet", false),
    ("interactive", false),
    ("list-entries", false),
    ("not-really", false),
    ("help", false),
    ("output", true),
    ("output-format", true),
    ("output-directory", true),
    ("entry", true),
    ("kernel", true),
    ("ramdisk", true),
    ("args", true),
    ("offset", true),
    ("runas", true),
    ("isconfig", false),
    ("debug", false),
];

fn invocation(arguments: &[&str]) -> Result<Invocation> {
    parse(["pygrub-rs"].iter().chain(arguments).map(OsString::from))
}

fn options(arguments: &[&str]) -> Options {
    match invocation(arguments) {
        Ok(Invocation::Run(options)) => *options,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

fn refusal(arguments: &[&str]) -> String {
    match invocation(arguments) {
        Err(Failure::Usage(message)) => message,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

/// What getopt would take `--prefix` for.
fn by_getopt(prefix: &str) -> Option<&'static str> {
    if let Some((exact, _)) = PYGRUBS.iter().find(|(name, _)| *name == prefix) {
        return Some(exact);
    }
    let mut candidates = PYGRUBS.iter().filter(|(name, _)| name.starts_with(prefix));
    candidates.next().filter(|_| candidates.next().is_none()).map(|(name, _)| *name)
}

#[test]
fn every_prefix_of_every_option_means_what_it_means_to_pygrub() {
    for (name, takes_value) in PYGRUBS {
        let value = match name {
            "output-format" => "=simple",
            "offset" | "runas" => "=7",
            _ if takes_value => "=x",
            _ => "",
        };
        let whole = format!("{:?}", invocation(&[&format!("--{name}{value}"), "d"]));
        for length in 1..=name.len() {
            let prefix = &name[..length];
            let told = invocation(&[&format!("--{prefix}{value}"), "d"]);
            match by_getopt(prefix) {
                Some(meant) if meant == name => assert_eq!(format!("{told:?}"), whole, "--{prefix}"),
                // `--output` on the way to `--output-format`: exact wins.
                Some(_) => assert_ne!(format!("{told:?}"), whole, "--{prefix}"),
                None => assert!(told.is_err(), "--{prefix} is ambiguous"),
            }
        }
    }
}

#[test]
fn the_image_may_come_first_last_or_between() {
    for arguments in
        [&["d", "-q", "--entry", "1"], &["-q", "d", "--entry", "1"], &["-q", "--entry", "1", "d"]]
    {
        let options = options(arguments);
        assert!(options.quiet);
        assert_eq!(options.image, PathBuf::from("d"));
        assert_eq!(options.entry.as_deref(), Some(&b"1"[..]));
    }
}

#[test]
fn a_value_is_taken_whatever_it_looks_like() {
    assert_eq!(options(&["--args", "--kernel=/x", "d"]).args.unwrap(), b"--kernel=/x");
    assert_eq!(options(&["--args", "-q", "d"]).args.unwrap(), b"-q");
    assert!(!options(&["--args", "-q", "d"]).quiet);
    assert_eq!(options(&["--args", "--", "d"]).args.unwrap(), b"--");
    assert_eq!(options(&["--args=a=b --c", "d"]).args.unwrap(), b"a=b --c");
    assert_eq!(options(&["--output", "-", "d"]).output, PathBuf::from("-"));
}

#[test]
fn bytes_that_are_not_utf8_arrive() {
    use std::os::unix::ffi::OsStringExt;
    let arguments = [b"p".to_vec(), b"--args=\xff".to_vec(), b"d\xfe".to_vec()].map(OsString::from_vec);
    let Ok(Invocation::Run(options)) = parse(arguments.into_iter()) else { panic!("refused") };
    assert_eq!(options.args.unwrap(), b"\xff");
    assert_eq!(options.image.into_os_string().into_vec(), b"d\xfe");
}

#[test]
fn short_options_cluster_and_repeat() {
    let options = options(&["-qnl", "-q", "d"]);
    assert!(options.quiet && options.not_really && options.list_entries);
}

#[test]
fn the_last_value_counts() {
    assert_eq!(options(&["--args=a", "--args=b", "d"]).args.unwrap(), b"b");
    assert!(options(&["-i", "-q", "d"]).quiet);
    assert!(!options(&["-q", "-i", "d"]).quiet);
}

#[test]
fn two_dashes_end_the_options() {
    assert_eq!(options(&["-q", "--", "-image"]).image, PathBuf::from("-image"));
}

#[test]
fn an_entry_implies_quiet_even_an_empty_one() {
    assert!(options(&["--entry=1", "d"]).quiet);
    let empty = options(&["--entry=", "--kernel=", "d"]);
    assert!(empty.quiet && empty.entry.is_none() && empty.kernel.is_none());
}

#[test]
fn wrong_usage_is_one_line() {
    for (arguments, expected) in [
        (&["--foo", "d"][..], "unexpected argument '--foo' found"),
        (&["--outp=x", "d"], "unexpected argument '--outp' found"),
        (&["--quiet=yes", "d"], "unexpected value 'yes' for '--quiet' found"),
        (&["-x", "d"], "unexpected argument '-x' found"),
        (&["--output-format=xml", "d"], "invalid value 'xml' for '--output-format <FORMAT>'"),
        (&["--offset=abc", "d"], "invalid value 'abc' for '--offset <BYTES>'"),
        (&["--offset=-1", "d"], "invalid value '-1' for '--offset <BYTES>'"),
        (&["--runas=nobody", "d"], "invalid value 'nobody' for '--runas <UID>'"),
        (&["d", "e"], "unexpected argument 'e' found"),
        (&[], "<IMAGE>"),
        (&["d", "--args"], "a value is required for '--args <ARGS>'"),
    ] {
        let message = refusal(arguments);
        assert!(message.contains(expected), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn libxl_and_xapi_are_understood() {
    let libxl = options(&[
        "--args=root=/dev/xvda1 ro",
        "--runas=65534",
        "--quiet",
        "--output=/var/lib/xen/bootloader.7.out",
        "--output-format=simple0",
        "--output-directory=/var/lib/xen/bootloader.7.d",
        "/dev/vg/guest",
    ]);
    assert_eq!(libxl.output_format, Format::Simple0);
    assert_eq!(libxl.runas, Some(65534));
    let xapi = options(&["--output-format=simple", "-q", "", "--kernel=/a", "", "/dev/vg/guest"]);
    assert_eq!(xapi.image, PathBuf::from("/dev/vg/guest"));
}

#[test]
fn help_teaches() {
    for arguments in [&["-h"][..], &["--help"], &["--he"], &["-qh", "d"]] {
        let Ok(Invocation::Teach(text)) = invocation(arguments) else { panic!("{arguments:?}") };
        for expected in ["--output-format", "Examples:", "PYGRUB_MAX_FILE_SIZE_MB", "Exit status"] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
