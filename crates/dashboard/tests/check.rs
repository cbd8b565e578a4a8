//! A connection and its dashboards, checked together.

use perch_dashboard::{Checked, Source, check};

const CONNECTION: &str = r#"version = 1
name = "Acme Analytics"

[clerk]
issuer = "https://clerk.acme.example"
client_id = "oauth_app_1"

[tinybird]
host = "https://api.tinybird.co"
workspace_id = "4e1f6f8a-0000-4000-8000-000000000001"

[token]
source = "mint"
bind = { org_id = "org.id" }
template = '''
{
  "name": "perch_{{org.id}}_{{user.id}}",
  "workspace_id": "4e1f6f8a-0000-4000-8000-000000000001",
  "scopes": [
    {"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}},
    {"type": "PIPES:READ", "resource": "top_pages", "fixed_params": {"org_id": "{{org.id}}"}}
  ]
}
'''
"#;

const DASHBOARD: &str = r#"version = 1
title = "Web traffic"

[time]
from = "date_from"

[[tile]]
title = "Visits"
pipe = "kpis"
parameters = { limit = 10 }
[tile.chart]
kind = "line"
"#;

fn checked(connection: &str, dashboards: &[(&str, &[u8])]) -> Checked {
    let sources: Vec<_> = dashboards.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    check(Source { name: "connection.toml", bytes: connection.as_bytes() }, &sources)
}

fn findings(connection: &str, dashboards: &[(&str, &str)]) -> Vec<String> {
    let dashboards: Vec<_> = dashboards.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    checked(connection, &dashboards).findings.iter().map(ToString::to_string).collect()
}

#[test]
fn files_that_fit_together_have_no_findings() {
    let checked = checked(CONNECTION, &[("dashboards/web.toml", DASHBOARD.as_bytes())]);
    assert_eq!(checked.findings, []);
    assert_eq!(checked.connection.expect("a connection").name.to_string(), "Acme Analytics");
    assert_eq!(checked.dashboards[0].id, "web");
}

#[test]
fn a_parameter_that_the_token_fixes_cannot_be_set() {
    for (from, to, place) in [
        ("limit = 10", "limit = 10, org_id = \"org_of_others\"", "10:28"),
        ("from = \"date_from\"", "from = \"org_id\"", "5:8"),
    ] {
        let findings = findings(CONNECTION, &[("dashboards/web.toml", &DASHBOARD.replace(from, to))]);
        assert_eq!(
            findings,
            [format!(
                "dashboards/web.toml:{place}: `org_id` is fixed by the token for each tenant and cannot be set here; remove it"
            )]
        );
    }
}

#[test]
fn a_pipe_that_no_scope_reads_is_told_with_the_nearest_one() {
    let found = |pipe: &str| findings(CONNECTION, &[("web.toml", &DASHBOARD.replace("kpis", pipe))]);
    assert_eq!(found("kpi"), ["web.toml:9:8: no scope of the token reads the pipe `kpi`; did you mean `kpis`?"]);
    assert!(found("revenue")[0].contains("add one to the connection's template"));
}

#[test]
fn a_template_that_the_fence_would_refuse_is_told_at_the_template() {
    let unbound = CONNECTION.replacen(r#""org_id": "{{org.id}}""#, r#""org": "{{org.id}}""#, 1);
    let findings = findings(&unbound, &[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("connection.toml:16:1: ") && findings[0].contains("org_id"), "{findings:?}");
}

#[test]
fn a_wrong_shortcode_is_told_at_its_own_line_of_the_file() {
    let wrong = CONNECTION.replacen("{{user.id}}", "{{user.ident}}", 1);
    let findings = findings(&wrong, &[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("connection.toml:17:"), "{findings:?}");
    let windows = findings_of_windows(&wrong);
    assert!(windows[0].starts_with("connection.toml:17:"), "{windows:?}");
}

fn findings_of_windows(text: &str) -> Vec<String> {
    findings(&text.replace('\n', "\r\n"), &[])
}

#[test]
fn a_broken_connection_does_not_hide_the_dashboards_problems() {
    let findings = findings(
        &CONNECTION.replace("https://api", "http://api"),
        &[("web.toml", &DASHBOARD.replace("kind = \"line\"", "kind = \"lines\""))],
    );
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].starts_with("connection.toml:9:8: "), "{findings:?}");
    assert!(findings[1].starts_with("web.toml:12:8: "), "{findings:?}");
}

#[test]
fn two_files_with_one_name_and_a_file_that_is_not_text_are_told() {
    let dashboards: [(&str, &[u8]); 3] =
        [("a/Web.toml", DASHBOARD.as_bytes()), ("b/web.toml", DASHBOARD.as_bytes()), ("c.toml", b"version = \xff\xfe")];
    let findings: Vec<_> = checked(CONNECTION, &dashboards).findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            "b/web.toml:1:1: a/Web.toml has the same name; rename one of the two",
            "c.toml:1:11: this is not text in UTF-8; save the file as UTF-8",
        ]
    );
}
