//! What bodies hold of memory: the counter is the allocator of every program of this crate, and counts for each thread by itself.

use allocation_counter::{AllocationInfo, measure};

/// Runs what has no use for a heap.
pub(crate) fn none<T>(work: impl FnOnce() -> T) -> T {
    let (done, counted) = counted(work);
    assert_eq!(counted.count_total, 0, "{} octets were allocated", counted.bytes_total);
    done
}

/// Runs what keeps to so many octets at a time, beside those that were there before.
pub(crate) fn at_most<T>(octets: usize, work: impl FnOnce() -> T) -> T {
    let (done, counted) = counted(work);
    assert!(
        counted.bytes_max <= octets as u64,
        "{} octets at a time, and {octets} are the limit",
        counted.bytes_max
    );
    done
}

fn counted<T>(work: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut done = None;
    let counted = measure(|| done = Some(work()));
    (done.expect("it was run"), counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_not_counted() {
        let before = vec![0_u8; 1000];
        assert_eq!(none(|| before.len()), 1000);
        let after = at_most(100, || vec![1_u8; 100]);
        assert_eq!(after.len(), 100);
    }

    #[test]
    #[should_panic(expected = "1 octets were allocated")]
    fn one_octet_is_not_none() {
        none(|| vec![0_u8; 1]);
    }

    /// Also where it is given back at once.
    #[test]
    #[should_panic(expected = "and 10 are the limit")]
    fn what_is_given_back_counts() {
        at_most(10, || drop(vec![0_u8; 11]));
    }
}
