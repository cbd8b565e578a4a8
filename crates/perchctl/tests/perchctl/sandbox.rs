//! `perchctl sandbox`: it says where it is, answers there, and ends when told.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::{assert_fails, assert_succeeds, command, golden, path, perchctl};

/// A sandbox that runs until it is dropped.
pub struct Running {
    child: Child,
    /// What it printed: names and values.
    pub said: HashMap<String, String>,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Self {
        let arguments = [&["sandbox"], arguments].concat();
        let mut child = command(&arguments).stdout(Stdio::piped()).spawn().expect("a run");
        let mut lines = BufReader::new(child.stdout.take().expect("standard output")).lines();
        let mut said = HashMap::new();
        // `sign in as` stands once for each of four people, near the end.
        let mut people = 0;
        while people < 4 || (arguments.contains(&"--connection") && !said.contains_key("connection")) {
            let line = lines.next().expect("a line").expect("text");
            if let Some((name, value)) = line.split_at_checked(14) {
                people += usize::from(name.trim() == "sign in as");
                said.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        Self { child, said }
    }

    fn get(&self, service: &str, path: &str, token: Option<&str>) -> String {
        let address = self.said[service].trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("a connection");
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Connection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    fn end_with(mut self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
        let status = self.child.wait().expect("an end");
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

impl Running {
    /// Ends it at once, as a crash does.
    pub fn stop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("an end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only a test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_prints_its_addresses_answers_there_and_ends_when_told() {
    for signal in ["-TERM", "-INT"] {
        let running = Running::start(&[]);
        let discovery = running.get("clerk", "/.well-known/openid-configuration", None);
        assert!(discovery.starts_with("HTTP/1.1 200") && discovery.contains(&running.said["clerk"]), "{discovery}");
        let refused = running.get("tinybird", "/v0/pipes/kpis.json", Some("no-token"));
        assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
        running.end_with(signal);
    }
}

#[test]
fn the_connection_that_it_writes_is_checked_clean_and_points_at_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("made/on/the/way");
    let running = Running::start(&["--connection", path(&folder), "--data", path(&dir.path().join("data"))]);
    let connection = fs::read_to_string(folder.join("connection.toml")).expect("a connection");
    assert!(connection.contains(&running.said["clerk"]) && connection.contains(&running.said["tinybird"]));
    assert_eq!(running.said["connection"], path(&folder.join("connection.toml")));
    let output = perchctl(&["check", path(&folder)]);
    assert_succeeds(&output);
    assert!(!String::from_utf8_lossy(&output.stdout).contains(" 0 dashboards"));
    running.end_with("-TERM");
}

#[test]
fn a_hosted_connection_is_checked_clean_and_holds_no_key_of_the_workspace() {
    let dir = tempfile::tempdir().expect("a folder");
    let running = Running::start(&["--hosted", "--connection", path(dir.path())]);
    let connection = fs::read_to_string(dir.path().join("connection.toml")).expect("a connection");
    assert!(connection.contains("sign_in = \"hosted\"") && connection.contains(&running.said["tinybird"]));
    assert!(!connection.contains(&running.said["admin token"]));
    assert_succeeds(&perchctl(&["check", path(dir.path())]));
    running.end_with("-TERM");
    assert_fails(&perchctl(&["sandbox", "--hosted"]), 2, "--connection");
}

#[test]
fn recorded_answers_are_named_in_the_connection() {
    let dir = tempfile::tempdir().expect("a folder");
    let running = Running::start(&["--connection", path(dir.path()), "--answers", path(&golden())]);
    let connection = fs::read_to_string(dir.path().join("connection.toml")).expect("a connection");
    assert!(connection.contains("lowcardinality"));
    running.end_with("-INT");
}

#[test]
fn a_port_that_is_taken_is_a_failure() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    assert_fails(&perchctl(&["sandbox", "--clerk-port", &port]), 1, &port);
}
