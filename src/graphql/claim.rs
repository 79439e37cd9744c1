//! What is asserted rather than measured.

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{IntFilter, LocalizedTextFilter, PeriodFilter, TextFilter, WordFilter},
};
use async_graphql::{Context, ID, Result};
use entity::Period;
use entity::vocabulary::ClaimKind;

use super::{Observation, observation};

filter! {
    /// Which claims.
    ClaimFilter, ClaimListFilter for claim {
        slug: TextFilter = Slug,
        kind: WordFilter<ClaimKind> = Kind,
        statement: LocalizedTextFilter = Statement,
        position: IntFilter = Position,
        period: PeriodFilter = Period,
    } one {
        initiative: InitiativeFilter = InitiativeId of initiative,
        observation: ObservationFilter = ObservationId of observation,
        scope: DistrictFilter = ScopeId of district,
        source: SourceFilter = SourceId of source,
    }
}

order! {
    ClaimOrder, ClaimOrderKey for claim {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The kind, by the letters of its word.
        Kind = Column(Kind),
        /// The position claimed.
        Position = Column(Position),
        /// The period within which it is claimed.
        Period = Column(Period),
        /// The title of the initiative it is about, as its language orders it; null where there is none.
        InitiativeTitle = Text(Title) of initiative by InitiativeId,
        /// The name of the area within which it is claimed, as its language orders it; null where there is none.
        ScopeName = Text(Name) of district by ScopeId,
    }
}

object! {
    /// Something a source asserts without measuring it: first in the world, rank 1, a record. It
    /// is about an initiative or about a figure, never both. What is claimed of a figure under
    /// embargo is seen by editors alone until the figure's day.
    Claim of claim: ClaimFilter, ClaimOrder, ClaimOrderKey;
    id "claim";
    text statement, statements: "What is claimed, in our words.";
    maybe initiative: Initiative = initiative_id: "The initiative it is about; null for a claim about a figure.";
    maybe scope: District = scope_id: "The area within which it is claimed; null where the source names none.";
    maybe source: Source = source_id: "The document it was taken from.";
    fields {
        /// The figure it is about; null for a claim about an initiative, and in the past where the
        /// figure was not known yet.
        async fn observation(&self, ctx: &Context<'_>) -> Option<Result<Observation>> {
            let number = self.row.observation_id?;
            observation::referred(ctx, number, self.view).await.transpose()
        }
    }
    root ClaimQuery {
        one claim: "The claim with this slug.";
        list claims: "All claims.";
    }
}

crate::mutations! {
    Claim of claim, "a claim", "claims";
    required {
        slug: String,
        kind: ClaimKind,
        statement: Vec<LocalizedTextInput>,
    }
    optional {
        initiative: ID,
        observation: ID,
        scope: ID,
        position: i32,
        period: Period,
        source: ID,
        locator: String,
    }
}
