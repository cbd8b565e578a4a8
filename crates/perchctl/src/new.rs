//! `perchctl new`: a first dashboard file, from the pipes that a tenant's token reads.

use std::time::SystemTime;

use perch_dashboard::Dashboard;

use crate::arguments::New;
use crate::asking::Asking;
use crate::check::counted;
use crate::{Failure, files, token};

pub(crate) fn run(arguments: &New, now: SystemTime) -> Result<(), Failure> {
    if arguments.path.exists() {
        // Before anything is asked.
        return Err(Failure::Exists { path: arguments.path.clone() });
    }
    let connection = token::read_connection(&arguments.connection)?;
    let template = arguments.template.as_deref();
    let asking = Asking::new(&arguments.access, template, &arguments.connection, &connection, now)?;
    let survey = asking.survey()?;
    let left_out = survey.left_out.iter().map(|left_out| format!("left out {}: {}\n", left_out.pipe, left_out.why));
    let left_out: String = left_out.collect();
    let title = arguments.title.clone().unwrap_or_else(|| connection.name.to_string());
    let Some(text) = survey.outline(&title) else {
        files::print(left_out.as_bytes())?;
        return Err(Failure::NothingAnswered);
    };
    files::create(&arguments.path, text.as_bytes())?;
    let tiles = Dashboard::read("new", &text).dashboard.map_or(0, |dashboard| dashboard.tiles.len());
    let made = format!(
        "{}: {} from {}\n",
        arguments.path.display(),
        counted(tiles, "tile"),
        counted(survey.answered.len(), "pipe"),
    );
    files::print((made + &left_out).as_bytes())
}
