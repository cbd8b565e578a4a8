//! `perchctl export`: a pipe's answer as CSV.

use crate::arguments::Export;
use crate::{Failure, files};

pub(crate) fn run(arguments: &Export) -> Result<(), Failure> {
    let answer = files::read_answer(&arguments.answer)?;
    files::stream(&arguments.output, |out| perch_tinybird::write_csv(&answer.table, out))
}
