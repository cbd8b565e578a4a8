//! Clerk on this machine, and Perch behind a proxy that the system names.

use std::net::TcpListener;
use std::process::Command;

/// Runs a whole sign-in and renewal in a process whose environment names a
/// proxy for everything.
#[test]
fn what_is_for_this_machine_never_meets_the_systems_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    proxy.set_nonblocking(true).expect("a listener that does not wait");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let mut claim = Command::new(std::env::current_exe().expect("this program"));
    claim.args(["--exact", "session::a_renewal_gives_the_next_refresh_token_and_the_last_one_is_dead"]);
    for (set, unset) in [("HTTP_PROXY", "http_proxy"), ("HTTPS_PROXY", "https_proxy"), ("ALL_PROXY", "all_proxy")] {
        claim.env_remove(unset).env(set, &address);
    }
    // With a request method, the environment is a CGI script's, and not trusted.
    for unset in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        claim.env_remove(unset);
    }
    let outcome = claim.output().expect("it runs");
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(outcome.status.success() && said.contains("1 passed"), "{said}");
    let visitor = proxy.accept().map(|(_, from)| from);
    assert!(visitor.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}
