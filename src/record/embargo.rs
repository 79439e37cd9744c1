//! Figures whose day has come: made public by a write of the server's own.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, Statement, Value,
    sea_query::{Expr, ExprTrait, Query},
};

use tokio::time::sleep;

use super::{
    By, Writer,
    incoming::{RELEASE, STAGED, all_given},
};
use crate::{
    access::Viewer,
    database::{Count, Database},
    error::Error,
};

/// Makes the figures public that wait for a day up to now (UTC), or to `now` where it is given.
/// Tells whether there were any.
pub async fn release(
    database: &Database,
    now: impl Into<Option<DateTime<Utc>>>,
) -> Result<bool, Error> {
    let now = now.into();
    let today = Value::from(entity::Date(now.unwrap_or_else(Utc::now).date_naive()));
    let due = "embargoed AND embargo_ended_at IS NULL AND published_on <= $1";
    let mut waiting = Query::select();
    waiting
        .expr(Expr::val(0_i64))
        .expr_as(Expr::cust("count(*)"), "count")
        .from("observation")
        .and_where(Expr::cust("embargoed AND embargo_ended_at IS NULL"))
        .and_where(Expr::col("published_on").lte(today.clone()));
    let found = database.fetch::<(i64, Count)>(&waiting).await?;
    if found.iter().all(|(_, found)| found.count == 0) {
        return Ok(false);
    }
    let by =
        By { viewer: Viewer::operator(), operation: "end of an embargo".to_owned(), reason: None };
    let mut writer = Writer::open(database, now, by).await?;
    writer.prepare_stage().await?;
    let columns = STAGED.join(", ");
    let insert = format!(
        "INSERT INTO incoming (n, origin, line, mode, given, target, metric_id, district_id,
            initiative_id, period, {columns}, reason)
        SELECT row_number() OVER (ORDER BY id), 0, 0, '{RELEASE}', {}, id, metric_id, district_id,
            coalesce(initiative_id, 0), period, {columns}, reason FROM observation WHERE {due}",
        all_given()
    );
    let insert = Statement::from_sql_and_values(database.backend(), insert, [today]);
    let staged = writer.transaction.execute_raw(insert).await?.rows_affected();
    writer.staged.count = i64::try_from(staged).map_err(Error::internal)?;
    writer.commit().await?;
    Ok(true)
}

/// Makes figures public on their days, for as long as this is awaited: at once, and after each
/// midnight (UTC).
pub async fn keep(database: &Database) {
    loop {
        let now = Utc::now();
        if let Err(why) = release(database, None).await {
            tracing::warn!(%why, "cannot make figures public whose day has come; trying again");
        }
        let midnight = now.date_naive().succ_opt().and_then(|day| day.and_hms_opt(0, 0, 0));
        let until = midnight.and_then(|midnight| (midnight.and_utc() - now).to_std().ok());
        // A clock may be set, and another instance may know of more.
        sleep(until.map_or(LONGEST, |until| until.min(LONGEST))).await;
    }
}

/// How long it is slept at most.
const LONGEST: Duration = Duration::from_secs(60);
