//! Finding by a few letters, for the command palette.

/// How well `text` fits what was typed, both in lower case; `None` where a letter is missing.
/// Higher is better: beginnings of words and letters in a row count most, and
/// of two that fit alike the shorter one is better.
pub(crate) fn score(typed: &str, text: &str) -> Option<i32> {
    let mut score = 0_i32;
    let mut follows = false;
    let mut begins_word = true;
    let mut wanted = typed.chars().filter(|letter| !letter.is_whitespace());
    let mut next = wanted.next();
    for letter in text.chars() {
        match next {
            None => break,
            Some(letter_wanted) if letter_wanted == letter => {
                score += 1 + if follows { 4 } else { 0 } + if begins_word { 6 } else { 0 };
                follows = true;
                next = wanted.next();
            }
            Some(_) => follows = false,
        }
        begins_word = !letter.is_alphanumeric();
    }
    let length = i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
    next.is_none()
        .then(|| score.saturating_mul(100).saturating_sub(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_must_come_in_order() {
        assert!(score("prd", "products").is_some());
        assert!(score("dp", "products").is_none());
        assert!(score("", "products").is_some());
    }

    #[test]
    fn beginnings_and_rows_of_letters_rank_higher() {
        let best = |typed: &str, texts: [&'static str; 2]| {
            texts.into_iter().max_by_key(|text| score(typed, text))
        };
        assert_eq!(
            best("pro", ["compare offers", "products"]),
            Some("products")
        );
        assert_eq!(best("dt", ["edit", "dark theme"]), Some("dark theme"));
        assert_eq!(
            best("in", ["integrations of old", "integrations"]),
            Some("integrations")
        );
    }
}
