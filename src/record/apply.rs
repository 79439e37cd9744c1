//! What merging decided, done: versions ended, versions added, and what follows them.

use entity::HIDDEN;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{
    Phase, Writer,
    incoming::{RETRACT, STAGED},
    index,
    named::Table as _,
    slugs::WAITING,
};
use crate::{error::Error, identity::FIGURE, query::search};

/// Of how many figures at most it is told which rows they became.
const TOLD_AT_MOST: i64 = 20_000;

/// From how many rows on SQLite builds the indexes anew instead of adding to them one by one.
const MANY: i64 = 20_000;

/// How many figures are written at once.
const STEP: i64 = 20_000;

impl Writer {
    pub(super) async fn apply(&mut self) -> Result<Vec<i64>, Error> {
        let counts = self
            .ask(
                &format!(
                    "SELECT coalesce(sum(CASE WHEN old IS NULL AND NOT same THEN 1 ELSE 0 END), 0),
                coalesce(sum(CASE WHEN old IS NOT NULL AND NOT same AND mode <> '{RETRACT}'
                    THEN 1 ELSE 0 END), 0),
                coalesce(sum(CASE WHEN NOT same AND mode = '{RETRACT}' THEN 1 ELSE 0 END), 0),
                coalesce(sum(CASE WHEN same THEN 1 ELSE 0 END), 0),
                coalesce(sum(CASE WHEN NOT same AND NOT embargoed THEN 1 ELSE 0 END), 0)
                FROM incoming"
                ),
                [],
            )
            .await?;
        let count = |place| -> Result<u64, Error> {
            let number: Option<i64> =
                counts.first().map(|row| row.try_get_by_index(place)).transpose()?;
            Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
        };
        let (created, updated, removed) = (count(0)?, count(1)?, count(2)?);
        let outcome = self.outcome.of(FIGURE);
        outcome.created += created;
        outcome.updated += updated;
        outcome.removed += removed;
        outcome.unchanged += count(3)?;
        let public = count(4)?;
        self.public |= public > 0;
        if created + updated + removed > 0 {
            self.close().await?;
            let public = i64::try_from(public).map_err(Error::internal)?;
            let base = self.give_numbers(public).await?;
            let rebuilt = self.drop_indexes(base).await?;
            self.insert().await?;
            self.tell(Phase::Indexing, self.staged.count);
            for index in rebuilt {
                self.transaction.execute_unprepared(&index).await?;
            }
            self.follow(base, updated + removed > 0, removed > 0).await?;
        }
        // Who sent a few wants to know which they are.
        if self.staged.count > TOLD_AT_MOST {
            return Ok(Vec::new());
        }
        let numbers = self.ask("SELECT coalesce(id, old, 0) FROM incoming ORDER BY n", []).await?;
        numbers.iter().map(|row| row.try_get_by_index(0).map_err(Error::from)).collect()
    }

    /// Ends what is replaced.
    async fn close(&self) -> Result<(), Error> {
        let now = || Value::from(entity::DateTime::from(self.now));
        self.run(
            "UPDATE observation SET superseded_at = $1 WHERE id IN
            (SELECT old FROM incoming WHERE old IS NOT NULL AND NOT same AND NOT embargoed)",
            [now()],
        )
        .await?;
        self.run(
            "UPDATE observation SET embargo_ended_at = $1 WHERE id IN
            (SELECT ends FROM incoming WHERE ends IS NOT NULL AND NOT same)",
            [now()],
        )
        .await?;
        Ok(())
    }

    /// Numbers the new versions: those that everybody may see one after another, whatever comes with
    /// them. Returns the highest number that one of these had before.
    async fn give_numbers(&mut self, public: i64) -> Result<i64, Error> {
        let mut numbers = self.numbers(FIGURE).await?;
        let base = numbers.public;
        if public == self.staged.count {
            // None is left out.
            self.run("UPDATE incoming SET id = $1 + n", [base.into()]).await?;
            numbers.public += public;
        } else {
            for (last, which) in
                [(&mut numbers.public, "NOT embargoed"), (&mut numbers.hidden, "embargoed")]
            {
                let given = format!(
                    "UPDATE incoming SET id = $1 + k.place FROM
                    (SELECT n, row_number() OVER (ORDER BY n) AS place FROM incoming
                        WHERE NOT same AND {which}) k
                    WHERE k.n = incoming.n"
                );
                let given = self.run(&given, [Value::from(*last)]).await?;
                *last += i64::try_from(given).map_err(Error::internal)?;
            }
        }
        self.took(FIGURE, numbers);
        Ok(base)
    }

    /// Many rows are added sooner without indexes, which are then built from all of them. On
    /// PostgreSQL that would keep readers out. Returns how to build them.
    async fn drop_indexes(&self, base: i64) -> Result<Vec<String>, Error> {
        if self.backend() != DbBackend::Sqlite || self.staged.count < MANY.max(base) {
            return Ok(Vec::new());
        }
        let sql = "SELECT name, sql FROM sqlite_master
            WHERE type = 'index' AND tbl_name = 'observation' AND sql IS NOT NULL";
        let mut rebuilt = Vec::new();
        for row in self.ask(sql, []).await? {
            let (name, sql): (String, String) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            self.transaction.execute_unprepared(&format!("DROP INDEX {name}")).await?;
            rebuilt.push(sql);
        }
        Ok(rebuilt)
    }

    async fn insert(&self) -> Result<(), Error> {
        let kept = STAGED.join(", ");
        let columns = "id, metric_id, district_id, initiative_id, period, recorded_at,
            superseded_at, revision, recorded_by, reason, retracted, embargoed, embargo_ended_at";
        let moment = match self.backend() {
            DbBackend::Postgres => "CAST($1 AS timestamp with time zone)",
            _ => "$1",
        };
        let by = "CAST($2 AS text)";
        let key = "i.id, i.metric_id, i.district_id, NULLIF(i.initiative_id, 0), i.period";
        let in_steps = self.staged.count > STEP && self.backend() == DbBackend::Postgres;
        if in_steps {
            // So that a step reads no rows but its own.
            self.run("CREATE INDEX incoming_n ON incoming (n)", []).await?;
        }
        let from = all_of(&STAGED, "i");
        let written = format!(
            "INSERT INTO observation ({columns}, {kept})
                SELECT {key}, {moment}, CASE WHEN i.embargoed THEN {moment} END,
                    coalesce(i.revision, 0) + 1, {by}, i.reason, false, i.embargoed, NULL, {from}
            FROM incoming i WHERE NOT i.same AND i.mode <> '{RETRACT}'
                AND i.n > $3 AND i.n <= $4 ORDER BY i.n"
        );
        let mut done = 0;
        while done < self.staged.count {
            self.tell(Phase::Writing, done);
            let [moment, by] = self.stamp();
            let next = done + STEP;
            self.run(&written, [moment, by, done.into(), next.into()]).await?;
            done = next;
        }
        if in_steps {
            self.run("DROP INDEX incoming_n", []).await?;
        }
        let from = all_of(&STAGED, "o");
        self.run(
            &format!(
                "INSERT INTO observation ({columns}, {kept})
                SELECT {key}, {moment}, {moment}, coalesce(i.revision, 0) + 1, {by}, i.reason, true,
                    i.embargoed, CASE WHEN i.embargoed THEN {moment} END, {from}
                FROM incoming i JOIN observation o ON o.id = i.old
                WHERE NOT i.same AND i.mode = '{RETRACT}' ORDER BY i.n"
            ),
            self.stamp(),
        )
        .await?;
        Ok(())
    }

    /// When, and by whom.
    fn stamp(&self) -> [Value; 2] {
        let by = self.by.viewer.name.as_deref().map(str::to_owned);
        [Value::from(entity::DateTime::from(self.now)), Value::from(by)]
    }

    /// What is said of a figure is said of its newest version, and that is the one to be found.
    async fn follow(&mut self, base: i64, replaces: bool, removes: bool) -> Result<(), Error> {
        let standing = entity::observation::Entity::KEPT.standing;
        if replaces {
            self.run(
                &format!(
                    "UPDATE claim SET observation_id = i.id FROM incoming i
                    WHERE i.old = claim.observation_id AND NOT i.same AND i.mode <> '{RETRACT}'"
                ),
                [],
            )
            .await?;
            let column = search::place_column(self.backend());
            self.run(
                &format!(
                    "DELETE FROM {} WHERE {column} IN
                    (SELECT {} + old FROM incoming WHERE old IS NOT NULL AND NOT same)",
                    search::TABLE,
                    search::place(standing, 0)
                ),
                [],
            )
            .await?;
        }
        // What waits is not found.
        let public = base + 1..HIDDEN;
        index::table::<entity::observation::Entity>(&self.transaction, standing, public).await?;
        let waiting = "SELECT count(*) FROM incoming WHERE embargoed OR ends IS NOT NULL";
        let waits = self.number(waiting).await? > 0;
        if waits {
            self.disclose().await?;
        }
        if waits || removes {
            // Who is asked for by a slug from now on is read anew.
            self.slugs.remove(FIGURE);
            self.slugs.remove(WAITING);
        }
        if let Some(slugs) = self.slugs.get_mut("observation") {
            let sql = "SELECT slug, id FROM incoming WHERE slug IS NOT NULL AND id IS NOT NULL";
            let statement = Statement::from_string(self.database.backend(), sql);
            for row in self.transaction.query_all_raw(statement).await? {
                slugs.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            }
        }
        Ok(())
    }
}

fn all_of(names: &[&str], table: &str) -> String {
    names.iter().map(|name| format!("{table}.{name}")).collect::<Vec<_>>().join(", ")
}
