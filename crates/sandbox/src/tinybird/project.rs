//! The Tinybird project in `tinybird/` beside the sandbox's own pipes: the same names, columns and parameters, so that
//! a dashboard which works here works there. What Tinybird's engine makes of the SQL, only Tinybird can say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::pipes::{self, Pipe};
use crate::connection;

/// A data file, as Tinybird's reference has its form: instructions at the margin, and indented below them what belongs
/// to those that end with `>`.
struct Datafile {
    name: String,
    /// In their order: the instruction's words, and its block.
    instructions: Vec<(String, String)>,
}

impl Datafile {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(path).expect("a file");
        let mut instructions: Vec<(String, String)> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.strip_prefix("    ") {
                Some(inside) => {
                    let (instruction, block) = instructions.last_mut().expect("an instruction first");
                    assert!(instruction.ends_with('>'), "{name}: `{instruction}` takes no block");
                    block.push_str(inside);
                    block.push('\n');
                }
                None => {
                    assert!(!line.starts_with([' ', '\t']), "{name}: `{line}` is indented by four spaces");
                    instructions.push((line.to_owned(), String::new()));
                }
            }
        }
        let known = ["DESCRIPTION >", "SCHEMA >", "SQL >", "NODE ", "TYPE ", "TOKEN ", "ENGINE"];
        for (instruction, block) in &instructions {
            assert!(known.iter().any(|known| instruction.starts_with(known)), "{name}: `{instruction}`");
            assert_eq!(instruction.ends_with('>'), !block.is_empty(), "{name}: `{instruction}`");
        }
        Self { name, instructions }
    }

    /// All of a folder, by name.
    fn all(folder: &str, extension: &str) -> BTreeMap<String, Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tinybird").join(folder);
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let files = entries.filter(|path| path.extension().is_some_and(|found| found == extension));
        files.map(|path| Self::read(&path)).map(|file| (file.name.clone(), file)).collect()
    }

    /// The nodes by name, with their SQL.
    fn nodes(&self) -> Vec<(&str, &str)> {
        let mut nodes = Vec::new();
        let mut node = None;
        for (instruction, block) in &self.instructions {
            if let Some(name) = instruction.strip_prefix("NODE ") {
                node = Some(name);
            } else if instruction == "SQL >" {
                nodes.push((node.take().expect("a node before its SQL"), block.as_str()));
            }
        }
        nodes
    }

    fn says(&self, instruction: &str) -> bool {
        self.instructions.iter().any(|(said, _)| said == instruction)
    }
}

fn endpoints() -> BTreeMap<String, Datafile> {
    Datafile::all("endpoints", "pipe")
}

/// What a template becomes with every parameter defined, or with none: `{% if … %}`, `{% else %}`, `{% end %}`.
fn rendered(sql: &str, defined: bool) -> String {
    let (mut out, mut open, mut rest) = (String::new(), Vec::new(), sql);
    while let Some((before, after)) = rest.split_once("{%") {
        let (tag, after) = after.split_once("%}").expect("a tag that ends");
        if open.iter().all(|shown| *shown) {
            out.push_str(before);
        }
        match tag.trim() {
            "else" => {
                let shown = open.last_mut().expect("an if before its else");
                *shown = !*shown;
            }
            "end" => drop(open.pop().expect("an if before its end")),
            tag => {
                assert!(tag.starts_with("if defined("), "`{tag}`");
                open.push(defined);
            }
        }
        rest = after;
    }
    assert!(open.is_empty(), "an if without its end");
    out + rest
}

/// The parts of a list at its own depth.
fn parts(list: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for letter in list.chars() {
        match letter {
            '\'' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 && !quoted {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("a part").push(letter);
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// The names of the columns that a query selects.
fn selected(sql: &str) -> Vec<String> {
    let list = sql.trim().strip_prefix("SELECT").expect("a SELECT").split("\nFROM ").next().expect("a list");
    let name = |part: &String| part.rsplit(" AS ").next().expect("a name").to_owned();
    parts(list).iter().map(name).collect()
}

/// The parameters that a template reads, by `{{ Type(name … }}`.
fn parameters(sql: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let read = |placeholder: &str| {
        let inside =
            placeholder.split_once("}}").expect("a placeholder that ends").0.split_once('(').expect("a type").1;
        inside.chars().take_while(|letter| is_part(*letter)).collect()
    };
    sql.split("{{").skip(1).map(read).collect()
}

/// What the sandbox's pipe reads of a request.
fn expected_parameters(pipe: &Pipe) -> BTreeSet<String> {
    let filters = ["org_id", "device", "browser", "location", "source"];
    let days = ["date_from", "date_to"];
    let asked = pipe.sql().contains("{asked}");
    let mut expected = Vec::new();
    match (asked, pipe.public) {
        (true, false) => expected.extend(filters.iter().chain(&days)),
        (true, true) => expected.extend(&days),
        (false, _) => expected.extend(filters.iter().filter(|name| pipe.sql().contains(&format!(":{name}")))),
    }
    if pipe.is_limited() {
        expected.push(&"limit");
    }
    expected.into_iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_project_has_the_sandboxs_pipes_and_no_others() {
    let names: Vec<_> = endpoints().into_keys().collect();
    assert_eq!(names, pipes::all().map(|pipe| pipe.name).collect::<Vec<_>>());
}

#[test]
fn each_pipe_selects_the_sandboxs_columns_in_their_order() {
    let endpoints = endpoints();
    for pipe in pipes::all() {
        let file = &endpoints[pipe.name];
        assert_eq!(file.instructions.last().expect("an end").0, "TYPE endpoint", "{}", pipe.name);
        let (name, sql) = *file.nodes().last().expect("a node");
        assert_eq!(name, "endpoint");
        let columns: Vec<_> = pipe.columns().iter().map(|(name, _)| (*name).to_owned()).collect();
        for defined in [true, false] {
            let sql = rendered(sql.trim_start_matches("%\n"), defined);
            assert_eq!(selected(&sql), columns, "{}", pipe.name);
        }
    }
}

#[test]
fn each_pipe_takes_the_sandboxs_parameters() {
    let endpoints = endpoints();
    for pipe in pipes::all() {
        let nodes = endpoints[pipe.name].nodes();
        let read: BTreeSet<_> = nodes.iter().flat_map(|(_, sql)| parameters(sql)).collect();
        assert_eq!(read, expected_parameters(pipe), "{}", pipe.name);
        for (node, sql) in nodes {
            // Without it, Tinybird takes a template for plain SQL.
            assert_eq!(sql.starts_with("%\n"), sql.contains("{{") || sql.contains("{%"), "{}: {node}", pipe.name);
        }
    }
}

#[test]
fn a_tenants_pipe_filters_by_all_that_the_token_fixes_whether_or_not_it_is_there() {
    let endpoints = endpoints();
    let claims = connection::claims(&["kpis".to_owned()], &json!("org_1"), "name");
    let fixed: Vec<_> = claims["scopes"][0]["fixed_params"].as_object().expect("parameters").keys().cloned().collect();
    assert!(!fixed.is_empty());
    for pipe in pipes::all() {
        for (node, sql) in endpoints[pipe.name].nodes() {
            let reads_events = sql.contains("FROM events");
            for parameter in &fixed {
                let filter = format!("{parameter} = {{{{ String({parameter}");
                let always = rendered(sql, false);
                let is_filtered = always.contains(&filter) && always.contains("required=True");
                assert_eq!(is_filtered, reads_events && !pipe.public, "{}: {node}: {parameter}", pipe.name);
            }
        }
        let is_public = endpoints[pipe.name].says("TOKEN \"public_dashboards\" READ");
        assert_eq!(is_public, pipe.public, "{}", pipe.name);
    }
}

#[test]
fn nodes_read_what_there_is() {
    let sources = Datafile::all("datasources", "datasource");
    let schema = &sources["events"].instructions.iter().find(|(said, _)| said == "SCHEMA >").expect("a schema").1;
    let columns: Vec<_> = parts(schema).iter().map(|part| part.split('`').nth(1).expect("a name").to_owned()).collect();
    let sandboxs = "timestamp org_id session_id pathname source location device browser";
    assert_eq!(columns.join(" "), sandboxs);
    for (name, file) in endpoints() {
        let mut known: Vec<&str> = vec!["events"];
        for (node, sql) in file.nodes() {
            for read in sql.split("FROM ").skip(1).filter_map(|after| after.split_whitespace().next()) {
                let is_fill = ["toDate(", "toDateTime(", "toStartOf", "{%", "0"].iter().any(|at| read.starts_with(at));
                assert!(is_fill || known.contains(&read), "{name}: {node} reads `{read}`");
            }
            known.push(node);
        }
    }
}
