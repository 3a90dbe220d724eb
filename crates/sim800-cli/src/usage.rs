//! What is wrong with a command line, without what may be secret in it.

/// `text` without what may be secret in an argument that it repeats: a URL, a header and a command line end at their first `:`
/// or `=`.
pub(crate) fn masked(text: &str, arguments: &[String]) -> String {
    let mut text = text.to_owned();
    for argument in arguments {
        if let Some(place) = argument.find([':', '=']) {
            text = text.replace(argument.as_str(), &format!("{}***", &argument[..=place]));
        }
    }
    text
}

/// What clap says of `arguments`, in one line: the error and its tips, without the usage.
pub(crate) fn in_one_line(error: &clap::Error, arguments: &[String]) -> String {
    let shown = masked(&error.render().to_string(), arguments);
    let told = shown.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let told: Vec<_> = told.map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = told.join("; ").replace(":;", ":").replace("; tip:", " -");
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_repeated_ends_before_what_may_be_secret() {
        let arguments =
            ["sim800", "a.txt", "ftp://u:sesame@h/f", "Cookie: sesame", "--x=sesame"].map(str::to_owned);
        let text = |argument: &str| masked(&format!("unexpected argument '{argument}' found"), &arguments);
        assert_eq!(text("a.txt"), "unexpected argument 'a.txt' found");
        assert_eq!(text("ftp://u:sesame@h/f"), "unexpected argument 'ftp:***' found");
        assert_eq!(text("Cookie: sesame"), "unexpected argument 'Cookie:***' found");
        assert_eq!(text("--x=sesame"), "unexpected argument '--x=***' found");
    }
}
