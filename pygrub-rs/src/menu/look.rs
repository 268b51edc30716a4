//! What the terminal can do, told by its name and the locale.
//!
//! No terminfo: its database is found through environment variables and home directories, and this program runs as root. What is
//! needed of it is two kinds of terminal: a vt100, and what came after.

use crossterm::Command;
use crossterm::style::{Attribute, Color, SetAttribute, SetForegroundColor};

/// How things are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Characters beyond ASCII, lines and arrows among them.
    pub(crate) unicode: bool,
    /// The alternate screen, a cursor that can be hidden, colours.
    pub(crate) modern: bool,
}

/// Terminals that understand what xterm does; the name may go on behind a hyphen (`screen-256color`).
const MODERN: &[&str] = &[
    "alacritty",
    "contour",
    "cygwin",
    "eterm",
    "foot",
    "ghostty",
    "gnome",
    "kitty",
    "konsole",
    "linux",
    "mintty",
    "mlterm",
    "mrxvt",
    "ms",
    "putty",
    "rio",
    "rxvt",
    "screen",
    "st",
    "terminology",
    "tmux",
    "vte",
    "wezterm",
    "xterm",
];

/// What a stretch of text is there for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    Title,
    Border,
    /// The highlighted entry.
    Highlight,
    Help,
    /// A guest's byte that cannot be shown as it is.
    Escaped,
    Error,
}

impl Look {
    /// The one for this environment: `TERM`, and the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set.
    pub(crate) fn of_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
        Self::of(&variable("TERM").unwrap_or_default(), &locale.unwrap_or_default())
    }

    fn of(term: &str, locale: &str) -> Self {
        let name = term.split(['-', '.']).next().unwrap_or_default();
        let modern = MODERN.contains(&name);
        let codeset = locale.split(['.', '@']).nth(1).unwrap_or_default().to_ascii_lowercase();
        let unicode = modern && matches!(codeset.as_str(), "utf-8" | "utf8");
        Self { unicode, modern }
    }

    /// The lines of a box: horizontal, vertical, then its corners from the upper left on, clockwise.
    pub(crate) const fn lines(self) -> [char; 6] {
        match self.unicode {
            true => ['─', '│', '┌', '┐', '┘', '└'],
            false => ['-', '|', '+', '+', '+', '+'],
        }
    }

    /// The signs for up and down, as in the keys and where a list goes on.
    pub(crate) const fn arrows(self) -> [char; 2] {
        if self.unicode { ['↑', '↓'] } else { ['^', 'v'] }
    }

    /// The signs for text that goes on to the left and to the right.
    pub(crate) const fn continued(self) -> [char; 2] {
        if self.unicode { ['‹', '›'] } else { ['<', '>'] }
    }

    /// What stands for a submenu's content.
    pub(crate) const fn submenu(self) -> char {
        if self.unicode { '▸' } else { '>' }
    }

    /// Switches to a style; whatever was before is over.
    pub(crate) fn start(self, style: Style, out: &mut String) {
        let attributes: &[Attribute] = match (style, self.modern) {
            (Style::Title | Style::Error, _) => &[Attribute::Bold],
            (Style::Highlight, _) => &[Attribute::Reverse],
            (Style::Help, true) => &[Attribute::Dim],
            _ => &[],
        };
        let colour = match style {
            Style::Title => Some(Color::Cyan),
            Style::Error => Some(Color::Red),
            Style::Escaped => Some(Color::Yellow),
            _ => None,
        };
        // Writing to a String cannot fail.
        let _ = SetAttribute(Attribute::Reset).write_ansi(out);
        for attribute in attributes {
            let _ = SetAttribute(*attribute).write_ansi(out);
        }
        if let Some(colour) = colour.filter(|_| self.modern) {
            let _ = SetForegroundColor(colour).write_ansi(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vt100_is_ascii_whatever_the_locale() {
        let plain = Look { unicode: false, modern: false };
        for term in ["vt100", "vt102", "vt220", "dumb", "ansi", "", "unknown", "xtermish"] {
            assert_eq!(Look::of(term, "en_GB.UTF-8"), plain, "{term}");
        }
    }

    #[test]
    fn a_modern_terminal_is_unicode_where_the_locale_is() {
        for term in ["xterm-256color", "screen.xterm-256color", "tmux", "linux"] {
            assert_eq!(Look::of(term, "de_DE.utf8@euro"), Look { unicode: true, modern: true }, "{term}");
            for locale in ["", "C", "POSIX", "en_GB.ISO-8859-1"] {
                assert_eq!(Look::of(term, locale), Look { unicode: false, modern: true }, "{term} {locale}");
            }
        }
    }

    #[test]
    fn a_vt100_gets_bold_and_reverse_and_nothing_else() {
        let look = Look { unicode: false, modern: false };
        let mut out = String::new();
        for style in [
            Style::Plain,
            Style::Title,
            Style::Border,
            Style::Highlight,
            Style::Help,
            Style::Escaped,
            Style::Error,
        ] {
            look.start(style, &mut out);
        }
        for sequence in out.split_inclusive('m') {
            assert!(["\x1b[0m", "\x1b[1m", "\x1b[7m"].contains(&sequence), "{sequence:?}");
        }
    }
}
