//! `conformance sample` and `conformance sample-client`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use contract::service::Service;

use super::service_parser;
use super::webhook::SecretSource;
use crate::sample::caller::Slip;
use crate::sample::flaw::Flaw;

/// `conformance sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// The service that it belongs to.
    #[arg(long, value_parser = service_parser())]
    pub service: Service,
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The shared secret.
    #[command(flatten)]
    pub secret: SecretSource,
    /// One mistake to make.
    #[arg(long, value_parser = Flaw::from_str)]
    pub flaw: Option<Flaw>,
    /// Environment variable with a secret that was valid once.
    #[arg(long, value_name = "VAR")]
    pub old_secret_env: Option<String>,
    /// Where the service's API is (Chatwork: up to /v2), to answer what people write.
    #[arg(long, value_name = "URL", requires = "api_token_env")]
    pub api_base: Option<String>,
    /// The environment variable that holds the API's token.
    #[arg(long, value_name = "VAR", requires = "api_base")]
    pub api_token_env: Option<String>,
    /// Chatday: the profile to follow.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// `conformance sample-client`.
#[derive(Debug, Args)]
pub struct SampleClient {
    /// The service whose API it calls.
    #[arg(long, value_parser = service_parser())]
    pub service: Service,
    /// One mistake to make.
    #[arg(long, value_enum)]
    pub flaw: Option<Slip>,
}
