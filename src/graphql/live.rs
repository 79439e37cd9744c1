//! `@live`: a query that is answered again whenever the data change.

use std::borrow::Cow;

use async_graphql::{
    ContextDirective, CustomDirective, CustomDirectiveFactory, ServerError, ServerResult,
    parser::types::Directive,
    registry::{__DirectiveLocation, MetaDirective, Registry},
};

/// The name of the directive.
pub(super) const LIVE: &str = "live";

/// The directive as the schema declares it. It says how a query is answered; fields know nothing
/// of it.
pub(super) struct Live;

impl CustomDirectiveFactory for Live {
    fn name(&self) -> Cow<'static, str> {
        LIVE.into()
    }

    fn register(&self, registry: &mut Registry) {
        registry.add_directive(MetaDirective {
            name: LIVE.to_owned(),
            description: Some(DESCRIPTION.to_owned()),
            locations: vec![__DirectiveLocation::QUERY],
            args: Default::default(),
            is_repeatable: false,
            visible: None,
            composable: None,
        });
    }

    fn create(
        &self,
        _: &ContextDirective<'_>,
        directive: &Directive,
    ) -> ServerResult<Box<dyn CustomDirective>> {
        let place = Some(directive.name.pos);
        Err(ServerError::new("`@live` stands beside the operation, not in it", place))
    }
}

const DESCRIPTION: &str = "Answers the query at once, and again whenever the data changed and its \
     answer with them. Over WebSocket and server-sent events; over plain HTTP it is answered once. \
     Changes in quick succession may be answered together.";
