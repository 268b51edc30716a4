//! CVE-2016-9379 and CVE-2016-9380: whatever a guest puts into its configuration, the domain builder reads back exactly
//! the values that were meant, or gets nothing. The readers are written again here after libxl's, xapi's and Python's
//! rules.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "what makes a parser dangerous makes a test fail, which is what a test is for"
)]

use proptest::prelude::*;
use pygrub_rs::format::{BootResult, Format, Origin, Unrepresentable};

/// Kernel, ramdisk, arguments.
type Values = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

fn expected(result: &BootResult) -> Values {
    let args = (!result.args.is_empty()).then(|| result.args.clone());
    (Some(result.kernel.clone()), result.ramdisk.clone(), args)
}

/// libxl's `parse_bootloader_result`: items up to a NUL, cut at 8191 bytes; a keyword, one or more of C's blanks, the
/// value; later items replace earlier ones; empty and unknown ones are skipped.
fn read_as_libxl(text: &[u8]) -> Values {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let mut values = (None, None, None);
    for item in text.split(|byte| *byte == 0) {
        let item = &item[..item.len().min(8191)];
        for (keyword, slot) in
            [(&b"kernel"[..], &mut values.0), (b"ramdisk", &mut values.1), (b"args", &mut values.2)]
        {
            if let Some(rest) = item.strip_prefix(keyword).filter(|rest| rest.first().is_some_and(is_space)) {
                let start = rest.iter().take_while(|byte| is_space(byte)).count();
                *slot = Some(rest[start..].to_vec());
                break;
            }
        }
    }
    values
}

/// xapi's `parse_output_simple`: lines; a line without a blank is skipped; a keyword twice or an unknown one is an error.
fn read_as_xapi(text: &[u8]) -> Result<Values, String> {
    let mut values = (None, None, None);
    for line in text.split(|byte| *byte == b'\n') {
        let Some(blank) = line.iter().position(|byte| *byte == b' ') else { continue };
        let slot = match &line[..blank] {
            b"kernel" => &mut values.0,
            b"ramdisk" => &mut values.1,
            b"args" => &mut values.2,
            other => return Err(format!("unrecognised: {other:?}")),
        };
        if slot.replace(line[blank + 1..].to_vec()).is_some() {
            return Err("twice".to_owned());
        }
    }
    Ok(values)
}

/// `linux (kernel 'P')…` with Python's string literals, encoded as `os.fsencode` does.
fn read_as_python(text: &[u8]) -> Result<Values, String> {
    let text = std::str::from_utf8(text).map_err(|why| why.to_string())?;
    let mut rest = text.strip_prefix("linux ").ok_or("no linux")?;
    let mut values = (None, None, None);
    while !rest.is_empty() {
        let (keyword, literal) =
            rest.strip_prefix('(').and_then(|rest| rest.split_once(' ')).ok_or("item")?;
        let slot = match keyword {
            "kernel" => &mut values.0,
            "ramdisk" => &mut values.1,
            "args" => &mut values.2,
            other => return Err(format!("unrecognised: {other}")),
        };
        let (value, behind) = read_literal(literal)?;
        if slot.replace(value).is_some() {
            return Err("twice".to_owned());
        }
        rest = behind.strip_prefix(')').ok_or("no parenthesis")?;
    }
    Ok(values)
}

fn read_literal(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut characters = text.chars();
    let quote = characters.next().filter(|quote| matches!(quote, '\'' | '"')).ok_or("no quote")?;
    let mut value = Vec::new();
    while let Some(character) = characters.next() {
        if character == quote {
            return Ok((value, characters.as_str()));
        }
        if character != '\\' {
            assert!(!character.is_control(), "a control character in the output");
            value.extend(character.to_string().bytes());
            continue;
        }
        let digits = match characters.next() {
            Some('n') => {
                value.push(b'\n');
                continue;
            }
            Some('r') => {
                value.push(b'\r');
                continue;
            }
            Some('t') => {
                value.push(b'\t');
                continue;
            }
            Some(plain @ ('\\' | '\'' | '"')) => {
                value.push(u8::try_from(plain).unwrap());
                continue;
            }
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            other => return Err(format!("escape {other:?}")),
        };
        let hex: String = characters.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&hex, 16).map_err(|why| why.to_string())?;
        match (char::from_u32(code), code) {
            (Some(character), _) => value.extend(character.to_string().bytes()),
            (None, 0xdc80..=0xdcff) => value.push(u8::try_from(code - 0xdc00).unwrap()),
            (None, _) => return Err(format!("surrogate {code:x}")),
        }
    }
    Err("no end".to_owned())
}

/// `fsimage::escape`, backwards.
fn unescape(text: &str) -> Vec<u8> {
    let mut value = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        (value, rest) = match (first, behind.first()) {
            (b'\\', Some(b'\\')) => ([value, b"\\".to_vec()].concat(), &behind[1..]),
            (b'\\', Some(b'x')) => {
                let hex = std::str::from_utf8(&behind[1..3]).unwrap();
                ([value, vec![u8::from_str_radix(hex, 16).unwrap()]].concat(), &behind[3..])
            }
            _ => ([value, vec![*first]].concat(), behind),
        };
    }
    value
}

fn read_as_json(text: &[u8]) -> Values {
    let object: serde_json::Value = serde_json::from_slice(text).unwrap();
    let field = |name: &str| object.get(name).map(|value| unescape(value.as_str().unwrap()));
    (field("kernel"), field("ramdisk"), field("args").filter(|args| !args.is_empty()))
}

/// Bytes with a taste for what readers trip over.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\0".to_vec()),
        Just(b"\n".to_vec()),
        Just(b" ".to_vec()),
        Just(b"\x0b".to_vec()),
        Just(b"'".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"\\".to_vec()),
        Just(b")(args 'x".to_vec()),
        Just(b"\nkernel /etc/shadow".to_vec()),
        Just(b"\0ramdisk /etc/shadow".to_vec()),
        Just("\u{200b}\u{202e}é😀\u{a0}".as_bytes().to_vec()),
        Just(vec![b'a'; 8190]),
        any::<u8>().prop_map(|byte| vec![byte]),
        "[a-z=/ ]{1,12}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn results() -> impl Strategy<Value = BootResult> {
    (nasty(), proptest::option::of(nasty()), nasty()).prop_map(|(kernel, ramdisk, args)| BootResult {
        kernel,
        ramdisk,
        args,
        origin: Origin::default(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn each_format_parses_back_or_is_refused(result in results()) {
        for format in [Format::Sxp, Format::Simple, Format::Simple0, Format::Json] {
            let Ok(text) = format.render(&result) else { continue };
            let read = match format {
                Format::Sxp => read_as_python(&text).unwrap(),
                Format::Simple => read_as_xapi(&text).unwrap(),
                Format::Simple0 => read_as_libxl(&text),
                Format::Json => read_as_json(&text),
            };
            prop_assert_eq!(read, expected(&result), "{:?}", format);
        }
    }

    #[test]
    fn ordinary_values_are_never_refused(args in "[!-~]([ -~é]{0,60})", kernel in "/[!-~]{1,20}") {
        let result = BootResult { kernel: kernel.into(), ramdisk: None, args: args.into(), origin: Origin::default() };
        for format in [Format::Sxp, Format::Simple, Format::Simple0, Format::Json] {
            prop_assert!(format.render(&result).is_ok());
        }
    }
}

fn result(kernel: &str, ramdisk: Option<&str>, args: &str) -> BootResult {
    BootResult {
        kernel: kernel.into(),
        ramdisk: ramdisk.map(Into::into),
        args: args.into(),
        origin: Origin::default(),
    }
}

#[test]
fn the_text_is_pygrubs() {
    let whole =
        result("/d/boot_kernel.abcdef", Some("/d/boot_ramdisk.abcdef"), "root=/dev/xvda1 ro \"it's\"");
    let bare = result("/d/boot_kernel.abcdef", None, "");
    for (format, result, expected) in [
        (
            Format::Sxp,
            &whole,
            "linux (kernel '/d/boot_kernel.abcdef')(ramdisk '/d/boot_ramdisk.abcdef')(args 'root=/dev/xvda1 ro \"it\\'s\"')",
        ),
        (Format::Sxp, &bare, "linux (kernel '/d/boot_kernel.abcdef')"),
        (
            Format::Simple,
            &whole,
            "kernel /d/boot_kernel.abcdef\nramdisk /d/boot_ramdisk.abcdef\nargs root=/dev/xvda1 ro \"it's\"\n\n",
        ),
        (Format::Simple, &bare, "kernel /d/boot_kernel.abcdef\n\n"),
        (Format::Simple0, &bare, "kernel /d/boot_kernel.abcdef\0\0"),
    ] {
        assert_eq!(format.render(result).unwrap(), expected.as_bytes(), "{format:?}");
    }
}

#[test]
fn what_cannot_be_told_is_refused_by_name() {
    let long = "a".repeat(8192 - "args ".len());
    for (format, result, expected) in [
        (Format::Simple, result("/k", None, "a\nkernel /etc/shadow"), Unrepresentable::LineBreak("args")),
        (Format::Simple0, result("/k", None, "a\0kernel /etc/shadow"), Unrepresentable::Nul("args")),
        (Format::Sxp, result("/k", Some("/r\0"), ""), Unrepresentable::Nul("ramdisk")),
        (Format::Simple0, result("/k", None, " a"), Unrepresentable::LeadingSpace("args")),
        (Format::Simple0, result("/k", None, &long), Unrepresentable::TooLong("args", 8192)),
        (Format::Json, result("", None, ""), Unrepresentable::NoKernel),
    ] {
        assert_eq!(format.render(&result), Err(expected));
    }
    assert!(Format::Simple0.render(&result("/k", None, &long[1..])).is_ok());
}
