//! How the engine writes a value as text.

use crate::kind::Type;

/// A value as a cell of CSV.
pub(crate) struct Cell {
    /// The text, without quotes around it.
    pub(crate) text: String,
}

/// The engine's text of a float: the shortest digits that read back as the
/// same double, in the notation of ECMAScript (ECMA-262 §6.1.6.1.20) without
/// its plus sign.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}

/// The engine's text of a value that arrived as `json`.
pub(crate) fn cell(_kind: &Type, json: &str) -> Cell {
    Cell { text: json.to_owned() }
}
