//! The environment block (manual: "Environment block").
//!
//! 1024 bytes (other sizes are seen and read too): the line `# GRUB Environment Block`, then lines `name=value`, then
//! `#` up to the end. In a value a backslash makes the byte after it, a newline or another backslash, part of the
//! value.

const SIGNATURE: &[u8] = b"# GRUB Environment Block\n";

/// Names and values.
pub(crate) type Variables = Vec<(Vec<u8>, Vec<u8>)>;

/// The variables in the order they stand there; `None` when the signature is missing.
pub(crate) fn parse(block: &[u8]) -> Option<Variables> {
    let mut rest = block.strip_prefix(SIGNATURE)?.iter().copied();
    let mut variables = Vec::new();
    let mut line: Vec<u8> = Vec::new();
    let mut equals = None;
    while let Some(byte) = rest.next() {
        match byte {
            b'\n' => {
                push(&mut variables, &line, equals);
                line.clear();
                equals = None;
            }
            b'\\' => line.extend(rest.next()),
            b'=' if equals.is_none() => {
                equals = Some(line.len());
                line.push(byte);
            }
            _ => line.push(byte),
        }
    }
    push(&mut variables, &line, equals);
    Some(variables)
}

fn push(variables: &mut Vec<(Vec<u8>, Vec<u8>)>, line: &[u8], equals: Option<usize>) {
    if line.first() == Some(&b'#') {
        return;
    }
    if let Some((name, value)) = equals.and_then(|at| line.split_at_checked(at)) {
        variables.push((name.to_vec(), value.get(1..).unwrap_or_default().to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_a_block() {
        let mut block = SIGNATURE.to_vec();
        block.extend(b"saved_entry=a>b\nx=1\\\\2\\\n3\n# comment=1\nnext_entry=\nodd\n");
        block.resize(1024, b'#');
        let expected: [(&[u8], &[u8]); 3] =
            [(b"saved_entry", b"a>b"), (b"x", b"1\\2\n3"), (b"next_entry", b"")];
        let found = parse(&block).unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_signature_is_needed() {
        assert_eq!(parse(b"saved_entry=1\n"), None);
        assert_eq!(parse(b""), None);
    }
}
