//! The figures set down beside, merged with those that are there, all at once: the same ones are
//! left alone, others take the place of what is in force, and nothing is overwritten.
//!
//! Every step is one statement over all of them, the same on both databases.

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};

use super::{
    Current, Phase, Problem, Step, TOLD, Writer,
    incoming::{CREATE, OPTIONAL, RELEASE, RETRACT, STAGED, WHOLE_NOTE, all_given},
    problem, row,
};
use crate::{
    access::{Permission, require},
    error::Error,
    identity::Id,
    query::figure::Place,
};

/// A row is of the same figure as one beside.
const KEY: &str = "o.metric_id = i.metric_id AND o.district_id = i.district_id \
     AND coalesce(o.initiative_id, 0) = i.initiative_id AND o.period = i.period";

/// A row waits for the day it becomes public.
const WAITS: &str = "o.embargoed AND o.embargo_ended_at IS NULL";

impl Writer {
    /// Brings the figures set down to where they belong. Returns the number of the row that holds
    /// each now, in their order.
    pub(super) async fn merge(&mut self) -> Result<Vec<i64>, Error> {
        if self.staged.count == 0 {
            return Ok(Vec::new());
        }
        if self.backend() == DbBackend::Postgres {
            // Nobody else tells the planner how many there are.
            self.transaction.execute_unprepared("ANALYZE incoming").await?;
        }
        self.tell(Phase::Checking, 0);
        self.refuse_doubles().await?;
        self.find_former().await?;
        self.refuse_wrong_modes().await?;
        self.complete().await?;
        self.refuse_taken_slugs().await?;
        self.refuse_strangers().await?;
        let numbers = match self.problems.is_empty() {
            true => self.apply().await?,
            false => Vec::new(),
        };
        self.run("DELETE FROM incoming", []).await?;
        self.staged.count = 0;
        self.staged.origins.clear();
        Ok(numbers)
    }

    /// Tells whoever wants to know how many of the figures were gone through.
    pub(super) fn tell(&self, phase: Phase, done: i64) {
        if let Some(watcher) = &self.watcher {
            let number = |count: i64| u64::try_from(count).unwrap_or(0);
            watcher(Step { phase, done: number(done), of: number(self.staged.count) });
        }
    }

    pub(super) async fn run<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<u64, Error> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        Ok(self.transaction.execute_raw(statement).await?.rows_affected())
    }

    pub(super) async fn ask<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> Result<Vec<QueryResult>, Error> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        Ok(self.transaction.query_all_raw(statement).await?)
    }

    pub(super) async fn number(&self, sql: &str) -> Result<i64, Error> {
        let rows = self.ask(sql, []).await?;
        let number: Option<Option<i64>> =
            rows.first().map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(number.flatten().unwrap_or(0))
    }

    /// Reports the rows beside that a query finds, the first of them in full: it gives their place,
    /// origin and line, then what `say` makes a problem of.
    async fn refuse(
        &mut self,
        sql: &str,
        say: impl Fn(&QueryResult) -> Result<Problem, Error>,
    ) -> Result<(), Error> {
        let sql =
            format!("SELECT t.*, count(*) OVER () AS total FROM ({sql}) t ORDER BY n LIMIT {TOLD}");
        let found = self.ask(&sql, []).await?;
        let total: i64 = found.first().map_or(Ok(0), |row| row.try_get("", "total"))?;
        self.problems.count += u64::try_from(total).unwrap_or(0) - found.len() as u64;
        for row in found {
            let (origin, line): (i64, i64) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            let origin = usize::try_from(origin).ok().and_then(|at| self.staged.origins.get(at));
            let origin = origin.cloned().unwrap_or_default();
            let line = u64::try_from(line).ok().filter(|line| *line > 0);
            self.report(Problem { origin, line, ..say(&row)? });
        }
        Ok(())
    }

    /// Of rows that say the same twice one is enough; those that contradict each other are refused.
    async fn refuse_doubles(&mut self) -> Result<(), Error> {
        let key = "metric_id, district_id, initiative_id, period";
        let several = format!(
            "SELECT count(*) FROM
            (SELECT 1 AS one FROM incoming GROUP BY {key} HAVING count(*) > 1) d"
        );
        if self.number(&several).await? == 0 {
            return Ok(());
        }
        let doubles = doubles(key, "true");
        let equal = all(&STAGED, |name| format!("i.{name} IS NOT DISTINCT FROM f.{name}"));
        let wrong = format!(
            "SELECT i.n, i.origin, i.line, f.line AS first FROM ({doubles}) d
            JOIN incoming f ON f.n = d.first
            JOIN incoming i ON i.n = d.n
            WHERE i.mode <> f.mode OR NOT ({equal})"
        );
        self.refuse(&wrong, |row| {
            let first: i64 = row.try_get("", "first")?;
            let reason = match first {
                0 => "another one says otherwise of the same figure".to_owned(),
                first => format!("line {first} says otherwise of the same figure"),
            };
            Ok(Problem { reason, ..Problem::default() })
        })
        .await?;
        let same = format!("DELETE FROM incoming WHERE n IN (SELECT d.n FROM ({doubles}) d)");
        let twice = self.run(&same, []).await?;
        self.outcome.of("observation").unchanged += twice;
        Ok(())
    }

    /// Finds the row each takes the place of, and the one under embargo that it ends.
    async fn find_former(&mut self) -> Result<(), Error> {
        let waiting = format!("SELECT count(*) FROM observation o WHERE {WAITS}");
        if self.number(&waiting).await? > 0 {
            self.run(
                &format!(
                    "UPDATE incoming AS i SET ends =
                    (SELECT o.id FROM observation o WHERE {WAITS} AND {KEY})"
                ),
                [],
            )
            .await?;
        }
        // Who says nothing of the day means the figure that waits, if there is one.
        let published_on = given("published_on");
        let today = self.today();
        self.run(
            &format!(
                "UPDATE incoming SET embargoed = published_on IS NOT NULL AND published_on > $1
                    OR ends IS NOT NULL AND {published_on} = 0
                    OR mode = '{RETRACT}' AND ends IS NOT NULL AND target = ends"
            ),
            [today],
        )
        .await?;
        self.run("UPDATE incoming SET old = ends WHERE embargoed", []).await?;
        if self.number("SELECT max(id) FROM observation").await? > 0 {
            // Versions that everybody may see are counted by themselves.
            self.run(
                &format!(
                    "UPDATE incoming AS i SET
                    public = (SELECT o.id FROM observation o WHERE o.superseded_at IS NULL AND {KEY}),
                    revision = (SELECT max(o.revision) FROM observation o
                        WHERE o.superseded_at IS NOT NULL AND (i.embargoed OR NOT o.embargoed)
                            AND {KEY})"
                ),
                [],
            )
            .await?;
            self.run(
                "UPDATE incoming AS i SET
                old = CASE WHEN embargoed THEN old ELSE public END,
                revision = (SELECT CASE WHEN o.revision > coalesce(i.revision, 0) THEN o.revision
                    ELSE i.revision END FROM observation o WHERE o.id = i.public)
                WHERE public IS NOT NULL",
                [],
            )
            .await?;
        }
        // An embargo is lifted by correcting the figure that waits, and in no other way; but what
        // nothing is public of is not made public beside it by just anybody.
        let kept = "NOT embargoed AND ends IS NOT NULL AND target IS DISTINCT FROM ends";
        let first = format!(
            "SELECT count(*) FROM incoming WHERE {kept} AND public IS NULL AND mode <> '{RETRACT}'"
        );
        if self.number(&first).await? > 0 {
            require(&self.by.viewer, Permission::SetEmbargo)?;
        }
        self.run(&format!("UPDATE incoming SET ends = NULL WHERE {kept}"), []).await?;
        Ok(())
    }

    async fn refuse_wrong_modes(&mut self) -> Result<(), Error> {
        let wrong = format!(
            "SELECT i.n, i.origin, i.line, i.mode, i.if_revision, o.revision, c.revision AS current,
                i.metric_id, i.district_id, i.initiative_id, i.period FROM incoming i
            LEFT JOIN observation o ON o.id = coalesce(i.target, i.old, i.public)
            LEFT JOIN observation c ON c.id = coalesce(i.old, i.public)
            WHERE i.mode = '{CREATE}' AND coalesce(i.old, i.public) IS NOT NULL
                OR i.target IS NOT NULL AND i.target IS DISTINCT FROM coalesce(i.old, i.public)
                    AND i.target IS DISTINCT FROM i.ends
                OR i.if_revision IS DISTINCT FROM o.revision AND i.if_revision IS NOT NULL"
        );
        self.refuse(&wrong, |row| {
            let mode: String = row.try_get("", "mode")?;
            let (wanted, found): (Option<i64>, Option<i32>) =
                (row.try_get("", "if_revision")?, row.try_get("", "revision")?);
            let found = found.unwrap_or(0);
            let wanted = wanted.and_then(|wanted| i32::try_from(wanted).ok());
            let id = Id::of_figure(&place(row)?).to_string();
            let current: Option<i32> = row.try_get("", "current")?;
            let current = current.map(|revision| Current { id, revision });
            Ok(match (wanted.filter(|wanted| *wanted != found), mode.as_str()) {
                (Some(wanted), _) => problem::outdated(wanted, current),
                (None, CREATE) => {
                    let reason = format!(
                        "the figure is there already, with the revision {found}; update it, or \
                         upsert"
                    );
                    Problem { reason, ..Problem::default() }
                }
                _ => problem::superseded(current),
            })
        })
        .await
    }

    /// What nothing is said of stays as it is; then those are found that change nothing.
    async fn complete(&mut self) -> Result<(), Error> {
        let all_given = all_given();
        let (merged, stripped) = match self.backend() {
            DbBackend::Postgres => {
                ("o.note || incoming.note", "NULLIF(jsonb_strip_nulls(note), CAST('{}' AS jsonb))")
            }
            _ => ("json_patch(o.note, incoming.note)", "NULLIF(json_patch('{}', note), '{}')"),
        };
        let kept = OPTIONAL.map(|name| {
            let given = given(name);
            let other = match name {
                "note" => format!(
                    "WHEN (given & {WHOLE_NOTE}) = 0 AND o.note IS NOT NULL
                    AND incoming.note IS NOT NULL THEN {merged}"
                ),
                _ => String::new(),
            };
            format!("CASE WHEN {given} = 0 THEN o.{name} {other} ELSE incoming.{name} END")
        });
        self.run(
            &format!(
                "UPDATE incoming SET ({}) = (SELECT {} FROM observation o
                    WHERE o.id = coalesce(incoming.old, incoming.public))
                WHERE coalesce(old, public) IS NOT NULL AND given <> {all_given} AND mode <> '{RETRACT}'",
                OPTIONAL.join(", "),
                kept.join(", ")
            ),
            [],
        )
        .await?;
        self.run(&format!("UPDATE incoming SET note = {stripped} WHERE note IS NOT NULL"), [])
            .await?;
        let alike = all(&STAGED, |name| format!("o.{name} IS NOT DISTINCT FROM incoming.{name}"));
        self.run(
            &format!(
                "UPDATE incoming SET same = true WHERE old IS NULL AND mode = '{RETRACT}'
                OR old IS NOT NULL AND mode NOT IN ('{RETRACT}', '{RELEASE}') AND EXISTS
                    (SELECT 1 FROM observation o WHERE o.id = incoming.old AND {alike})
                    AND (embargoed OR ends IS NULL)"
            ),
            [],
        )
        .await?;
        Ok(())
    }

    /// A slug is taken by what is in force or waits, unless that makes room for it.
    async fn refuse_taken_slugs(&mut self) -> Result<(), Error> {
        let taken = |by: &str| {
            format!(
                "SELECT i.n, i.origin, i.line, i.slug FROM incoming i JOIN observation o
                ON o.slug = i.slug AND {by} AND NOT ({KEY})
                WHERE i.slug IS NOT NULL AND NOT i.same AND i.mode <> '{RETRACT}' AND o.id NOT IN
                    (SELECT old FROM incoming WHERE old IS NOT NULL AND NOT same
                    UNION ALL SELECT ends FROM incoming WHERE ends IS NOT NULL AND NOT same)"
            )
        };
        let wrong = format!(
            "{} UNION {} UNION
                SELECT i.n, i.origin, i.line, i.slug FROM ({}) d JOIN incoming i ON i.n = d.n",
            taken("o.superseded_at IS NULL"),
            taken(WAITS),
            doubles("slug", &format!("slug IS NOT NULL AND mode <> '{RETRACT}'"))
        );
        self.refuse(&wrong, |row| {
            let slug: String = row.try_get("", "slug")?;
            Ok(row::wrong("slug", &slug, "another figure has it; slugs are unique"))
        })
        .await
    }

    /// Only publishers decide when figures become public.
    async fn refuse_strangers(&mut self) -> Result<(), Error> {
        if self.by.viewer.can(Permission::SetEmbargo) {
            return Ok(());
        }
        let decided = format!(
            "SELECT count(*) FROM incoming i LEFT JOIN observation o ON o.id = i.ends
            WHERE NOT i.same AND i.mode <> '{RETRACT}' AND (i.embargoed OR i.ends IS NOT NULL)
                AND o.published_on IS DISTINCT FROM i.published_on",
        );
        match self.number(&decided).await? {
            0 => Ok(()),
            _ => require(&self.by.viewer, Permission::SetEmbargo),
        }
    }
}

/// What the figure of a row beside is of.
fn place(row: &QueryResult) -> Result<Place, Error> {
    let initiative: i64 = row.try_get("", "initiative_id")?;
    Ok(Place {
        metric: row.try_get("", "metric_id")?,
        district: row.try_get("", "district_id")?,
        initiative: Some(initiative).filter(|number| *number != 0),
        period: row.try_get("", "period")?,
    })
}

/// The places of rows beside, of those that meet a condition, whose key another has before them,
/// and the first such place. Every row is looked at once: joined by the key instead, rows that
/// stand twice would be compared with all others that do.
fn doubles(key: &str, condition: &str) -> String {
    format!(
        "SELECT n, first FROM (SELECT n, min(n) OVER (PARTITION BY {key}) AS first
            FROM incoming WHERE {condition}) k
        WHERE n > first"
    )
}

/// Whether something is said of a column, as a number that is 0 where not.
fn given(name: &str) -> String {
    let place = OPTIONAL.iter().position(|optional| *optional == name).unwrap_or(0);
    format!("(given & {})", 1 << place)
}

fn all(names: &[&str], each: impl Fn(&str) -> String) -> String {
    names.iter().map(|name| each(name)).collect::<Vec<_>>().join(" AND ")
}
