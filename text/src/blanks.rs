//! White space between the parts of a JSON text.

/// A line end and twelve levels of four spaces, or a few blank lines.
const LONGEST_RUN: usize = 48;

/// Counts white space outside strings, which the grammar lets run on and a model would let too. A run ends with the
/// token that reaches `LONGEST_RUN`.
#[derive(Default)]
pub struct Blanks {
    in_string: bool,
    escaped: bool,
    run: usize,
}

impl Blanks {
    pub fn is_blank(byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
    }

    /// Takes the next bytes of the text.
    pub fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.run = if !self.in_string && Blanks::is_blank(*byte) {
                self.run + 1
            } else {
                0
            };
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
        }
    }

    /// Whether no more of it may come.
    pub fn full(&self) -> bool {
        self.run >= LONGEST_RUN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_run_outside_a_string_is_full() {
        let spaces = " ".repeat(LONGEST_RUN);
        let full = |text: &str| {
            let mut blanks = Blanks::default();
            blanks.push(text.as_bytes());
            blanks.full()
        };
        assert!(full(&spaces));
        assert!(full(&format!("{{\"a\\\"\\\\\":{spaces}")));
        assert!(!full(&spaces[1..]));
        assert!(!full(&format!("{{\"a\\\"{spaces}")));
        assert!(!full(&format!("{spaces}1")));
    }
}
