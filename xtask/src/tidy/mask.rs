//! Rust source with its comments and the content of its literals blanked, so that words can be looked for in code
//! alone.

use std::ops::Range;

/// A masked source file. Everything stands where it stood.
pub(super) struct Masked {
    /// The code; comments and what stands in literals are spaces, line ends are kept.
    pub(super) code: String,
    /// The content of string literals as written, with the place of its first octet.
    pub(super) strings: Vec<(usize, String)>,
}

impl Masked {
    pub(super) fn new(source: &str) -> Self {
        let mut masked = Self { code: String::with_capacity(source.len()), strings: Vec::new() };
        let mut at = 0;
        while at < source.len() {
            at = masked.step(source, at);
        }
        masked
    }

    /// Takes the token, or the octet, at `at`; where the next one starts.
    fn step(&mut self, source: &str, at: usize) -> usize {
        let rest = &source[at..];
        if rest.starts_with("//") {
            let end = at + rest.find('\n').unwrap_or(rest.len());
            return self.blank(source, at..end);
        }
        if rest.starts_with("/*") {
            return self.blank(source, at..at + comment_length(rest));
        }
        if let Some((open, close)) = raw_string(rest).filter(|_| !continues_word(source, at)) {
            let end = rest[open..].find(&close).map_or(source.len(), |end| at + open + end);
            return self.literal(source, at + open..end, at, close.len());
        }
        if let Some(content) = rest.strip_prefix('"') {
            let end = at + 1 + quoted_length(content, '"');
            return self.literal(source, at + 1..end, at, 1);
        }
        if let Some(content) = rest.strip_prefix('\'').filter(|content| is_char(content)) {
            let end = at + 1 + quoted_length(content, '\'');
            self.code.push('\'');
            self.blank(source, at + 1..end);
            self.code.push('\'');
            return end + 1;
        }
        let Some(letter) = rest.chars().next() else { return source.len() };
        if letter.is_ascii() {
            self.code.push(letter);
        } else {
            self.blank(source, at..at + letter.len_utf8());
        }
        at + letter.len_utf8()
    }

    /// Keeps a literal's delimiters and notes its content.
    fn literal(&mut self, source: &str, content: Range<usize>, start: usize, close: usize) -> usize {
        self.code.push_str(&source[start..content.start]);
        self.strings.push((content.start, source[content.clone()].to_owned()));
        self.blank(source, content.clone());
        let end = (content.end + close).min(source.len());
        self.code.push_str(&source[content.end..end]);
        end
    }

    fn blank(&mut self, source: &str, range: Range<usize>) -> usize {
        let octets = source[range.clone()].bytes();
        self.code.extend(octets.map(|octet| if octet == b'\n' { '\n' } else { ' ' }));
        range.end
    }

    /// The items that are compiled for tests alone: what `#[cfg(test)]` stands before, up to its closing brace.
    pub(super) fn tests(&self) -> Vec<Range<usize>> {
        let starts = self.code.match_indices("#[cfg(test)]").map(|(at, _)| at);
        starts.map(|start| start..start + item_length(&self.code[start..])).collect()
    }
}

/// From the start of an item to behind its `;`, or the brace that closes its first one.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code.char_indices() {
        match letter {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Block comments nest.
fn comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let two = &rest.as_bytes()[at..rest.len().min(at + 2)];
        at += match two {
            b"/*" => {
                depth += 1;
                2
            }
            b"*/" => {
                depth -= 1;
                if depth == 0 {
                    return at + 2;
                }
                2
            }
            _ => 1,
        };
    }
    rest.len()
}

/// The length of what opens a raw string at the start of `rest`, and what closes it.
fn raw_string(rest: &str) -> Option<(usize, String)> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let marks = rest[prefix.len()..].bytes().take_while(|octet| *octet == b'#').count();
    let quote = prefix.len() + marks;
    rest[quote..].starts_with('"').then(|| (quote + 1, format!("\"{}", "#".repeat(marks))))
}

fn continues_word(source: &str, at: usize) -> bool {
    source[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

/// The length of a literal's content, to the `quote` that no backslash escapes.
fn quoted_length(content: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in content.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at,
            _ => {}
        }
    }
    content.len()
}

/// Whether what stands behind an apostrophe is a character literal: a lifetime has no second apostrophe.
fn is_char(content: &str) -> bool {
    content.starts_with('\\') || content.chars().nth(1) == Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        let source = "a /* x /* y */ z */ b // c\nd(\"e\\\"f\", b\"g\", r#\"h\"i\"#, 'j', '\\'', '\"') <'k>";
        let masked = Masked::new(source);
        assert_eq!(masked.code.len(), source.len());
        let words: Vec<&str> = masked.code.split_whitespace().collect();
        assert_eq!(words.concat(), "abd(\"\",b\"\",r#\"\"#,'','','')<'k>");
        let strings: Vec<&str> = masked.strings.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(strings, ["e\\\"f", "g", "h\"i"]);
    }

    #[test]
    fn test_items_end_at_their_brace() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}\n#[cfg(test)]\nmod tests;\nfn d() {}";
        let masked = Masked::new(source);
        let tests: Vec<&str> = masked.tests().into_iter().map(|range| &source[range]).collect();
        assert_eq!(tests, ["#[cfg(test)]\nmod tests { fn b() {} }", "#[cfg(test)]\nmod tests;"]);
    }
}
