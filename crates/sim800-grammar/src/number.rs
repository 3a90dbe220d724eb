//! A range of numbers as digits: 8 to 120 is `[8-9]`, `[1-9][0-9]`, `1[0-1][0-9]` and `120`.

/// The least and the greatest digit at a place.
pub(crate) type Digit = (u8, u8);

const ANY: Digit = (0, 9);

/// Each alternative is a row of digits; together they are the numbers from `min` to `max`, each of them once.
pub(crate) fn digits(min: u32, max: u32) -> Vec<Vec<Digit>> {
    let mut alternatives = Vec::new();
    let mut low = min;
    while low <= max {
        let places = places(low);
        // The last number that has as many digits.
        let last = 10_u64.pow(places.len() as u32) - 1;
        let high = u64::from(max).min(last) as u32;
        alternatives.extend(between(&places, &self::places(high)));
        match high.checked_add(1) {
            Some(next) => low = next,
            None => break,
        }
    }
    alternatives
}

fn places(number: u32) -> Vec<u8> {
    number.to_string().bytes().map(|digit| digit - b'0').collect()
}

/// The same of two rows of the same length.
fn between(low: &[u8], high: &[u8]) -> Vec<Vec<Digit>> {
    let (Some((&first, low)), Some((&last, high))) = (low.split_first(), high.split_first()) else {
        return vec![Vec::new()];
    };
    let ahead = |digit: Digit, rows: Vec<Vec<Digit>>| {
        rows.into_iter().map(move |row| [vec![digit], row].concat()).collect::<Vec<_>>()
    };
    let (from_least, to_greatest) =
        (low.iter().all(|digit| *digit == 0), high.iter().all(|digit| *digit == 9));
    if first == last && !(from_least && to_greatest) {
        return ahead((first, first), between(low, high));
    }
    let mut rows = Vec::new();
    let begin = if from_least { first } else { first + 1 };
    if !from_least {
        rows.extend(ahead((first, first), between(low, &vec![9; low.len()])));
    }
    // The greatest is not 0 where it is more than the least; where it is the same, both ends are free.
    let end = if to_greatest { Some(last) } else { last.checked_sub(1) };
    if let Some(end) = end.filter(|end| begin <= *end) {
        rows.push([vec![(begin, end)], vec![ANY; low.len()]].concat());
    }
    if !to_greatest {
        rows.extend(ahead((last, last), between(&vec![0; high.len()], high)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(alternatives: &[Vec<Digit>], number: u32) -> usize {
        let places = places(number);
        let fits = |row: &&Vec<Digit>| {
            row.len() == places.len()
                && row.iter().zip(&places).all(|((low, high), digit)| (low..=high).contains(&digit))
        };
        alternatives.iter().filter(fits).count()
    }

    #[test]
    fn every_number_is_there_once_and_no_other() {
        let ends = [0, 1, 8, 9, 10, 11, 79, 99, 100, 101, 120, 556, 999, 1000, 1024, 1460, 2000];
        for min in ends {
            for max in ends.into_iter().filter(|max| *max >= min) {
                let alternatives = digits(min, max);
                for number in 0..=2100 {
                    let times = usize::from((min..=max).contains(&number));
                    assert_eq!(
                        is_in(&alternatives, number),
                        times,
                        "{number} of {min} to {max}: {alternatives:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_greatest_number_of_all_ends_it() {
        let alternatives = digits(u32::MAX - 6, u32::MAX);
        assert_eq!(is_in(&alternatives, u32::MAX), 1);
        assert_eq!(is_in(&alternatives, u32::MAX - 7), 0);
        assert_eq!(is_in(&digits(0, u32::MAX), 0), 1);
    }
}
