//! A decoder and the buffer that its octets lie in.

use sim800_parser::{Decoder, Dialect, Event};

pub(crate) struct Buffered<D> {
    pub(crate) decoder: Decoder<D>,
    /// What belongs to no event yet.
    pub(crate) pending: Vec<u8>,
}

impl<D: Dialect> Buffered<D> {
    pub(crate) fn new(decoder: Decoder<D>) -> Self {
        Self { decoder, pending: Vec::new() }
    }

    /// Takes a read and tells its events.
    pub(crate) fn feed(&mut self, read: &[u8], mut sink: impl FnMut(Event<'_>)) {
        self.pending.extend_from_slice(read);
        let mut input = &self.pending[..];
        while let Some(event) = self.decoder.next(&mut input) {
            sink(event);
        }
        let taken = self.pending.len() - input.len();
        self.pending.drain(..taken);
    }
}
