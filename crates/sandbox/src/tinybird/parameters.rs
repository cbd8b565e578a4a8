//! What a request asks of a pipe, read into the types that the pipe's
//! template declares: `{{String(org_id)}}`, `{{Date(date_from)}}`,
//! `{{Date(date_to)}}`, `{{Int32(limit, 50)}}`, and `{{Array(device, 'String')}}` and
//! other filters, which only count where they are defined. Others are ignored, as
//! Tinybird does.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::events::DAY;
use super::refusal::Refusal;

/// What a pipe is asked, typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// Whose rows. `None` is everybody's: these pipes filter only
    /// `{% if defined(org_id) %}`, which is how such pipes are often written.
    pub(super) org_id: Option<String>,
    /// Midnight UTC of the first day, in seconds since 1970.
    pub(super) from: i64,
    /// Midnight UTC after the last day.
    pub(super) until: i64,
    /// Only visits with such a device, browser, location or source, where some are
    /// defined: lists, with commas between.
    pub(super) device: Option<String>,
    pub(super) browser: Option<String>,
    pub(super) location: Option<String>,
    pub(super) source: Option<String>,
    /// At most so many rows, where the pipe has a limit.
    pub(super) limit: i32,
    /// The present.
    pub(super) now: i64,
}

impl Question {
    /// Without dates: today and the six days before.
    pub(super) fn read(parameters: &BTreeMap<String, String>, now: i64) -> Result<Self, Refusal> {
        let today = now - now.rem_euclid(DAY);
        let from = date(parameters, "date_from")?;
        let to = date(parameters, "date_to")?;
        let limit = match parameters.get("limit") {
            None => 50,
            Some(text) => text
                .parse::<i32>()
                .ok()
                .filter(|limit| *limit >= 0)
                .ok_or_else(|| Refusal::parameter("limit", text, "Int32"))?,
        };
        Ok(Self {
            org_id: parameters.get("org_id").cloned(),
            from: from.map_or(today - 6 * DAY, midnight),
            until: to.map_or(today, midnight) + DAY,
            device: parameters.get("device").cloned(),
            browser: parameters.get("browser").cloned(),
            location: parameters.get("location").cloned(),
            source: parameters.get("source").cloned(),
            limit,
            now,
        })
    }

    /// Whether it asks for one day only, which some pipes answer by the hour.
    pub(super) fn is_single_day(&self) -> bool {
        self.until - self.from == DAY
    }
}

fn date(parameters: &BTreeMap<String, String>, name: &str) -> Result<Option<Date>, Refusal> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    // Ten characters: a year of four digits, and no time after the day.
    let date = Date::strptime("%Y-%m-%d", text).ok().filter(|_| text.len() == 10);
    date.map(Some).ok_or_else(|| Refusal::parameter(name, text, "Date"))
}

fn midnight(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-21 12:00:00 UTC.
    const NOON: i64 = 1_795_262_400;

    fn read(pairs: &[(&str, &str)]) -> Result<Question, Refusal> {
        let parameters = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Question::read(&parameters, NOON)
    }

    #[test]
    fn the_last_day_is_included() {
        let question = read(&[("date_from", "2026-11-20"), ("date_to", "2026-11-21")]).expect("a question");
        assert_eq!((question.from, question.until), (NOON - 36 * 3600, NOON + 12 * 3600));
        assert!(!question.is_single_day());
        assert!(read(&[("date_from", "2026-11-20"), ("date_to", "2026-11-20")]).expect("a question").is_single_day());
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in ["", "2026-13-01", "2026-02-30", "2026-1-1", "20261121", "2026-11-21 00:00:00", "yesterday"] {
            assert!(read(&[("date_from", text)]).is_err(), "{text}");
            assert!(read(&[("date_to", text)]).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_count_is_refused() {
        for text in ["", "-1", "1.5", "ten", "2147483648", "1; DROP TABLE events"] {
            assert!(read(&[("limit", text)]).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(name in "date_from|date_to|limit|org_id", text in "\\PC{0,12}") {
            drop(read(&[(&name, &text)]));
        }
    }
}
