//! What an operator can write, and what is said where it is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use perch_broker::{ConfigError, Sources};

use crate::world::{Hand, World};

/// A folder with good files, without a sandbox.
struct Desk(tempfile::TempDir);

const CONNECTION: &str = r#"version = 1
name = "Acme Analytics"
[clerk]
issuer = "https://clerk.acme.example"
client_id = "oauth_app_1"
[tinybird]
host = "https://api.tinybird.co"
workspace_id = "4e1f6f8a-0000-4000-8000-000000000001"
[token]
source = "broker"
url = "https://tokens.acme.example"
bind = { org_id = "org.id" }
"#;

const CLAIMS: &str = r#"{
  "workspace_id": "4e1f6f8a-0000-4000-8000-000000000001",
  "scopes": [{"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}}]
}"#;

const BROKER: &str = "connection = \"connection.toml\"\ntemplate = \"claims.json\"\n";

/// `clerk.acme.example$` in base64.
const PUBLISHABLE_KEY: &str = "pk_live_Y2xlcmsuYWNtZS5leGFtcGxlJA==";

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        desk.write("connection.toml", CONNECTION).write("claims.json", CLAIMS).write("broker.toml", BROKER);
        desk
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.0.path().join(name), text).expect("written");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn check_with(&self, variables: &[(&str, &str)]) -> Result<Vec<String>, ConfigError> {
        let keys = [("CLERK_SECRET_KEY", "sk_test_abc"), ("TINYBIRD_JWT_SECRET", "p.abc")];
        let variables = keys.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources =
            Sources { config: Some(self.path("broker.toml")), env_file: None, variables: variables.collect() };
        perch_broker::check(&sources, SystemTime::now())
    }

    /// The sentence of what is wrong, without the folder.
    fn wrong(&self, variables: &[(&str, &str)]) -> String {
        let error = self.check_with(variables).expect_err("something wrong");
        assert!(!error.code().is_empty() && !error.next_step().is_empty());
        error.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn a_good_configuration_is_right() {
    assert_eq!(Desk::new().check_with(&[]).expect("right"), [""; 0]);
}

#[test]
fn what_is_wrong_is_told_with_its_file_line_and_column() {
    for (file, text, told) in [
        ("broker.toml", "listen = \"here\"\n", "broker.toml:1:10: "),
        ("broker.toml", &format!("{BROKER}\nlifetime = 3"), "broker.toml:4:1: unknown field `lifetime`"),
        ("broker.toml", &format!("{BROKER}lifetime_seconds = 59"), "broker.toml:3:20: `lifetime_seconds` must be"),
        ("broker.toml", &format!("{BROKER}memory_seconds = 301"), "broker.toml:3:18: `memory_seconds` must be"),
        ("broker.toml", &format!("{BROKER}[limits]\nburst = 0"), "broker.toml:4:9: `burst` must be"),
        ("broker.toml", &format!("{BROKER}public_url = \"http://tokens.acme.example\""), "broker.toml:3:14: "),
        (
            "broker.toml",
            &format!("{BROKER}public_url = \"https://other.example\""),
            "broker.toml:3:14: the connection file sends viewers to https://tokens.acme.example",
        ),
        ("broker.toml", &format!("{BROKER}client_ids = [\"x\"]"), "broker.toml:3:14: `client_ids` lacks"),
        (
            "broker.toml",
            &format!("{BROKER}bind = {{ a = \"org.id\" }}"),
            "broker.toml:3:8: `bind` stands in the connection",
        ),
        ("broker.toml", &format!("{BROKER}pipes = [\"kpis\"]"), "broker.toml:2:12: there is another template"),
        ("broker.toml", &format!("{BROKER}[[rule]]\npipes = [\"kpis\"]"), "broker.toml:3:1: a rule is for one"),
        (
            "broker.toml",
            &format!("{BROKER}[[rule]]\nrole = \"org:member\"\npipes = [\"kpi\"]"),
            "broker.toml:5:10: no scope of the template reads the pipe `kpi`",
        ),
        (
            "broker.toml",
            &format!("{BROKER}rules = \"none\"\n[[rule]]\nrole = \"org:member\"\npipes = [\"kpis\"]"),
            "broker.toml:3:9: `rules = \"none\"` says that there are no rules",
        ),
        ("broker.toml", &format!("{BROKER}rules = \"all\""), "broker.toml:3:9: "),
        ("broker.toml", "connection = \"connection.toml\"\n", "what may tokens do?"),
        ("connection.toml", &CONNECTION.replace("org.id", "org.name"), "connection.toml:12:"),
        ("connection.toml", &CONNECTION.replace("client_id", "#"), "connection.toml:3:"),
        ("claims.json", &CLAIMS.replace("org.id", "org.idd"), "claims.json:3:"),
        ("claims.json", &CLAIMS.replace("org_id", "org"), "claims.json:3:"),
        ("claims.json", "[]", "claims.json:1:1: "),
        (
            "claims.json",
            &CLAIMS.replace("{\"org_id", "{\"team\": \"{{user.unsafe_metadata.team || 'none'}}\", \"org_id"),
            "claims.json:3:85: a person can change their own `user.unsafe_metadata.team`",
        ),
    ] {
        let desk = Desk::new();
        let wrong = desk.write(file, text).wrong(&[]);
        assert!(wrong.starts_with(told), "{wrong} should start with {told}");
    }
}

#[test]
fn a_template_may_stand_in_the_configuration_or_in_an_operators_own_connection_file() {
    let desk = Desk::new();
    desk.write("broker.toml", &format!("connection = \"connection.toml\"\ntemplate = '''\n{CLAIMS}'''\n"));
    desk.check_with(&[]).expect("right");
    let broken = CLAIMS.replace("org.id", "org.idd");
    desk.write("broker.toml", &format!("connection = \"connection.toml\"\ntemplate = '''\n{broken}'''\n"));
    assert!(desk.wrong(&[]).starts_with("broker.toml:2:12: in the template's line 3, "), "{}", desk.wrong(&[]));

    let head = CONNECTION.split("[token]").next().expect("a file");
    let mint =
        format!("{head}[token]\nsource = \"mint\"\nbind = {{ org_id = \"org.id\" }}\ntemplate = '''{CLAIMS}'''\n");
    desk.write("connection.toml", &mint).write("broker.toml", "connection = \"connection.toml\"\n");
    assert!(desk.wrong(&[]).contains("public_url"));
    desk.check_with(&[("PERCH_BROKER_PUBLIC_URL", "https://tokens.acme.example")]).expect("right");
}

#[test]
fn a_dashboard_with_a_mistake_is_told_and_does_not_keep_the_broker_from_starting() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("dashboards")).expect("a folder");
    desk.write("dashboards/broken.toml", "version = 1\ntitel = \"x\"\n");
    let told = desk.check_with(&[]).expect("right but for a dashboard");
    assert!(told.iter().any(|line| line.contains("broken.toml:2:1") && line.contains("title")), "{told:?}");
    let tile = "[[tile]]\ntitle = \"T\"\npipe = \"p\"\n[tile.chart]\nkind = \"table\"\n";
    let misspelt = tile.replace("pipe", "pipes");
    desk.write("dashboards/broken.toml", &format!("version = 2\ntitle = \"x\"\n{tile}{misspelt}"));
    let told = desk.check_with(&[]).expect("right but for a tile");
    assert!(told.iter().any(|line| line.contains("broken.toml:10:1") && line.contains("pipes")), "{told:?}");
}

#[test]
fn variables_win_over_the_file_and_are_told_by_their_names() {
    let desk = Desk::new();
    desk.write("broker.toml", &format!("{BROKER}lifetime_seconds = 1"));
    desk.check_with(&[("PERCH_BROKER_LIFETIME_SECONDS", "60")]).expect("right");
    let wrong = desk.wrong(&[("PERCH_BROKER_LIFETIME_SECONDS", "soon")]);
    assert!(wrong.starts_with("the variable PERCH_BROKER_LIFETIME_SECONDS: "), "{wrong}");
    let wrong = desk.wrong(&[("PERCH_BROKER_LISTEN", "8080"), ("PERCH_BROKER_LIFETIME_SECONDS", "60")]);
    assert!(wrong.starts_with("the variable PERCH_BROKER_LISTEN: "), "{wrong}");
}

#[test]
fn what_the_variables_of_the_template_say_must_agree_with_the_connection() {
    let desk = Desk::new();
    let agree = [
        ("TINYBIRD_WORKSPACE_ID", "4e1f6f8a-0000-4000-8000-000000000001"),
        ("NEXT_PUBLIC_TINYBIRD_API_URL", "https://api.tinybird.co/"),
        ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", PUBLISHABLE_KEY),
    ];
    desk.check_with(&agree).expect("right");
    for (name, other) in [
        ("TINYBIRD_WORKSPACE_ID", "another"),
        ("NEXT_PUBLIC_TINYBIRD_API_URL", "https://api.us-east.tinybird.co"),
        ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "pk_live_Y2xlcmsub3RoZXIuZXhhbXBsZSQ="),
    ] {
        let wrong = desk.wrong(&[(name, other)]);
        assert!(wrong.starts_with(&format!("the variable {name}: it names another ")), "{wrong}");
    }
}

#[test]
fn without_a_connection_file_each_missing_thing_is_asked_for() {
    let desk = Desk::new();
    desk.write("broker.toml", "");
    let mut variables: Vec<(&str, &str)> = Vec::new();
    for (name, value) in [
        ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", PUBLISHABLE_KEY),
        ("NEXT_PUBLIC_TINYBIRD_API_URL", "https://api.tinybird.co"),
        ("TINYBIRD_WORKSPACE_ID", "4e1f6f8a-0000-4000-8000-000000000001"),
        ("PERCH_BROKER_CLIENT_IDS", "oauth_app_1"),
        ("PERCH_BROKER_PUBLIC_URL", "https://tokens.acme.example"),
        ("PERCH_BROKER_PIPES", "kpis, trend"),
    ] {
        let wrong = desk.wrong(&variables);
        assert!(wrong.contains(name) || wrong.contains("`pipes`"), "{wrong} should ask for {name}");
        variables.push((name, value));
    }
    desk.check_with(&variables).expect("right");
}

#[test]
fn a_key_that_viewers_would_get_is_refused_and_not_repeated() {
    const ADMIN: &str = "p.the-workspaces-admin-token";
    const PREVIOUS: &str = "p.the-admin-token-before";
    let keys = [("TINYBIRD_JWT_SECRET", ADMIN), ("TINYBIRD_JWT_SECRET_PREVIOUS", PREVIOUS)];
    for key in [ADMIN, PREVIOUS] {
        let desk = Desk::new();
        desk.write("connection.toml", &format!("{CONNECTION}[public]\nsource = \"static\"\ntoken = \"{key}\"\n"));
        let wrong = desk.wrong(&keys);
        assert!(wrong.starts_with("connection.toml:15:10: every viewer gets this file"), "{wrong}");
        assert!(!wrong.contains(key), "{wrong}");
    }
    let desk = Desk::new();
    desk.write("connection.toml", &format!("{CONNECTION}[public]\nsource = \"static\"\ntoken = \"p.reads-only\"\n"));
    desk.check_with(&keys).expect("right");
}

#[test]
fn no_error_repeats_a_key() {
    const KEYS: [&str; 2] = ["sk_test_SECRETsecret", "p.SECRETsecret"];
    let desk = Desk::new();
    desk.write("key", KEYS[1]).write("connection.toml", &format!("# {}\n{CONNECTION}", KEYS[0]));
    let path = desk.path("key").display().to_string();
    let odd = format!("{} {}", KEYS[1], KEYS[1]);
    for variables in [
        vec![],
        vec![("TINYBIRD_JWT_SECRET", KEYS[1]), ("TINYBIRD_JWT_SECRET_FILE", path.as_str())],
        vec![("TINYBIRD_JWT_SECRET", odd.as_str())],
        vec![("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", KEYS[0])],
        vec![("PERCH_BROKER_LISTEN", KEYS[1])],
    ] {
        let error = desk.check_with(&variables).expect_err("wrong");
        let told = format!("{error} {error:?} {}", error.next_step());
        assert!(!told.contains("SECRETsecret"), "{told}");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let world = World::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut variables: BTreeMap<String, String> = world.keys();
    let address = taken.local_addr().expect("an address").to_string();
    variables.insert("PERCH_BROKER_LISTEN".to_owned(), address.clone());
    let error = world.broker_at(&Hand::new(), "", variables).await.err().expect("an error");
    assert_eq!(error.code(), "listen");
    assert!(error.to_string().contains(&address), "{error}");
}
