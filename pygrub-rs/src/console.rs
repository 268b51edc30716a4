//! Lines for a person.
//!
//! libxl gives the boot loader a raw terminal whose output is not processed: there a line ends with `\r\n`.

use rustix::termios::{OutputModes, isatty, tcgetattr};
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Writes a message, each of its lines ended as the stream needs it, to standard error. That nobody listens is no
/// reason to fail.
pub fn say(message: &str) {
    let stream = io::stderr();
    let _ = write_lines(&mut stream.lock(), message, is_raw_terminal(&stream));
}

/// Writes text to standard output, each of its lines ended as the stream needs it.
///
/// # Errors
/// When standard output does not take it.
pub fn print(text: &str) -> io::Result<()> {
    let stream = io::stdout();
    let raw = is_raw_terminal(&stream);
    let mut stream = stream.lock();
    write_lines(&mut stream, text, raw)?;
    stream.flush()
}

fn write_lines(stream: &mut dyn Write, text: &str, raw: bool) -> io::Result<()> {
    let end = if raw { "\r\n" } else { "\n" };
    let ended: String = text.lines().flat_map(|line| [line, end]).collect();
    stream.write_all(ended.as_bytes())
}

fn is_raw_terminal(stream: impl AsFd) -> bool {
    isatty(&stream) && tcgetattr(&stream).is_ok_and(|modes| !modes.output_modes.contains(OutputModes::OPOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_the_stream_needs_it() {
        for (raw, expected) in [(false, "a\nb\n"), (true, "a\r\nb\r\n")] {
            let mut written = Vec::new();
            write_lines(&mut written, "a\nb", raw).unwrap();
            assert_eq!(written, expected.as_bytes());
        }
    }
}
