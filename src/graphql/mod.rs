//! The schema: one file a topic, in one order: filter, order, object, relations, root fields.

pub mod claim;
pub mod connection;
pub mod dataset;
pub mod district;
pub mod error;
pub mod initiative;
pub mod initiative_metric;
pub mod initiative_organization;
pub mod language;
pub mod metric;
pub mod node;
pub mod object;
pub mod observation;
pub mod organization;
pub mod source;
pub mod theme;
pub mod unit;

use std::sync::Arc;

use async_graphql::{
    EmptyMutation, EmptySubscription, MergedObject, Request, Response, parser::parse_query,
};

pub use claim::{Claim, ClaimFilter, ClaimOrder};
pub use connection::{Connection, Side, Wanted, list};
pub use dataset::Dataset;
pub use district::{District, DistrictFilter, DistrictOrder};

pub use initiative::{Initiative, InitiativeFilter, InitiativeOrder};
pub use initiative_metric::{InitiativeMetric, InitiativeMetricFilter, InitiativeMetricOrder};
pub use initiative_organization::{
    InitiativeOrganization, InitiativeOrganizationFilter, InitiativeOrganizationOrder,
};
pub use language::{Language, LocalizedText};
pub use metric::{Metric, MetricFilter, MetricOrder};
pub use object::{Ask, Node};
pub use observation::{Observation, ObservationFilter, ObservationOrder};
pub use organization::{Organization, OrganizationFilter, OrganizationOrder};
pub use source::{Source, SourceFilter, SourceOrder};
pub use theme::{Theme, ThemeFilter, ThemeOrder};
pub use unit::{Unit, UnitFilter, UnitOrder};

use crate::{
    database::Database,
    query::{Batch, Limits},
};

/// Where every question starts.
#[derive(Default, MergedObject)]
pub struct Query(
    dataset::DatasetQuery,
    node::NodeQuery,
    district::DistrictQuery,
    theme::ThemeQuery,
    organization::OrganizationQuery,
    initiative::InitiativeQuery,
    claim::ClaimQuery,
    metric::MetricQuery,
    unit::UnitQuery,
    source::SourceQuery,
    observation::ObservationQuery,
);

/// The schema.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// How deep selections may be nested. Every level costs statements.
const DEPTH: usize = 32;

/// Builds the schema.
pub fn schema(limits: Limits) -> Schema {
    async_graphql::Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .data(limits)
        .limit_depth(DEPTH)
        .finish()
}

/// Answers one request: with how many SQL statements stands beside the answer.
pub async fn execute(
    schema: &Schema,
    database: &Database,
    mut request: Request,
) -> (Response, usize) {
    match parse_query(&request.query) {
        Ok(document) => request.set_parsed_query(document),
        Err(error) => return (error::unparsed(error), 0),
    }
    let batch = Arc::new(Batch::new(database.clone()));
    let request = request.data(Arc::clone(&batch));
    let response = batch.drive(schema.execute(request)).await;
    (error::coded(response), batch.statements())
}
