//! `TYPE A`: a stored LF is a CR LF on the network (RFC 959, 3.1.1.1). Encoding loses nothing: decoding gives
//! back any octets, a CR in front of a LF included.

/// What crosses the network for stored octets.
pub(super) fn encode(stored: &[u8]) -> Vec<u8> {
    let mut network = Vec::with_capacity(encoded_len(stored));
    for &octet in stored {
        if octet == b'\n' {
            network.push(b'\r');
        }
        network.push(octet);
    }
    network
}

/// How many octets [`encode`] gives.
pub(super) fn encoded_len(stored: &[u8]) -> usize {
    stored.len() + stored.iter().filter(|&&octet| octet == b'\n').count()
}

/// Turns what comes from the network, cut anywhere, into what is stored.
#[derive(Default, Debug)]
pub(super) struct Decoder {
    held_cr: bool,
}

impl Decoder {
    pub(super) fn decode(&mut self, network: &[u8]) -> Vec<u8> {
        let mut stored = Vec::with_capacity(network.len() + 1);
        for &octet in network {
            if self.held_cr && octet != b'\n' {
                stored.push(b'\r');
            }
            self.held_cr = octet == b'\r';
            if !self.held_cr {
                stored.push(octet);
            }
        }
        stored
    }

    /// What is left at the end.
    pub(super) fn finish(self) -> &'static [u8] {
        if self.held_cr { b"\r" } else { b"" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_restores_what_was_encoded_at_every_cut() {
        for stored in [&b""[..], b"a\nb\n", b"\n\n", b"a\r\nb", b"\r", b"\r\r\n\r", b"lone\rcr"] {
            let network = encode(stored);
            assert_eq!(network.len(), encoded_len(stored));
            for cut in 0..=network.len() {
                let mut decoder = Decoder::default();
                let mut decoded = decoder.decode(&network[..cut]);
                decoded.extend(decoder.decode(&network[cut..]));
                decoded.extend(decoder.finish());
                assert_eq!(decoded, stored, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_lone_lf_from_the_network_is_kept() {
        assert_eq!(Decoder::default().decode(b"a\nb\r\n"), b"a\nb\n");
    }
}
