//! What people call what a pipe or a column is called: `top_pages` is `Top pages`.

/// Abbreviations that are written in capitals.
const CAPITALS: [&str; 18] = [
    "api", "arr", "cpu", "csv", "gmv", "http", "id", "ip", "kpi", "kpis", "ltv", "mrr", "nps", "roi", "sla", "sql",
    "url", "usd",
];
/// Abbreviations that are written out.
const WRITTEN_OUT: [(&str, &str); 5] =
    [("avg", "average"), ("cnt", "count"), ("num", "number of"), ("pct", "percent"), ("qty", "quantity")];
/// Units that stand at the end of a name, where the numbers' own format says them.
const UNITS: [&str; 8] = ["bytes", "millis", "milliseconds", "ms", "sec", "seconds", "secs", "percent"];
/// Names that say nothing of what a pipe answers.
const EMPTY: [&str; 9] = ["api", "data", "endpoint", "kpi", "kpis", "metrics", "query", "stats", "summary"];

/// A name as a title.
pub(crate) fn title(name: &str) -> String {
    sentence(&words(name))
}

/// A column of numbers as a title: without the unit, which its numbers tell.
pub(crate) fn measure_title(name: &str) -> String {
    let mut words = words(name);
    if words.len() > 1 && words.last().is_some_and(|last| UNITS.contains(&last.as_str())) {
        words.pop();
    }
    sentence(&words)
}

/// Whether a pipe's name says nothing of what it answers.
pub(crate) fn says_nothing(name: &str) -> bool {
    words(name).iter().all(|word| EMPTY.contains(&word.as_str()))
}

/// `a`, `a and b`, or `a, b and c`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// In small letters, cut at what is no letter or digit, and before a capital.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (was_small && letter.is_uppercase()) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn sentence(words: &[String]) -> String {
    let written = |word: &String| match WRITTEN_OUT.iter().find(|(short, _)| short == word) {
        Some((_, long)) => (*long).to_owned(),
        None if word == "kpis" => "KPIs".to_owned(),
        None if CAPITALS.contains(&word.as_str()) => word.to_uppercase(),
        None => word.clone(),
    };
    let sentence = words.iter().map(written).collect::<Vec<_>>().join(" ");
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_people_say() {
        for (name, said) in [
            ("top_pages", "Top pages"),
            ("kpis", "KPIs"),
            ("avgOrderValue", "Average order value"),
            ("api-requests_by_url", "API requests by URL"),
            ("count()", "Count"),
            ("ünïcode_zählung", "Ünïcode zählung"),
            ("___", ""),
        ] {
            assert_eq!(title(name), said);
        }
        assert_eq!(measure_title("avg_session_sec"), "Average session");
        assert_eq!(measure_title("seconds"), "Seconds");
        assert!(says_nothing("kpis") && says_nothing("query_stats") && !says_nothing("sales_kpis"));
    }
}
