//! `broker.toml`, and the variables that win over it. Each value keeps where it
//! was written, for the sentence that refuses it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use perch_tenant::{Bindings, Origin};
use serde::Deserialize;
use toml::Spanned;

use crate::config_error::ConfigError;
use crate::environment::Environment;
use crate::files::Files;
use crate::policy::Policy;
use crate::rules::Word;

/// Where Clerk's Backend API answers, as its own SDK has it: `API_URL` in
/// `packages/backend/src/constants.ts` of clerk/javascript.
const CLERK_API: &str = "https://api.clerk.com";

/// Where the configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `broker.toml`; without one everything stands in variables.
    pub config: Option<PathBuf>,
    /// An `.env` file.
    pub env_file: Option<PathBuf>,
    /// The process's variables.
    pub variables: BTreeMap<String, String>,
}

/// All that the broker was told.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) clerk_api: Origin,
    pub(crate) limits: Limits,
    pub(crate) policy: Policy,
}

/// What keeps one guest from eating everybody's dinner.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// At once.
    pub(crate) connections: usize,
    /// A person's, in the long run.
    pub(crate) requests_per_minute: NonZeroU32,
    /// A person's, at once.
    pub(crate) burst: NonZeroU32,
    /// Of opaque tokens that nobody has shown before, by everybody together.
    pub(crate) opaque_checks_per_second: NonZeroU32,
    /// Until a request's head is there.
    pub(crate) header: Duration,
    /// Until its body is.
    pub(crate) body: Duration,
    /// Until what is under way is cut off at the end.
    pub(crate) stop: Duration,
    /// How long a membership is believed.
    pub(crate) memory: Duration,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    listen: Option<Spanned<SocketAddr>>,
    metrics_listen: Option<Spanned<SocketAddr>>,
    clerk_api: Option<Spanned<Origin>>,
    memory_seconds: Option<Spanned<u32>>,
    public_url: Option<Spanned<Origin>>,
    connection: Option<Spanned<PathBuf>>,
    name: Option<Spanned<String>>,
    client_ids: Option<Spanned<Vec<String>>>,
    pub(crate) bind: Option<Spanned<Bindings>>,
    template: Option<Spanned<String>>,
    pipes: Option<Spanned<Vec<String>>>,
    lifetime_seconds: Option<Spanned<u32>>,
    opaque_tokens: Option<Spanned<bool>>,
    #[serde(default)]
    limits: LimitsTable,
    #[serde(default, rename = "rule")]
    pub(crate) rules: Vec<Spanned<RuleTable>>,
    #[serde(rename = "rules")]
    pub(crate) no_rules: Option<Spanned<Word>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    connections: Option<Spanned<u32>>,
    requests_per_minute: Option<Spanned<u32>>,
    burst: Option<Spanned<u32>>,
    opaque_checks_per_second: Option<Spanned<u32>>,
    header_seconds: Option<Spanned<u32>>,
    body_seconds: Option<Spanned<u32>>,
    stop_seconds: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleTable {
    pub(crate) role: Option<String>,
    pub(crate) permission: Option<String>,
    pub(crate) pipes: Vec<Spanned<String>>,
}

/// A value, and where it stands.
#[derive(Clone)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    place: Stands,
}

#[derive(Clone)]
enum Stands {
    File(usize),
    Variable(&'static str),
}

impl<T> Given<T> {
    /// Another value that stands for the one that was given here.
    pub(crate) fn with<U>(&self, value: U) -> Given<U> {
        Given { value, place: self.place.clone() }
    }
}

/// The configuration while it is read.
pub(crate) struct Page<'a> {
    path: &'a Path,
    text: &'a str,
    pub(crate) environment: &'a Environment,
    pub(crate) now: SystemTime,
}

impl Settings {
    /// Reads and checks everything, as it is `now`. The digest is that of whatever was read,
    /// right or wrong: it changes when a file does.
    pub(crate) fn load(sources: &Sources, now: SystemTime) -> ([u8; 32], Result<Self, ConfigError>) {
        let mut files = Files::default();
        let settings = Self::read(sources, &mut files, now);
        (files.digest(), settings)
    }

    fn read(sources: &Sources, files: &mut Files, now: SystemTime) -> Result<Self, ConfigError> {
        let environment = Environment::read(&sources.variables, sources.env_file.as_deref(), files)?;
        let path = sources.config.as_deref().unwrap_or(Path::new("broker.toml"));
        let text = sources.config.as_deref().map(|path| files.text(path)).transpose()?.unwrap_or_default();
        let table: Table = toml::from_str(&text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            ConfigError::at(path, &text, offset, error.message().trim_end())
        })?;
        let page = Page { path, text: &text, environment: &environment, now };

        let origin = |text: &str| Origin::parse(text).map_err(|error| error.to_string());
        let clerk_api = page.pick(&table.clerk_api, "PERCH_BROKER_CLERK_API", origin)?;
        let clerk_api = match clerk_api {
            Some(given) => given.value,
            None => origin(CLERK_API)
                .map_err(|message| ConfigError::Variable { name: "PERCH_BROKER_CLERK_API", message })?,
        };
        let listen = page.pick(&table.listen, "PERCH_BROKER_LISTEN", address)?;
        let metrics_listen = page.pick(&table.metrics_listen, "PERCH_BROKER_METRICS_LISTEN", address)?;
        let limits = Limits::read(&page, &table)?;
        let policy = Policy::read(&page, &table, files)?;
        Ok(Self {
            listen: listen.map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)), |given| given.value),
            metrics_listen: metrics_listen.map(|given| given.value),
            clerk_api,
            limits,
            policy,
        })
    }
}

impl Table {
    pub(crate) fn public_url(&self, page: &Page<'_>) -> Result<Option<Given<Origin>>, ConfigError> {
        let origin = |text: &str| Origin::parse(text).map_err(|error| error.to_string());
        page.pick(&self.public_url, "PERCH_BROKER_PUBLIC_URL", origin)
    }

    /// The connection file, from the folder of the configuration.
    pub(crate) fn connection(&self, page: &Page<'_>) -> Result<Option<Given<PathBuf>>, ConfigError> {
        let given = page.pick(&self.connection, "PERCH_BROKER_CONNECTION", |text| Ok(PathBuf::from(text)))?;
        Ok(given.map(|given| given.with(page.beside(&given.value, &given.place))))
    }

    pub(crate) fn name(&self, page: &Page<'_>) -> Result<Option<Given<String>>, ConfigError> {
        page.pick(&self.name, "PERCH_BROKER_NAME", |text| Ok(text.to_owned()))
    }

    pub(crate) fn client_ids(&self, page: &Page<'_>) -> Result<Option<Given<Vec<String>>>, ConfigError> {
        page.pick(&self.client_ids, "PERCH_BROKER_CLIENT_IDS", words)
    }

    pub(crate) fn pipes(&self, page: &Page<'_>) -> Result<Option<Given<Vec<String>>>, ConfigError> {
        page.pick(&self.pipes, "PERCH_BROKER_PIPES", words)
    }

    pub(crate) fn template(&self, page: &Page<'_>) -> Result<Option<Given<String>>, ConfigError> {
        page.pick(&self.template, "PERCH_BROKER_TEMPLATE", |text| Ok(text.to_owned()))
    }

    /// Whether opaque access tokens are taken, as an operator may have Clerk give
    /// out: yes, unless this says no.
    pub(crate) fn opaque_tokens(&self, page: &Page<'_>) -> Result<bool, ConfigError> {
        let given = page.pick(&self.opaque_tokens, "PERCH_BROKER_OPAQUE_TOKENS", |text| {
            text.parse().map_err(|_| "write true or false".to_owned())
        })?;
        Ok(given.is_none_or(|given| given.value))
    }

    /// Between a minute and a day.
    pub(crate) fn lifetime(&self, page: &Page<'_>) -> Result<Option<Duration>, ConfigError> {
        page.seconds(&self.lifetime_seconds, "PERCH_BROKER_LIFETIME_SECONDS", "lifetime_seconds", 60, 86_400)
    }
}

impl Limits {
    fn read(page: &Page<'_>, table: &Table) -> Result<Self, ConfigError> {
        let limits = &table.limits;
        let count = |field: &Option<Spanned<u32>>, variable, name, default, most| {
            let given = page.number(field, variable, name, 1, most)?;
            Ok(given.and_then(NonZeroU32::new).unwrap_or(default))
        };
        let seconds = |field: &Option<Spanned<u32>>, variable, name, default| {
            let given = page.seconds(field, variable, name, 1, 3_600)?;
            Ok(given.unwrap_or(Duration::from_secs(default)))
        };
        let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let most = 1_000_000_000;
        let connections =
            count(&limits.connections, "PERCH_BROKER_CONNECTIONS", "connections", number(4_096), 1_000_000)?;
        let memory = page.seconds(&table.memory_seconds, "PERCH_BROKER_MEMORY_SECONDS", "memory_seconds", 1, 300)?;
        Ok(Self {
            connections: connections.get() as usize,
            requests_per_minute: count(
                &limits.requests_per_minute,
                "PERCH_BROKER_REQUESTS_PER_MINUTE",
                "requests_per_minute",
                number(60),
                most,
            )?,
            burst: count(&limits.burst, "PERCH_BROKER_BURST", "burst", number(20), most)?,
            opaque_checks_per_second: count(
                &limits.opaque_checks_per_second,
                "PERCH_BROKER_OPAQUE_CHECKS_PER_SECOND",
                "opaque_checks_per_second",
                number(20),
                most,
            )?,
            header: seconds(&limits.header_seconds, "PERCH_BROKER_HEADER_SECONDS", "header_seconds", 15)?,
            body: seconds(&limits.body_seconds, "PERCH_BROKER_BODY_SECONDS", "body_seconds", 5)?,
            stop: seconds(&limits.stop_seconds, "PERCH_BROKER_STOP_SECONDS", "stop_seconds", 20)?,
            memory: memory.unwrap_or(Duration::from_secs(30)),
        })
    }
}

impl Page<'_> {
    /// What the variable says, or the file.
    fn pick<T: Clone>(
        &self,
        field: &Option<Spanned<T>>,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Given<T>>, ConfigError> {
        if let Some(text) = self.environment.get(variable) {
            let value = parse(text).map_err(|message| ConfigError::Variable { name: variable, message })?;
            return Ok(Some(Given { value, place: Stands::Variable(variable) }));
        }
        let given =
            |field: &Spanned<T>| Given { value: field.get_ref().clone(), place: Stands::File(field.span().start) };
        Ok(field.as_ref().map(given))
    }

    fn number(
        &self,
        field: &Option<Spanned<u32>>,
        variable: &'static str,
        name: &str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, ConfigError> {
        let wanted = format!("`{name}` must be a whole number from {least} to {most}");
        let given = self.pick(field, variable, |text| text.parse().map_err(|_| wanted.clone()))?;
        match given {
            Some(given) if (least..=most).contains(&given.value) => Ok(Some(given.value)),
            Some(given) => Err(self.refuse(&given, wanted)),
            None => Ok(None),
        }
    }

    fn seconds(
        &self,
        field: &Option<Spanned<u32>>,
        variable: &'static str,
        name: &str,
        least: u32,
        most: u32,
    ) -> Result<Option<Duration>, ConfigError> {
        let number = self.number(field, variable, name, least, most)?;
        Ok(number.map(|seconds| Duration::from_secs(u64::from(seconds))))
    }

    /// An error at a value.
    pub(crate) fn refuse<T>(&self, given: &Given<T>, message: impl Into<String>) -> ConfigError {
        match given.place {
            Stands::File(offset) => self.refuse_at(offset, message),
            Stands::Variable(name) => ConfigError::Variable { name, message: message.into() },
        }
    }

    /// An error at a byte of the file.
    pub(crate) fn refuse_at(&self, offset: usize, message: impl Into<String>) -> ConfigError {
        ConfigError::at(self.path, self.text, offset, message)
    }

    /// The folder of the configuration.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The file that is named, unless what was given is JSON itself.
    pub(crate) fn named_file(&self, given: &Given<String>) -> Option<PathBuf> {
        (!given.value.trim_start().starts_with('{')).then(|| self.beside(Path::new(&given.value), &given.place))
    }

    /// A path that stands in the file is from the file's folder, one in a
    /// variable from where the broker was started.
    fn beside(&self, path: &Path, place: &Stands) -> PathBuf {
        match place {
            Stands::File(_) => self.folder().join(path),
            Stands::Variable(_) => path.to_owned(),
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address and a port, like 0.0.0.0:8080".to_owned())
}

/// Words apart by commas.
fn words(text: &str) -> Result<Vec<String>, String> {
    Ok(text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
}
