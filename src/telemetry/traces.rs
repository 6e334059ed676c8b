//! Traces by OpenTelemetry: what a request did and for how long, told to a collector (`[telemetry] otlp`). Off unless that is set.
//!
//! Spans are those of the target `spans`, which no log shows. They hold routes, rules, status codes and client ids: never a query, a header
//! or a body. The trace of whoever asks goes on when it sends `traceparent` (W3C Trace Context), and what we ask of others takes it along
//! (`outgoing.rs`).

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::TelemetryConfig;
use crate::failure::Failure;
use crate::protocol::trace::{TraceId, TraceParent};

/// The target of all spans.
pub(super) const SPANS: &str = "spans";
/// How long the last spans may take to be told when the process ends.
const FAREWELL: Duration = Duration::from_secs(2);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What makes spans of this process, which go to the collector over this client.
pub(super) fn tracer(config: &TelemetryConfig, client: impl HttpClient + 'static) -> Result<SdkTracer, Failure> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", config.otlp.trim_end_matches('/')))
        .build()
        .map_err(|why| Failure::internal(format!("telemetry.otlp: {why}")))?;
    let resource = Resource::builder()
        .with_service_name("doorward")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample))))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("doorward");
    let _ = PROVIDER.set(provider);
    Ok(tracer)
}

/// Tells the collector what is still to be told.
pub(super) fn finish() {
    if let Some(provider) = PROVIDER.get() {
        let _ = provider.shutdown_with_timeout(FAREWELL);
    }
}

/// The span of a request, and the trace that it belongs to: that of whoever asks, when it names one. `None` when nobody collects.
pub fn request((method, route): (&'static str, &'static str), parent: Option<&TraceParent>) -> Option<(Span, TraceId)> {
    PROVIDER.get()?;
    let span = tracing::info_span!(
        target: SPANS,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        doorward.client_id = Empty,
        error.type = Empty,
    );
    if let Some(parent) = parent {
        let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let context = SpanContext::new(
            opentelemetry::TraceId::from_bytes(parent.trace.to_bytes()),
            SpanId::from_bytes(parent.span),
            flags,
            true,
            TraceState::default(),
        );
        let _ = span.set_parent(Context::new().with_remote_span_context(context));
    }
    let trace = span.context().span().span_context().trace_id().to_bytes();
    Some((span, TraceId::of(trace)))
}

/// How a request was answered: its status, its client, and the rule that refused it.
pub fn answered(span: &Span, status: u16, client: &str, rule: Option<&'static str>) {
    span.record("http.response.status_code", i64::from(status));
    if client != "-" {
        span.record("doorward.client_id", client);
    }
    if let Some(rule) = rule {
        span.record("error.type", rule);
    }
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}
