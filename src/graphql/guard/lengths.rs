//! How long the lists are that have no pages, and what fields cost that read more than they answer.

/// How long a list may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// About so many, whatever is in the database.
    Few(u64),
    /// As many as a page may have rows.
    Page,
    /// As many as these arguments of the root's field say, one times the other: so many items, or
    /// that number. One that is left out counts for nothing.
    Arguments(&'static [&'static str]),
}

/// The lists whose items are always few, by the items' type.
const ITEMS: &[(&str, Length)] = &[
    ("LocalizedText", Length::Few(10)),
    ("AuditCount", Length::Few(10)),
    ("ImportedTable", Length::Few(10)),
];

/// What a bulk write answers: as many rows as it was given, or may change at the most.
const WRITTEN: Length = Length::Arguments(&["inputs", "atMost"]);

/// All other lists of objects that have no pages.
const LISTS: &[(&str, &str, Length)] = &[
    ("Query", "nodes", Length::Arguments(&["ids"])),
    ("CompareTable", "metrics", Length::Arguments(&["metrics"])),
    ("CompareTable", "districts", Length::Arguments(&["districts"])),
    ("CompareTable", "rows", Length::Arguments(&["metrics", "periods"])),
    ("CompareRow", "cells", Length::Arguments(&["districts"])),
    ("Series", "points", Length::Page),
    ("DistrictsPayload", "districts", WRITTEN),
    ("ThemesPayload", "themes", WRITTEN),
    ("OrganizationsPayload", "organizations", WRITTEN),
    ("InitiativesPayload", "initiatives", WRITTEN),
    ("InitiativeOrganizationsPayload", "initiativeOrganizations", WRITTEN),
    ("InitiativeMetricsPayload", "initiativeMetrics", WRITTEN),
    ("ClaimsPayload", "claims", WRITTEN),
    ("MetricsPayload", "metrics", WRITTEN),
    ("UnitsPayload", "units", WRITTEN),
    ("SourcesPayload", "sources", WRITTEN),
    ("ObservationsPayload", "observations", WRITTEN),
];

/// The fields that read all rows there are of something, whatever of it they answer.
const WEIGHTS: &[(&str, u64)] = &[
    ("totalCount", 10),
    ("observationGroups", 100),
    ("observationSummary", 100),
    ("ranking", 100),
    ("search", 100),
];

/// How long the list may be that a field of a type holds; an unknown one may be as long as a page.
pub(super) fn length(of: &str, field: &str, item: &str) -> Length {
    let by_item = ITEMS.iter().find(|(known, _)| *known == item).map(|(_, length)| *length);
    let declared = || LISTS.iter().find(|(known, name, _)| (*known, *name) == (of, field));
    by_item.or_else(|| declared().map(|(.., length)| *length)).unwrap_or(Length::Page)
}

/// What a field costs by itself.
pub(super) fn weight(field: &str) -> u64 {
    WEIGHTS.iter().find(|(known, _)| *known == field).map_or(1, |(_, weight)| *weight)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use apollo_compiler::{Schema, schema::ExtendedType};

    use super::{ITEMS, LISTS, WEIGHTS};
    use crate::query::Limits;

    /// A list that is added to the schema has its length here, and none is here that is not there.
    #[test]
    fn every_list_without_pages_has_its_length() {
        let limits = Limits { page_default: 50, page_max: 1000 };
        let sdl = crate::graphql::schema(limits).sdl();
        let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
        let (mut lists, mut items, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (name, kind) in &schema.types {
            let ExtendedType::Object(object) = kind else { continue };
            let paged = object.fields.contains_key("pageInfo");
            for (field, definition) in &object.fields {
                names.insert(field.to_string());
                let item = definition.ty.inner_named_type();
                let objects = schema
                    .types
                    .get(item)
                    .is_some_and(|kind| kind.is_object() || kind.is_interface() || kind.is_union());
                let has_pages = paged || definition.argument_by_name("first").is_some();
                if name.starts_with("__") || !definition.ty.is_list() || !objects || has_pages {
                    continue;
                }
                match ITEMS.iter().any(|(known, _)| *known == item.as_str()) {
                    true => items.insert(item.to_string()),
                    false => lists.insert((name.to_string(), field.to_string())),
                };
            }
        }
        let declared = LISTS.iter().map(|(name, field, _)| ((*name).into(), (*field).into()));
        assert_eq!(lists, declared.collect());
        assert_eq!(items, ITEMS.iter().map(|(name, _)| (*name).to_owned()).collect());
        let unknown: Vec<_> = WEIGHTS.iter().filter(|(name, _)| !names.contains(*name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
