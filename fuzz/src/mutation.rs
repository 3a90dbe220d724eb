//! Mutations that know what an exchange is: commands, lines, headers that count, and payload.
//!
//! A mutator of octets seldom leaves a count and its payload in agreement, so most of what it makes ends in a line that claims
//! nothing, or in payload that never ends. Here payload grows, shrinks and is cut while its count follows, and the count is what is
//! attacked in its turn. What is read is written again octet for octet, so a corpus goes back and forth between both mutators.

mod exchange;

use exchange::{Exchange, FRAMES, Frame, Piece};

/// What a mutation puts among or between others: what reads like something else than it is.
const TEXTS: [&[u8]; 16] = [
    b"\r\nOK\r\n",
    b"\r\nERROR\r\n",
    b"\r\n+CME ERROR: 3\r\n",
    b"\r\n+FTPGET: 1,1\r\n",
    b"\r\n+HTTPACTION: 0,200,5+SAPBR 1: DEACT\r\n",
    b"\r\n+CMT: \"1\",,\"\"\r\nOK\r\n",
    b"\r\nRDY\r\n",
    b"\r\nDOWNLOAD\r\n",
    b"\r\n+FTPPUT: 2,5\r\n",
    b"\r\n> ",
    b"AT\r",
    b"AT\r\r\nOK\r\n",
    b"\r\n",
    b"\"\r\n",
    b"\r",
    b"\xFF\0",
];

/// Lengths at which something is different.
const LENGTHS: [usize; 10] = [0, 1, 2, 3, 15, 16, 100, 122, 125, 300];

/// Counts at which something is different.
const COUNTS: [u64; 9] = [0, 1, 99, 100, 101, 0xFFFF, 0xFFFF_FFFF, 0x1_0000_0000, u64::MAX];

/// What the mutation of `seed` makes of `input`, whose first `behind` octets are none of the exchange. `None` where octets are to be
/// mutated without a thought, which is half of the time.
#[must_use]
pub fn mutate(input: &[u8], behind: usize, longest: usize, seed: u32) -> Option<Vec<u8>> {
    let mut dice = Dice::new(seed);
    if dice.below(2) == 0 {
        return None;
    }
    let (start, exchange) = input.split_at_checked(behind)?;
    let mut exchange = Exchange::read(exchange);
    for _ in 0..=dice.below(3) {
        change(&mut exchange, &mut dice);
    }
    let mut mutated = [start, &exchange.write()].concat();
    mutated.truncate(longest);
    Some(mutated)
}

/// Numbers that depend on nothing but their seed: xorshift.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        Self((u64::from(seed) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Less than `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }

    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// One mutation.
fn change(exchange: &mut Exchange, dice: &mut Dice) {
    let pieces = &mut exchange.pieces;
    let at = dice.below(pieces.len() + 1);
    match dice.below(12) {
        0 | 1 => drop(pieces.splice(at..at, command_and_response(dice))),
        2 => pieces.insert(at, Piece::Line(dice.one_of(&TEXTS).to_vec())),
        3 | 4 => in_a_frame(pieces, dice, refill),
        5 => in_a_frame(pieces, dice, |frame, dice| {
            // One too many or too few, or another number altogether.
            frame.count = match dice.below(4) {
                0 => frame.count.wrapping_add(1),
                1 => frame.count.wrapping_sub(1),
                _ => *dice.one_of(&COUNTS),
            };
        }),
        6 | 7 => cut(pieces, dice),
        8 if at < pieces.len() => damage(&mut pieces[at], dice),
        9 if at < pieces.len() => drop(pieces.remove(at)),
        10 if at < pieces.len() => {
            let again = pieces[at].clone();
            pieces.insert(dice.below(pieces.len()), again);
        }
        11 if at < pieces.len() => {
            let other = dice.below(pieces.len());
            pieces.swap(at, other);
        }
        _ => pieces.push(Piece::Line(dice.one_of(&TEXTS).to_vec())),
    }
}

/// A command that gets payload or asks for some, and what it gets.
fn command_and_response(dice: &mut Dice) -> Vec<Piece> {
    let kind = dice.one_of(&FRAMES);
    let mut frame = Frame { kind, count: 0, payload: Vec::new() };
    refill(&mut frame, dice);
    let command = if dice.below(4) == 0 { dice.one_of(&FRAMES).command } else { kind.command };
    let mut pieces = vec![Piece::Command(command.as_bytes().to_vec())];
    if dice.below(2) == 0 {
        pieces.push(Piece::Line([command.as_bytes(), b"\r"].concat()));
    }
    pieces.push(Piece::Line(b"\r\n".to_vec()));
    pieces.push(Piece::Frame(frame));
    pieces.push(Piece::Line(kind.close.to_vec()));
    pieces
}

/// Other payload, and a count that is as wrong or right as it was.
fn refill(frame: &mut Frame, dice: &mut Dice) {
    let wrong = frame.count.wrapping_sub(frame.payload.len() as u64);
    match dice.below(3) {
        0 => frame.payload.resize(*dice.one_of(&LENGTHS), b'.'),
        1 => {
            let at = dice.below(frame.payload.len() + 1);
            frame.payload.splice(at..at, dice.one_of(&TEXTS).iter().copied());
        }
        _ => {
            let text = dice.one_of(&TEXTS);
            let from = dice.below(frame.payload.len() + 1);
            frame.payload.truncate(from);
            frame.payload.extend_from_slice(text);
        }
    }
    frame.count = wrong.wrapping_add(frame.payload.len() as u64);
}

/// Something happens in the middle of payload or of a line.
fn cut(pieces: &mut Vec<Piece>, dice: &mut Dice) {
    /// The letters of all targets.
    const LETTERS: [u8; 8] = *b"awhdpesr";
    let places: Vec<usize> = (0..pieces.len()).filter(|at| pieces[*at].octets().is_some()).collect();
    if places.is_empty() {
        return;
    }
    let at = *dice.one_of(&places);
    let Some(octets) = pieces[at].octets() else { return };
    let rest = octets.split_off(dice.below(octets.len() + 1));
    let between = if dice.below(2) == 0 {
        Piece::Command(dice.one_of(&FRAMES).command.as_bytes().to_vec())
    } else {
        Piece::Step(*dice.one_of(&LETTERS))
    };
    pieces.splice(at + 1..at + 1, [between, Piece::Line(rest)]);
}

/// An octet is lost, doubled or another one; or a line end is missing.
fn damage(piece: &mut Piece, dice: &mut Dice) {
    let Some(octets) = piece.octets() else { return };
    if octets.is_empty() {
        return;
    }
    let at = dice.below(octets.len());
    match dice.below(4) {
        0 => drop(octets.remove(at)),
        1 => octets.insert(at, octets[at]),
        2 => octets[at] ^= 1 << dice.below(8),
        _ => octets.truncate(octets.trim_ascii_end().len()),
    }
}

fn in_a_frame(pieces: &mut [Piece], dice: &mut Dice, change: impl FnOnce(&mut Frame, &mut Dice)) {
    let mut frames: Vec<&mut Frame> = pieces
        .iter_mut()
        .filter_map(|piece| if let Piece::Frame(frame) = piece { Some(frame) } else { None })
        .collect();
    if !frames.is_empty() {
        let chosen = dice.below(frames.len());
        change(frames[chosen], dice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::seeds;

    #[test]
    fn a_mutation_depends_on_its_seed_alone_and_keeps_to_the_limit() {
        let input = &seeds("framer")[0];
        let mutated: Vec<_> = (0..200).map(|seed| mutate(input, 0, 300, seed)).collect();
        assert_eq!(mutated, (0..200).map(|seed| mutate(input, 0, 300, seed)).collect::<Vec<_>>());
        let made = mutated.iter().flatten();
        assert!(made.clone().all(|input| input.len() <= 300));
        assert!((60..140).contains(&made.count()), "half of them are for the other mutator");
    }

    #[test]
    fn what_stands_before_the_exchange_is_left_alone() {
        for seed in 0..200 {
            let mutated = mutate(b"\x01\x02\x03\x04\r\nOK\r\n", 4, 300, seed);
            assert!(mutated.is_none_or(|mutated| mutated.starts_with(b"\x01\x02\x03\x04")));
        }
    }

    /// What most frames of a mutator of octets are not.
    #[test]
    fn counts_follow_their_payload() {
        let mut dice = Dice::new(7);
        for _ in 0..200 {
            let mut frame = Frame { kind: dice.one_of(&FRAMES), count: 0, payload: Vec::new() };
            refill(&mut frame, &mut dice);
            assert_eq!(frame.count, frame.payload.len() as u64);
            frame.count += 1;
            refill(&mut frame, &mut dice);
            assert_eq!(frame.count, frame.payload.len() as u64 + 1);
        }
    }
}
