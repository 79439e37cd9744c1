//! The guard: what every request passes before anything of it is executed, whatever brought it.
//!
//! A document is parsed and validated once and kept by its text. What it asks for is counted
//! without expanding it, so that a short document of doubling fragments costs no more than any
//! other. Then the variables are checked, and the cost is estimated from how long lists may be and
//! from the conditions: only what is within every limit is executed.

mod absent;
mod checked;
mod conditions;
mod convert;
mod cost;
mod count;
mod document;
mod export;
mod filter;
mod given;
mod lengths;
mod literal;
mod pager;
mod persisted;
mod place;
mod scalars;
mod shape;
mod syntax;
mod trusted;
mod values;
mod variables;

use std::{path::PathBuf, sync::Arc};

use apollo_compiler::{Schema as Contract, validation::Valid};
use async_graphql::{ServerError, Variables, parser::types::OperationType};

pub use checked::{Checked, Cost};
use conditions::RelatedKeys;
use cost::Resized;
pub use document::Asked;
use document::Document;
pub use export::Export;
use given::Given;
use persisted::{Named, Persisted};
pub use shape::{Kind, Path, Shape};
use trusted::Trusted;

use super::{Code, Schema, error, live::LIVE};
use crate::{cache::Bounded, error::Error, query};

/// How much a request may ask for.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Guard")]
#[group(skip)]
pub struct Options {
    /// The most tokens a document may have
    #[arg(long, env = "HUTONG_TOKEN_MAX", value_name = "TOKENS", global = true)]
    #[arg(default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub token_max: u32,
    /// How deep selections may be nested, through fragments too
    #[arg(long, env = "HUTONG_DEPTH_MAX", value_name = "LEVELS", global = true)]
    #[arg(default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub depth_max: u32,
    /// How deep lists and objects may be nested in arguments and in variables
    #[arg(long, env = "HUTONG_VALUE_DEPTH_MAX", value_name = "LEVELS", global = true)]
    #[arg(default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub value_depth_max: u32,
    /// The most aliases a document may have
    #[arg(long, env = "HUTONG_ALIAS_MAX", value_name = "ALIASES", global = true)]
    #[arg(default_value_t = 500)]
    pub alias_max: u32,
    /// The most directives a document may have
    #[arg(long, env = "HUTONG_DIRECTIVE_MAX", value_name = "DIRECTIVES", global = true)]
    #[arg(default_value_t = 500)]
    pub directive_max: u32,
    /// The most selections a document may have once its fragments are put in the place of their
    /// names
    #[arg(long, env = "HUTONG_SELECTION_MAX", value_name = "SELECTIONS", global = true)]
    #[arg(default_value_t = 20_000)]
    pub selection_max: u32,
    /// The most fields an operation may select of the root
    #[arg(long, env = "HUTONG_ROOT_FIELD_MAX", value_name = "FIELDS", global = true)]
    #[arg(default_value_t = 100)]
    pub root_field_max: u32,
    /// The highest cost of a request: how many fields its answer would have if every list were as
    /// long as it may be; 10 for a total, 100 for a group, a summary, a ranking or a search; 100 for
    /// a condition on related rows or an order by them, ten times as much for each relation further
    #[arg(long, env = "HUTONG_COST_MAX", value_name = "COST", global = true)]
    #[arg(default_value_t = 1_000_000)]
    pub cost_max: u64,
    /// The most errors an answer tells of
    #[arg(long, env = "HUTONG_ERROR_MAX", value_name = "ERRORS", global = true)]
    #[arg(default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub error_max: u32,
    /// How many bytes of documents are kept so that they need not be read again, with all that
    /// belongs to them; 0 keeps none
    #[arg(long, env = "HUTONG_DOCUMENT_CACHE", value_name = "BYTES", global = true)]
    #[arg(default_value_t = 64 * 1024 * 1024)]
    pub document_cache: u64,
    /// How many bytes of documents are kept by their hashes, with all that belongs to them, so that
    /// clients can send the hashes alone (automatic persisted queries); 0 keeps none
    #[arg(long, env = "HUTONG_PERSISTED_QUERIES", value_name = "BYTES", global = true)]
    #[arg(default_value_t = 16 * 1024 * 1024)]
    pub persisted_queries: u64,
    /// Whether the schema may be asked for (`__schema`, `__type`)
    #[arg(long, env = "HUTONG_INTROSPECTION", value_name = "BOOL", global = true)]
    #[arg(default_value_t = true, action = clap::ArgAction::Set)]
    pub introspection: bool,
    /// Whether answers tell the SQL statements they took, to those who ask by `extensions.explain`
    #[arg(long, env = "HUTONG_EXPLAIN", value_name = "BOOL", global = true)]
    #[arg(default_value_t = false, action = clap::ArgAction::Set)]
    pub explain: bool,
    /// Execute these documents alone: a folder of `.graphql` files, or a JSON file of documents by
    /// id
    #[arg(long, env = "HUTONG_TRUSTED_DOCUMENTS", value_name = "PATH", global = true)]
    pub trusted_documents: Option<PathBuf>,
}

impl Options {
    fn error_max(&self) -> usize {
        usize::try_from(self.error_max).unwrap_or(usize::MAX)
    }
}

/// What stands before the schema.
pub struct Guard {
    contract: Valid<Contract>,
    related: RelatedKeys,
    options: Options,
    pages: query::Limits,
    documents: Option<Bounded<String, Read>>,
    persisted: Persisted,
    /// See [`Guard::terms`].
    terms: String,
    trusted: Option<Trusted>,
}

/// What the schema of schemas has gained, and tools ask for.
const SINCE: &str = "extend type __Type { isOneOf: Boolean }";

/// A document that was read before, or why it is refused.
type Read = Result<Arc<Document>, Arc<[ServerError]>>;

/// A request that is within every limit but that of the cost.
struct Admitted {
    /// The document's text.
    text: String,
    document: Arc<Document>,
    /// The values of the operation's variables, coerced.
    variables: Variables,
}

/// How many letters of the names of fields are told.
const LONGEST_FIELDS: usize = 200;

/// The names of the fields of the root that are executed, with commas between them.
fn executed(document: &Document, given: Given<'_>) -> String {
    let fields = shape::fields(document.valid(), given, &[&given.operation.selection_set]);
    let mut names: Vec<&str> = fields.values().flatten().map(|field| field.name.as_str()).collect();
    names.dedup();
    names.join(", ").chars().take(LONGEST_FIELDS).collect()
}

/// How many bytes an error takes while it is kept, about.
fn size(error: &ServerError) -> usize {
    error.message.len() + 500
}

impl Guard {
    /// A guard before the schema. Fails where the trusted documents cannot be read or do not fit
    /// the schema.
    pub fn new(schema: &Schema, options: Options, pages: query::Limits) -> Result<Self, Error> {
        let contract = Contract::parse_and_validate(schema.sdl() + SINCE, "schema.graphql")
            .map_err(|refused| Error::internal(format!("the schema is invalid: {refused}")))?;
        let documents =
            Bounded::new(options.document_cache, |text: &String, read: &Read| match read {
                // The text is there four times over: in parts, whole, and as the key.
                Ok(document) => 4 * text.len() + document.size(),
                Err(errors) => text.len() + errors.iter().map(size).sum::<usize>(),
            });
        let trusted = options.trusted_documents.as_deref().map(Trusted::read).transpose()?;
        let persisted = Persisted::new(options.persisted_queries);
        // How much is kept in memory, and where the documents lie, changes no answer.
        let (document_cache, persisted_queries, trusted_documents) = (0, 0, None);
        let limits =
            Options { document_cache, persisted_queries, trusted_documents, ..options.clone() };
        let mut terms = format!("{pages:?} {limits:?} {}", trusted::hash(&schema.sdl()));
        for (id, text) in trusted.iter().flat_map(Trusted::iter) {
            terms += &format!(" {id:?} {}", trusted::hash(text));
        }
        // Read again for each answer's name.
        let terms = trusted::hash(&terms);
        let related = RelatedKeys::all();
        let guard =
            Self { contract, related, options, pages, documents, persisted, terms, trusted };
        for (id, text) in guard.trusted.iter().flat_map(Trusted::iter) {
            if let Err(refused) = guard.read(text) {
                let why = refused.first().map_or("", |error| error.message.as_str());
                return Err(Error::input(format!("the trusted document {id} is refused: {why}")));
            }
        }
        Ok(guard)
    }

    /// Checks a request: what may be executed of it, or why it is refused.
    pub fn check(&self, asked: &Asked) -> Result<Checked, Vec<ServerError>> {
        let one = |refused: ServerError| vec![refused];
        let explain = self.explains(asked).map_err(one)?;
        let admitted = self.admit(asked)?;
        let document = &admitted.document;
        let operation = document.operation(asked.operation()).map_err(one)?;
        let given = Given { operation, variables: &admitted.variables };
        let cost = self.afford(self.estimate(document, given, None)).map_err(one)?;
        let (kind, live) = (document::kind(operation), operation.directives.has(LIVE));
        let name = operation.name.as_ref().map(ToString::to_string);
        let most = self.options.error_max();
        let parsed = document.parsed(&self.contract, given).map_err(one)?;
        let checked = Checked::new(&admitted, parsed, asked, kind, cost, most);
        let fields = match kind {
            OperationType::Mutation => executed(document, given),
            OperationType::Query | OperationType::Subscription => String::new(),
        };
        Ok(Checked { live, name, fields, explain, ..checked })
    }

    /// The document of a request and the values of its variables, if they are within every limit but
    /// that of the cost.
    fn admit(&self, asked: &Asked) -> Result<Admitted, Vec<ServerError>> {
        let one = |refused: ServerError| vec![refused];
        let named = match &self.trusted {
            Some(trusted) => Named { text: trusted.find(asked).map_err(one)?.into(), hash: None },
            None => self.persisted.find(asked).map_err(one)?,
        };
        let text = named.text.to_string();
        let document = self.read(&text).map_err(|refused| refused.to_vec())?;
        self.persisted.keep(named);
        let operation = document.operation(asked.operation()).map_err(one)?;
        if document.introspects && !self.options.introspection {
            return Err(one(error::introspection()));
        }
        let depth = self.options.value_depth_max;
        variables::check_values(&asked.variables, depth).map_err(one)?;
        let most = self.options.error_max();
        let variables = document.coerce(&self.contract, operation, &asked.variables, most)?;
        Ok(Admitted { text, document, variables })
    }

    /// What a request is estimated to cost.
    fn estimate<'d>(
        &'d self,
        document: &'d Document,
        given: Given<'d>,
        resized: Option<&'d Resized<'d>>,
    ) -> u64 {
        let terms =
            cost::Terms { schema: &self.contract, related: &self.related, pages: self.pages };
        cost::estimate(terms, document.valid(), given, resized)
    }

    /// The cost, if it is within the limit.
    fn afford(&self, requested: u64) -> Result<Cost, ServerError> {
        let cost = Cost { requested, limit: self.options.cost_max };
        if cost.requested > cost.limit {
            return Err(error::beyond(
                Code::CostLimitExceeded,
                format!(
                    "the request could cost {requested} (fields of the answer, were all lists full, \
                     and what its conditions read), but may cost {} at the most; ask for smaller \
                     pages, nest fewer lists, or set conditions along fewer relations",
                    cost.limit
                ),
                cost.requested,
                cost.limit,
            ));
        }
        Ok(cost)
    }

    /// The text of the document that a request has or names; none where there is no such document.
    /// It may still be refused.
    fn document(&self, asked: &Asked) -> Option<Arc<str>> {
        match &self.trusted {
            Some(trusted) => trusted.find(asked).ok().map(Arc::from),
            None => self.persisted.find(asked).ok().map(|named| named.text),
        }
    }

    /// A hash of what answers follow from beside the data and the request: the schema, the limits, and
    /// the trusted documents. Servers with equal terms answer alike.
    pub fn terms(&self) -> &str {
        &self.terms
    }

    /// Whether a request, if it is not refused, may have more answers than one.
    pub fn goes_on(&self, asked: &Asked) -> bool {
        let document = self.document(asked).and_then(|text| self.read(&text).ok());
        document.is_some_and(|document| {
            document.operation(asked.operation()).is_ok_and(|operation| {
                operation.directives.has(LIVE)
                    || document::kind(operation) == OperationType::Subscription
            })
        })
    }

    /// Whether the answer is to tell how it was found; refuses whoever may not know that.
    fn explains(&self, asked: &Asked) -> Result<bool, ServerError> {
        match asked.explain() {
            true if !self.options.explain => Err(error::explain()),
            explain => Ok(explain),
        }
    }

    /// The document with this text, read at most once while it is kept.
    fn read(&self, text: &str) -> Read {
        match &self.documents {
            Some(documents) => documents.get_or_insert_with(text, || self.read_anew(text)),
            None => self.read_anew(text),
        }
    }

    /// How many bytes the documents that are kept take, and those that are kept by their hashes.
    pub fn kept_bytes(&self) -> (u64, u64) {
        (self.documents.as_ref().map_or(0, Bounded::bytes), self.persisted.bytes())
    }

    /// How many they may take.
    pub fn kept_bytes_max(&self) -> (u64, u64) {
        (self.options.document_cache, self.options.persisted_queries)
    }

    fn read_anew(&self, text: &str) -> Read {
        Document::read(&self.contract, &self.options, text).map(Arc::new).map_err(Arc::from)
    }
}
