//! What was typed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use jiff::tz::TimeZone;
use perch_chart::{Format, Kind, Size, Stacking, Theme};
use perch_export::Scale;

#[derive(Parser)]
#[command(name = "perchctl", version, about = "Check, draw, export and try out Perch's dashboards, without a window.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// One thing to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check a connection file and its dashboards; print file:line:column: and what to write instead.
    ///
    /// Also says, after `note:`, what could not be checked: what Clerk or a broker fills and what Tinybird alone knows.
    /// With --live, asks the pipe of each tile once, and checks the columns that came against the chart. Ends with 0 if
    /// there is nothing to put right, with 1 if there is.
    Check(Check),
    /// Print the JSON Schema of dashboard files, for editors that complete and check while one writes.
    Schema,
    /// Write a first dashboard from the pipes that a tenant's token reads, with charts that suit their columns.
    ///
    /// Asks each pipe up to twice. Says what it made, and which pipes it left out and why. Refuses to replace a file.
    New(New),
    /// Sign a token for a tenant with the workspace's admin token, from a claims template. For operators.
    ///
    /// Prints the token alone on standard output; whoever has it reads that tenant's rows until it expires. The key
    /// comes from an environment variable or a file, never from the command line, where others could read it.
    Token(Token),
    /// Draw the answer of a pipe as SVG, PNG or PDF, with the bundled typeface alone.
    Render(Render),
    /// Write the answer of a pipe as CSV, as the engine itself prints it.
    Export(Export),
    /// Run a stand-in for Clerk and Tinybird on this machine, until Ctrl-C.
    Sandbox(Sandbox),
}

#[derive(Args)]
pub(crate) struct Check {
    /// A connection file, or a folder that holds connection.toml; dashboards/*.toml beside it are checked too.
    pub(crate) path: PathBuf,
    /// A copy of the claims template that stands in Clerk or in the broker, checked against the connection; - reads
    /// standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// Ask the pipes too, with a tenant's token.
    #[arg(long, requires = "Access")]
    pub(crate) live: bool,
    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Args)]
pub(crate) struct New {
    /// The file to write, dashboards/first.toml for example.
    pub(crate) path: PathBuf,
    /// The connection file.
    #[arg(long, value_name = "FILE")]
    pub(crate) connection: PathBuf,
    /// A copy of the claims template that stands in Clerk or in the broker, to sign a token from; - reads standard
    /// input.
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
    /// The dashboard's title; the connection's name without it.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// What a tenant's pipes are asked with: a token that there is, or one that is signed for the purpose.
#[derive(Args)]
pub(crate) struct Access {
    /// A file with a tenant's token, as Perch shows it under the account's menu; - reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "key_env", "key_file"])]
    pub(crate) token_file: Option<PathBuf>,
    /// Whose rows are asked for: the person's id, user_…
    #[arg(long, value_name = "USER_ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// The organization's id, org_…
    #[arg(long, value_name = "ORG_ID", requires = "user", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) org: Option<String>,
    /// The environment variable that holds the workspace's admin token.
    #[arg(long, value_name = "NAME", requires = "user", conflicts_with = "key_file")]
    pub(crate) key_env: Option<String>,
    /// The file that holds the workspace's admin token; - reads standard input.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) key_file: Option<PathBuf>,
    /// What org.slug stands for.
    #[arg(long, value_name = "SLUG", requires = "org")]
    pub(crate) org_slug: Option<String>,
    /// What any other shortcode stands for, as perchctl token takes it; - reads standard input.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) metadata: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Token {
    /// The claims template, Clerk's own JSON with its shortcodes; - reads standard input. Without it, the connection's.
    #[arg(long, value_name = "FILE", required_unless_present = "connection")]
    pub(crate) template: Option<PathBuf>,
    /// The person's id, user_…
    #[arg(long, value_name = "USER_ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) user: String,
    /// The organization's id, org_…; without it, the token is for the person alone.
    #[arg(long, value_name = "ORG_ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) org: Option<String>,
    /// The environment variable that holds the workspace's admin token.
    #[arg(long, value_name = "NAME", conflicts_with = "key_file", required_unless_present_any = ["key_file", "claims"])]
    pub(crate) key_env: Option<String>,
    /// The file that holds the workspace's admin token; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Take the template and the lifetime from this connection file, and print only a token that Perch would send: one
    /// for its workspace, whose every scope fixes what `bind` says.
    #[arg(long, value_name = "FILE")]
    pub(crate) connection: Option<PathBuf>,
    /// How long it lives: 90s, 10m, 1h. Without it, as the connection says, or 10m.
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub(crate) lifetime: Option<Duration>,
    /// What org.slug stands for.
    #[arg(long, value_name = "SLUG", requires = "org")]
    pub(crate) org_slug: Option<String>,
    /// What org.role stands for, org:admin for example.
    #[arg(long, value_name = "ROLE", requires = "org")]
    pub(crate) org_role: Option<String>,
    /// What org.name stands for.
    #[arg(long, value_name = "NAME", requires = "org")]
    pub(crate) org_name: Option<String>,
    /// What user.primary_email_address stands for.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// What user.full_name stands for.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What any other shortcode stands for: JSON like {"user": {"public_metadata": {"plan": "pro"}}}; - reads standard
    /// input.
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata: Option<PathBuf>,
    /// Print the claims as JSON instead of a token, with no key and unjudged.
    #[arg(long)]
    pub(crate) claims: bool,
}

#[derive(Args)]
pub(crate) struct Render {
    /// What a pipe's .json answered; - reads standard input.
    pub(crate) answer: PathBuf,
    /// The kind of chart: line, column, donut …; auto takes whichever suits the columns.
    #[arg(long, value_name = "KIND", required_unless_present = "spec")]
    pub(crate) chart: Option<Kind>,
    /// A TOML file whose [chart] table says what to draw, as in a dashboard's tile; what is typed beside it counts more.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) spec: Option<PathBuf>,
    /// The column along the bottom, or of the names.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) x: Option<String>,
    /// The columns of values.
    #[arg(long, value_name = "COLUMN[,COLUMN]")]
    pub(crate) y: Vec<String>,
    /// Make a series of each value of this column.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group_by: Option<String>,
    /// Put series on top of each other: as they are (sum) or as shares (percent).
    #[arg(long, value_name = "HOW", value_parser = stacking)]
    pub(crate) stacked: Option<Stacking>,
    /// How numbers are written: number, percent, bytes, EUR …
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// How many bars, slices or series are shown; the rest becomes "Other".
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
    /// What the pipe answered for the period before, to compare with.
    #[arg(long, value_name = "FILE")]
    pub(crate) previous: Option<PathBuf>,
    /// What stands above the picture; without it the file has no margin.
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// In CSS pixels.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "800x400", value_parser = size)]
    pub(crate) size: Size,
    /// light or dark.
    #[arg(long, value_name = "THEME", default_value = "light", value_parser = theme)]
    pub(crate) theme: Theme,
    /// How many pixels of a PNG make a CSS pixel: 1, 2 or 4.
    #[arg(long, value_name = "TIMES", value_parser = scale)]
    pub(crate) scale: Option<Scale>,
    /// Put the typeface into an SVG, so that it looks the same wherever a browser opens it.
    #[arg(long)]
    pub(crate) embed_fonts: bool,
    /// The viewer's time zone, for a chart with zone = "viewer", as the IANA database names it.
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    pub(crate) zone: TimeZone,
    /// The viewer's way of writing numbers and dates, as BCP 47 names it.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) locale: String,
    /// The file to write, as its name ends: .svg, .png or .pdf; - writes SVG to standard output.
    #[arg(short, long, value_name = "OUT.svg", value_parser = picture_file)]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct Export {
    /// What a pipe's .json answered; - reads standard input.
    pub(crate) answer: PathBuf,
    /// The file to write; - writes to standard output.
    #[arg(short, long, value_name = "OUT.csv")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct Sandbox {
    /// The port of the Clerk stand-in; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) clerk_port: u16,
    /// The port of the Tinybird stand-in; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) tinybird_port: u16,
    /// Serve each NAME.json of this folder as the pipe NAME, byte for byte.
    #[arg(long, value_name = "DIR")]
    pub(crate) answers: Option<PathBuf>,
    /// Keep the stand-in's keys and sessions here, so that they outlive a restart.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Write connection.toml and dashboards/ for this sandbox here.
    #[arg(long, value_name = "DIR")]
    pub(crate) connection: Option<PathBuf>,
    /// Write a connection with hosted authentication, whose tokens Clerk signs.
    #[arg(long, requires = "connection")]
    pub(crate) hosted: bool,
}

/// The command, or the exit code of having answered already.
pub(crate) fn parse() -> Result<Command, ExitCode> {
    let error = match Arguments::try_parse() {
        Ok(arguments) => return Ok(arguments.command),
        Err(error) => error,
    };
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Where standard output is closed, nobody wanted the help.
        let _ = error.print();
        return Err(ExitCode::SUCCESS);
    }
    let problem = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "name a command: check, new, schema, token, render, export or sandbox".into()
        }
        _ => one_line(&error.to_string()),
    };
    let _ = writeln!(std::io::stderr(), "perchctl: {problem}; see perchctl --help");
    Err(ExitCode::from(2))
}

/// clap's first paragraph on one line: what is wrong, without the usage.
fn one_line(message: &str) -> String {
    let paragraph = message.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn size(text: &str) -> Result<Size, &'static str> {
    let extent = |text: &str| text.parse().ok().filter(|pixels| (1..=10_000).contains(pixels));
    text.split_once('x')
        .and_then(|(width, height)| Some(Size { width: extent(width)?, height: extent(height)? }))
        .ok_or("write width and height in pixels, each up to 10000, like 800x400")
}

fn theme(text: &str) -> Result<Theme, &'static str> {
    match text {
        "light" => Ok(Theme::Light),
        "dark" => Ok(Theme::Dark),
        _ => Err("write light or dark"),
    }
}

fn stacking(text: &str) -> Result<Stacking, &'static str> {
    match text {
        "sum" => Ok(Stacking::Sum),
        "percent" => Ok(Stacking::Percent),
        _ => Err("write sum or percent"),
    }
}

fn scale(text: &str) -> Result<Scale, String> {
    let times: u32 = text.parse().map_err(|_| "write 1, 2 or 4")?;
    Scale::try_from(times).map_err(|error| error.to_string())
}

fn zone(text: &str) -> Result<TimeZone, &'static str> {
    TimeZone::get(text).map_err(|_| "write a time zone like Europe/Berlin")
}

fn picture_file(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    let known = Picture::of(&path).is_some();
    known.then_some(path).ok_or("write a name that ends with .svg, .png or .pdf")
}

/// What kind of file a picture becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Picture {
    Svg,
    Png,
    Pdf,
}

impl Picture {
    /// By the end of a name; standard output has SVG.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        if path == Path::new("-") {
            return Some(Self::Svg);
        }
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }
}

/// Clerk's longest lifetime of a token, ten years of 365 days.
const LONGEST_LIFETIME: Duration = Duration::from_secs(315_360_000);

fn lifetime(text: &str) -> Result<Duration, &'static str> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|time| Duration::try_from(time).ok())
        .filter(|time| (Duration::from_secs(1)..=LONGEST_LIFETIME).contains(time))
        .ok_or("write a time of at least a second and at most ten years, like 90s, 10m or 1h")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_size_is_two_numbers_of_pixels() {
        assert_eq!(size("800x400"), Ok(Size { width: 800, height: 400 }));
        for text in ["", "800", "800x", "x400", "0x400", "800x-1", "800x99999", "800X400"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
    #[test]
    fn a_lifetime_has_a_unit_and_bounds() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h", 3_600), ("1h 30m", 5_400), ("87600h", 315_360_000)] {
            assert_eq!(lifetime(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "600", "0s", "-10m", "0.5s", "10 parsecs", "87601h", "99999999999999h"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}
