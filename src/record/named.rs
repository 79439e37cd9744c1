//! Rows of every table but the figures': made, changed in place, their past kept beside them.

use std::collections::HashMap;

use entity::vocabulary::ChangeKind;
use sea_orm::{
    EntityTrait, FromQueryResult, IdenStatic, IntoActiveModel, Iterable, ModelTrait,
    sea_query::{Alias, Expr, ExprTrait},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::{
    CHUNK, Current, Mode, Problem, Rows, Writer, change,
    change::Noted,
    hidden::{Hidden, Moved},
    index,
    numbers::is_hidden,
    problem::{outdated, superseded},
    row,
    target::{Target, downwards},
    waiting::Family,
};
use crate::{error::Error, identity::Id, query::figure::Place};

/// A table that is written to.
pub(super) trait Table:
    EntityTrait<
        Model: ModelTrait<Entity = Self>
                   + FromQueryResult
                   + IntoActiveModel<Self::ActiveModel>
                   + DeserializeOwned
                   + Send
                   + Sync,
        ActiveModel: Send,
    >
{
    /// What the writer has to know of it.
    const KEPT: Kept<Self>;
}

/// What the writer has to know of a table.
pub(super) struct Kept<E: EntityTrait> {
    /// The name of the table.
    pub(super) table: &'static str,
    /// Where its rows stand among the results of a search that fit alike.
    pub(super) standing: i64,
    /// What names a row, where that is no slug.
    pub(super) key: &'static [&'static str],
    /// What must hold beyond the types of the columns.
    pub(super) check: fn(&E::Model) -> Result<(), Problem>,
    /// What the figure is of that a row is a version of; none of rows that are changed in place.
    pub(super) figure: fn(&E::Model) -> Option<Place>,
}

impl Writer {
    /// Makes or changes rows, as far as nothing is wrong with them. Returns their numbers in order.
    pub(super) async fn put<E: Table>(
        &mut self,
        rows: &Rows,
        mode: Mode,
    ) -> Result<Vec<i64>, Error> {
        let columns = match row::columns::<E>(rows, mode) {
            Ok(columns) => columns,
            Err(problems) => {
                problems.into_iter().for_each(|problem| self.report(problem));
                return Ok(Vec::new());
            }
        };
        let own = row::has_slug::<E>().then(|| E::KEPT.table.to_owned());
        for target in row::references::<E>().into_values().chain(own) {
            self.know(&target).await?;
        }
        self.know_figures(&columns, rows).await?;
        self.fold(&columns, rows).await?;
        let above = columns.iter().position(
            |field| matches!(field, row::Field::Reference { target, .. } if target == E::KEPT.table),
        );
        let hidden = self.hidden(rows, &columns).await?;
        let mut targets = match (mode, E::KEPT.key) {
            (Mode::Update, _) => self.meant::<E>(rows, &columns).await?,
            (_, []) => self.with_slugs::<E>(rows, &columns, mode, &hidden).await?,
            (_, key) => self.keyed::<E>(rows, &columns, key).await?,
        };
        if let Some(above) = above {
            downwards(&mut targets, rows, &columns, above);
        }
        for targets in targets.chunks_mut(CHUNK) {
            self.chunk::<E>(rows, &columns, targets, mode, &hidden).await?;
        }
        targets.sort_unstable_by_key(|target| target.place);
        Ok(targets.into_iter().map(|target| target.number).collect())
    }

    async fn chunk<E: Table>(
        &mut self,
        rows: &Rows,
        columns: &[row::Field],
        targets: &mut [Target],
        mode: Mode,
        hidden: &Hidden,
    ) -> Result<(), Error> {
        let Kept { table, standing, check, .. } = E::KEPT;
        let known = targets.iter().filter(|target| target.known).map(|target| target.number);
        let mut there = self.rows::<E>(known.collect()).await?;
        let above = row::above::<E>();
        let (mut created, mut updated) = (Vec::new(), Vec::new());
        let mut moved = Moved::default();
        let (mut noted, mut entries) = (Vec::new(), Vec::new());
        for &Target { place, number, .. } in &*targets {
            let Some((line, fields)) = rows.rows.get(place) else { continue };
            let before = there.remove(&number).filter(|row| !is_removed::<E>(row));
            let base = before.as_ref().map_or_else(|| fresh(number), change::columns::<E>);
            let known = before.is_some();
            let read = taken(mode, known)
                .and_then(|()| row::if_revision(columns, fields))
                .and_then(|wanted| current::<E>(wanted, before.as_ref()))
                .and_then(|()| self.reading(columns).row::<E>(base.clone(), fields))
                .and_then(|model| check(&model).map(|()| model));
            let model = match read {
                Ok(model) => model,
                Err(why) => {
                    self.report(Problem { origin: rows.origin.clone(), line: Some(*line), ..why });
                    continue;
                }
            };
            if before.is_some_and(|before| same::<E>(&before, &model)) {
                self.outcome.of(table).unchanged += 1;
                continue;
            }
            let after = change::columns::<E>(&model);
            if let Some(above) = &above {
                let above = |row: &Map<String, Json>| row.get(above).and_then(Json::as_i64);
                let before = known.then(|| above(&base));
                let ways = &mut self.family.get_or_insert_with(|| Family::new(table)).ways;
                ways.note(number, before, above(&after), (&rows.origin, *line));
            }
            let key = self.name::<E>(&after);
            if mode == Mode::Update
                && let Some(why) = self.taken_name::<E>(number, &model).await?
            {
                self.report(Problem { origin: rows.origin.clone(), line: Some(*line), ..why });
                continue;
            }
            let hides = hidden.holds(place, Some(number));
            if known && hides != is_hidden(number) {
                moved.add(number, model, hides);
                continue;
            }
            if row::has_slug::<E>() {
                let before = known.then(|| self.name::<E>(&base));
                self.rename(table, before.as_deref(), &key, number);
            }
            let kind = if known { ChangeKind::Updated } else { ChangeKind::Created };
            noted.push(Noted { kind, row: number, key, before: known.then_some(base) });
            entries.extend(index::entry::<E>(standing, number, |column| model.get(column)));
            match known {
                true => updated.push((number, model)),
                false => created.push(model),
            }
        }
        if !self.problems.is_empty() {
            // Rows may refer to others that are wrong. Nothing is kept, so nothing need be written.
            return Ok(());
        }
        let counts = self.outcome.of(table);
        counts.created += created.len() as u64;
        counts.updated += updated.len() as u64;
        if !created.is_empty() {
            let created = created.into_iter().map(IntoActiveModel::into_active_model);
            E::insert_many(created).exec_without_returning(&self.transaction).await?;
        }
        for (number, model) in &updated {
            self.update::<E>(*number, model).await?;
        }
        let gone = updated.iter().map(|(number, _)| *number);
        index::remove(&self.transaction, standing, gone).await?;
        index::add::<E>(&self.transaction, entries).await?;
        self.note(table, noted).await?;
        let numbers = self.transfer::<E>(moved).await?;
        for target in targets {
            target.number = numbers.get(&target.number).copied().unwrap_or(target.number);
        }
        Ok(())
    }

    /// What is wrong with the name of a row: that another row has it.
    async fn taken_name<E: Table>(
        &self,
        number: i64,
        model: &E::Model,
    ) -> Result<Option<Problem>, Error> {
        let row = change::columns::<E>(model);
        if row::has_slug::<E>() {
            let slug = self.name::<E>(&row);
            let slugs = self.slugs.get(E::KEPT.table);
            let by = slugs.and_then(|slugs| slugs.get(&slug)).filter(|by| **by != number);
            return Ok(
                by.map(|_| row::wrong("slug", &slug, "another row has it; slugs are unique"))
            );
        }
        let named = E::Column::iter().filter(|column| E::KEPT.key.contains(&column.as_str()));
        let others = named.fold(E::find(), |others, column| {
            others.filter_by(Expr::col(column).eq(model.get(column)))
        });
        let other = others.filter_by(Expr::col(Alias::new("id")).ne(number));
        let taken = other.one(&self.transaction).await?;
        let reason = "another row is of the same";
        Ok(taken.map(|_| Problem { reason: reason.to_owned(), ..Problem::default() }))
    }

    /// A row has a slug from now on, in the place of the one it had.
    pub(super) fn rename(&mut self, table: &str, from: Option<&str>, to: &str, number: i64) {
        if let Some(slugs) = self.slugs.get_mut(table)
            && from != Some(to)
        {
            from.map(|from| slugs.remove(from));
            slugs.insert(to.to_owned(), number);
        }
        if let Some(names) = self.names.get_mut(table) {
            names.insert(number, to.to_owned());
        }
    }

    /// What names a row to people: its slug, or the slugs of what it joins.
    pub(super) fn name<E: Table>(&self, row: &Map<String, Json>) -> String {
        let references = row::references::<E>();
        let word = |column: &str| {
            let names = references.get(column).and_then(|target| self.names.get(target));
            match row.get(column) {
                Some(Json::String(text)) => text.clone(),
                Some(Json::Number(number)) => {
                    let name = number.as_i64().and_then(|number| names?.get(&number).cloned());
                    name.unwrap_or_else(|| number.to_string())
                }
                _ => String::new(),
            }
        };
        match E::KEPT.key {
            [] => word("slug"),
            key => key.iter().map(|column| word(column)).collect::<Vec<_>>().join(" "),
        }
    }

    /// Changes a row in place: its revision is one more.
    pub(super) async fn update<E: Table>(
        &self,
        number: i64,
        model: &E::Model,
    ) -> Result<(), Error> {
        let mut update = E::update_many();
        for column in E::Column::iter() {
            update = match column.as_str() {
                "id" => update,
                "revision" => update.col_expr(column, Expr::col(column).add(1)),
                _ => update.col_expr(column, Expr::val(model.get(column))),
            };
        }
        let id = Expr::col(Alias::new("id")).eq(number);
        sea_orm::QueryFilter::filter(update, id).exec(&self.transaction).await?;
        Ok(())
    }

    /// The rows with these numbers.
    pub(super) async fn rows<E: Table>(
        &self,
        numbers: Vec<i64>,
    ) -> Result<HashMap<i64, E::Model>, Error> {
        let mut found = HashMap::with_capacity(numbers.len());
        for numbers in numbers.chunks(CHUNK) {
            let id = Expr::col(Alias::new("id")).is_in(numbers.iter().copied());
            for model in E::find().filter_by(id).all(&self.transaction).await? {
                let columns = change::columns::<E>(&model);
                found.insert(columns["id"].as_i64().unwrap_or_default(), model);
            }
        }
        Ok(found)
    }

    /// Refuses numbers that no row has which is there, and rows with another revision by now.
    pub(super) async fn require<E: Table>(
        &mut self,
        numbers: &[i64],
        if_revision: Option<i32>,
    ) -> Result<(), Error> {
        let found = self.rows::<E>(numbers.to_vec()).await?;
        for number in numbers {
            let row = found.get(number).map(change::columns::<E>).unwrap_or_default();
            let closed = ["removed_at", "superseded_at"];
            let closed = closed.iter().any(|name| row.get(*name).is_some_and(|at| !at.is_null()));
            let waits = row.get("embargoed") == Some(&Json::Bool(true))
                && row.get("embargo_ended_at").is_none_or(Json::is_null);
            let there = !row.is_empty() && (!closed || waits);
            let problem = match found.get(number).filter(|_| !there).and_then(E::KEPT.figure) {
                Some(place) => Err(superseded(self.standing_for(&place).await?)),
                None if there => current::<E>(if_revision, found.get(number)),
                _ => {
                    let id = Id::of_row(E::KEPT.table, *number).to_string();
                    Err(row::wrong("id", &id, "it is not there any more"))
                }
            };
            if let Err(why) = problem {
                self.report(Problem { origin: "id".to_owned(), ..why });
            }
        }
        Ok(())
    }

    pub(super) fn reading<'a>(&'a self, columns: &'a [row::Field]) -> row::Reading<'a> {
        let Self { slugs, names, figures, .. } = self;
        row::Reading { columns, slugs, names, figures, backend: self.backend() }
    }
}

/// A select with one more condition.
pub(super) trait FilterBy {
    fn filter_by(self, condition: Expr) -> Self;
}

impl<E: EntityTrait> FilterBy for sea_orm::Select<E> {
    fn filter_by(self, condition: Expr) -> Self {
        sea_orm::QueryFilter::filter(self, condition)
    }
}

/// The columns of a new row that no file gives.
pub(super) fn fresh(number: i64) -> Map<String, Json> {
    [("id", number.into()), ("revision", Json::from(1))]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// Refuses to make a row that is there already, and to change one that is not.
fn taken(mode: Mode, known: bool) -> Result<(), Problem> {
    let reason = match (mode, known) {
        (Mode::Create, true) => "a row like it is there already",
        (Mode::Update, false) => "there is none like it",
        _ => return Ok(()),
    };
    Err(Problem { reason: reason.to_owned(), ..Problem::default() })
}

/// Whether a row is kept for figures of the past alone.
fn is_removed<E: Table>(row: &E::Model) -> bool {
    let mut columns = E::Column::iter();
    let removed = columns.find(|column| column.as_str() == "removed_at");
    removed.map(|column| row.get(column)).is_some_and(|at| at != at.as_null())
}

/// Whether nothing would be changed.
pub(super) fn same<E: Table>(one: &E::Model, other: &E::Model) -> bool {
    E::Column::iter().all(|column| one.get(column) == other.get(column))
}

/// Refuses to change a row that has another revision by now.
fn current<E: Table>(wanted: Option<i32>, row: Option<&E::Model>) -> Result<(), Problem> {
    let Some(wanted) = wanted else { return Ok(()) };
    let number = |row: &E::Model, name: &str| {
        change::columns::<E>(row).get(name).and_then(Json::as_i64).unwrap_or(0)
    };
    let found = row.map(|row| {
        let id = match (E::KEPT.figure)(row) {
            Some(place) => Id::of_figure(&place),
            None => Id::of_row(E::KEPT.table, number(row, "id")),
        };
        let revision = i32::try_from(number(row, "revision")).unwrap_or(0);
        Current { id: id.to_string(), revision }
    });
    match found.as_ref().map_or(0, |found| found.revision) == wanted {
        true => Ok(()),
        false => Err(outdated(wanted, found)),
    }
}
