//! oidc-provider, in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use perch_clerk::{Provider, http_client};
use perch_tenant::{OAuthApplication, Origin};

/// The running provider. Killed when dropped, also by a panic; and when this
/// process is, it ends with its standard input.
pub struct OidcProvider {
    issuer: Origin,
    process: Child,
    /// Open for what else it says: closed, it would break off.
    _output: BufReader<ChildStdout>,
}

impl OidcProvider {
    pub fn start(arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oidc-provider");
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut issuer = String::new();
        output.read_line(&mut issuer).expect("its first line");
        let issuer = Origin::parse(issuer.trim_end()).expect("an origin, once it listens");
        Self { issuer, process, _output: output }
    }

    pub fn issuer(&self) -> &Origin {
        &self.issuer
    }

    /// Perch's view of it, by the connection's default scopes.
    pub async fn discover(&self) -> Provider {
        let application = OAuthApplication {
            client_id: "perch".to_owned().try_into().expect("a name"),
            scopes: OAuthApplication::default_scopes(),
        };
        Provider::discover(&http_client().expect("a client"), &self.issuer, &application).await.expect("discovery")
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
