//! How toolstacks read a boot loader's result: their rules, written again.

/// What the domain builder gets. Bytes: the guest's have no encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boot {
    /// The kernel's path on the host.
    pub kernel: Option<Vec<u8>>,
    /// The ramdisk's.
    pub ramdisk: Option<Vec<u8>>,
    /// The kernel's arguments.
    pub args: Option<Vec<u8>>,
}

/// Longest item that libxl reads, with its NUL (tools/libs/light/libxl_bootloader.c, `parse_bootloader_result`).
const LIBXL_ITEM: usize = 8192;

/// libxl's reading of `simple0`: items that end in NUL. What it only warns about is a failure here, and so is a last
/// item without NUL: a loader that makes the toolstack guess is wrong.
#[must_use]
pub fn libxl(result: &[u8]) -> Boot {
    assert!(result.is_empty() || result.ends_with(b"\0"), "the last item has no NUL: {}", show(result));
    let mut boot = Boot::default();
    for item in result.split(|byte| *byte == 0) {
        assert!(item.len() < LIBXL_ITEM, "overly long item {}", show(item));
        if let Some(value) = command(item, b"kernel") {
            boot.kernel = Some(value.to_vec());
        } else if let Some(value) = command(item, b"ramdisk") {
            boot.ramdisk = Some(value.to_vec());
        } else if let Some(value) = command(item, b"args") {
            boot.args = Some(value.to_vec());
        } else {
            assert!(item.is_empty(), "unexpected output from bootloader: {}", show(item));
        }
    }
    boot
}

/// `bootloader_result_command`: the word, at least one blank in C's sense, the value.
fn command<'a>(item: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let rest = item.strip_prefix(word)?;
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    rest.first().filter(|byte| is_space(byte))?;
    let begin = rest.iter().position(|byte| !is_space(byte)).unwrap_or(rest.len());
    Some(&rest[begin..])
}

/// xapi's reading of `simple` (ocaml/xenopsd/xc/bootloader.ml): lines, each of three kinds, none twice, both files
/// directly inside the folder; a kernel there must be.
pub fn xapi(result: &[u8], folder: &[u8]) -> Result<Boot, String> {
    let mut boot = Boot::default();
    for line in result.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let (slot, value) = if let Some(value) = line.strip_prefix(b"kernel ") {
            (&mut boot.kernel, inside(value, folder)?)
        } else if let Some(value) = line.strip_prefix(b"ramdisk ") {
            (&mut boot.ramdisk, inside(value, folder)?)
        } else if let Some(value) = line.strip_prefix(b"args ") {
            (&mut boot.args, value)
        } else {
            return Err(format!("bad line {}", show(line)));
        };
        if slot.replace(value.to_vec()).is_some() {
            return Err(format!("twice: {}", show(line)));
        }
    }
    if boot.kernel.is_none() {
        return Err("no kernel".to_owned());
    }
    Ok(boot)
}

fn inside<'a>(path: &'a [u8], folder: &[u8]) -> Result<&'a [u8], String> {
    let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix(b"/"));
    match name {
        Some(name) if !name.is_empty() && !name.contains(&b'/') && name != b"." && name != b".." => Ok(path),
        _ => Err(format!("not directly inside {}: {}", show(folder), show(path))),
    }
}

/// xend's reading of `sxp`: `linux (kernel 'P')(ramdisk 'R')(args 'A')` with Python's quoting, nothing else.
pub fn sxp(result: &[u8]) -> Result<Boot, String> {
    let mut boot = Boot::default();
    let mut rest = result.strip_prefix(b"linux ").ok_or("it does not begin with \"linux \"")?;
    while !rest.is_empty() {
        let bad = || format!("bad at {}", show(rest));
        let (slot, value) = if let Some(value) = rest.strip_prefix(b"(kernel ") {
            (&mut boot.kernel, value)
        } else if let Some(value) = rest.strip_prefix(b"(ramdisk ") {
            (&mut boot.ramdisk, value)
        } else if let Some(value) = rest.strip_prefix(b"(args ") {
            (&mut boot.args, value)
        } else {
            return Err(bad());
        };
        let (text, behind) = python_literal(value).ok_or_else(bad)?;
        if slot.replace(text).is_some() {
            return Err(format!("twice at {}", show(rest)));
        }
        rest = behind.strip_prefix(b")").ok_or_else(bad)?;
    }
    Ok(boot)
}

/// A literal as Python's `repr` writes it, and what follows it. Raw control characters are refused: `repr` never
/// writes one.
fn python_literal(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (quote, mut rest) = text.split_first().filter(|(quote, _)| matches!(quote, b'\'' | b'"'))?;
    let mut value = Vec::new();
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        match byte {
            byte if byte == quote => return Some((value, rest)),
            b'\\' => {
                let (escape, behind) = rest.split_first()?;
                rest = behind;
                let digits = match escape {
                    b'n' => {
                        value.push(b'\n');
                        continue;
                    }
                    b'r' => {
                        value.push(b'\r');
                        continue;
                    }
                    b't' => {
                        value.push(b'\t');
                        continue;
                    }
                    b'\\' | b'\'' | b'"' => {
                        value.push(*escape);
                        continue;
                    }
                    b'x' => 2,
                    b'u' => 4,
                    b'U' => 8,
                    _ => return None,
                };
                let (hex, behind) = rest.split_at_checked(digits)?;
                rest = behind;
                let number = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
                match number {
                    // What Python makes of a byte that is not UTF-8, with surrogateescape.
                    0xdc80..=0xdcff => value.push((number - 0xdc00) as u8),
                    _ => value.extend(char::from_u32(number)?.to_string().bytes()),
                }
            }
            0..=0x1f | 0x7f => return None,
            byte => value.push(*byte),
        }
    }
}

/// Bytes as text, for messages.
#[must_use]
pub fn show(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}
