//! The JSON Schema of dashboard files, for editors that complete and check while one writes. It stands in
//! `docs/dashboard.schema.json` and is written by hand; the tests below hold it to what the reader reads.

/// The schema (JSON Schema, draft 2020-12).
pub const SCHEMA: &str = include_str!("../../../docs/dashboard.schema.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    use jsonschema::Validator;
    use perch_chart::{Annotation, Axis, Band, Kind, Sort, Spec, Threshold};
    use serde_json::Value;

    use super::SCHEMA;
    use crate::keys::{self, Keys, NEWEST};
    use crate::section::keys_of;
    use crate::{Dashboard, Preset};

    static ROOT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).expect("JSON"));
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&ROOT).expect("a schema"));

    fn json(text: &str) -> Value {
        let table: toml::Table = text.parse().expect("TOML");
        with_dates_as_texts(toml::Value::Table(table))
    }

    /// As editors see a date of TOML.
    fn with_dates_as_texts(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(date) => Value::String(date.to_string()),
            toml::Value::Array(items) => items.into_iter().map(with_dates_as_texts).collect(),
            toml::Value::Table(table) => {
                table.into_iter().map(|(key, value)| (key, with_dates_as_texts(value))).collect()
            }
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => number.into(),
            toml::Value::Boolean(boolean) => boolean.into(),
        }
    }

    /// What the schema says against a file.
    fn refusals(text: &str) -> Vec<String> {
        VALIDATOR.iter_errors(&json(text)).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn folder(path: &str) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let files: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
        assert!(!files.is_empty(), "{}", folder.display());
        files
    }

    fn names(value: &Value) -> BTreeSet<&str> {
        match value {
            Value::Object(object) => object.keys().map(String::as_str).collect(),
            Value::Array(items) => items.iter().map(|item| item.as_str().expect("a text")).collect(),
            _ => panic!("{value} has no names"),
        }
    }

    #[test]
    fn every_key_that_the_reader_knows_is_in_the_schema_and_none_else() {
        let in_schema = |place: &str| names(ROOT.pointer(&format!("{place}/properties")).expect(place)).clone();
        let tables: [(&str, Keys); 6] = [
            ("", keys::DASHBOARD),
            ("/$defs/time", keys::TIME),
            ("/$defs/filter", keys::FILTER),
            ("/$defs/choice", keys::CHOICE),
            ("/$defs/options", keys::OPTIONS),
            ("/$defs/tile", keys::TILE),
        ];
        for (place, known) in tables {
            assert_eq!(in_schema(place), known.all().collect(), "{}", known.what);
        }
        let types: [(&str, &[&str]); 6] = [
            ("/$defs/chart", keys_of::<Spec>()),
            ("/$defs/axis", keys_of::<Axis>()),
            ("/$defs/threshold", keys_of::<Threshold>()),
            ("/$defs/band", keys_of::<Band>()),
            ("/$defs/annotation", keys_of::<Annotation>()),
            ("/$defs/sort", keys_of::<Sort>()),
        ];
        for (place, known) in types {
            assert!(!known.is_empty(), "{place}");
            assert_eq!(in_schema(place), known.iter().copied().collect(), "{place}");
        }
    }

    #[test]
    fn keys_that_came_with_version_2_are_refused_in_a_file_of_version_1() {
        let refused = |place: &str| {
            let properties = ROOT.pointer(place).map(|properties| properties.as_object().expect("properties"));
            let keys = properties.into_iter().flatten().filter(|(_, value)| **value == Value::Bool(false));
            keys.map(|(key, _)| key.as_str()).collect::<BTreeSet<_>>()
        };
        for (place, known) in [
            ("/then/properties", keys::DASHBOARD),
            ("/then/properties/time/properties", keys::TIME),
            ("/then/properties/filter/items/properties", keys::FILTER),
            ("/then/properties/tile/items/properties", keys::TILE),
        ] {
            assert_eq!(refused(place), known.second.iter().copied().collect(), "{}", known.what);
        }
    }

    #[test]
    fn the_schema_lists_every_kind_preset_and_version() {
        let list = |place: &str| ROOT.pointer(place).expect(place);
        let kinds = Kind::ALL.map(|kind| kind.to_string());
        assert_eq!(names(list("/$defs/kind/enum")), kinds.iter().map(String::as_str).collect());
        assert_eq!(names(list("/$defs/preset/enum")), Preset::ALL.iter().map(|preset| preset.as_str()).collect());
        assert_eq!(*list("/properties/version/enum"), serde_json::json!((1..=NEWEST).collect::<Vec<_>>()));
    }

    #[test]
    fn every_key_says_what_it_is_for() {
        fn walk(value: &Value, path: &str) {
            for (name, child) in value.as_object().into_iter().flatten() {
                let here = format!("{path}/{name}");
                if name == "properties" && !path.contains("/then") && !path.contains("/if") {
                    for (key, schema) in child.as_object().into_iter().flatten() {
                        let target = schema["$ref"].as_str().and_then(|link| ROOT.pointer(&link[1..]));
                        let told = schema.get("description").or(target.and_then(|target| target.get("description")));
                        assert!(told.is_some(), "{here}/{key} says nothing");
                    }
                }
                walk(child, &here);
            }
        }
        walk(&ROOT, "");
    }

    #[test]
    fn every_sample_dashboard_names_the_schema_and_fits_it() {
        for path in folder("dashboards") {
            let text = fs::read_to_string(&path).expect("a text");
            assert!(text.starts_with("#:schema ../docs/dashboard.schema.json\n"), "{}", path.display());
            assert_eq!(refusals(&text), Vec::<String>::new(), "{}", path.display());
            Dashboard::parse("sample", &text).expect("a dashboard");
        }
    }

    #[test]
    fn a_chart_may_be_a_kind_alone_or_none_and_has_a_pipe() {
        let tile = |lines: &str| refusals(&format!("version = 2\ntitle = \"A\"\n[[tile]]\ntitle = \"A\"\n{lines}"));
        for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Text) {
            assert_eq!(tile(&format!("pipe = \"a\"\nchart = \"{kind}\"\n")), Vec::<String>::new(), "{kind}");
            assert_ne!(tile(&format!("chart = \"{kind}\"\n")), Vec::<String>::new(), "{kind} without a pipe");
        }
        assert_eq!(tile("pipe = \"a\"\n"), Vec::<String>::new());
        assert_ne!(tile("chart = \"text\"\n"), Vec::<String>::new());
        assert_eq!(tile("chart = { kind = \"text\", text = \"b\" }\n"), Vec::<String>::new());
    }

    #[test]
    fn every_chart_of_the_gallery_fits_the_schema() {
        for path in folder("crates/chart/gallery") {
            let file = json(&fs::read_to_string(&path).expect("a text"));
            let chart = &file["chart"];
            let pipe = if chart["kind"] == "text" { Value::Null } else { "kpis".into() };
            let mut tile = serde_json::json!({ "title": "A", "chart": chart });
            if let Value::String(pipe) = pipe {
                tile["pipe"] = pipe.into();
            }
            let dashboard = serde_json::json!({ "version": 2, "title": "A", "tile": [tile] });
            let refusals: Vec<_> = VALIDATOR.iter_errors(&dashboard).map(|error| error.to_string()).collect();
            assert_eq!(refusals, Vec::<String>::new(), "{}", path.display());
        }
    }

    const GOOD: &str = r#"version = 2
title = "Web traffic"
[time]
default = "this-month"
zone = "Europe/Berlin"
presets = ["7d", "this-month"]
compare = "year"
[[filter]]
name = "device"
kind = "select"
default = "mobile"
values = ["desktop", { value = "mobile", label = "Phones" }]
[[filter]]
name = "city"
kind = "multi-select"
default = ["Vienna"]
[filter.options]
pipe = "cities"
value = "city"
filters = ["device"]
refresh = "1d"
[[filter]]
name = "least"
kind = "number"
min = 0
step = 0.5
default = 1
[[filter]]
name = "buyers"
kind = "toggle"
on = 1
default = true
[[tile]]
title = "Visits"
pipe = "kpis"
tab = "Traffic"
section = "People"
width = 8
height = 4
refresh = "60s"
compare = true
filters = ["device"]
parameters = { limit = 10, dev = { filter = "device" }, shop = { tenant = "org.slug" }, day = 2026-01-02, countries = ["DE", "FR"] }
[tile.chart]
kind = "line"
stacked = "percent"
format = "currency:EUR"
x_axis = { scale = "log" }
"#;

    #[test]
    fn what_is_wrong_is_refused_by_the_schema_and_by_the_reader() {
        assert_eq!(refusals(GOOD), Vec::<String>::new());
        Dashboard::parse("good", GOOD).expect("a dashboard");
        for (from, to) in [
            ("version = 2", "version = 1"),
            ("version = 2", "version = 3"),
            ("version = 2\n", ""),
            ("title = \"Web traffic\"\n", ""),
            ("title = \"Web traffic\"", "title = \" \""),
            ("title = \"Web traffic\"", "titel = \"Web traffic\""),
            ("this-month\"\nzone", "next-month\"\nzone"),
            ("Europe/Berlin", "over there"),
            ("[\"7d\", \"this-month\"]", "[]"),
            ("[\"7d\", \"this-month\"]", "[\"7d\", \"7d\", \"this-month\"]"),
            ("compare = \"year\"", "compare = true"),
            ("compare = true", "compare = \"month\""),
            ("name = \"device\"", "nam = \"device\""),
            ("kind = \"select\"", "kind = \"dropdown\""),
            ("kind = \"select\"", "kind = \"text\""),
            ("default = \"mobile\"", "default = [\"mobile\"]"),
            ("[\"desktop\", {", "[[1], {"),
            ("label = \"Phones\"", "lable = \"Phones\""),
            ("pipe = \"cities\"", "pipe = \"the cities\""),
            ("value = \"city\"\n", ""),
            ("[filter.options]\npipe", "values = [\"x\"]\n[filter.options]\npipe"),
            ("min = 0", "min = \"0\""),
            ("min = 0", "off = \"0\""),
            ("step = 0.5", "step = 0"),
            ("default = true", "default = \"on\""),
            ("filter = \"device\"", "filtre = \"device\""),
            ("\"org.slug\"", "\"org.name\""),
            ("pipe = \"kpis\"", "pipe = \"top pages\""),
            ("pipe = \"kpis\"\n", ""),
            ("tab = \"Traffic\"", "tab = \"\""),
            ("section = \"People\"", "section = 7"),
            ("width = 8", "width = 13"),
            ("width = 8", "width = \"8\""),
            ("height = 4", "height = 0"),
            ("refresh = \"60s\"", "refresh = 60"),
            ("refresh = \"60s\"", "refresh = \"soon\""),
            ("limit = 10", "token = \"p.x\""),
            ("limit = 10", "\"a b\" = 1"),
            ("[\"DE\", \"FR\"]", "[]"),
            ("[\"DE\", \"FR\"]", "[\"D,E\"]"),
            ("kind = \"line\"", "kind = \"lines\""),
            ("kind = \"line\"", "kind = \"text\""),
            ("stacked = \"percent\"", "stacked = \"shares\""),
            ("currency:EUR", "euros"),
            ("scale = \"log\"", "scal = \"log\""),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let wrong = GOOD.replacen(from, to, 1);
            assert!(!refusals(&wrong).is_empty(), "the schema takes {to}");
            assert!(Dashboard::parse("wrong", &wrong).is_err(), "the reader takes {to}");
        }
    }
}
