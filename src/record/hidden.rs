//! What hangs on figures under embargo: whoever may not see the figure may not see what is said of
//! it, and it is told to everybody with the figure.

use std::collections::{HashMap, HashSet};

use entity::{claim, vocabulary::ChangeKind};
use sea_orm::{IntoActiveModel, ModelTrait};
use serde_json::{Map, Value as Json};

use super::{
    CHUNK, Rows, Writer, change,
    change::Noted,
    incoming::RETRACT,
    index,
    named::{Kept, Table, fresh},
    numbers::is_hidden,
    row::{self, Field},
};
use crate::{error::Error, identity::FIGURE};

/// Which rows of a file hang on figures under embargo.
pub(super) struct Hidden(Option<HashSet<usize>>);

impl Hidden {
    /// Whether the row at a place of the file does, which has a number where it is there already.
    pub(super) fn holds(&self, place: usize, number: Option<i64>) -> bool {
        match &self.0 {
            Some(places) => places.contains(&place),
            // Nothing is said of a figure, so it stays as it is.
            None => number.is_some_and(is_hidden),
        }
    }
}

/// Rows that others see from now on than before: the number each had, what it is from now on, and
/// whether it is hidden.
pub(super) struct Moved<M>(Vec<(i64, M, bool)>);

impl<M> Default for Moved<M> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<M> Moved<M> {
    /// One more.
    pub(super) fn add(&mut self, number: i64, row: M, hidden: bool) {
        self.0.push((number, row, hidden));
    }
}

impl Writer {
    /// Finds the rows that hang on figures under embargo.
    pub(super) async fn hidden(&self, rows: &Rows, columns: &[Field]) -> Result<Hidden, Error> {
        let is_figure =
            |field: &Field| matches!(field, Field::Reference { target, .. } if target == FIGURE);
        let Some(column) = columns.iter().position(is_figure) else { return Ok(Hidden(None)) };
        let reading = self.reading(columns);
        let figure = |fields: &Vec<String>| {
            // What names no figure is refused when the row is read.
            reading.number(FIGURE, FIGURE, fields.get(column)?).ok().flatten()
        };
        let rows = rows.rows.iter().enumerate();
        let figures: HashMap<usize, i64> =
            rows.filter_map(|(place, (_, fields))| Some((place, figure(fields)?))).collect();
        let distinct: HashSet<i64> = figures.values().copied().collect();
        let distinct: Vec<String> = distinct.into_iter().map(|number| number.to_string()).collect();
        let mut embargoed = HashSet::<i64>::new();
        for numbers in distinct.chunks(CHUNK) {
            let numbers = numbers.join(", ");
            let sql = format!("SELECT id FROM observation WHERE embargoed AND id IN ({numbers})");
            for row in self.ask(&sql, []).await? {
                embargoed.insert(row.try_get_by_index(0)?);
            }
        }
        let hidden = figures.into_iter().filter(|(_, figure)| embargoed.contains(figure));
        Ok(Hidden(Some(hidden.map(|(place, _)| place).collect())))
    }

    /// Has rows hidden from those who may not see them any more, or told to everybody: for these they
    /// go where they were, and are made where they belong. Returns their numbers by those they had.
    pub(super) async fn transfer<E: Table>(
        &mut self,
        moved: Moved<E::Model>,
    ) -> Result<HashMap<i64, i64>, Error> {
        let Kept { table, standing, .. } = E::KEPT;
        let mut given = HashMap::with_capacity(moved.0.len());
        if moved.0.is_empty() {
            return Ok(given);
        }
        let before: Vec<i64> = moved.0.iter().map(|(number, ..)| *number).collect();
        self.erase::<E>(&before).await?;
        let mut numbers = self.numbers(table).await?;
        let mut made = Vec::with_capacity(moved.0.len());
        let (mut noted, mut entries) = (Vec::new(), Vec::new());
        for (before, model, hidden) in moved.0 {
            let number = numbers.next(hidden);
            let mut columns: Map<String, Json> = change::columns::<E>(&model);
            columns.extend(fresh(number));
            let key = self.name::<E>(&columns);
            if row::has_slug::<E>() {
                self.rename(table, None, &key, number);
            }
            let model: E::Model =
                serde_json::from_value(Json::Object(columns)).map_err(Error::internal)?;
            noted.push(Noted { kind: ChangeKind::Created, row: number, key, before: None });
            entries.extend(index::entry::<E>(standing, number, |column| model.get(column)));
            given.insert(before, number);
            made.push(model.into_active_model());
        }
        self.took(table, numbers);
        self.outcome.of(table).updated += made.len() as u64;
        for made in made.chunks(CHUNK) {
            E::insert_many(made.to_vec()).exec_without_returning(&self.transaction).await?;
        }
        index::add::<E>(&self.transaction, entries).await?;
        self.note(table, noted).await?;
        Ok(given)
    }

    /// Tells everybody what is said of the figures that waited and are public from now on.
    pub(super) async fn disclose(&mut self) -> Result<(), Error> {
        let sql = format!(
            "SELECT claim.id, i.id FROM claim JOIN incoming i ON i.ends = claim.observation_id
            WHERE NOT i.same AND NOT i.embargoed AND i.mode <> '{RETRACT}' ORDER BY claim.id"
        );
        let mut figures = Vec::new();
        for row in self.ask(&sql, []).await? {
            let (claim, figure): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            figures.push((claim, figure));
        }
        let numbers = figures.iter().map(|(claim, _)| *claim).collect();
        let mut claims = self.rows::<claim::Entity>(numbers).await?;
        let mut moved = Moved::default();
        for (number, figure) in figures {
            if let Some(claim) = claims.remove(&number) {
                let claim = claim::Model { observation_id: Some(figure), ..claim };
                moved.add(number, claim, false);
            }
        }
        self.transfer::<claim::Entity>(moved).await.map(drop)
    }
}
