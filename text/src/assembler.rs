//! From the vocabulary's spelling of a token to bytes, and from bytes to text.

use serde_json::Value;

/// How a vocabulary spells text: what the `decoder` of a tokenizer.json describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Every character of a token stands for one byte (GPT-2's alphabet).
    ByteLevel,
    /// SentencePiece: `▁` is a space, and `<0xNN>` is one byte where `byte_fallback`.
    Pieces { byte_fallback: bool, leading: Leading },
    /// A decoder that needs all tokens at once.
    Whole,
}

/// What becomes of the space that SentencePiece puts before a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leading {
    Keep,
    /// The text loses one leading space.
    StripOne,
    /// The first token loses all of its spaces (Metaspace).
    FirstToken,
}

const SPACE_PIECE: char = '\u{2581}';

impl Spelling {
    /// Reads the `decoder` of a tokenizer.json.
    pub fn of_decoder(decoder: &Value) -> Spelling {
        match decoder["type"].as_str() {
            Some("ByteLevel") => Spelling::ByteLevel,
            Some("Metaspace") if decoder["replacement"] == "\u{2581}" => Spelling::Pieces {
                byte_fallback: false,
                leading: match decoder["prepend_scheme"].as_str() {
                    Some("never") => Leading::Keep,
                    _ => Leading::FirstToken,
                },
            },
            Some("Sequence") => Spelling::of_sequence(&decoder["decoders"]),
            _ => Spelling::Whole,
        }
    }

    fn of_sequence(decoders: &Value) -> Spelling {
        let Some(steps) = decoders.as_array() else {
            return Spelling::Whole;
        };
        if let [only] = steps.as_slice() {
            return Spelling::of_decoder(only);
        }
        let mut byte_fallback = false;
        let mut leading = Leading::Keep;
        for step in steps {
            match step["type"].as_str() {
                Some("Replace") if step["pattern"]["String"] == "\u{2581}" && step["content"] == " " => {}
                Some("ByteFallback") => byte_fallback = true,
                Some("Fuse") => {}
                Some("Strip") if step["content"] == " " && step["start"] == 1 && step["stop"] == 0 => {
                    leading = Leading::StripOne;
                }
                _ => return Spelling::Whole,
            }
        }
        Spelling::Pieces { byte_fallback, leading }
    }

    /// The bytes that a token stands for, without regard to its neighbours.
    pub fn bytes_of(self, token: &str) -> Vec<u8> {
        match self {
            // A token with a character outside the alphabet (a control token, say) stands for itself.
            Spelling::ByteLevel => token
                .chars()
                .map(byte_of_char)
                .collect::<Option<Vec<u8>>>()
                .unwrap_or_else(|| token.as_bytes().to_vec()),
            Spelling::Pieces {
                byte_fallback: true, ..
            } if byte_piece(token).is_some() => byte_piece(token).into_iter().collect(),
            Spelling::Pieces { .. } => token.replace(SPACE_PIECE, " ").into_bytes(),
            Spelling::Whole => token.as_bytes().to_vec(),
        }
    }
}

/// The byte that a character of GPT-2's alphabet stands for: printable Latin-1 stands for itself, and the other 68
/// bytes, in their order, are U+0100 and up.
fn byte_of_char(c: char) -> Option<u8> {
    let code = c as u32;
    match code {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => Some(code as u8),
        0x100..=0x120 => Some((code - 0x100) as u8),
        0x121..=0x142 => Some((code - 0x121 + 0x7f) as u8),
        0x143 => Some(0xad),
        _ => None,
    }
}

/// The byte of a `<0xNN>` token.
fn byte_piece(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() != 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// Joins tokens' bytes to text. A byte sequence that is no UTF-8 becomes U+FFFD, as `String::from_utf8_lossy` has it,
/// however the bytes were spread over tokens.
#[derive(Debug)]
pub struct Assembler {
    leading: Leading,
    started: bool,
    /// The start of a character whose rest has not come: at most three bytes between calls.
    held: Vec<u8>,
}

impl Assembler {
    pub fn new(spelling: Spelling) -> Assembler {
        let leading = match spelling {
            Spelling::Pieces { leading, .. } => leading,
            _ => Leading::Keep,
        };
        Assembler {
            leading,
            started: false,
            held: Vec::new(),
        }
    }

    /// Takes one token's bytes and appends to `text` what is complete with them.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) {
        let bytes = self.without_leading_space(bytes);
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            match std::str::from_utf8(&self.held[at..]) {
                Ok(rest) => {
                    text.push_str(rest);
                    at = self.held.len();
                    break;
                }
                Err(error) => {
                    let valid = at + error.valid_up_to();
                    text.push_str(&String::from_utf8_lossy(&self.held[at..valid]));
                    at = valid;
                    let Some(bad) = error.error_len() else { break };
                    text.push(char::REPLACEMENT_CHARACTER);
                    at += bad;
                }
            }
        }
        self.held.drain(..at);
    }

    /// Appends what is left: an unfinished character as U+FFFD. The next token begins a new text.
    pub fn finish(&mut self, text: &mut String) {
        text.push_str(&String::from_utf8_lossy(&self.held));
        self.held.clear();
        self.started = false;
    }

    fn without_leading_space<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.started || bytes.is_empty() {
            return bytes;
        }
        self.started = true;
        match self.leading {
            Leading::Keep => bytes,
            Leading::StripOne => bytes.strip_prefix(b" ").unwrap_or(bytes),
            Leading::FirstToken => {
                let spaces = bytes.iter().take_while(|b| **b == b' ').count();
                &bytes[spaces..]
            }
        }
    }
}
