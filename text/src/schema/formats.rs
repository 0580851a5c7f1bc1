//! What `format` asks of a string, as patterns. Each is narrower than or equal to what its RFC allows.

const DATE: &str = concat!(
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))",
    // The 29th of February, in leap years.
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)",
);

/// Without leap seconds, which would need the date and the offset. Fractions end, so that a model does too.
const TIME: &str =
    r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))";

const OCTET: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

/// A host name's label: letters, digits and, inside, hyphens.
const LABEL: &str = "(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)";

/// The pattern of a format, anchored at both ends; nothing for a format that is not known. A host name has at
/// most 253 characters: three labels of 63 and one of 31 stay below it.
pub fn pattern(format: &str) -> Option<String> {
    let body = match format {
        "date" => DATE.to_string(),
        "time" => TIME.to_string(),
        "date-time" => format!("{DATE}T{TIME}"),
        "duration" => duration(),
        "uuid" => "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}".to_string(),
        "ipv4" => format!(r"{OCTET}(?:\.{OCTET}){{3}}"),
        "ipv6" => ipv6(),
        "hostname" => host_name(),
        "email" => {
            let atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}";
            format!(r"{atom}(?:\.{atom}){{0,2}}@{}", host_name())
        }
        _ => return None,
    };
    Some(format!("^(?:{body})$"))
}

fn host_name() -> String {
    format!(r"{LABEL}(?:\.{LABEL}){{0,2}}(?:\.[A-Za-z][A-Za-z0-9]{{0,30}})?")
}

/// RFC 3339, appendix A: units in their order, none left out in between.
fn duration() -> String {
    let units = |letters: &[char]| {
        let mut chain = String::new();
        for letter in letters.iter().rev() {
            chain = format!("[0-9]{{1,9}}{letter}(?:{chain})?");
        }
        chain
    };
    let chains = |letters: &[char]| {
        let starts: Vec<String> = (0..letters.len()).map(|from| units(&letters[from..])).collect();
        starts.join("|")
    };
    let time = format!("T(?:{})", chains(&['H', 'M', 'S']));
    format!("P(?:(?:{})(?:{time})?|{time}|[0-9]{{1,9}}W)", chains(&['Y', 'M', 'D']))
}

/// RFC 4291: eight groups, or fewer around one `::`.
fn ipv6() -> String {
    let group = "[0-9a-fA-F]{1,4}";
    let mut forms = vec![format!("(?:{group}:){{7}}{group}"), format!("(?:{group}:){{1,7}}:")];
    for before in 1..=6 {
        forms.push(format!("(?:{group}:){{1,{}}}(?::{group}){{{before}}}", 7 - before));
    }
    forms.push(format!(":(?::{group}){{1,7}}"));
    forms.push("::".to_string());
    forms.join("|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use llguidance::derivre::{RegexAst, RegexBuilder};

    fn matches(format: &str, text: &str) -> bool {
        let mut builder = RegexBuilder::new();
        let pattern = pattern(format).expect(format);
        let expression = builder.mk(&RegexAst::SearchRegex(pattern)).expect(format);
        builder.to_regex(expression).is_match(text)
    }

    #[test]
    fn formats_know_what_is_theirs() {
        for (format, yes, no) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("date", "2000-02-29", "1900-02-29"),
            ("date", "2023-12-31", "2023-11-31"),
            ("time", "23:59:59.5+01:30", "23:59:60Z"),
            ("date-time", "2023-01-01T00:00:00Z", "2023-01-01 00:00:00Z"),
            ("duration", "P1Y2M3DT4H5M6S", "P1Y3D"),
            ("duration", "PT5M", "P"),
            ("duration", "P3W", "P3W1D"),
            (
                "uuid",
                "123e4567-e89b-12d3-a456-426614174000",
                "123e4567e89b12d3a456426614174000",
            ),
            ("ipv4", "255.0.10.1", "256.0.0.1"),
            ("ipv6", "2001:db8::1", "2001:db8::1::2"),
            ("ipv6", "::", "1:2:3:4:5:6:7"),
            ("ipv6", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9"),
            ("ipv6", "1::2:3:4:5:6:7", "1::2:3:4:5:6:7:8"),
            ("hostname", "a-b.example.com", "-a.example"),
            ("email", "a.b@example.com", "a..b@example.com"),
        ] {
            assert!(matches(format, yes), "{format} {yes}");
            assert!(!matches(format, no), "{format} {no}");
        }
        assert!(pattern("uri").is_none());
    }
}
