//! Fields of activity.

use super::input::LocalizedTextInput;
use crate::{
    filter, object, order,
    query::filter::{LocalizedTextFilter, TextFilter},
};
use async_graphql::ID;

filter! {
    /// Which themes.
    ThemeFilter, ThemeListFilter for theme {
        slug: TextFilter = Slug,
        name: LocalizedTextFilter = Name,
    } one {
        parent: ThemeFilter = ParentId of theme,
    } many {
        children: ThemeListFilter = theme.ParentId,
        initiatives: InitiativeListFilter = initiative.ThemeId,
        metrics: MetricListFilter = metric.ThemeId,
    }
}

order! {
    ThemeOrder, ThemeOrderKey for theme {
        /// The slug, letter by letter.
        Slug = Column(Slug),
        /// The name, as its language orders it.
        Name = Text(Name),
        /// The name of the wider theme, as its language orders it; null where there is none.
        ParentName = Text(Name) of theme by ParentId,
        /// How many initiatives belong to it.
        InitiativeCount = count(initiative.ThemeId),
        /// How many metrics belong to it.
        MetricCount = count(metric.ThemeId),
    }
}

object! {
    /// A field of activity that initiatives and metrics belong to; themes are nested.
    Theme of theme: ThemeFilter, ThemeOrder, ThemeOrderKey;
    id "theme";
    text name, names: "Its name.";
    maybe parent: Theme = parent_id: "The wider theme it is part of; null for the widest.";
    many children: Theme = theme.ParentId:
        "The themes that are directly part of it.";
    many initiatives: Initiative = initiative.ThemeId:
        "The initiatives of this theme; not those of the themes inside.";
    many metrics: Metric = metric.ThemeId:
        "The metrics of this theme; not those of the themes inside.";
    root ThemeQuery {
        one theme: "The theme with this slug.";
        list themes: "All themes.";
    }
}

crate::mutations! {
    Theme of theme, "a theme", "themes";
    required {
        slug: String,
        name: Vec<LocalizedTextInput>,
    }
    optional {
        parent: ID,
    }
}
