//! Dates: seven bytes in directory records (ECMA-119 9.1.5), seventeen in descriptors (8.4.26.1) and long `TF` entries.

/// A date's parts.
struct Date {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// Offset from Greenwich in quarters of an hour.
    zone: i64,
}

impl Date {
    /// Seconds since 1970; nothing for what is no date.
    fn seconds(&self) -> Option<i64> {
        let plausible = (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..=60).contains(&self.second);
        if !plausible {
            return None;
        }
        // Years that begin in March, so that the leap day is the last of its year.
        let year = if self.month <= 2 { self.year.checked_sub(1)? } else { self.year };
        let month = self.month.checked_add(9)?.checked_rem(12)?;
        let day_of_year =
            (month.checked_mul(153)?.checked_add(2)? / 5).checked_add(self.day)?.checked_sub(1)?;
        let leap_days = (year / 4).checked_sub(year / 100)?.checked_add(year / 400)?;
        let days = year.checked_mul(365)?.checked_add(leap_days)?.checked_add(day_of_year)?;
        // Days from 1 March of year 0 to 1 January 1970.
        let days = days.checked_sub(719_468)?;
        let hours = days.checked_mul(24)?.checked_add(self.hour)?;
        let minutes = hours.checked_mul(60)?.checked_add(self.minute)?;
        let seconds = minutes.checked_mul(60)?.checked_add(self.second)?;
        // Linux takes no notice of an offset beyond 13 hours.
        let zone = if (-52..=52).contains(&self.zone) { self.zone } else { 0 };
        seconds.checked_sub(zone.checked_mul(15 * 60)?)
    }
}

/// Seconds since 1970 of a short date; 0 for what is none.
pub(crate) fn short(bytes: [u8; 7]) -> i64 {
    let [year, month, day, hour, minute, second, zone] = bytes.map(i64::from);
    let [.., zone_byte] = bytes;
    let zone = if zone > 127 { i64::from(i8::from_le_bytes([zone_byte])) } else { zone };
    let year = year.saturating_add(1900);
    Date { year, month, day, hour, minute, second, zone }.seconds().unwrap_or(0)
}

/// Seconds since 1970 of a long date; 0 for what is none.
pub(crate) fn long(bytes: [u8; 17]) -> i64 {
    let number = |start: usize, end: usize| {
        let digits = core::str::from_utf8(bytes.get(start..end)?).ok()?;
        digits.parse::<u16>().ok().map(i64::from)
    };
    let [.., zone] = bytes;
    let date = || {
        Date {
            year: number(0, 4)?,
            month: number(4, 6)?,
            day: number(6, 8)?,
            hour: number(8, 10)?,
            minute: number(10, 12)?,
            second: number(12, 14)?,
            zone: i64::from(i8::from_le_bytes([zone])),
        }
        .seconds()
    };
    date().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{long, short};

    #[test]
    fn dates_as_gnu_date_counts_them() {
        assert_eq!(short([70, 1, 1, 0, 0, 0, 0]), 0);
        assert_eq!(short([124, 2, 29, 12, 34, 56, 0]), 1_709_210_096);
        assert_eq!(short([124, 2, 29, 12, 34, 56, 4]), 1_709_206_496);
        assert_eq!(short([124, 2, 29, 12, 34, 56, 0xfc]), 1_709_213_696);
        assert_eq!(long(*b"2024022912345600\0"), 1_709_210_096);
    }

    #[test]
    fn what_is_no_date() {
        assert_eq!(short([0; 7]), 0);
        assert_eq!(short([0xff; 7]), 0);
        assert_eq!(long([0; 17]), 0);
        assert_eq!(long([b'9'; 17]), 0);
    }
}
