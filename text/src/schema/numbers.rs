//! Keywords about numbers.

use serde_json::{Map, Value};

use super::{refuse, step, Checked, Keywords};

/// Beyond 2^53 a double no longer tells whole numbers apart.
const GREATEST: f64 = 9_007_199_254_740_991.0;
/// The smallest bound beside zero: a bound is written out digit by digit.
const SMALLEST: f64 = 1e-9;
/// The greatest numerator and the most decimals of a `multipleOf`: the compiler reckons in 32 bits.
const GREATEST_STEP: f64 = 1_000_000.0;
const MOST_DECIMALS: i32 = 3;

pub fn check(keywords: &Keywords, at: &str, written: &mut Map<String, Value>) -> Checked<()> {
    let find = |name: &str| keywords.iter().find(|(keyword, _)| *keyword == name);
    for (keyword, value) in keywords {
        let here = step(at, keyword);
        match *keyword {
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                let bound = exact(keyword, value, &here)?;
                written.insert((*keyword).to_string(), bound);
            }
            "multipleOf" => {
                check_step(value, &here)?;
                // The automaton for multiples has no sign.
                let lowest = find("minimum").or_else(|| find("exclusiveMinimum"));
                if lowest
                    .and_then(|(_, value)| value.as_f64())
                    .is_none_or(|bound| bound < 0.0)
                {
                    let message = "multipleOf can be enforced only beside a minimum or exclusiveMinimum of 0 or more";
                    return refuse(&here, message);
                }
                written.insert("multipleOf".to_string(), (*value).clone());
            }
            _ => {}
        }
    }
    Ok(())
}

/// A number that can be written out as it is.
pub fn exact(what: &str, value: &Value, here: &str) -> Checked<Value> {
    let Some(number) = value.as_f64() else {
        return refuse(here, format!("{what} must be a number, got {value}"));
    };
    if number == 0.0 {
        return Ok(0.into());
    }
    if number.abs() > GREATEST || number.abs() < SMALLEST {
        let message = format!("{what} must be 0 or have a magnitude from {SMALLEST:e} to {GREATEST}, got {value}");
        return refuse(here, message);
    }
    if number.fract() == 0.0 {
        return Ok((number as i64).into());
    }
    Ok(value.clone())
}

/// The compiler finds a step's decimals by multiplying with ten until nothing is left: that must be exact.
fn check_step(value: &Value, here: &str) -> Checked<()> {
    let decimals = || {
        let number = value.as_f64()?;
        let mut scaled = number;
        let mut count = 0;
        while scaled.fract() != 0.0 && count < MOST_DECIMALS {
            scaled *= 10.0;
            count += 1;
        }
        let text = format!("{number}");
        let written = text.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
        (scaled.fract() == 0.0 && written == count && (1.0..=GREATEST_STEP).contains(&scaled)).then_some(())
    };
    match decimals() {
        Some(()) => Ok(()),
        None => refuse(
            here,
            format!("multipleOf must be positive, with at most {MOST_DECIMALS} decimals and at most {GREATEST_STEP} without its point, got {value}"),
        ),
    }
}
