use super::*;

/// Whether the translated pattern finds something in a text.
fn finds(pattern: &str, text: &str) -> bool {
    let translated = translate(pattern).expect(pattern);
    let mut builder = RegexBuilder::new();
    let expression = builder.mk(&RegexAst::SearchRegex(translated)).expect(pattern);
    builder.to_regex(expression).is_match(text)
}

#[test]
fn what_both_dialects_share_keeps_its_meaning() {
    for (pattern, yes, no) in [
        ("^[a-c]{2,3}$", "abc", "abcd"),
        ("b", "abc", "ac"),
        ("^a|b$", "ax", "xa"),
        ("^(?:x|y)+?z$", "xyz", "xy"),
        ("^(?<year>[0-9]{4})-\\d\\d$", "2024-05", "2024-5"),
        ("^a\\/b\\.c$", "a/b.c", "a/bxc"),
        ("^\\u0041\\x42\\u{43}$", "ABC", "abc"),
        ("^\\p{Lu}$", "Ä", "ä"),
    ] {
        assert!(finds(pattern, yes), "{pattern} {yes}");
        assert!(!finds(pattern, no), "{pattern} {no}");
    }
}

#[test]
fn classes_are_read_by_the_rules_of_ecma() {
    assert!(finds("^[a&&b]$", "&"));
    assert!(finds("^[[a]$", "["));
    assert!(finds("^[+--]$", ","));
    assert!(!finds("^\\d$", "\u{663}"));
    assert!(!finds("^\\w$", "é"));
    assert!(finds("^\\s$", "\u{feff}"));
    assert!(!finds("^\\s$", "\u{85}"));
    assert!(!finds("^.$", "\u{2028}"));
    assert!(finds("^[^\\W_]$", "a"));
    assert!(!finds("^[^\\W_]$", "_"));
    assert!(finds("^[\\w-]+$", "a-b"));
}

#[test]
fn what_has_no_equal_is_refused() {
    for pattern in [
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?i)a",
        "(a)\\1",
        "\\bword\\b",
        "a\\",
        "[]",
        "[^]",
        "a{,3}",
        "x{",
        "\\cA",
        "a\\u0000",
        "[\\d-z]",
        "(",
        "\\uD83D",
        "a^b",
        "\\Q",
        "\\p{NoSuch}",
        "(?P<stop>a)",
    ] {
        assert!(translate(pattern).is_err(), "{pattern}");
    }
}
