//! What the module says of a short message that arrives (manual 4.2.8).

/// A number that sends messages.
const SENDER: &str = "+491711234567";

/// Where it is stored.
pub(crate) fn stored(index: u16) -> String {
    format!("+CMTI: \"SM\",{index}")
}

/// The message in text mode: its lines are its sender's.
pub(crate) fn text(text: &str) -> String {
    format!("+CMT: \"{SENDER}\",\"\",\"26/01/02,03:04:05+04\"\r\n{text}")
}

/// The message as hexadecimal digits, its text as octets (3GPP TS 23.040, 9.2.2.1).
pub(crate) fn pdu(text: &str) -> String {
    // SMS-DELIVER of an international number; then protocol, coding (octets) and time.
    let head = "040C91947111325476000462102030405040";
    let octets = text.bytes().take(140);
    let user_data: String = octets.clone().map(|octet| format!("{octet:02X}")).collect();
    let tpdu = format!("{head}{:02X}{user_data}", octets.len());
    format!("+CMT: \"\",{}\r\n00{tpdu}", tpdu.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdu_is_as_long_as_its_head_says() {
        let message = pdu("OK");
        let (head, digits) = message.split_once("\r\n").expect("two lines");
        let length: usize = head.rsplit(',').next().and_then(|text| text.parse().ok()).expect("a length");
        assert_eq!(digits.len(), 2 * (length + 1));
        assert!(digits.ends_with("024F4B") && digits.bytes().all(|octet| octet.is_ascii_hexdigit()));
    }
}
