//! Conditions on periods.

use async_graphql::InputObject;
use entity::{Frequency, Period};
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, ExprTrait},
};

use super::{ColumnFilter, Comparison};

/// What a period must be like. Conditions given together must all hold. Periods are ordered by
/// their first day, then by their last.
#[derive(Debug, Clone, Default, PartialEq, Eq, InputObject)]
pub struct PeriodFilter {
    /// Exactly this.
    pub eq: Option<Period>,
    /// Anything but this.
    pub ne: Option<Period>,
    /// One of these. No period is one of an empty list.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<Period>>,
    /// None of these.
    pub not_in: Option<Vec<Period>>,
    /// Later than this.
    pub gt: Option<Period>,
    /// This, or later.
    pub gte: Option<Period>,
    /// Earlier than this.
    pub lt: Option<Period>,
    /// This, or earlier.
    pub lte: Option<Period>,
    /// It begins with this one's first day, or later: with `to`, what lies within two periods.
    pub from: Option<Period>,
    /// It ends with this one's last day, or earlier.
    pub to: Option<Period>,
    /// It is as long as this: ANNUAL, so as not to mix years with their quarters.
    pub frequency: Option<Frequency>,
    /// Whether there is no period at all.
    pub is_null: Option<bool>,
}

impl ColumnFilter for PeriodFilter {
    fn on(&self, expr: &Expr, backend: DbBackend) -> Condition {
        let compared = Comparison::<Period> {
            eq: self.eq,
            ne: self.ne,
            one_of: self.one_of.clone(),
            not_in: self.not_in.clone(),
            gt: self.gt,
            gte: self.gte,
            lt: self.lt,
            lte: self.lte,
            is_null: self.is_null,
        };
        // A span is a text that begins with its first day and ends with its last.
        let from = self.from.map(|from| expr.clone().gte(from.first_day().to_string()));
        let to = self.to.map(|to| {
            let last = Expr::cust_with_exprs(part(backend, 12, 10), [expr.clone()]);
            last.lte(to.last_day().to_string())
        });
        let long = self.frequency.map(|wanted| {
            let word = async_graphql::resolver_utils::enum_value(wanted).to_string();
            frequency(expr, backend).eq(word)
        });
        Condition::all()
            .add(compared.on(expr, backend))
            .add_option(from)
            .add_option(to)
            .add_option(long)
    }
}

fn part(backend: DbBackend, from: u32, length: u32) -> String {
    match backend {
        DbBackend::Postgres => format!("substr($1, {from}, {length})"),
        _ => format!("substr(?, {from}, {length})"),
    }
}

/// How long a period is, as [`Period::length`] finds it, in the words of the schema; null for no
/// period.
pub fn frequency(expr: &Expr, backend: DbBackend) -> Expr {
    // The span without its years: the first and last day of the parts of a year.
    let days = "substr(~, 6, 5) || '/' || substr(~, 17, 5)";
    let one_year = "substr(~, 1, 4) = substr(~, 12, 4)";
    let leap = "CAST(substr(~, 1, 4) AS integer) % 4 = 0 AND (CAST(substr(~, 1, 4) AS integer) \
                % 100 <> 0 OR CAST(substr(~, 1, 4) AS integer) % 400 = 0)";
    let week = match backend {
        DbBackend::Postgres => {
            "CAST(substr(~, 12, 10) AS date) - CAST(substr(~, 1, 10) AS date) = 6 \
             AND extract(isodow FROM CAST(substr(~, 1, 10) AS date)) = 1"
        }
        _ => {
            "julianday(substr(~, 12, 10)) - julianday(substr(~, 1, 10)) = 6 \
             AND strftime('%w', substr(~, 1, 10)) = '1'"
        }
    };
    let sql = format!(
        "CASE WHEN ~ IS NULL THEN NULL
        WHEN {one_year} AND {days} = '01-01/12-31' THEN 'ANNUAL'
        WHEN {one_year} AND {days} IN ('01-01/06-30', '07-01/12-31') THEN 'HALF_YEARLY'
        WHEN {one_year} AND {days} IN ('01-01/03-31', '04-01/06-30', '07-01/09-30', '10-01/12-31')
            THEN 'QUARTERLY'
        WHEN {one_year} AND ({days} IN ('01-01/01-31', '03-01/03-31', '04-01/04-30', '05-01/05-31',
            '06-01/06-30', '07-01/07-31', '08-01/08-31', '09-01/09-30', '10-01/10-31',
            '11-01/11-30', '12-01/12-31')
            OR ({days}) = CASE WHEN {leap} THEN '02-01/02-29' ELSE '02-01/02-28' END) THEN 'MONTHLY'
        WHEN {week} THEN 'WEEKLY'
        WHEN substr(~, 1, 10) = substr(~, 12, 10) THEN 'DAILY'
        ELSE 'RANGE' END"
    );
    let sign = if backend == DbBackend::Postgres { "$1" } else { "?" };
    let values = vec![expr.clone(); sql.matches('~').count()];
    Expr::cust_with_exprs(sql.replace('~', sign), values)
}
