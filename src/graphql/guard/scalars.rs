//! The scalars of the schema's own: which values they take.

use apollo_compiler::Name;
use async_graphql::{InputType, Pos, Value};
use entity::{Date, DateTime, Decimal, Geometry, Period};

use crate::graphql::{Language, upload::Upload};

/// Fails with what would be right where a scalar does not take a value. Scalars of GraphQL itself are
/// not looked at.
pub(super) fn check(scalar: &Name, value: Value) -> Result<(), String> {
    match scalar.as_str() {
        "Date" => parse::<Date>(value),
        "DateTime" => parse::<DateTime>(value),
        "Decimal" => parse::<Decimal>(value),
        "GeoJSON" => parse::<Geometry>(value),
        "Language" => parse::<Language>(value),
        "Period" => parse::<Period>(value),
        "Upload" => parse::<Upload>(value),
        _ => Ok(()),
    }
}

fn parse<T: InputType>(value: Value) -> Result<(), String> {
    T::parse(Some(value)).map(drop).map_err(|wrong| {
        let message = wrong.into_server_error(Pos::default()).message;
        // The library puts the type before what is said of the value.
        let before = format!("Failed to parse \"{}\": ", T::type_name());
        message.strip_prefix(&before).map(str::to_owned).unwrap_or(message)
    })
}

#[cfg(test)]
mod tests {
    use apollo_compiler::{Schema, schema::ExtendedType};
    use async_graphql::Value;

    use super::check;
    use crate::query::Limits;

    /// Nothing here is taken by any scalar, so one that is not known is seen by taking it.
    #[test]
    fn every_scalar_is_known() {
        let limits = Limits { page_default: 50, page_max: 1000 };
        let sdl = crate::graphql::schema(limits).sdl();
        let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
        let own = schema.types.iter().filter(|(_, kind)| match kind {
            ExtendedType::Scalar(_) => !kind.is_built_in(),
            _ => false,
        });
        let names: Vec<_> = own.map(|(name, _)| name).collect();
        assert!(names.len() > 5, "{names:?}");
        for name in names {
            assert!(check(name, Value::Boolean(true)).is_err(), "{name}");
        }
    }
}
