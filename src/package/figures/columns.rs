//! Which column holds what: as somebody said, or by the names people use.

use std::collections::HashMap;

use crate::{
    package::options::{Layout, Options},
    record::Problem,
    suggest::{Budget, closest_matches},
};

/// The fields of a figure, and the names people use for their columns, in small letters and digits
/// only.
const FIELDS: &[(&str, &[&str])] = &[
    ("metric", &["metric", "indicator", "variable", "series", "指标", "المؤشر"]),
    ("metric.name", &["metricname", "indicatorname", "seriesname", "variablename"]),
    ("metric.code", &["metriccode", "indicatorcode", "seriescode", "variablecode"]),
    (
        "district",
        &[
            "district",
            "country",
            "refarea",
            "area",
            "geo",
            "geography",
            "entity",
            "location",
            "place",
            "city",
            "municipality",
            "county",
            "province",
            "state",
            "territory",
            "region",
            "地区",
        ],
    ),
    (
        "district.name",
        &["districtname", "countryname", "areaname", "geoname", "entityname", "regionname"],
    ),
    (
        "district.code",
        &[
            "districtcode",
            "countrycode",
            "areacode",
            "geocode",
            "entitycode",
            "regioncode",
            "iso3",
            "iso2",
            "isocode",
            "fips",
            "code",
        ],
    ),
    ("parent", &["parent"]),
    (
        "period",
        &[
            "period",
            "year",
            "timeperiod",
            "time",
            "date",
            "month",
            "quarter",
            "年份",
            "年",
            "السنة",
        ],
    ),
    ("value", &["value", "obsvalue", "数值", "القيمة"]),
    ("unit", &["unit", "units", "unitmeasure", "unitofmeasure", "uom"]),
    ("unit_mult", &["unitmult", "unitmultiplier"]),
    ("status", &["status", "obsstatus"]),
    ("decimals", &["decimals"]),
    ("multiplier", &["multiplier"]),
    ("comparator", &["comparator"]),
    ("initiative", &["initiative"]),
    ("source", &["source"]),
    ("locator", &["locator"]),
    ("published_on", &["publishedon"]),
    ("reference_date", &["referencedate"]),
    ("price_basis", &["pricebasis"]),
    ("unit_as_printed", &["unitasprinted"]),
    ("slug", &["slug"]),
    ("action", &["action"]),
    ("frequency", &["freq"]),
    ("structure", &["structure", "structureid", "structurename", "dataflow"]),
];

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// A field of the figure, by its name.
    Field(String),
    /// The values of a metric, by its slug or the column's name.
    Metric(String),
    /// Nothing that is known yet.
    Unknown,
    /// Nothing that is read.
    Ignored,
}

/// Whether a figure has that field.
pub(super) fn is_field(name: &str) -> bool {
    FIELDS.iter().any(|(field, _)| *field == name)
        || name.strip_prefix("note_").is_some_and(|language| !language.is_empty())
        || is_ancestor(name)
}

/// `parent.parent`, and so on.
pub(super) fn is_ancestor(name: &str) -> bool {
    name.split('.').all(|part| part == "parent")
}

fn unknown_field(origin: &str, field: &str, why: String, budget: &Budget) -> Problem {
    let names = FIELDS.iter().map(|(field, _)| *field);
    let suggestions = closest_matches(field, names, budget);
    Problem { suggestions, ..Problem::of(origin, None, why) }
}

/// A name in small letters and digits only, as the tables above have them.
pub(in crate::package) fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What each column holds, as far as its name or the options say.
pub(super) fn roles(
    origin: &str,
    columns: &[String],
    options: &Options,
) -> Result<Vec<Role>, Vec<Problem>> {
    let (mut problems, budget) = (Vec::new(), Budget::default());
    let mut roles = vec![Role::Unknown; columns.len()];
    let normals: Vec<String> = columns.iter().map(|column| normal(column)).collect();
    let exact: HashMap<&str, usize> =
        columns.iter().enumerate().rev().map(|(at, name)| (name.as_str(), at)).collect();
    let mut similar: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, name) in normals.iter().enumerate() {
        similar.entry(name).or_default().push(at);
    }
    let place = |name: &str| {
        exact.get(name).copied().or_else(|| match similar.get(normal(name).as_str())?[..] {
            [one] => Some(one),
            _ => None,
        })
    };
    for (at, column) in columns.iter().enumerate() {
        if column.is_empty() {
            roles[at] = Role::Ignored;
        }
    }
    let left_out: Vec<usize> = options.ignore.iter().filter_map(|name| place(name)).collect();
    for &at in &left_out {
        roles[at] = Role::Ignored;
    }
    let mut mapped: HashMap<usize, &(String, String)> = HashMap::new();
    for map in &options.map {
        let (field, column) = map;
        let Some(at) = place(column) else {
            let why = format!("there is no such column, which --map {field}={column} names");
            let names = columns.iter().map(String::as_str);
            let suggestions = closest_matches(column, names, &budget);
            let why = Problem::of(origin, None, why).at(column, column);
            problems.push(Problem { suggestions, ..why });
            continue;
        };
        let twice = match mapped.insert(at, map) {
            Some((other, name)) => Some(format!(
                "it is said to hold two things, by --map {other}={name} and by --map \
                 {field}={column}; give one of them"
            )),
            None => left_out.contains(&at).then(|| {
                format!(
                    "it is to be left out by --ignore, and to be read by --map {field}={column}; \
                     give one of them"
                )
            }),
        };
        problems.extend(twice.map(|why| {
            let column = Some(columns[at].clone());
            Problem { column, ..Problem::of(origin, None, why) }
        }));
        roles[at] = match is_field(field) {
            true => Role::Field(field.clone()),
            false => Role::Metric(field.clone()),
        };
        if field.contains('.') && !is_field(field) {
            let why = format!("a figure has no such field, which --map {field}={column} names");
            problems.push(unknown_field(origin, field, why, &budget));
        }
    }
    for (field, value) in &options.set {
        if !is_field(field) && !field.contains('.') && field != "language" {
            let why = format!("a figure has no such field, which --set {field}={value} names");
            problems.push(unknown_field(origin, field, why, &budget));
        }
    }
    let taken = |roles: &[Role], field: &str| {
        roles.contains(&Role::Field(field.to_owned())) || options.given(field).is_some()
    };
    for (field, names) in FIELDS {
        if taken(&roles, field) {
            continue;
        }
        let fits = |at: &usize| {
            roles[*at] == Role::Unknown
                && names.contains(&normals[*at].as_str())
                && !(options.layout == Some(Layout::WideMetrics) && *field == "value")
        };
        let fitting: Vec<usize> = (0..columns.len()).filter(fits).collect();
        let exact = fitting.iter().copied().find(|&at| normals[at] == names[0]);
        let found = match fitting[..] {
            [] => None,
            [one] => Some(one),
            _ if *field == "structure" => {
                fitting.iter().for_each(|&at| roles[at] = Role::Field((*field).to_owned()));
                None
            }
            _ if exact.is_some() => exact,
            _ => {
                let names: Vec<&str> = fitting.iter().map(|&at| columns[at].as_str()).collect();
                let why = format!(
                    "the {field} may be in {}; say which by --map {field}={}, and --ignore the \
                     other",
                    names.join(" or in "),
                    names[0]
                );
                problems.push(Problem::of(origin, None, why));
                fitting.iter().for_each(|&at| roles[at] = Role::Ignored);
                None
            }
        };
        if let Some(at) = found {
            roles[at] = Role::Field((*field).to_owned());
        }
    }
    for (at, column) in columns.iter().enumerate() {
        if roles[at] == Role::Unknown && column.starts_with("note_") && is_field(column) {
            roles[at] = Role::Field(column.clone());
        }
        // SDMX does not say which language its comments are in.
        if roles[at] == Role::Unknown && normals[at] == "obscomment" {
            roles[at] = Role::Ignored;
        }
    }
    if problems.is_empty() { Ok(roles) } else { Err(problems) }
}
