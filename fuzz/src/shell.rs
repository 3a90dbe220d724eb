//! What makes a program of a body, for the engine that the features name.

/// Runs a body under libFuzzer, AFL++ (in persistent mode) or honggfuzz.
///
/// `exchange behind n` says that its inputs are what [`crate::mutation`] reads, behind `n` other octets: libFuzzer mutates them with
/// their structure then. The other two engines mutate octets only.
#[macro_export]
macro_rules! shell {
    ($target:ident, exchange behind $octets:literal) => {
        $crate::shell!($target);

        #[cfg(feature = "libfuzzer")]
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            match $crate::mutation::mutate(&data[..size], $octets, max_size, seed) {
                Some(mutated) => {
                    data[..mutated.len()].copy_from_slice(&mutated);
                    mutated.len()
                }
                None => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
            }
        });
    };
    ($target:ident) => {
        #[cfg(feature = "libfuzzer")]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$target(data));

        #[cfg(feature = "afl")]
        fn main() {
            afl::fuzz!(|data: &[u8]| {
                $crate::$target(data);
            });
        }

        #[cfg(feature = "honggfuzz")]
        fn main() {
            loop {
                honggfuzz::fuzz(|data| $crate::$target(data));
            }
        }
    };
}
