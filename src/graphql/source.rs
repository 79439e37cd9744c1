//! Where rows are from.

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{DateFilter, LocalizedTextFilter, TextFilter, WordFilter},
};
use entity::Date;
use entity::vocabulary::DateBasis;

filter! {
    /// Which sources.
    SourceFilter, SourceListFilter for source {
        slug: TextFilter = Slug,
        title: LocalizedTextFilter = Title,
        publisher: TextFilter = Publisher,
        language: TextFilter = Language,
        published_on: DateFilter = PublishedOn,
        date_basis: WordFilter<DateBasis> = DateBasis,
    } many {
        initiatives: InitiativeListFilter = initiative.SourceId,
        observations: ObservationListFilter = observation.SourceId,
        claims: ClaimListFilter = claim.SourceId,
    }
}

order! {
    SourceOrder, SourceOrderKey for source {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The title, as its language orders it.
        Title = Text(Title),
        /// The day of publication.
        PublishedOn = Column(PublishedOn),
        /// The publisher, letter by letter.
        Publisher = Column(Publisher),
        /// How many initiatives were taken from it.
        InitiativeCount = count(initiative.SourceId),
        /// How many figures were taken from it.
        ObservationCount = count(observation.SourceId),
    }
}

object! {
    /// A document that rows were taken from.
    Source of source: SourceFilter, SourceOrder, SourceOrderKey;
    id "source";
    text title, titles: "Its title.";
    optional text note, notes: "What a reader of the rows should know about it.";
    many initiatives: Initiative = initiative.SourceId:
        "The initiatives taken from it.";
    many claims: Claim = claim.SourceId: "The claims taken from it.";
    figures observations by SourceId:
        "The figures taken from it, the newest period first.";
    root SourceQuery {
        one source: "The source with this slug.";
        list sources: "All sources.";
    }
}

crate::mutations! {
    Source of source, "a source", "sources";
    required {
        slug: String,
        title: Vec<LocalizedTextInput>,
    }
    optional {
        publisher: String,
        language: String,
        published_on: Date,
        date_basis: DateBasis,
        url: String,
        licence: String,
        note: Vec<LocalizedTextInput>,
    }
}
