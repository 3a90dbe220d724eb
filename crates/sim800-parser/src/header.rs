//! The line that announces or grants payload: `+HTTPREAD: <n>`, `+FTPGET: 2,<n>`.

use crate::line::{blanks, number};

/// The count that `text` gives, if it begins with this name and selector: `+HTTPREAD: <n>`, `+FTPGET: 2,<n>`; and what
/// follows.
///
/// Every frame of payload begins with such a line, so it is matched by hand instead of by the grammar of all lines; a
/// test holds the two together.
#[inline(always)]
pub(crate) fn count<'a>(text: &'a [u8], name: &str, selector: Option<u32>) -> Option<(u64, &'a [u8])> {
    let mut rest = text.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
    if let Some(selector) = selector {
        let (number, after) = number(blanks(rest))?;
        if number != Some(u64::from(selector)) {
            return None;
        }
        rest = blanks(after).strip_prefix(b",")?;
    }
    let (count, rest) = number(blanks(rest))?;
    Some((count.unwrap_or(u64::MAX), rest))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::count;
    use crate::{Line, Value};

    #[test]
    fn headers_are_read_as_the_grammar_reads_lines() {
        for text in [
            "+FTPGET: 2,50",
            "+FTPGET:\t2\t,\t50",
            "+FTPGET:2,50",
            "+FTPGET:  2 , 50 ",
            "+FTPGET: 2",
            "+FTPGET: 2,",
            "+FTPGET: 2,50,1",
            "+FTPGET: 1,50",
            "+FTPGET: 2,x",
            "+FTPGET: 2,5x",
            "+FTPGET: 2,\"50\"",
            "+FTPGET: ,50",
            "+FTPGET:",
            "+FTPGE: 2,50",
            "+FTPGET 2,50",
            "+FTPGET: 2,18446744073709551615",
            "+FTPGET: 02,0050",
            "+FTPGET: 2 2,50",
            "+FTPGET: 2,5 0",
            "+FTPGETX: 2,50",
        ] {
            let line = Line::new(text.as_bytes());
            let mut values = line.values();
            let read = match (line.name(), values.next(), values.next(), values.next()) {
                (Some("+FTPGET"), Some(Value::Number(2)), Some(Value::Number(count)), None) => Some(count),
                _ => None,
            };
            let counted = count(text.trim_end().as_bytes(), "+FTPGET", Some(2));
            let counted = counted.filter(|(_, rest)| rest.is_empty()).map(|(count, _)| count);
            assert_eq!(counted, read, "{text}");
        }
        for (digits, expected) in [
            ("18446744073709551616", u64::MAX),
            ("99999999999999999999999", u64::MAX),
            ("00000000000000000000000000050", 50),
        ] {
            let text = format!("+FTPGET: 2,{digits}");
            assert_eq!(count(text.as_bytes(), "+FTPGET", Some(2)), Some((expected, &b""[..])));
        }
    }
}
