//! `perchctl render`: a pipe's answer as SVG.

use perch_chart::{Input, Spec};
use perch_tinybird::Table;

use crate::arguments::Render;
use crate::{Failure, files};

pub(crate) fn run(arguments: &Render) -> Result<(), Failure> {
    let table = files::read_answer(&arguments.answer)?.table;
    let y = arguments.y.iter().flat_map(|names| column_names(names, &table)).collect();
    let spec = Spec { x: arguments.x.clone(), y, ..Spec::new(arguments.chart) };
    let drawing = perch_chart::draw(&Input::from(&table), &spec, arguments.size, arguments.theme)?;
    files::write(&arguments.output, drawing.svg.as_bytes())
}

/// The columns that `names` names: one whose own name has a comma, or several
/// with commas between them.
fn column_names(names: &str, table: &Table) -> Vec<String> {
    if table.column(names).is_some() {
        return vec![names.to_owned()];
    }
    names.split(',').map(str::to_owned).collect()
}
