//! The schema: one file a topic, in one order: filter, order, object, relations, root fields.

/// Every topic, one line each: its file, its object, the object's filters and order, and the fields
/// of the root where it has some. `topics!(x)` hands the lines to the macro `x`.
macro_rules! topics {
    ($to:ident) => {
        $to! {
            district: District, DistrictFilter, DistrictListFilter, DistrictOrder, DistrictQuery;
            theme: Theme, ThemeFilter, ThemeListFilter, ThemeOrder, ThemeQuery;
            organization: Organization, OrganizationFilter, OrganizationListFilter, OrganizationOrder, OrganizationQuery;
            initiative: Initiative, InitiativeFilter, InitiativeListFilter, InitiativeOrder, InitiativeQuery;
            initiative_organization:
                InitiativeOrganization, InitiativeOrganizationFilter, InitiativeOrganizationListFilter, InitiativeOrganizationOrder;
            initiative_metric: InitiativeMetric, InitiativeMetricFilter, InitiativeMetricListFilter, InitiativeMetricOrder;
            claim: Claim, ClaimFilter, ClaimListFilter, ClaimOrder, ClaimQuery;
            metric: Metric, MetricFilter, MetricListFilter, MetricOrder, MetricQuery;
            unit: Unit, UnitFilter, UnitListFilter, UnitOrder, UnitQuery;
            source: Source, SourceFilter, SourceListFilter, SourceOrder, SourceQuery;
            observation: Observation, ObservationFilter, ObservationListFilter, ObservationOrder, ObservationQuery;
        }
    };
}

pub mod audit;
pub mod change;
pub mod changes;
pub mod claim;
pub mod code;
pub mod compare;
pub mod compare_table;
pub mod computed;
pub mod connection;
pub mod dataset;
pub mod district;
pub mod error;
pub mod expected;
pub mod explain;
pub mod figures;
pub mod group;
pub mod group_key;
pub mod guard;
mod idempotency;
pub mod import;
pub mod import_progress;
pub mod initiative;
pub mod initiative_metric;
pub mod initiative_organization;
pub mod input;
pub mod language;
mod latest;
pub mod live;
mod lookup;
pub mod metric;
pub mod mutation;
pub mod node;
pub mod object;
pub mod observation;
pub mod organization;
pub mod page;
pub mod past;
pub mod per;
pub mod ranking;
pub mod root;
pub mod rows;
pub mod running;
pub mod search;
pub mod series;
pub mod series_point;
pub mod slug;
pub mod source;
pub mod subscription;
pub mod suggestion;
pub mod summary;
pub mod theme;
pub mod unit;
pub mod upload;
pub mod viewer;
pub mod writing;

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, ServerError, ValidationMode};
use chrono::Utc;
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use tokio::time::error::Elapsed;

pub use change::{Change, ChangeBasis};
pub use code::Code;
pub use computed::Computed;
pub use connection::{Connection, ListArguments, Side, list};
pub use dataset::Dataset;
pub use figures::Figures;
pub use guard::{Asked, Checked, Export, Guard, Kind, Shape};
pub use language::{Language, LocalizedText, Preferred};
pub use lookup::Ask;
pub use mutation::MutationRoot;
pub use object::Node;
pub use per::Per;
pub use ranking::Ranking;
pub use root::Query;
pub use rows::Fields;
pub use series::{Series, SeriesGaps};
pub use subscription::{Arrival, Position, SubscriptionRoot};
pub use upload::{Uploaded, Uploads};
use writing::Writing;

use crate::{
    access::Viewer,
    database::Database,
    error::Error,
    query::{Batch, Limits, View},
};

/// Makes the topics known here.
macro_rules! topic_exports {
    ($($topic:ident: $object:ident, $filter:ident, $list:ident, $order:ident $(, $query:ident)?;)+) => {
        $(pub use $topic::{$filter, $list, $object, $order};)+
        pastey::paste! {
            $(pub use $topic::{[<$object Input>], [<$object Patch>]};)+
        }
    };
}

topics!(topic_exports);

/// The schema.
pub type Schema = async_graphql::Schema<Query, MutationRoot, SubscriptionRoot>;

/// Builds the schema. What may be asked of it is for the [`Guard`] to say, which every request
/// passes first; of a validated document async-graphql checks no more than what may not be left out.
pub fn schema(limits: Limits) -> Schema {
    async_graphql::Schema::build(Query, MutationRoot::default(), SubscriptionRoot)
        .data(limits)
        .data(import_progress::Imports::default())
        .directive(live::Live)
        .limit_recursive_depth(usize::MAX)
        .validation_mode(ValidationMode::Fast)
        .finish()
}

/// Answers one request once, which has an id to tell where the server fails: with how many SQL
/// statements stands beside the answer.
///
/// Boxed, so that whoever compiles what is around it need not look into every resolver: beneath
/// layers of HTTP that is deeper than the compiler goes.
pub fn execute<'e>(
    schema: &'e Schema,
    database: &'e Database,
    checked: Checked,
    request_id: &'e str,
) -> BoxFuture<'e, (Response, usize)> {
    executed(schema, database, checked, request_id).boxed()
}

async fn executed(
    schema: &Schema,
    database: &Database,
    checked: Checked,
    request_id: &str,
) -> (Response, usize) {
    let Checked { viewer, cost, error_max, explain, .. } = checked;
    let batch = Arc::new(Batch::new(database, view(&viewer), Utc::now().into()));
    let mut request = checked.request;
    if checked.operation == OperationType::Mutation {
        let writing = Writing::new(database, &viewer, checked.fields, checked.committing);
        let key = checked.idempotency_key.as_deref();
        match write(schema, &batch, &mut request, writing, key, checked.uploads).await {
            Ok(writing) => request = request.data(writing),
            Err(response) => {
                let response = told(response, cost, error_max, request_id);
                return (response, batch.statements().count());
            }
        }
    }
    let request = request.data(Arc::clone(&batch)).data(viewer);
    let response = batch.drive(schema.execute(request)).await;
    let mut response = told(response, cost, error_max, request_id);
    if explain {
        response = response.extension("explain", explain::to_value(batch.statements()));
    }
    (response, batch.statements().count())
}

/// Does all that a mutation asks for, unless it was done already by the same key, or else gives the
/// answer that says what is wrong.
async fn write(
    schema: &Schema,
    batch: &Arc<Batch>,
    request: &mut Request,
    writing: Writing,
    key: Option<&str>,
    uploads: Uploads,
) -> Result<Arc<Writing>, Response> {
    let refused = |error: ServerError| Response::from_errors(vec![error]);
    let failed = |error: Error| {
        let error = async_graphql::Error::from(error);
        refused(error.into_server_error(async_graphql::Pos::default()))
    };
    let writing = Arc::new(writing);
    let viewer = writing.viewer().clone();
    if let Some(key) = key {
        let key = idempotency::key(key, &viewer, request, &uploads).await.map_err(failed)?;
        if writing.begin(key).await.map_err(failed)? {
            return Ok(writing);
        }
    }
    let document = request.parsed_query().map_err(refused)?.clone();
    let writes = writing::without_answers(request, document).data(Arc::clone(&writing));
    let writes = writes.data(Arc::clone(batch)).data(viewer).data(uploads);
    let response = schema.execute(writes).await;
    if response.is_err() {
        writing.forget().await;
        return Err(Response::from_errors(response.errors));
    }
    writing.commit().await.map_err(failed)?;
    Ok(writing)
}

/// Answers one subscription with each event, until it is dropped: with how many SQL statements each
/// answer took stands beside it. It ends with an answer that takes longer than `patience`.
pub fn subscribe(
    schema: &Schema,
    database: &Database,
    checked: Checked,
    patience: Duration,
    request_id: Arc<str>,
) -> impl Stream<Item = Result<(Response, usize), Elapsed>> + Send + use<> {
    let Checked { request, viewer, cost, error_max, .. } = checked;
    let batch = Arc::new(Batch::new(database, view(&viewer), Utc::now().into()));
    let events = schema.execute_stream(request.data(Arc::clone(&batch)).data(viewer));
    stream::unfold(Some((batch, events)), move |going_on| {
        let request_id = Arc::clone(&request_id);
        async move {
            let (batch, mut events) = going_on?;
            match batch.drive_within(patience, events.next()).await {
                Ok(response) => {
                    let response = told(response?, cost, error_max, &request_id);
                    let statements = batch.statements().forget();
                    Some((Ok((response, statements)), Some((batch, events))))
                }
                Err(elapsed) => Some((Err(elapsed), None)),
            }
        }
    })
}

/// What somebody sees who does not ask for the past.
fn view(viewer: &Viewer) -> View {
    View { insider: viewer.is_insider(), ..View::default() }
}

/// A response as a client sees it.
fn told(response: Response, cost: guard::Cost, error_max: usize, request_id: &str) -> Response {
    error::told(response, error_max, request_id).extension("cost", cost.to_value())
}
