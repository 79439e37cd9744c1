//! Exact decimal arithmetic inside SQLite, which by itself adds binary fractions.
//!
//! These functions add and compare the decimals that its doubles stand for ([`digits`]);
//! PostgreSQL's `numeric` does the same by itself.

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
};

use bigdecimal::BigDecimal;
use rusqlite::{
    Connection, Error,
    functions::{Aggregate, Context, FunctionFlags},
    types::ValueRef,
};
use serde::{Serialize, Serializer};

use super::digits::{self, Total};

type Result<T, E = Error> = std::result::Result<T, E>;

/// Makes the functions and the collation `decimal` known to a connection.
///
/// - `decimal_text(x)`: the number as plain text.
/// - `decimal_sum(x)`, `decimal_squares(x)`: the exact sum of the numbers, or of their squares.
/// - `decimal_quotient(x, y)`: a quotient with many digits, to order by.
/// - `decimal_deviation(sum, squares, count)`: the standard deviation of a sample, to order by.
/// - `decimal_percentile(x, p)`: the percentile, between two numbers by linear interpolation.
/// - `distinct_values(x, y, …)`: where `x` is not null, the different values of each of the others,
///   as a JSON array of arrays; null of no rows.
/// - `COLLATE decimal`: texts of numbers compared as numbers.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("decimal_text", 1, flags, |ctx| {
        if let ValueRef::Real(double) = ctx.get_raw(0) {
            let (digits, scale) = decimal(double)?;
            return Ok(Some(digits::text(digits.into(), scale)));
        }
        Ok(number(ctx, 0)?.map(|number| number.to_plain_string()))
    })?;
    connection.create_scalar_function("decimal_quotient", 2, flags, |ctx| {
        let (Some(dividend), Some(divisor)) = (number(ctx, 0)?, number(ctx, 1)?) else {
            return Ok(None);
        };
        Ok(Some((dividend / divisor).with_scale(QUOTIENT_SCALE).to_plain_string()))
    })?;
    connection.create_scalar_function("decimal_deviation", 3, flags, |ctx| {
        let (Some(sum), Some(squares), Some(n)) =
            (number(ctx, 0)?, number(ctx, 1)?, number(ctx, 2)?)
        else {
            return Ok(None);
        };
        let one = BigDecimal::from(1);
        if n <= one {
            return Ok(None);
        }
        let variance = (&n * squares - sum.square()) / (&n * (&n - one));
        Ok(variance.sqrt().map(|root| root.with_scale(QUOTIENT_SCALE).to_plain_string()))
    })?;
    connection.create_aggregate_function("decimal_sum", 1, flags, Sum { squares: false })?;
    connection.create_aggregate_function("decimal_squares", 1, flags, Sum { squares: true })?;
    connection.create_aggregate_function("decimal_percentile", 2, flags, Percentile)?;
    connection.create_aggregate_function("distinct_values", -1, flags, Distinct)?;
    connection.create_collation("decimal", |one, other| {
        let number = |text: &str| text.parse::<BigDecimal>().ok();
        match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.cmp(other),
        }
    })
}

/// How many digits after the point a quotient has inside SQL, on both databases.
const QUOTIENT_SCALE: i64 = 40;

/// The decimal that a double stands for, as digits and the number of them after the point.
fn decimal(double: f64) -> Result<(i64, i32)> {
    digits::of(double).ok_or_else(|| unfit(&format!("{double} is no decimal")))
}

fn unfit(why: &str) -> Error {
    Error::UserFunctionError(why.into())
}

/// An argument as a number: a double that stands for a decimal, a whole number, or a text.
fn number(ctx: &Context<'_>, place: usize) -> Result<Option<BigDecimal>> {
    Ok(match ctx.get_raw(place) {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.into()),
        ValueRef::Real(double) => {
            let (digits, scale) = decimal(double)?;
            Some(BigDecimal::new(digits.into(), scale.into()).normalized())
        }
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| unfit("no text"))?;
            Some(text.parse().map_err(|_| unfit("no number"))?)
        }
        ValueRef::Blob(_) => return Err(unfit("no number")),
    })
}

/// Adds numbers, or their squares.
struct Sum {
    squares: bool,
}

impl Aggregate<Total, Option<String>> for Sum {
    fn init(&self, _: &mut Context<'_>) -> Result<Total> {
        Ok(Total::default())
    }

    fn step(&self, ctx: &mut Context<'_>, total: &mut Total) -> Result<()> {
        let (digits, scale) = match ctx.get_raw(0) {
            ValueRef::Null => return Ok(()),
            ValueRef::Integer(number) => (number, 0),
            ValueRef::Real(double) => decimal(double)?,
            _ => return Err(unfit("no number")),
        };
        match self.squares {
            false => total.add(digits.into(), scale),
            true => total.add(i128::from(digits) * i128::from(digits), scale * 2),
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<Total>) -> Result<Option<String>> {
        Ok(total.and_then(Total::text))
    }
}

/// Picks the number below which a part of all numbers lies.
struct Percentile;

impl Aggregate<(Vec<f64>, Option<BigDecimal>), Option<String>> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> Result<(Vec<f64>, Option<BigDecimal>)> {
        Ok((Vec::new(), None))
    }

    fn step(
        &self,
        ctx: &mut Context<'_>,
        (numbers, percent): &mut (Vec<f64>, Option<BigDecimal>),
    ) -> Result<()> {
        if percent.is_none() {
            *percent = number(ctx, 1)?;
        }
        if let Some(double) = ctx.get::<Option<f64>>(0)? {
            numbers.push(double);
        }
        Ok(())
    }

    fn finalize(
        &self,
        _: &mut Context<'_>,
        gathered: Option<(Vec<f64>, Option<BigDecimal>)>,
    ) -> Result<Option<String>> {
        let Some((mut numbers, Some(percent))) = gathered else { return Ok(None) };
        if numbers.is_empty() {
            return Ok(None);
        }
        numbers.sort_unstable_by(f64::total_cmp);
        let last = numbers.len() as u64 - 1;
        let rank = percent * BigDecimal::from(last) * BigDecimal::new(1.into(), 2);
        let below = rank.with_scale_round(0, bigdecimal::RoundingMode::Floor);
        let at = bigdecimal::ToPrimitive::to_usize(&below).unwrap_or(0).min(numbers.len() - 1);
        let exactly = |place: usize| -> Result<BigDecimal> {
            let (digits, scale) = decimal(numbers[place.min(numbers.len() - 1)])?;
            Ok(BigDecimal::new(digits.into(), scale.into()))
        };
        let (low, high) = (exactly(at)?, exactly(at + 1)?);
        let percentile = &low + (&high - &low) * (rank - below);
        Ok(Some(percentile.normalized().to_plain_string()))
    }
}

/// Gathers the different values of columns, all of them in one call for each row.
struct Distinct;

/// The different values of a column.
#[derive(Default)]
enum Values {
    #[default]
    None,
    Numbers(Met<i64>),
    Texts(Met<String>),
}

/// The different values that were met, at least one.
struct Met<T> {
    /// The one met last, which most often comes again, and often is the only one.
    last: T,
    others: BTreeSet<T>,
}

impl<T: Ord> Met<T> {
    fn new(value: T) -> Self {
        Self { last: value, others: BTreeSet::new() }
    }

    fn add(&mut self, value: T) {
        self.others.insert(std::mem::replace(&mut self.last, value));
    }

    /// All of them in order.
    fn all(&self) -> impl Iterator<Item = &T> {
        let smaller = (Unbounded, Excluded(&self.last));
        let larger = (Excluded(&self.last), Unbounded);
        let one = std::iter::once(&self.last);
        self.others.range(smaller).chain(one).chain(self.others.range(larger))
    }
}

impl Values {
    fn add(&mut self, value: ValueRef<'_>) -> Result<()> {
        let text =
            |text| std::str::from_utf8(text).map(str::to_owned).map_err(|_| unfit("no text"));
        match (self, value) {
            (_, ValueRef::Null) => {}
            (Self::Numbers(met), ValueRef::Integer(number)) if met.last == number => {}
            (Self::Numbers(met), ValueRef::Integer(number)) => met.add(number),
            (Self::Texts(met), ValueRef::Text(own)) if met.last.as_bytes() == own => {}
            (Self::Texts(met), ValueRef::Text(own)) => met.add(text(own)?),
            (none @ Self::None, ValueRef::Integer(number)) => {
                *none = Self::Numbers(Met::new(number));
            }
            (none @ Self::None, ValueRef::Text(own)) => *none = Self::Texts(Met::new(text(own)?)),
            _ => return Err(unfit("neither all numbers nor all texts")),
        }
        Ok(())
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => to.collect_seq([(); 0]),
            Self::Numbers(met) => to.collect_seq(met.all()),
            Self::Texts(met) => to.collect_seq(met.all()),
        }
    }
}

impl Aggregate<Vec<Values>, Option<String>> for Distinct {
    fn init(&self, ctx: &mut Context<'_>) -> Result<Vec<Values>> {
        Ok((1..ctx.len()).map(|_| Values::None).collect())
    }

    fn step(&self, ctx: &mut Context<'_>, columns: &mut Vec<Values>) -> Result<()> {
        if let ValueRef::Null = ctx.get_raw(0) {
            return Ok(());
        }
        (1..).zip(columns).try_for_each(|(place, values)| values.add(ctx.get_raw(place)))
    }

    fn finalize(&self, _: &mut Context<'_>, met: Option<Vec<Values>>) -> Result<Option<String>> {
        let lists = met.map(|columns| serde_json::to_string(&columns));
        lists.transpose().map_err(|why| unfit(&why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(sql: &str) -> Option<String> {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
        WHERE i < 1000000)";

    #[test]
    fn a_million_tenths_are_exactly_a_hundred_thousand() {
        assert_eq!(ask(&format!("{NUMBERS} SELECT decimal_sum(0.1) FROM n")).unwrap(), "100000");
        assert_eq!(ask(&format!("{NUMBERS} SELECT decimal_squares(0.1) FROM n")).unwrap(), "10000");
    }

    #[test]
    fn numbers_of_unlike_size_are_added_exactly() {
        for (values, sum) in [
            ("(2400000000000.0), (0.01)", "2400000000000.01"),
            ("(1e27), (1e-13)", "1000000000000000000000000000.0000000000001"),
            ("(0.1), (0.2), (-0.3)", "0"),
            ("(82.8), (NULL), (999999999999999.0)", "1000000000000081.8"),
            ("(123456789012.345), (-123456789012.344)", "0.001"),
        ] {
            let sql = format!("SELECT decimal_sum(column1) FROM (VALUES {values})");
            assert_eq!(ask(&sql).unwrap(), sum, "{values}");
        }
        assert_eq!(ask("SELECT decimal_sum(NULL)"), None);
        assert_eq!(ask("SELECT decimal_sum(1.0) WHERE 0"), None);
    }

    #[test]
    fn a_double_is_the_decimal_that_was_stored() {
        for text in [
            "0.1",
            "-8.7",
            "2400000000000",
            "0.000001",
            "123456789.012345",
            "5e22",
            "7e-20",
            "-225179981368524.7",
            "999999999999999",
            "-0.5",
            "1e-15",
        ] {
            let number: BigDecimal = text.parse().unwrap();
            let plain = number.to_plain_string();
            assert_eq!(ask(&format!("SELECT decimal_text({text} + 0.0)")).unwrap(), plain);
        }
    }

    #[test]
    fn a_percentile_lies_between_two_numbers() {
        let of = |percent: &str, values: &str| {
            ask(&format!("SELECT decimal_percentile(column1, '{percent}') FROM (VALUES {values})"))
        };
        assert_eq!(of("50", "(3.0), (1.0), (NULL), (2.0)").unwrap(), "2");
        assert_eq!(of("50", "(0.1), (0.2)").unwrap(), "0.15");
        assert_eq!(of("90", "(1.0), (2.0), (3.0), (4.0)").unwrap(), "3.7");
        assert_eq!(of("0", "(1.5), (2.0)").unwrap(), "1.5");
        assert_eq!(of("100", "(1.5), (2.0)").unwrap(), "2");
        assert_eq!(of("33.3", "(7.0)").unwrap(), "7");
        assert_eq!(of("50", "(NULL)"), None);
    }

    #[test]
    fn texts_of_numbers_compare_as_numbers() {
        let sql = "SELECT group_concat(column1, ' ') FROM
            (SELECT column1 FROM (VALUES ('10'), ('9.5'), ('-3'), ('2400000000000.01')) ORDER BY column1 COLLATE decimal)";
        assert_eq!(ask(sql).unwrap(), "-3 9.5 10 2400000000000.01");
    }

    #[test]
    fn different_values_are_gathered_once() {
        let of = |columns: &str, rows: &str| {
            ask(&format!("SELECT distinct_values({columns}) FROM (VALUES {rows})"))
        };
        let rows = "(1.5, 'b', 2), (0.0, 'a', 1), (1.5, 'b', NULL), (NULL, 'c', 3), (2.5, 'b', 2)";
        let columns = "column1, column2, column3";
        assert_eq!(of(columns, rows).unwrap(), r#"[["a","b"],[1,2]]"#);
        assert_eq!(of(columns, "(NULL, 'c', 3)").unwrap(), "[[],[]]");
        assert_eq!(of("column1, column2", "(1, 'quoted \"')").unwrap(), r#"[["quoted \""]]"#);
        assert_eq!(
            ask(&format!("{NUMBERS} SELECT distinct_values(i, i % 3) FROM n")).unwrap(),
            "[[0,1,2]]"
        );
        assert_eq!(ask("SELECT distinct_values(1, 1) WHERE 0"), None);
    }
}
