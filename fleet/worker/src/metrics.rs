//! What people measure a worker by, for Prometheus.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Those who read at once.
const READERS: usize = 8;
/// Before somebody is listened to again where that failed.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfModule {
    module: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEnd {
    module: String,
    end: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    module: String,
    state: &'static str,
}

/// All modules of this worker.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    jobs: Family<OfEnd, Counter>,
    received: Family<OfModule, Counter>,
    sent: Family<OfModule, Counter>,
    retries: Family<OfModule, Counter>,
    rests: Family<OfModule, Counter>,
    signal: Family<OfModule, Gauge>,
    states: Family<OfState, Gauge<i64, AtomicI64>>,
}

impl Metrics {
    /// The part of one module.
    pub(crate) fn meter(self: &Arc<Self>, module: &str) -> Meter {
        let of = OfModule { module: module.to_owned() };
        Meter {
            metrics: Arc::clone(self),
            received: self.received.get_or_create(&of).clone(),
            sent: self.sent.get_or_create(&of).clone(),
            retries: self.retries.get_or_create(&of).clone(),
            rests: self.rests.get_or_create(&of).clone(),
            of,
        }
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("sim800");
        registry.register("jobs", "attempts at jobs, by how they ended", self.jobs.clone());
        registry.register("received_bytes", "payload received for jobs", self.received.clone());
        registry.register("sent_bytes", "payload sent for jobs", self.sent.clone());
        registry.register("retries", "tries that the driver repeated", self.retries.clone());
        registry.register("rests", "times that the module had to be rested", self.rests.clone());
        registry.register("signal_dbm", "the module's signal", self.signal.clone());
        registry.register("module_state", "1 for the state that the module is in", self.states.clone());
        registry
    }

    /// Hands them out to whoever asks at `address`, for good.
    pub(crate) async fn serve(self: Arc<Self>, address: SocketAddr) -> Result<()> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
        let registry = Arc::new(self.registry());
        let readers = Arc::new(Semaphore::new(READERS));
        loop {
            let place = Arc::clone(&readers).acquire_owned().await?;
            let Ok((stream, _)) = listener.accept().await else {
                // As when no more files may be open.
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let registry = Arc::clone(&registry);
            tokio::spawn(async move {
                let answer = service_fn(|_| {
                    let answer = answer(&registry);
                    async { Ok::<_, Infallible>(answer) }
                });
                let served = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .keep_alive(false)
                    .serve_connection(TokioIo::new(stream), answer);
                // Whoever asked is gone.
                let _ = served.await;
                drop(place);
            });
        }
    }
}

fn answer(registry: &Registry) -> Response<Full<Bytes>> {
    let mut text = String::new();
    let written = prometheus_client::encoding::text::encode(&mut text, registry);
    let mut response = Response::new(Full::new(text.into()));
    if written.is_err() {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(form));
    response
}

/// What one module is measured by.
#[derive(Debug)]
pub(crate) struct Meter {
    metrics: Arc<Metrics>,
    of: OfModule,
    received: Counter,
    sent: Counter,
    pub(crate) retries: Counter,
    rests: Counter,
}

impl Meter {
    pub(crate) fn received(&self, octets: usize) {
        self.received.inc_by(octets as u64);
    }

    pub(crate) fn sent(&self, octets: usize) {
        self.sent.inc_by(octets as u64);
    }

    pub(crate) fn ended(&self, end: &'static str) {
        self.metrics.jobs.get_or_create(&OfEnd { module: self.of.module.clone(), end }).inc();
    }

    pub(crate) fn rested(&self) {
        self.rests.inc();
    }

    pub(crate) fn signal(&self, dbm: Option<i16>) {
        if let Some(dbm) = dbm {
            self.metrics.signal.get_or_create(&self.of).set(dbm.into());
        }
    }

    pub(crate) fn state(&self, now: &'static str) {
        for state in ["starting", "idle", "busy", "resting"] {
            let of = OfState { module: self.of.module.clone(), state };
            self.metrics.states.get_or_create(&of).set((state == now).into());
        }
    }

    /// Octets received and sent, tries repeated, rests.
    pub(crate) fn read(&self) -> (u64, u64, u64, u64) {
        (self.received.get(), self.sent.get(), self.retries.get(), self.rests.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_read_as_prometheus_wants_them() {
        let metrics = Arc::new(Metrics::default());
        let meter = metrics.meter("m");
        meter.received(7);
        meter.retries.inc_by(2);
        meter.ended("done");
        meter.state("idle");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &metrics.registry()).unwrap();
        for line in [
            "sim800_received_bytes_total{module=\"m\"} 7",
            "sim800_retries_total{module=\"m\"} 2",
            "sim800_jobs_total{module=\"m\",end=\"done\"} 1",
            "sim800_module_state{module=\"m\",state=\"idle\"} 1",
            "sim800_module_state{module=\"m\",state=\"busy\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
