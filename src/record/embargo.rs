//! Figures whose day has come: made public by a write of the server's own.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::{
    By, Writer,
    figure::{RELEASE, STAGED, all_given},
};
use crate::{access::Viewer, database::Database, error::Error};

/// Makes the figures public that wait for a day up to now (UTC). Tells whether there were any.
pub async fn release(database: &Database, now: DateTime<Utc>) -> Result<bool, Error> {
    let today = Value::from(entity::Date(now.date_naive()));
    let due = "embargoed AND embargo_ended_at IS NULL AND published_on <= $1";
    let count = Statement::from_sql_and_values(
        database.backend(),
        format!("SELECT count(*) FROM observation WHERE {due}"),
        [today.clone()],
    );
    let count = database.writer().query_one_raw(count).await?;
    let count: i64 = count.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    if count == 0 {
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
