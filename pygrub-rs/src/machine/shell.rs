//! Command lines for a POSIX shell.

/// A command whose options stand on lines of their own.
pub(super) struct Command {
    text: String,
}

impl Command {
    /// The first line, which is ours.
    pub(super) fn new(start: &str) -> Self {
        Self { text: start.to_owned() }
    }

    /// An option with its value, quoted where it has to be.
    pub(super) fn option(mut self, option: &str, value: &str) -> Self {
        self.text.push_str(" \\\n  ");
        self.text.push_str(option);
        self.text.push(' ');
        self.text.push_str(&quoted(value));
        self
    }

    /// The same, where there is a value.
    pub(super) fn optional(self, option: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.option(option, value),
            None => self,
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }
}

/// As one word of a shell's: in single quotes, unless every character stands for itself.
fn quoted(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    match !value.is_empty() && value.bytes().all(is_plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}
