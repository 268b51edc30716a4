//! The seconds before the default entry boots by itself, and what is seen meanwhile.

use super::look::Style;
use super::screen::Screen;
use super::{Settings, Timeout};
use fsimage::protocol::{MenuReport, TimeoutStyle};
use std::time::{Duration, Instant};

/// Where the time stands.
#[derive(Debug)]
pub(crate) struct Start {
    /// When the default boots; none once somebody has pressed a key, or where the configuration waits.
    end: Option<Instant>,
    style: TimeoutStyle,
    /// An entry whose key was pressed before the menu was seen.
    hotkey: Option<usize>,
}

impl Start {
    /// From now on.
    pub(crate) fn new(menu: &MenuReport, settings: Settings) -> Self {
        let (timeout, style) = match settings.timeout {
            // Whoever says how long wants to see the menu.
            Some(Timeout::Seconds(seconds)) => (Some(seconds), TimeoutStyle::Menu {}),
            Some(Timeout::Never) => (None, TimeoutStyle::Menu {}),
            None => (menu.timeout, menu.timeout_style.clone()),
        };
        let end = timeout.map(|seconds| {
            let now = Instant::now();
            now.checked_add(Duration::from_secs(seconds.into())).unwrap_or(now)
        });
        // GRUB draws no menu that nobody would see, and one that would never end is shown.
        let style = match timeout {
            Some(0) => TimeoutStyle::Hidden {},
            Some(_) => style,
            None => TimeoutStyle::Menu {},
        };
        Self { end, style, hotkey: None }
    }

    pub(crate) fn is_menu_shown(&self) -> bool {
        self.style == TimeoutStyle::Menu {}
    }

    /// Somebody wants to see the menu: nothing boots by itself any more.
    pub(crate) fn show_menu(&mut self) {
        self.style = TimeoutStyle::Menu {};
        self.stop();
    }

    /// Nothing boots by itself any more.
    pub(crate) fn stop(&mut self) {
        self.end = None;
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| now >= end)
    }

    /// Seconds that are left, begun ones counted.
    pub(crate) fn seconds_left(&self, now: Instant) -> Option<u64> {
        let left = self.end?.saturating_duration_since(now);
        Some(left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0)))
    }

    /// When that number changes.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        let end = self.end?;
        let after = self.seconds_left(now)?.saturating_sub(1);
        end.checked_sub(Duration::from_secs(after))
    }

    pub(crate) fn keep_hotkey(&mut self, index: usize) {
        self.hotkey = Some(index);
    }

    pub(crate) fn take_hotkey(&mut self) -> Option<usize> {
        self.hotkey.take()
    }

    /// What is seen before the menu: nothing, or the seconds.
    pub(crate) fn draw(&self, screen: &mut Screen, title: &str, now: Instant) {
        if self.style != (TimeoutStyle::Countdown {}) {
            return;
        }
        let left = self.seconds_left(now).unwrap_or(0);
        let what = format!("`{title}' will be booted in {left}s. Press ESC to enter the menu.");
        let width = screen.width().saturating_sub(1);
        let mut row = 0;
        for line in super::text::wrapped(&what, width) {
            screen.put(0, row, &line, Style::Plain);
            row = row.saturating_add(1);
        }
        screen.park_cursor(0, row);
    }
}
