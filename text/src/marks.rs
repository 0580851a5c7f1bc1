//! Telling the control tokens that a template writes from those that a message quotes.
//!
//! A message may hold the characters of a control token (`<|im_end|>`). To keep them text, each such place is broken
//! up before rendering, by a character that occurs nowhere else, put behind the control token's first character. The
//! prompt is rendered with it, its control tokens are found, and then the mark is taken out again.

use aho_corasick::AhoCorasick;
use serde_json::Value as Json;

/// The control tokens that stand in a conversation's texts.
pub struct Quoted<'a> {
    finder: &'a AhoCorasick,
    controls: &'a [String],
    /// Which of `controls` were found.
    pub found: Vec<usize>,
}

impl<'a> Quoted<'a> {
    /// Looks through every text of `inputs`. Nothing where no control token is quoted. A control token that is a
    /// single character cannot be told from that character, and is left alone.
    pub fn find(finder: &'a AhoCorasick, controls: &'a [String], inputs: &[&Json]) -> Option<Quoted<'a>> {
        let mut seen = vec![false; controls.len()];
        for input in inputs {
            visit(input, &mut |text| {
                for found in finder.find_overlapping_iter(text) {
                    seen[found.pattern().as_usize()] = true;
                }
            });
        }
        let found: Vec<usize> = (0..controls.len())
            .filter(|index| seen[*index] && controls[*index].chars().nth(1).is_some())
            .collect();
        (!found.is_empty()).then_some(Quoted {
            finder,
            controls,
            found,
        })
    }

    /// `input` with every quoted control token out of `which` broken up by `mark`.
    pub fn break_up(&self, input: &Json, which: &[usize], mark: char) -> Json {
        match input {
            Json::String(text) => Json::String(self.break_up_text(text, which, mark)),
            Json::Array(items) => items.iter().map(|item| self.break_up(item, which, mark)).collect(),
            Json::Object(fields) => fields
                .iter()
                .map(|(key, value)| (self.break_up_text(key, which, mark), self.break_up(value, which, mark)))
                .collect(),
            other => other.clone(),
        }
    }

    fn break_up_text(&self, text: &str, which: &[usize], mark: char) -> String {
        let mut places: Vec<usize> = self
            .finder
            .find_overlapping_iter(text)
            .filter(|found| which.contains(&found.pattern().as_usize()))
            .filter_map(|found| {
                let first = text[found.start()..].chars().next()?;
                Some(found.start() + first.len_utf8())
            })
            .collect();
        places.sort_unstable();
        places.dedup();
        let mut broken = String::with_capacity(text.len() + places.len() * mark.len_utf8());
        let mut from = 0;
        for place in places {
            broken.push_str(&text[from..place]);
            broken.push(mark);
            from = place;
        }
        broken.push_str(&text[from..]);
        broken
    }

    /// How often control token `which` stands unbroken in a rendered prompt.
    pub fn count(&self, prompt: &str, which: usize) -> usize {
        prompt.matches(self.controls[which].as_str()).count()
    }

    pub fn name(&self, which: usize) -> &str {
        &self.controls[which]
    }
}

/// A character for private use that stands nowhere in the template or the inputs.
pub fn unused_character(template: &str, inputs: &[&Json]) -> Option<char> {
    let mut used = std::collections::HashSet::new();
    let private = '\u{f0000}'..='\u{ffffd}';
    let mut note = |text: &str| used.extend(text.chars().filter(|c| private.contains(c)));
    note(template);
    for input in inputs {
        visit(input, &mut note);
    }
    private.clone().find(|c| !used.contains(c))
}

fn visit(input: &Json, see: &mut impl FnMut(&str)) {
    match input {
        Json::String(text) => see(text),
        Json::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Json::Object(fields) => {
            for (key, value) in fields {
                see(key);
                visit(value, see);
            }
        }
        _ => {}
    }
}
