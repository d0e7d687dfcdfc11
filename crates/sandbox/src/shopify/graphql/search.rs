//! Shopify's search syntax, as far as catalogues are searched with it: terms such as
//! `updated_at:>'2026-01-01T00:00:00Z'`, `status:active,draft`, `sku:ABC*`, `-vendor:Kestrel`,
//! joined by `AND` (or nothing) and `OR`.
//! Reference: "Shopify API search syntax", shopify.dev/docs/api/usage/search-syntax.

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};

/// How a term compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One condition; without a field it is about the record's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) field: Option<String>,
    pub(crate) comparison: Comparison,
    pub(crate) value: String,
    pub(crate) negated: bool,
}

/// A search: one of the groups has to match, all terms of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) groups: Vec<Vec<Term>>,
}

impl Search {
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let mut groups = vec![Vec::new()];
        let mut negated = false;
        for word in words(text.unwrap_or_default()) {
            match word.as_str() {
                "AND" => {}
                "OR" => groups.push(Vec::new()),
                "NOT" => negated = true,
                _ => {
                    if let Some(group) = groups.last_mut() {
                        group.push(term(&word, std::mem::take(&mut negated)));
                    }
                }
            }
        }
        groups.retain(|group| !group.is_empty());
        Self { groups }
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether a record matches, given what is known of each term; an unknown one matches all.
    pub(crate) fn matches(&self, mut holds: impl FnMut(&Term) -> Option<bool>) -> bool {
        self.groups.is_empty()
            || self.groups.iter().any(|group| {
                group
                    .iter()
                    .all(|term| holds(term).is_none_or(|matches| matches != term.negated))
            })
    }

    /// The seconds since 1970 that every match's field lies after, if the search says so.
    pub(crate) fn after(&self, field: &str) -> Option<i64> {
        let [group] = self.groups.as_slice() else {
            return None;
        };
        let bounds = group
            .iter()
            .filter(|term| !term.negated && term.is_about(field));
        bounds
            .filter_map(|term| match term.comparison {
                Comparison::Greater => Some(time(&term.value)?),
                Comparison::GreaterOrEqual => Some(time(&term.value)? - 1),
                _ => None,
            })
            .max()
    }

    /// What `extensions.search` says about fields that do not exist.
    pub(crate) fn warnings(&self, path: &str, query: &str, known: &[&str]) -> Option<Value> {
        let unknown: Vec<Value> = self
            .groups
            .iter()
            .flatten()
            .filter_map(|term| term.field.as_deref())
            .filter(|field| !known.contains(field))
            .map(|field| {
                json!({
                    "field": field,
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                })
            })
            .collect();
        (!unknown.is_empty())
            .then(|| json!({ "path": [path], "query": query, "warnings": unknown }))
    }
}

impl Term {
    fn is_about(&self, field: &str) -> bool {
        self.field.as_deref() == Some(field)
    }

    /// Compares a time, in seconds since 1970; false if the term is not about a time.
    pub(crate) fn time(&self, seconds: i64) -> bool {
        time(&self.value).is_some_and(|value| self.ordered(&seconds, &value))
    }

    /// Compares a number; a global id counts as the number in it.
    pub(crate) fn number(&self, number: u64) -> bool {
        let figures = self.value.rsplit('/').next().unwrap_or_default();
        figures
            .parse()
            .is_ok_and(|value| self.ordered(&number, &value))
    }

    /// Compares a text, ignoring case; `*` at the end stands for any end, commas for "or".
    pub(crate) fn text(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.value
            .to_lowercase()
            .split(',')
            .any(|wanted| match wanted.strip_suffix('*') {
                Some(beginning) => text.starts_with(beginning),
                None => text == wanted,
            })
    }

    /// Whether the words contain the value, ignoring case.
    pub(crate) fn within(&self, words: &str) -> bool {
        words
            .to_lowercase()
            .contains(self.value.trim_end_matches('*').to_lowercase().as_str())
    }

    fn ordered<T: Ord>(&self, left: &T, right: &T) -> bool {
        match self.comparison {
            Comparison::Equal => left == right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}

fn time(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let day: NaiveDate = text.parse().ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

/// Splits at spaces outside quotes; parentheses only group and are dropped.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        let current = words.len() - 1;
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            (letter, Some(_)) => words[current].push(letter),
            ('\'' | '"', None) => quote = Some(letter),
            ('(' | ')', None) => words.push(String::new()),
            (letter, None) if letter.is_whitespace() => words.push(String::new()),
            (letter, None) => words[current].push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn term(word: &str, negated: bool) -> Term {
    let (word, negated) = match word.strip_prefix('-') {
        Some(word) => (word, true),
        None => (word, negated),
    };
    let named = word.split_once(':').filter(|(field, _)| {
        !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    let Some((field, value)) = named.filter(|(field, _)| *field != "gid") else {
        let value = word.to_owned();
        return Term {
            field: None,
            comparison: Comparison::Equal,
            value,
            negated,
        };
    };
    let comparisons = [
        (">=", Comparison::GreaterOrEqual),
        ("<=", Comparison::LessOrEqual),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
    ];
    let (comparison, value) = comparisons
        .into_iter()
        .find_map(|(sign, comparison)| Some((comparison, value.strip_prefix(sign)?)))
        .unwrap_or((Comparison::Equal, value));
    Term {
        field: Some(field.to_owned()),
        comparison,
        value: value.to_owned(),
        negated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_joined_by_and() {
        let search = Search::parse(Some(
            "updated_at:>'2026-01-01T00:00:00Z' AND status:active sku:\"A B\"",
        ));
        let [group] = search.groups.as_slice() else {
            panic!("{search:?}")
        };
        assert_eq!(group.len(), 3);
        assert_eq!(group[0].comparison, Comparison::Greater);
        assert_eq!(group[0].value, "2026-01-01T00:00:00Z");
        assert_eq!(group[2].value, "A B");
        assert_eq!(search.after("updated_at"), Some(1_767_225_600));
    }

    #[test]
    fn groups_are_joined_by_or_and_terms_can_be_negated() {
        let search = Search::parse(Some("status:draft OR -vendor:Kestrel"));
        assert_eq!(search.groups.len(), 2);
        assert!(search.groups[1][0].negated);
        assert!(search.matches(|term| Some(term.is_about("status"))));
        assert_eq!(search.after("updated_at"), None);
    }

    #[test]
    fn values_compare_by_kind() {
        let holds = |text: &str| Search::parse(Some(text)).groups[0][0].clone();
        assert!(holds("updated_at:<='2026-01-01'").time(1_767_225_600));
        assert!(!holds("updated_at:<2026-01-01").time(1_767_225_600));
        assert!(holds("id:gid://shopify/Product/17").number(17));
        assert!(holds("id:>16").number(17));
        assert!(holds("sku:ab*").text("ABC"));
        assert!(holds("status:active,draft").text("DRAFT"));
        assert!(!holds("sku:ab").text("ABC"));
    }

    #[test]
    fn unknown_fields_are_warned_of() {
        let search = Search::parse(Some("colour:red title:x"));
        let warnings = search
            .warnings("products", "colour:red title:x", &["title"])
            .unwrap();
        assert_eq!(warnings["warnings"][0]["field"], "colour");
        assert!(Search::parse(None).is_everything());
    }
}
