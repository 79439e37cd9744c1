//! Conditions on periods.

use async_graphql::InputObject;
use chrono::NaiveDate;
use entity::{Frequency, Period};
use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, ExprTrait},
};

use super::{ColumnFilter, Comparison};

/// What a period must be like. Conditions given together must all hold.
///
/// Periods are compared as spans of days, so that a year and its quarters are where they lie: of
/// 2023, its quarters and 2024-Q1, `{gte: "2023", lt: "2024"}` picks all but 2024-Q1, and
/// `{gt: "2023"}` that alone. A period that lies on both sides of the one compared with is neither
/// earlier nor later.
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
    /// It begins after this one's last day.
    pub gt: Option<Period>,
    /// It begins on this one's first day, or later.
    pub gte: Option<Period>,
    /// It ends before this one's first day.
    pub lt: Option<Period>,
    /// It ends on this one's last day, or earlier.
    pub lte: Option<Period>,
    /// It lies within this one: itself and all its parts.
    pub during: Option<Period>,
    /// It begins on this one's first day, or later.
    #[graphql(deprecation = "Use `gte`, which means the same.")]
    pub from: Option<Period>,
    /// It ends on this one's last day, or earlier.
    #[graphql(deprecation = "Use `lte`, which means the same.")]
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
            gt: None,
            gte: None,
            lt: None,
            lte: None,
            is_null: self.is_null,
        };
        let long = self.frequency.map(|wanted| {
            let word = async_graphql::resolver_utils::enum_value(wanted).to_string();
            frequency(expr, backend).eq(word)
        });
        let begins = [self.gte, self.from, self.during];
        let ends = [self.lte, self.to, self.during];
        let mut all = compared.on(expr, backend);
        for from in begins.into_iter().flatten() {
            all = all.add(expr.clone().gte(from.first_day().to_string()));
        }
        if let Some(after) = self.gt {
            all = all.add(expr.clone().gt(beyond(after.last_day())));
        }
        for to in ends.into_iter().flatten() {
            all = all.add(ended(expr, backend).lte(to.last_day().to_string()));
            // What ends by then begins by then: an index can seek to that.
            all = all.add(expr.clone().lt(beyond(to.last_day())));
        }
        if let Some(before) = self.lt {
            all = all.add(ended(expr, backend).lt(before.first_day().to_string()));
            all = all.add(expr.clone().lt(before.first_day().to_string()));
        }
        all.add_option(long)
    }
}

/// A text after all spans that begin on a day, and before those that begin later: a span is a text
/// that begins with its first day and ends with its last.
fn beyond(day: NaiveDate) -> String {
    format!("{day}~")
}

/// The last day of a span.
pub fn ended(expr: &Expr, backend: DbBackend) -> Expr {
    let last = match backend {
        DbBackend::Postgres => "substr($1, 12, 10)",
        _ => "substr(?, 12, 10)",
    };
    Expr::cust_with_exprs(last, [expr.clone()])
}

/// How far a range reaches, as [`Period::extent`] says it.
pub fn extent(expr: &Expr, backend: DbBackend) -> Expr {
    let after = match backend {
        DbBackend::Postgres => "to_char(CAST(substr(~, 12, 10) AS date) + 1, 'YYYY-MM-DD')",
        _ => "date(substr(~, 12, 10), '+1 day')",
    };
    let number = |text: String| format!("CAST({text} AS integer)");
    let months = |day: &str| {
        let (year, month) = (format!("substr({day}, 1, 4)"), format!("substr({day}, 6, 2)"));
        format!("({} * 12 + {})", number(year), number(month))
    };
    let sql = format!(
        "(({} - {}) || ':' || substr(~, 9, 2) || ':' || substr({after}, 9, 2))",
        months(after),
        months("~")
    );
    repeated(&sql, expr, backend)
}

/// An expression of SQL in which `~` stands for another one.
fn repeated(sql: &str, expr: &Expr, backend: DbBackend) -> Expr {
    let sign = if backend == DbBackend::Postgres { "$1" } else { "?" };
    let values = vec![expr.clone(); sql.matches('~').count()];
    Expr::cust_with_exprs(sql.replace('~', sign), values)
}

/// How long a period is, as [`Period::length`] finds it, in the words of the schema; null for no
/// period.
pub fn frequency(expr: &Expr, backend: DbBackend) -> Expr {
    length(expr, backend, |frequency| {
        format!("'{}'", async_graphql::resolver_utils::enum_value(frequency))
    })
}

/// The same as a number, the smaller the longer; ranges, which may be as long as they like, last.
pub fn length_rank(expr: &Expr, backend: DbBackend) -> Expr {
    length(expr, backend, |frequency| (frequency as u8).to_string())
}

fn length(expr: &Expr, backend: DbBackend, word: impl Fn(Frequency) -> String) -> Expr {
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
        WHEN {one_year} AND {days} = '01-01/12-31' THEN {annual}
        WHEN {one_year} AND {days} IN ('01-01/06-30', '07-01/12-31') THEN {half_yearly}
        WHEN {one_year} AND {days} IN ('01-01/03-31', '04-01/06-30', '07-01/09-30', '10-01/12-31')
            THEN {quarterly}
        WHEN {one_year} AND ({days} IN ('01-01/01-31', '03-01/03-31', '04-01/04-30', '05-01/05-31',
            '06-01/06-30', '07-01/07-31', '08-01/08-31', '09-01/09-30', '10-01/10-31',
            '11-01/11-30', '12-01/12-31')
            OR ({days}) = CASE WHEN {leap} THEN '02-01/02-29' ELSE '02-01/02-28' END) THEN {monthly}
        WHEN {week} THEN {weekly}
        WHEN substr(~, 1, 10) = substr(~, 12, 10) THEN {daily}
        ELSE {range} END",
        annual = word(Frequency::Annual),
        half_yearly = word(Frequency::HalfYearly),
        quarterly = word(Frequency::Quarterly),
        monthly = word(Frequency::Monthly),
        weekly = word(Frequency::Weekly),
        daily = word(Frequency::Daily),
        range = word(Frequency::Range),
    );
    repeated(&sql, expr, backend)
}
