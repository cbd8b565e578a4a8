//! How a language writes numbers, money and dates: signs, groups, names of months, and their order.
//!
//! `en`, which is Perch's own, is written here; the rest is CLDR's (`locale/table.rs`, made by `scripts/locales.mjs`).
//! A language that neither has is given English numbers and ISO 8601's dates. Digits are 0 to 9 everywhere, and hours
//! run from 0 to 23.

mod table;

use std::fmt;

use jiff::civil::{DateTime, Weekday};

/// What is written how.
pub(crate) struct Locale {
    /// As BCP 47 names it.
    tag: &'static str,
    pub(crate) decimal: &'static str,
    pub(crate) group: &'static str,
    /// How many digits the last group has, and the others: three and two in India.
    sizes: (usize, usize),
    /// Fewer digits than this are not grouped.
    least: usize,
    pub(crate) minus: &'static str,
    /// What stands before and after a number of percent.
    pub(crate) percent: (&'static str, &'static str),
    money: Money,
    /// The greatest first: from which number on, and what stands after what is counted so.
    pub(crate) units: &'static [(f64, &'static str)],
    /// By ISO 4217. A currency that is not here is called by its code.
    symbols: &'static [(&'static str, &'static str)],
    /// As they stand in dates.
    months: [&'static str; 12],
    /// As they stand by themselves.
    alone: [&'static str; 12],
    /// From Monday on.
    days: [&'static str; 7],
    /// `W` is the day's name, `D` its number, `Z` the same in two digits, `M` the month's name, `Y` the year.
    date: &'static str,
    day: &'static str,
    brief: &'static str,
}

/// Where a currency's sign stands.
#[derive(Clone, Copy)]
struct Money {
    /// Before the amount, not after it.
    before: bool,
    /// With a space between.
    spaced: bool,
    /// The minus stands between the sign and the amount.
    inside: bool,
}

/// Perch's own English.
pub(crate) static ENGLISH: Locale = Locale {
    tag: "en",
    decimal: ".",
    group: ",",
    sizes: (3, 3),
    least: 4,
    minus: "-",
    percent: ("", "%"),
    money: Money { before: true, spaced: false, inside: false },
    units: &[(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")],
    symbols: &[("EUR", "€"), ("USD", "$"), ("GBP", "£"), ("JPY", "¥"), ("INR", "₹")],
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    alone: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    date: "W D M Y",
    day: "D M Y",
    brief: "D M",
};

/// For languages that nobody taught us.
static UNKNOWN: Locale = Locale {
    tag: "und",
    months: ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"],
    alone: ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"],
    date: "Y-M-Z",
    day: "Y-M-Z",
    brief: "M-Z",
    ..ENGLISH
};

impl Locale {
    /// The locale of this tag, or of the nearest that it belongs to: `de-BE` is written as `de`.
    pub(crate) fn of(tag: &str) -> &'static Self {
        // Those whose parents say something else than their likely script or country does.
        let alias = match tag.to_ascii_lowercase().replace('_', "-").as_str() {
            "pt-br" => "pt".to_owned(),
            "no" | "no-no" | "nn" | "nn-no" => "nb".to_owned(),
            tag if tag.starts_with("zh-hant") || ["zh-hk", "zh-mo"].contains(&tag) => "zh-tw".to_owned(),
            tag if tag.starts_with("es-") && tag != "es-es" => "es-mx".to_owned(),
            tag => tag.to_owned(),
        };
        let mut wanted = alias.as_str();
        loop {
            if let Some(found) =
                [&ENGLISH].into_iter().chain(&table::TABLE).find(|one| one.tag.eq_ignore_ascii_case(wanted))
            {
                return found;
            }
            match wanted.rsplit_once('-') {
                Some((parent, _)) => wanted = parent,
                None => return &UNKNOWN,
            }
        }
    }

    /// Whether a number is written here as the engine writes it, as most are: short, without a minus, its decimals after
    /// a point.
    pub(crate) fn keeps(&self, text: &str) -> bool {
        let (mut whole, mut is_beyond) = (0, false);
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => whole += usize::from(!is_beyond),
                b'.' if !is_beyond && self.decimal == "." => is_beyond = true,
                _ => return false,
            }
        }
        (1..=self.sizes.0).contains(&whole)
    }

    /// Appends a plain number's digits with this locale's signs between them, without its minus.
    pub(crate) fn write_digits(&self, digits: &str, out: &mut String) {
        let point = digits.bytes().position(|byte| byte == b'.');
        let (whole, fraction) = point.map_or((digits, ""), |point| (&digits[..point], &digits[point + 1..]));
        let (last, others) = self.sizes;
        if whole.len() < self.least || whole.len() <= last {
            out.push_str(whole);
        } else {
            let (head, tail) = whole.split_at(whole.len() - last);
            let first = head.len() % others;
            out.push_str(&head[..first]);
            for (index, start) in (first..head.len()).step_by(others).enumerate() {
                if index > 0 || first > 0 {
                    out.push_str(self.group);
                }
                out.push_str(&head[start..start + others]);
            }
            out.push_str(self.group);
            out.push_str(tail);
        }
        if !fraction.is_empty() {
            out.push_str(self.decimal);
            out.push_str(fraction);
        }
    }

    /// An amount of money around digits that are written already. The minus is the locale's, or another.
    pub(crate) fn money(&self, currency: &str, minus: &str, amount: &str) -> String {
        let symbol = self.symbols.iter().find(|(code, _)| *code == currency).map_or(currency, |(_, symbol)| symbol);
        // A word needs a space where a sign needs none.
        let word = symbol.chars().next_back().is_some_and(char::is_alphabetic) && self.money.before;
        let space = if self.money.spaced || word { "\u{a0}" } else { "" };
        match (self.money.before, self.money.inside) {
            (true, false) => format!("{minus}{symbol}{space}{amount}"),
            (true, true) if minus.is_empty() => format!("{symbol}{space}{amount}"),
            // CLDR leaves out the space where the minus parts them, unless it stands there anyway.
            (true, true) if self.money.spaced => format!("{symbol}\u{a0}{minus}{amount}"),
            (true, true) => format!("{symbol}{minus}{amount}"),
            (false, _) => format!("{minus}{amount}{space}{symbol}"),
        }
    }

    /// `Mon 5 Jan 2026`.
    pub(crate) fn date(&self, at: DateTime) -> String {
        self.fill(self.date, at)
    }

    /// `5 Jan 2026`.
    pub(crate) fn day(&self, at: DateTime) -> String {
        self.fill(self.day, at)
    }

    /// `5 Jan`.
    pub(crate) fn brief(&self, at: DateTime) -> String {
        self.fill(self.brief, at)
    }

    /// `Jan`, from 1 on.
    pub(crate) fn month(&self, number: i8) -> &'static str {
        self.alone[usize::from(number.unsigned_abs().clamp(1, 12)) - 1]
    }

    /// `Mon`.
    pub(crate) fn weekday(&self, day: Weekday) -> &'static str {
        self.days[usize::from(day.to_monday_zero_offset().unsigned_abs()) % 7]
    }

    /// The names of the days, from Monday on.
    pub(crate) fn days(&self) -> impl Iterator<Item = &'static str> {
        self.days.into_iter()
    }

    /// The names of months by themselves, for whoever measures them.
    pub(crate) fn months(&self) -> impl Iterator<Item = &'static str> {
        self.alone.into_iter()
    }

    fn fill(&self, pattern: &str, at: DateTime) -> String {
        use fmt::Write as _;
        let mut out = String::with_capacity(24);
        for character in pattern.chars() {
            // Writing to a string does not fail.
            let _ = match character {
                'W' => out.write_str(self.weekday(at.weekday())),
                'D' => write!(out, "{}", at.day()),
                'Z' => write!(out, "{:02}", at.day()),
                'M' => out.write_str(self.months[usize::from(at.month().unsigned_abs().clamp(1, 12)) - 1]),
                'Y' => write!(out, "{}", at.year()),
                _ => out.write_char(character),
            };
        }
        out
    }
}

/// By name, because there is one of each.
impl PartialEq for Locale {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag
    }
}

impl Eq for Locale {}

impl fmt::Debug for Locale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_finds_its_nearest_locale() {
        for (tag, found) in [
            ("en", "en"),
            ("en-GB", "en-GB"),
            ("en-SG", "en"),
            ("de-BE", "de"),
            ("DE_at", "de-AT"),
            ("pt-BR", "pt"),
            ("zh-Hant-HK", "zh-TW"),
            ("zh-Hans-CN", "zh"),
            ("es-AR", "es-MX"),
            ("es-ES", "es"),
            ("no", "nb"),
            ("tlh", "und"),
            ("", "und"),
        ] {
            assert_eq!(Locale::of(tag).tag, found, "{tag}");
        }
    }

    #[test]
    fn dates_stand_in_the_locales_order() {
        let at: DateTime = "2026-03-05T00:00".parse().expect("a date");
        for (tag, date, brief) in [
            ("en", "Thu 5 Mar 2026", "5 Mar"),
            ("en-US", "Thu, Mar 5, 2026", "Mar 5"),
            ("de", "Do., 5. März 2026", "5. März"),
            ("ja", "2026年3月5日(木)", "3月5日"),
            ("tlh", "2026-03-05", "03-05"),
        ] {
            assert_eq!((Locale::of(tag).date(at).as_str(), Locale::of(tag).brief(at).as_str()), (date, brief), "{tag}");
        }
    }

    #[test]
    fn a_pattern_says_each_part_once_and_no_other_letter_is_taken_for_one() {
        for locale in [&ENGLISH, &UNKNOWN].into_iter().chain(&table::TABLE) {
            for (pattern, parts) in [(locale.day, "DMY"), (locale.brief, "DM")] {
                let mut found: Vec<char> = pattern.chars().filter(|letter| "WDMYZ".contains(*letter)).collect();
                found.sort_unstable();
                let found = found.into_iter().collect::<String>().replace('Z', "D");
                assert!(found == parts || found == "MD" || found == "MYD", "{locale:?}: {pattern}");
            }
        }
    }
}
