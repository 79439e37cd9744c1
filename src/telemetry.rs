//! What the program tells of itself: its log, and its traces for OpenTelemetry.

use std::{env, io::IsTerminal};

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, fmt, prelude::*};

use crate::error::Error;

/// What is told, and where.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Log and traces")]
#[group(skip)]
pub struct Options {
    /// What to log to the standard error: a level, or levels by part of the program
    #[arg(long, env = "HUTONG_LOG", value_name = "FILTER", global = true)]
    #[arg(default_value = "warn,hutong=info")]
    pub log: String,
    /// How lines of the log are written
    #[arg(long, env = "HUTONG_LOG_FORMAT", value_name = "FORMAT", global = true)]
    #[arg(value_enum, default_value_t = Format::Text)]
    pub log_format: Format,
    /// Where traces are sent: an OpenTelemetry collector that takes OTLP over HTTP, such as
    /// `http://localhost:4318` [else: OTEL_EXPORTER_OTLP_ENDPOINT]
    #[arg(long, env = "HUTONG_OTLP_ENDPOINT", value_name = "URL", global = true)]
    pub otlp_endpoint: Option<String>,
}

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// A JSON object in each line.
    Json,
}

/// What is running, until it is ended.
#[derive(Debug)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Begins to tell; only once in a process.
pub fn start(options: &Options) -> Result<Telemetry, Error> {
    let filter = EnvFilter::try_new(&options.log).map_err(|why| {
        Error::input(format!("{:?} is no log filter ({why}); try \"info\"", options.log))
    })?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match options.log_format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    };
    let endpoint = options.otlp_endpoint.clone();
    let endpoint = endpoint.or_else(|| env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok());
    let provider = endpoint.filter(|url| !url.is_empty()).map(|url| exporter(&url)).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("hutong"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_traced))
    });
    tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces).init();
    Ok(Telemetry(provider))
}

impl Telemetry {
    /// Sends what is not sent yet.
    pub fn end(self) {
        if let Some(Err(why)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(%why, "the last traces are not sent");
        }
    }
}

/// Sends traces to a collector.
fn exporter(url: &str) -> Result<SdkTracerProvider, Error> {
    if !url.starts_with("http://") {
        return Err(Error::input(format!(
            "traces cannot be sent to {url:?}; give a collector as http://HOST:PORT"
        )));
    }
    let endpoint = format!("{}/v1/traces", url.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build();
    let exporter =
        exporter.map_err(|why| Error::input(format!("traces cannot be sent to {url:?}: {why}")))?;
    let mut resource = Resource::builder();
    if env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("hutong");
    }
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.with_attribute(version).build())
        .with_batch_exporter(exporter)
        .build())
}

/// The spans for traces are those of Hutong at the level of debugging, so that they are not in the
/// log; those of the log, at the level of errors, would be there twice. Errors are told in both.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::DEBUG } else { Level::ERROR };
    *metadata.level() == level && metadata.target().starts_with("hutong")
}
