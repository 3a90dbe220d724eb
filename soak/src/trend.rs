//! Whether something rises over time, and how sure that is.

/// So many batches are made of what was seen. What is under way changes within half a minute or so; the mean of a batch knows
/// little of the one before, which the standard error takes for granted.
const BATCHES: usize = 16;

/// A line through batches of values, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trend {
    pub(crate) mean: f64,
    /// Per ten minutes.
    pub(crate) slope: f64,
    /// The standard error of the slope.
    pub(crate) error: f64,
}

impl Trend {
    /// The trend of `values`, at these `times` in seconds; `None` for too few.
    pub(crate) fn of(times: &[f64], values: &[f64]) -> Option<Self> {
        let [times, values] = [times, values].map(batches);
        Self::fit(&times, &values, &values, 2)
    }

    /// The same as if `cause` had been the same all the time: what of the values follows from it is taken out.
    pub(crate) fn beside(times: &[f64], values: &[f64], cause: &[f64]) -> Option<Self> {
        let [times, values, cause] = [times, values, cause].map(batches);
        Self::fit(&without(&times, &cause), &without(&values, &cause), &values, 3)
    }

    /// The line through `values` over `times` whose mean is that of `all`, where so many things were fitted in all.
    fn fit(times: &[f64], values: &[f64], all: &[f64], fitted: usize) -> Option<Self> {
        let freedom = times.len().checked_sub(fitted).filter(|freedom| *freedom > 0)?;
        let slope = slope(times, values);
        let (at, mean) = (mean(times), mean(values));
        let spread: f64 = times.iter().map(|time| (time - at).powi(2)).sum();
        let rest: f64 =
            times.iter().zip(values).map(|(time, value)| (value - mean - slope * (time - at)).powi(2)).sum();
        let error = (rest / freedom as f64 / spread).sqrt();
        Some(Self { mean: self::mean(all), slope: slope * 600.0, error: error * 600.0 })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The means of batches of about equal size.
fn batches(values: &[f64]) -> Vec<f64> {
    let batch = |n| &values[values.len() * n / BATCHES..values.len() * (n + 1) / BATCHES];
    (0..BATCHES).map(batch).filter(|batch| !batch.is_empty()).map(mean).collect()
}

/// How much `values` rise when `cause` rises by one.
fn slope(cause: &[f64], values: &[f64]) -> f64 {
    let (at, mean) = (mean(cause), mean(values));
    let spread: f64 = cause.iter().map(|cause| (cause - at).powi(2)).sum();
    let together: f64 = cause.iter().zip(values).map(|(cause, value)| (cause - at) * (value - mean)).sum();
    if spread > 0.0 { together / spread } else { 0.0 }
}

/// What is left of `values` when what follows from `cause` is taken out.
fn without(values: &[f64], cause: &[f64]) -> Vec<f64> {
    let (slope, at, mean) = (slope(cause, values), mean(cause), mean(values));
    values.iter().zip(cause).map(|(value, cause)| value - mean - slope * (cause - at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: usize = 480;

    fn over_time(value: impl Fn(f64) -> f64) -> Vec<f64> {
        (0..TIMES).map(|second| value(second as f64)).collect()
    }

    #[test]
    fn a_line_is_found_in_noise() {
        let times = over_time(|at| at);
        // Noise of one at most, either way.
        let noise = |at: f64| ((at * 12.9898).sin() * 43_758.545).fract();
        let values = over_time(|at| 50.0 + at / 600.0 * 1.5 + noise(at));
        let trend = Trend::of(&times, &values).unwrap();
        assert!((trend.slope - 1.5).abs() < 2.0 * trend.error, "{trend:?}");
        assert!((0.02..0.3).contains(&trend.error), "{trend:?}");
        assert!((trend.mean - 50.6).abs() < 0.1, "{trend:?}");
        assert_eq!(Trend::of(&times[..2], &values[..2]), None);
    }

    #[test]
    fn slow_swings_make_the_error_large() {
        let times = over_time(|at| at);
        // What a fit of every second would be sure of.
        let values = over_time(|at| (at / 40.0).sin());
        let trend = Trend::of(&times, &values).unwrap();
        assert!(trend.slope.abs() < 2.0 * trend.error && trend.error > 0.5, "{trend:?}");
    }

    #[test]
    fn what_has_a_cause_is_no_trend_and_what_has_none_is() {
        let times = over_time(|at| at);
        let cause = over_time(|at| at / 600.0 * 3.0 + (at / 40.0).sin());
        let caused: Vec<f64> = cause.iter().map(|cause| 20.0 + 0.7 * cause).collect();
        let trend = Trend::beside(&times, &caused, &cause).unwrap();
        assert!(trend.slope.abs() < 1e-6, "{trend:?}");
        let grown: Vec<f64> = caused.iter().zip(&times).map(|(value, at)| value + at / 600.0 * 1.5).collect();
        let trend = Trend::beside(&times, &grown, &cause).unwrap();
        assert!((trend.slope - 1.5).abs() < 1e-6, "{trend:?}");
    }

    #[test]
    fn a_cause_that_stays_the_same_takes_nothing_out() {
        let times = over_time(|at| at);
        let values = over_time(|at| at / 600.0);
        let trend = Trend::beside(&times, &values, &[5.0; TIMES]).unwrap();
        assert!((trend.slope - 1.0).abs() < 1e-6, "{trend:?}");
    }
}
