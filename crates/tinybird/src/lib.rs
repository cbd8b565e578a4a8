//! The tenant's token, the pipe client, the table.
//!
//! A [`Table`] is what a pipe answered, column by column.

mod kind;
mod literal;
mod moment;
mod table;
mod values;

pub use kind::{Argument, Family, Type};
pub use table::{Column, Table, TableError};
pub use values::Values;
