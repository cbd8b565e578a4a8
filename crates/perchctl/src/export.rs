//! `perchctl export`: a pipe's answer as CSV.

use crate::arguments::Export;
use crate::{Failure, files};

pub(crate) fn run(arguments: &Export) -> Result<(), Failure> {
    let answer = files::read_answer(&arguments.answer)?;
    let mut csv = Vec::new();
    perch_tinybird::write_csv(&answer.table, &mut csv)
        .map_err(|source| Failure::Write { path: arguments.output.clone(), source })?;
    files::write(&arguments.output, &csv)
}
