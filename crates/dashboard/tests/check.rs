//! A connection, its claims template and its dashboards, checked together.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_dashboard::{Checked, Finding, Source, check};

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

const NOW: u64 = 1_800_000_000;
const NOTHING: [String; 0] = [];

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn checked(connection: &str, dashboards: &[(&str, &[u8])]) -> Checked {
    checked_with(connection, None, dashboards)
}

fn checked_with(connection: &str, template: Option<&str>, dashboards: &[(&str, &[u8])]) -> Checked {
    let sources: Vec<_> = dashboards.iter().map(|(name, bytes)| Source { name, bytes }).collect();
    let connection = Source { name: "connection.toml", bytes: connection.as_bytes() };
    let template = template.map(|text| Source { name: "template.json", bytes: text.as_bytes() });
    check(connection, template, &sources, now())
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

fn findings(connection: &str, dashboards: &[(&str, &str)]) -> Vec<String> {
    let dashboards: Vec<_> = dashboards.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    lines(&checked(connection, &dashboards).findings)
}

/// The connection with another table `[token]`.
fn with_token(table: &str) -> String {
    format!("{}[token]\n{table}", CONNECTION.split("[token]").next().expect("a file"))
}

#[test]
fn files_that_fit_together_have_no_findings() {
    let checked = checked(CONNECTION, &[("dashboards/web.toml", DASHBOARD.as_bytes())]);
    assert_eq!((lines(&checked.findings), lines(&checked.notes)), (vec![], vec![]));
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
    // A pipe's id, which Tinybird alone can tell the name of.
    let by_id = CONNECTION.replace("\"top_pages\"", "\"t_1f\"");
    assert_eq!(findings(&by_id, &[("web.toml", &DASHBOARD.replace("kpis", "revenue"))]), NOTHING);
}

#[test]
fn what_the_fence_would_refuse_is_told_at_each_scope() {
    let start = "in the claims template: every token made from this template would be refused: the token";
    let unbound = CONNECTION.replace(r#""org_id": "{{org.id}}""#, r#""org": "{{org.id}}""#);
    let could = "so it could show other organizations' rows";
    assert_eq!(
        findings(&unbound, &[]),
        [
            format!("connection.toml:20:40: {start} does not fix `org_id` for the pipe `kpis`, {could}"),
            format!("connection.toml:21:40: {start} does not fix `org_id` for the pipe `top_pages`, {could}"),
        ]
    );
    for (from, to, place) in [
        ("-000000000001\",\n  \"scopes", "-000000000002\",\n  \"scopes", "18:3"),
        ("PIPES:READ\", \"resource\": \"top", "DATASOURCES:READ\", \"resource\": \"top", "21:14"),
        ("\"scopes\": [", "\"scopes\": [], \"none\": [", "19:3"),
        ("{{org.id}}\"}},", "org_1\"}},", "20:40"),
        ("\"{{org.id}}\"}},", "1}},", "20:40"),
        ("\"scopes\": [", "\"scopes\": 1, \"none\": [", "16:1"),
    ] {
        assert!(CONNECTION.contains(from), "{from}");
        let findings = findings(&CONNECTION.replacen(from, to, 1), &[]);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with(&format!("connection.toml:{place}: {start}")), "{findings:?}");
    }
}

#[test]
fn a_wrong_shortcode_is_told_at_its_own_place_however_the_template_is_written() {
    let claims = r#"{"workspace_id": "w", "name": "{{user.idd}}"}"#;
    let escaped = claims.replace('"', "\\\"");
    let odd = escaped.replace("name", "\\u006eame").replace("\\\"w\\\"", "\\\"\\U0001F426\\\"");
    for (written, place) in [
        (format!("'''\n{claims}'''"), "16:34"),
        (format!("'''\n\n  {claims}\n'''"), "17:36"),
        (format!("'''{claims}'''"), "15:48"),
        (format!("'{claims}'"), "15:46"),
        (format!("\"{escaped}\""), "15:53"),
        (format!("\"\"\"\n{claims}\"\"\""), "16:34"),
        (format!("\"\"\"{{ \\\n   {}\"\"\"", &claims[1..]), "16:36"),
        (format!("\"{odd}\""), "15:67"),
    ] {
        let mint = "source = \"mint\"\nbind = { org_id = \"org.id\" }\n";
        let connection = with_token(&format!("{mint}template = {written}\n"));
        let wrong = "in the claims template: `user.idd` is no shortcode; did you mean `user.id`?";
        assert_eq!(findings(&connection, &[]), [format!("connection.toml:{place}: {wrong}")], "{written}");
        let windows = connection.replace('\n', "\r\n");
        assert_eq!(findings(&windows, &[]), [format!("connection.toml:{place}: {wrong}")], "{written}");
    }
}

#[test]
fn a_claim_that_only_a_signer_sets_is_told_at_its_key() {
    let findings = findings(&CONNECTION.replace("{\n  \"name\"", "{\n  \"exp\": 1, \"name\""), &[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("connection.toml:17:3: ") && findings[0].contains("`exp`"), "{findings:?}");
}

#[test]
fn a_shortcode_that_mint_never_knows_is_noted() {
    let checked = checked(&CONNECTION.replace("perch_{{org.id}}", "{{user.first_name || org.slug}}"), &[]);
    assert_eq!(lines(&checked.findings), NOTHING);
    let told = "in the claims template: a sign-in does not tell `user.first_name`";
    assert_eq!(
        lines(&checked.notes),
        [format!("connection.toml:17:14: {told}, so with source = \"mint\" it is always null")]
    );
}

const BROKER: &str =
    "source = \"broker\"\nurl = \"https://tokens.acme.example\"\nbind = { org_id = \"org.id\", user = \"user.id\" }\n";

/// A template for [`BROKER`], as it stands there.
const TEMPLATE: &str = r#"{
  "name": "{{user.first_name}} {{user.public_metadata.plan}}",
  "workspace_id": "4e1f6f8a-0000-4000-8000-000000000001",
  "scopes": [{
    "type": "PIPES:READ", "resource": "kpis",
    "fixed_params": {"org_id": "{{org.id}}", "user": "{{user.id}}"}
  }]
}"#;

#[test]
fn a_template_that_stands_elsewhere_is_noted_as_unchecked() {
    let clerk = "source = \"clerk-template\"\nbind = { org_id = \"org.id\" }\ntemplate_name = \"tinybird\"\n";
    let hosted = with_token(clerk).replace("client_id = \"oauth_app_1\"", "sign_in = \"hosted\"");
    let broker = "the broker at https://tokens.acme.example fills its own template";
    for (connection, place, what, fixed) in [
        (with_token(BROKER), "14:7", broker, "`org_id` and `user`"),
        (hosted, "15:17", "Clerk fills its JWT template `tinybird`", "`org_id`"),
    ] {
        let checked = checked(&connection, &[("web.toml", DASHBOARD.replace("kpis", "any").as_bytes())]);
        assert_eq!(lines(&checked.findings), NOTHING);
        assert_eq!(
            lines(&checked.notes),
            [format!(
                "connection.toml:{place}: {what}, which cannot be seen from here: whether its scopes fix {fixed} and read the pipes of the tiles was not checked; hand a copy of it to --template"
            )]
        );
    }
}

#[test]
fn a_copy_of_such_a_template_is_checked_against_connection_and_dashboards() {
    let found = |template: &str, dashboard: &str| {
        let checked = checked_with(&with_token(BROKER), Some(template), &[("web.toml", dashboard.as_bytes())]);
        assert_eq!(lines(&checked.notes), NOTHING);
        lines(&checked.findings)
    };
    assert_eq!(found(TEMPLATE, DASHBOARD), NOTHING);
    assert_eq!(
        found(TEMPLATE, &DASHBOARD.replace("kpis", "kpi")),
        ["web.toml:9:8: no scope of the token reads the pipe `kpi`; did you mean `kpis`?"]
    );
    let refused = "every token made from this template would be refused: the token";
    for (from, to, finding) in [
        ("first_name", "given_name", "2:14: `user.given_name` is no shortcode".to_owned()),
        (", \"user\":", ", \"usr\":", format!("5:39: {refused} does not fix `user`")),
        ("\"{{org.id}}\"", "\"{{user.id}}\"", format!("5:39: {refused} is for someone else")),
        ("\"name\":", "\"sub\": 1, \"name\":", "2:3: `sub` is set by whoever signs".to_owned()),
        ("\"name\":", "name:", "2:3: this is not JSON".to_owned()),
    ] {
        let findings = found(&TEMPLATE.replace(from, to), DASHBOARD);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with(&format!("template.json:{finding}")), "{findings:?}");
    }
    // As an editor on Windows may save it.
    assert_eq!(found(&format!("\u{feff}{}", TEMPLATE.replace('\n', "\r\n")), DASHBOARD), NOTHING);
}

/// [`CONNECTION`]'s and [`TEMPLATE`]'s findings and notes, with one more fixed
/// parameter of the pipe `kpis`.
fn with_team(team: &str) -> [Vec<String>; 4] {
    let fixed = |text: &str| text.replacen("{\"org_id\"", &format!("{{\"team\": \"{team}\", \"org_id\""), 1);
    let minted = checked(&fixed(CONNECTION), &[]);
    let brokered = checked_with(&with_token(BROKER), Some(&fixed(TEMPLATE)), &[]);
    [minted.findings, minted.notes, brokered.findings, brokered.notes].map(|findings| lines(&findings))
}

#[test]
fn a_filter_by_what_a_person_may_not_have_is_a_problem_where_nobody_has_it_and_else_a_note() {
    let [minted, minted_notes, brokered, brokered_notes] = with_team("{{org_membership.public_metadata.team}}");
    let fixes =
        "the token fixes `team` for the pipe `kpis` to null, so it could show rows that are kept from this person";
    let refused = "in the claims template: every token made from this template would be refused";
    assert_eq!(minted, [format!("connection.toml:20:76: {refused}: {fixes}")]);
    assert_eq!(brokered, NOTHING);
    let told = format!("whoever lacks this gets no token, because {fixes}; write a fallback");
    assert_eq!((minted_notes.len(), brokered_notes.len()), (0, 1), "{brokered_notes:?}");
    assert!(brokered_notes[0].starts_with(&format!("template.json:6:33: {told}")), "{brokered_notes:?}");

    let [minted, minted_notes, brokered, brokered_notes] =
        with_team("{{org_membership.public_metadata.team || 'none'}}");
    assert_eq!((minted, brokered, brokered_notes), (vec![], vec![], vec![]));
    assert!(minted_notes.len() == 1 && minted_notes[0].contains("it is always null"), "{minted_notes:?}");
}

#[test]
fn a_null_that_stands_in_the_template_itself_is_told_at_its_pipe() {
    let template = TEMPLATE.replace("{\"org_id\"", "{\"team\": null, \"org_id\"");
    let checked = checked_with(&with_token(BROKER), Some(&template), &[]);
    let findings = lines(&checked.findings);
    assert!(findings.len() == 1 && findings[0].starts_with("template.json:5:39: every token"), "{findings:?}");
    assert_eq!(lines(&checked.notes), NOTHING);
}

#[test]
fn metadata_may_stand_within_metadata_that_a_template_names_too() {
    for (outer, inner) in [("plan", "plan.name"), ("plan.name", "plan")] {
        let path = "org.public_metadata";
        let [.., brokered, _] = with_team(&format!("{{{{{path}.{outer}}}}}\", \"tier\": \"{{{{{path}.{inner}}}}}"));
        assert_eq!(brokered, NOTHING, "{outer}, {inner}");
    }
}

#[test]
fn what_a_person_can_change_must_not_say_what_their_token_reads() {
    for path in ["user.unsafe_metadata.team", "user.full_name"] {
        let [minted, _, brokered, _] = with_team(&format!("{{{{{path} || 'none'}}}}"));
        let own = format!("a person can change their own `{path}`");
        assert!(brokered.len() == 1 && brokered[0].starts_with(&format!("template.json:6:33: {own}")), "{brokered:?}");
        assert!(brokered[0].contains("`user.public_metadata`"), "{brokered:?}");
        assert!(minted.len() == 1 && minted[0].contains(&own), "{minted:?}");
    }
    let changed = |from: &str, to: &str| {
        let template = TEMPLATE.replace(from, to);
        lines(&checked_with(&with_token(BROKER), Some(&template), &[]).findings)
    };
    let limits = changed("\"scopes\"", "\"limits\": {\"rps\": \"{{user.unsafe_metadata.rps}}\"}, \"scopes\"");
    assert!(limits.len() == 1 && limits[0].starts_with("template.json:4:24: a person"), "{limits:?}");
    let pipe = changed("\"kpis\"", "\"{{user.unsafe_metadata.pipe}}\"");
    assert!(pipe.len() == 1 && pipe[0].starts_with("template.json:5:42: a person"), "{pipe:?}");
    // What says nothing of what a token may do is anybody's own.
    assert_eq!(changed("user.first_name", "user.unsafe_metadata.nickname"), NOTHING);
}

#[test]
fn a_pipe_that_metadata_name_leaves_open_what_is_read() {
    let template = TEMPLATE.replace("\"kpis\"", "\"{{org.public_metadata.pipe}}\"");
    let checked = checked_with(&with_token(BROKER), Some(&template), &[("web.toml", DASHBOARD.as_bytes())]);
    assert_eq!(lines(&checked.findings), NOTHING);
}

#[test]
fn a_copy_for_a_connection_with_a_template_of_its_own_is_a_mistake() {
    let findings = lines(&checked_with(CONNECTION, Some("{}"), &[]).findings);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("template.json:1:1: ") && findings[0].contains("never used"), "{findings:?}");
}

/// The connection with a token for what anyone may see.
fn public(token: &str) -> String {
    format!("{CONNECTION}\n[public]\nsource = \"static\"\ntoken = \"{token}\"\n")
}

/// A public token that tells what it reads: the pipe `overview`.
fn public_jwt(workspace: &str, expires: u64) -> String {
    let scopes = r#"[{"type": "PIPES:READ", "resource": "overview"}]"#;
    let claims = format!(r#"{{"workspace_id": "{workspace}", "exp": {expires}, "scopes": {scopes}}}"#);
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(&claims))
}

const WORKSPACE: &str = "4e1f6f8a-0000-4000-8000-000000000001";

#[test]
fn a_dashboard_that_anyone_may_see_needs_a_public_token_that_reads_its_pipes() {
    let marked = DASHBOARD.replace("version = 1\n", "version = 1\npublic = true\n");
    let found = |connection: &str, dashboard: &str| findings(connection, &[("web.toml", dashboard)]);
    let missing = found(CONNECTION, &marked);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("web.toml:2:10: anyone may see this dashboard") && missing[0].contains("[public]"));

    let jwt = public(&public_jwt(WORKSPACE, NOW + 60));
    assert_eq!(found(&jwt, &marked.replace("kpis", "overview")), NOTHING);
    assert_eq!(
        found(&jwt, &marked.replace("kpis", "overviews")),
        ["web.toml:10:8: no scope of the public token reads the pipe `overviews`; did you mean `overview`?"]
    );
    // What tenants' tokens read and fix says nothing of it, nor it of them.
    let sets = marked.replace("kpis", "overview").replace("limit = 10", "org_id = \"org_1\"");
    assert_eq!(found(&jwt, &sets), NOTHING);
    assert_eq!(found(&jwt, DASHBOARD), NOTHING);
}

#[test]
fn a_public_token_is_judged_as_far_as_it_tells_what_it_may_do() {
    for (token, hint) in [
        (public_jwt(WORKSPACE, NOW), "expired"),
        (public_jwt("other", NOW + 60), "another Tinybird workspace"),
        (public_jwt(WORKSPACE, NOW + 60).replace("c2ln", ""), "no token"),
    ] {
        let findings = findings(&public(&token), &[]);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with("connection.toml:28:9: ") && findings[0].contains(hint), "{findings:?}");
        assert!(!findings[0].contains("eyJ"), "{findings:?}");
    }
    let opaque = checked(&public("p.eyJ1IjoiMSJ9.sig"), &[]);
    assert_eq!(lines(&opaque.findings), NOTHING);
    let notes = lines(&opaque.notes);
    assert!(notes.len() == 1 && notes[0].starts_with("connection.toml:28:9: Tinybird alone knows"), "{notes:?}");
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

#[test]
fn what_the_token_fixes_is_set_neither_for_a_tile_nor_for_a_filters_values() {
    let filters = r#"
[[filter]]
name = "org_id"
column = "shop"

[[filter]]
name = "device"
kind = "select"
[filter.options]
pipe = "devices"
value = "device"
parameters = { org_id = { tenant = "org.id" } }
"#;
    let bound = "parameters = { org_id = { filter = \"device\" } }";
    let text = DASHBOARD
        .replace("version = 1", "version = 2")
        .replacen("[[tile]]", &format!("{filters}\n[[tile]]"), 1)
        .replace("parameters = { limit = 10 }", bound);
    let told = findings(CONNECTION, &[("a.toml", &text)]);
    let fixed: Vec<_> = told.iter().filter(|told| told.contains("`org_id` is fixed by the token")).collect();
    assert_eq!(fixed.len(), 3, "{told:?}");
    assert!(told.iter().any(|told| told.contains("no scope of the token reads the pipe `devices`")), "{told:?}");
    assert!(fixed[0].starts_with("a.toml:9:8:") && fixed[1].starts_with("a.toml:18:16:"), "{fixed:?}");
}

#[test]
fn an_earlier_time_that_no_chart_of_the_kind_shows_is_told() {
    let compared = |kind: &str| {
        let dashboard = DASHBOARD.replace("kind = \"line\"", &format!("kind = \"{kind}\""));
        let dashboard = dashboard.replace("parameters =", "compare = true\nparameters =");
        findings(CONNECTION, &[("web.toml", &dashboard)])
    };
    for kind in ["auto", "line", "area", "column", "bar", "kpi"] {
        assert_eq!(compared(kind), NOTHING, "{kind}");
    }
    let told = compared("donut");
    assert!(told.len() == 1 && told[0].starts_with("web.toml:10:11: no donut shows an earlier time"), "{told:?}");
}

#[test]
fn a_key_that_the_kind_of_chart_has_no_use_for_is_told_at_its_place() {
    for (chart, place, told) in [
        ("kind = \"line\"\nsize = \"visits\"", "13:8", "a line has no `size`"),
        (
            "kind = \"kpi\"\ny = [\"visits\", \"pageviews\"]",
            "13:5",
            "a kpi shows one column of values, and `y` names 2",
        ),
        ("kind = \"donut\"\ngroup_by = \"device\"", "13:12", "a donut has no `group_by`"),
        ("kind = \"bar-list\"\nbins = 5", "13:8", "a bar-list has no `bins`"),
        ("kind = \"area\"\nbins = 5", "13:8", "an area has no `bins`"),
        ("kind = \"line\"\nzone = \"Mars/Base\"", "13:8", "zone = `Mars/Base` is no time zone"),
        ("kind = \"line\"\ny_axis = { min = 10, max = 1 }", "13:10", "`y_axis` begins at min = 10 and ends at max = 1"),
        ("kind = \"map\"\ny_axis = { min = nan }", "13:10", "`y_axis` has min = NaN, which is no number"),
        (
            "kind = \"line\"\nx_axis = { scale = \"log\", min = 0 }",
            "13:10",
            "`x_axis` is logarithmic, where min = 0 has no place",
        ),
        ("kind = \"line\"\ny = [\"a\", \"b\"]\nright = [\"c\"]", "14:10", "right = `c` is none of the columns in `y`"),
    ] {
        let dashboard = DASHBOARD.replace("kind = \"line\"", chart);
        let found = findings(CONNECTION, &[("web.toml", &dashboard)]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with(&format!("web.toml:{place}: {told}")), "{found:#?}");
    }
    let open = DASHBOARD.replace("kind = \"line\"", "kind = \"auto\"\nstacked = true");
    assert_eq!(findings(CONNECTION, &[("web.toml", &open)]), NOTHING, "the columns decide");
}

#[test]
fn whom_a_dashboard_is_for_is_written_as_clerk_does() {
    let newest = DASHBOARD.replace("version = 1", "version = 2");
    let named = |lines: &str| newest.replace("\n\n[time]", &format!("\n{lines}\n\n[time]"));
    let hosted = CONNECTION.replace("client_id = \"oauth_app_1\"", "sign_in = \"hosted\"");
    let sound = named("organizations = [\"acme\", \"org_2abC\"]\nroles = [\"org:admin\"]");
    assert_eq!(findings(&hosted, &[("web.toml", &sound)]), NOTHING);
    for (lines, told) in [
        ("organizations = [\"Acme Inc\"]", "web.toml:3:18: `Acme Inc` is neither an organization's id nor its slug"),
        ("roles = [\"org:admin\", \"member\"]", "web.toml:3:23: `member` is no key of a role; write \"org:member\""),
        ("organizations = \"acme\"", "web.toml:3:17: "),
        ("public = true\norganizations = [\"acme\"]", "web.toml:4:18: anyone may see this dashboard"),
    ] {
        let found = findings(&hosted, &[("web.toml", &named(lines))]);
        assert!(found.iter().any(|found| found.starts_with(told)), "{told}: {found:#?}");
    }
    let found = findings(CONNECTION, &[("web.toml", &named("roles = [\"org:admin\"]"))]);
    assert!(found.len() == 1 && found[0].starts_with("web.toml:3:10: nobody would see this dashboard"), "{found:#?}");
}
