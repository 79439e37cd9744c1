//! Search: any object by the words in it.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use sea_orm::ModelTrait;

use super::{
    Ask, Language,
    lookup::row,
    node::Node,
    object::Node as _,
    page::{Paged, PagedConnection, Pages},
};
use crate::{
    error::Error,
    identity::camel,
    query::{
        Limits, Page, Search,
        parent::ROOT,
        search::{Field, Hit, Match, Words, fields},
    },
    record::standing,
};

/// Declares the types to choose from, and how each is found.
macro_rules! found {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        /// What is searched.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        pub enum SearchType {
            $(
                #[doc = concat!("Objects of the type ", stringify!($object), ".")]
                $object,
            )+
        }

        impl SearchType {
            fn table(self) -> &'static str {
                match self {
                    $(Self::$object => stringify!($topic),)+
                }
            }
        }

        /// The object that fits, and its texts.
        async fn found(ctx: &Context<'_>, hit: Hit) -> Result<(Node, Vec<Field>)> {
            match standing(hit.standing) {
                $(Some(stringify!($topic)) => {
                    let view = ctx.batch()?.view();
                    let row = row::<entity::$topic::Entity>(ctx, hit.number, view).await?;
                    let fields = fields::<entity::$topic::Entity>(|column| row.get(column));
                    Ok(($crate::graphql::$object::new(row, view).into(), fields))
                })+
                _ => {
                    let standing = hit.standing;
                    Err(Error::internal(format!("no table stands at {standing}")).into())
                }
            }
        }
    };
}

topics!(found);

/// The root's field that searches.
#[derive(Debug, Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// The objects of all types in which words are: in their names, titles, slugs, codes, symbols,
    /// publishers, descriptions, summaries, notes and statements, in every language at once. A
    /// figure that a correction replaced is not found, nor one under embargo; what is claimed of
    /// such a one is found by editors alone.
    ///
    /// All the words must be in one object, in whatever order; the last one may be the beginning
    /// of a word. Chinese, Japanese and Thai are found by any part. Case, accents, tone marks,
    /// Arabic points, tatweel, the forms of alef, taa marbuta and the article make no difference,
    /// nor do Arabic and Latin digits, nor traditional and simplified Chinese: `haidian` finds
    /// Hǎidiàn. An English plural finds its singular, and the other way round.
    ///
    /// Objects with that very name come first, then those with the words in their names, then the
    /// others; of those that fit alike places come first, then themes, organisations, initiatives,
    /// metrics, units, claims, sources, figures and links, each in the order in which it was
    /// loaded.
    #[expect(clippy::too_many_arguments, reason = "the arguments of every list, and its own")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The words: 200 characters at the most, with at least one letter or digit. Everything in it is text, there are no operators."
        )]
        query: String,
        #[graphql(desc = "Only objects of these types, at least one; of all types when left out.")]
        types: Option<Vec<SearchType>>,
        #[graphql(
            desc = "How many results, best first: from 1 to the server's limit (1000 unless configured). 50 unless configured when neither `first` nor `last` is given; not together with `last`."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only results after the one with this cursor.")] after: Option<String>,
        #[graphql(
            desc = "How many results, counted from the end: from 1 to the server's limit (1000 unless configured). Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(desc = "Only results before the one with this cursor.")] before: Option<String>,
    ) -> Option<Result<PagedConnection<Arc<Search>>>> {
        let search = || {
            let page = Page::new(ctx.data::<Limits>()?, first, after, last, before)?;
            let words = Words::new(&query)?;
            if types.as_ref().is_some_and(Vec::is_empty) {
                let message = "`types` is empty; give at least one type, or leave it out for all";
                return Err(Error::input(message).into());
            }
            let tables = types.into_iter().flatten().map(SearchType::table).collect();
            let view = ctx.batch()?.view();
            Ok(PagedConnection(Arc::new(Search::new(words, tables, view, page)?)))
        };
        Some(search())
    }
}

impl Pages for Arc<Search> {
    type Item = SearchResult;

    async fn page(&self, ctx: &Context<'_>) -> Result<Paged<SearchResult>> {
        let hits = ctx.batch()?.load(Self::clone(self), ROOT).await?;
        let hits = hits.ok_or_else(|| Error::internal("a search was not answered"))?;
        Ok(hits.map(|hit| SearchResult { search: Self::clone(self), hit: *hit }))
    }

    fn cursor(&self, result: &SearchResult) -> Result<String> {
        Ok(Search::cursor(self, &result.hit))
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(ctx.batch()?.load(Search::total(self), ROOT).await?.unwrap_or(0))
    }
}

/// An object that a search found.
#[derive(Debug, Clone)]
pub struct SearchResult {
    search: Arc<Search>,
    hit: Hit,
}

/// An object that a search found, and why.
#[Object]
impl SearchResult {
    /// The object; `... on District { name }` reads it.
    async fn node(&self, ctx: &Context<'_>) -> Result<Node> {
        found(ctx, self.hit).await.map(|(node, _)| node)
    }

    /// How well it fits: better ones come first.
    async fn r#match(&self) -> Match {
        self.hit.how
    }

    /// The text in which most of the words are; the others are in other texts of the object.
    async fn excerpt(&self, ctx: &Context<'_>) -> Option<Result<SearchExcerpt>> {
        let excerpt = async {
            let (_, fields) = found(ctx, self.hit).await?;
            let best = self.search.words().best(&fields);
            let (field, start) = best.ok_or_else(|| Error::internal("a result without a text"))?;
            Ok(SearchExcerpt::new(field, start))
        };
        Some(excerpt.await)
    }
}

/// Where in an object words were found.
#[derive(Debug, Clone, SimpleObject)]
pub struct SearchExcerpt {
    /// The field of the object, such as `name` or `summary`.
    field: String,
    /// The language of the text; null where it is in none, such as a slug.
    language: Option<Language>,
    /// The text as it is written there; of a long one the part around the words, with `…` where it
    /// was cut.
    text: String,
}

/// How much of a text an excerpt shows, and how much of that before the words, in characters.
const SHOWN: usize = 240;
const BEFORE: usize = 60;

impl SearchExcerpt {
    fn new(field: &Field, start: usize) -> Self {
        let Field { column, language, text } = field;
        let place = |character: usize| text.char_indices().nth(character).map(|(place, _)| place);
        let first = match place(SHOWN) {
            Some(_) => text[..start].chars().count().saturating_sub(BEFORE),
            None => 0,
        };
        let (from, to) = (place(first).unwrap_or(0), place(first + SHOWN));
        let (left, right) = (if from > 0 { "…" } else { "" }, if to.is_some() { "…" } else { "" });
        let shown = &text[from..to.unwrap_or(text.len())];
        Self {
            field: camel(column),
            language: language.clone().map(Language::known),
            text: format!("{left}{shown}{right}"),
        }
    }
}
