//! Bounds as capabilities write them.

use std::fmt::Write;

/// Digits behind the point of a bound in degrees: a tenth of a metre.
pub const DEGREES: u8 = 6;
/// Digits behind the point of a bound in metres.
pub const METRES: u8 = 2;

/// Appends a bound rounded away from the box, so that the box holds every feature; a bound that
/// has no more digits than these stays itself.
pub fn push_outward(out: &mut String, value: f64, decimals: u8, up: bool) {
    let factor = 10f64.powi(i32::from(decimals));
    // 0.001 of the last digit: decimal fractions are not exact in binary
    let scaled = match up {
        true => (value * factor - 1e-3).ceil(),
        false => (value * factor + 1e-3).floor(),
    };
    if scaled.abs() >= 9e15 {
        let _ = write!(out, "{value}");
        return;
    }
    // in range: checked above, and the factor is a whole number
    let (scaled, factor) = (scaled as i64, factor as i64);
    if scaled < 0 {
        out.push('-');
    }
    let (whole, mut fraction) = (scaled.abs() / factor, scaled.abs() % factor);
    let _ = write!(out, "{whole}");
    if fraction != 0 {
        let mut digits = usize::from(decimals);
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        let _ = write!(out, ".{fraction:0digits$}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outward(value: f64, up: bool) -> String {
        let mut out = String::new();
        push_outward(&mut out, value, 6, up);
        out
    }

    #[test]
    fn bounds_are_rounded_away_from_the_box_and_decimals_stay_themselves() {
        assert_eq!(outward(5.1, false), "5.1");
        assert_eq!(outward(5.1, true), "5.1");
        assert_eq!(outward(-0.000_000_4, false), "-0.000001");
        assert_eq!(outward(-0.000_000_4, true), "0");
        assert_eq!(outward(46.123_456_78, true), "46.123457");
        assert_eq!(outward(-180.0, false), "-180");
        assert_eq!(outward(0.0025, true), "0.0025");
    }
}
