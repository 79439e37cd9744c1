//! What groups can be ordered and chosen by.

use async_graphql::Enum;
use sea_orm::{DbBackend, sea_query::Expr};

use super::{Part, layers::part_alias};

/// What groups of figures can be ordered and chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "ObservationMeasure")]
pub enum Measure {
    /// How many figures a group has.
    Count,
    /// How many of them have no value.
    Missing,
    /// The sum as a number.
    Sum,
    /// The mean.
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The median.
    Median,
    /// The standard deviation.
    StandardDeviation,
    /// The first period with a value.
    First,
    /// The last period with a value.
    Last,
}

impl Measure {
    /// The name of the field of a group that gives it: `standardDeviation`.
    pub fn field(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Missing => "missing",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Median => "median",
            Self::StandardDeviation => "standardDeviation",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    /// The parts it is computed from.
    pub fn parts(self) -> Vec<Part> {
        match self {
            Self::Count => vec![Part::Rows],
            Self::Missing => vec![Part::Rows, Part::Values],
            Self::Sum => vec![Part::Sum],
            Self::Mean => vec![Part::Sum, Part::Values],
            Self::Min => vec![Part::Least],
            Self::Max => vec![Part::Greatest],
            Self::Median => vec![Part::Percentile(50.into())],
            Self::StandardDeviation => vec![Part::Sum, Part::Squares, Part::Values],
            Self::First => vec![Part::First],
            Self::Last => vec![Part::Last],
        }
    }

    /// Whether it is a decimal number, rather than a count or a period.
    pub(super) fn is_decimal(self) -> bool {
        !matches!(self, Self::Count | Self::Missing | Self::First | Self::Last)
    }

    /// The measure of the groups under the alias `g`, in whose columns the parts are. Decimals are
    /// compared as such: on SQLite they are texts that bring their collation with them.
    pub(super) fn expr(self, parts: &[Part], backend: DbBackend) -> Expr {
        let own = self.parts();
        let columns: Vec<String> = own
            .iter()
            .filter_map(|part| parts.iter().position(|computed| computed == part))
            .map(|place| format!("g.{}", part_alias(place)))
            .collect();
        let [first, rest @ ..] = columns.as_slice() else {
            return Expr::cust("NULL");
        };
        let sqlite = backend != DbBackend::Postgres;
        let sql = match (self, rest) {
            (Self::Missing, [values]) => format!("({first} - {values})"),
            (Self::Mean, [count]) if sqlite => format!("decimal_quotient({first}, {count})"),
            (Self::Mean, [count]) => {
                format!("round({first} * {ONE} / nullif({count}, 0), {SCALE})")
            }
            (Self::StandardDeviation, [squares, count]) if sqlite => {
                format!("decimal_deviation({first}, {squares}, {count})")
            }
            (Self::StandardDeviation, [squares, count]) => format!(
                "round(sqrt(({count} * {squares} - {first} * {first}) * {ONE} \
                 / nullif({count} * ({count} - 1), 0)), {SCALE})"
            ),
            _ => first.clone(),
        };
        let collation = if sqlite && self.is_decimal() { " COLLATE decimal" } else { "" };
        Expr::cust(format!("{sql}{collation}"))
    }
}

/// How many digits after the point a quotient has inside SQL, on both databases.
const SCALE: u32 = 40;

/// One, with as many.
const ONE: &str = "1.0000000000000000000000000000000000000000";
