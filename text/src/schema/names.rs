//! Every property name but some.

use std::collections::BTreeMap;

use super::pattern::class;
use crate::Result;

/// The longest pattern that may come of an object's names, in bytes.
const LONGEST: usize = 1 << 20;

#[derive(Default)]
struct Node {
    ends: bool,
    next: BTreeMap<char, Node>,
}

/// A pattern that matches all texts but `names`. For each start that they share: what goes on in another way.
pub fn all_but<'a>(names: impl Iterator<Item = &'a str>) -> Result<String> {
    let mut root = Node::default();
    for name in names {
        let mut node = &mut root;
        for c in name.chars() {
            node = node.next.entry(c).or_default();
        }
        node.ends = true;
    }
    let mut ways = Vec::new();
    let mut size = 0;
    let mut open = vec![(String::new(), &root)];
    while let Some((start, node)) = open.pop() {
        size += start.len() + 16 * node.next.len() + 32;
        if size > LONGEST {
            return Err(format!(
                "the names are too long: their pattern has more than {LONGEST} bytes"
            ));
        }
        let taken: String = node.next.keys().map(|c| format!("\\x{{{:x}}}", *c as u32)).collect();
        let other = if taken.is_empty() {
            "(?s:.)".to_string()
        } else {
            class(&format!("^{taken}"))
        };
        let or_nothing = if node.ends { "" } else { "?" };
        ways.push(format!("{start}(?:{other}(?s:.*)){or_nothing}"));
        for (c, next) in &node.next {
            let spelled = regex_syntax::escape(c.encode_utf8(&mut [0; 4]));
            open.push((format!("{start}{spelled}"), next));
        }
    }
    Ok(format!("^(?:{})$", ways.join("|")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use llguidance::derivre::{RegexAst, RegexBuilder};

    #[test]
    fn the_names_are_left_out_and_nothing_else() {
        let names = ["a", "ab", "abc", "x.y", "é", "\"q\"", "a\nb"];
        let pattern = all_but(names.into_iter()).expect("short names");
        let mut builder = RegexBuilder::new();
        let expression = builder.mk(&RegexAst::SearchRegex(pattern)).expect("a pattern");
        let mut regex = builder.to_regex(expression);
        for name in names {
            assert!(!regex.is_match(name), "{name}");
        }
        for other in [
            "", "b", "aa", "abcd", "abd", "x", "xzy", "e", "q", "\"q", "a\n", "a\nbc", "\n",
        ] {
            assert!(regex.is_match(other), "{other:?}");
        }
    }
}
