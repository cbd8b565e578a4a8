//! What stays and what leaves. A tenant's answers take as many bytes as the
//! operator allows; beyond that the least recently seen leave first, those of
//! dashboards that are kept for offline last, and the newest never.

use rusqlite::{Connection, params};

/// The file is cut when so large a part of its pages holds nothing: what is
/// free is used by the next answer anyhow, and moving pages takes time.
const FREE_PART: i64 = 8;

/// Makes the answers fit into `limit` bytes, without the one with the id
/// `newest` leaving. To be called in the transaction that added it.
pub(crate) fn make_room(connection: &Connection, newest: i64, limit: u64) -> rusqlite::Result<()> {
    let mut excess = bytes(connection)?.saturating_sub(limit);
    for pinned in [false, true] {
        if excess == 0 {
            return Ok(());
        }
        for (answer, size) in leaving(connection, newest, pinned, excess)? {
            remove(connection, answer)?;
            excess = excess.saturating_sub(size);
        }
    }
    Ok(())
}

/// The bytes of all answers as they are kept.
pub(crate) fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let sum = connection
        .prepare_cached("SELECT coalesce(sum(size), 0) FROM answer INDEXED BY answer_by_seen")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    Ok(u64::try_from(sum).unwrap_or_default())
}

/// The ids and sizes of the least recently seen that take `excess` bytes together.
fn leaving(connection: &Connection, newest: i64, pinned: bool, excess: u64) -> rusqlite::Result<Vec<(i64, u64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, size FROM answer INDEXED BY answer_by_seen
         WHERE id <> ?1 AND EXISTS (SELECT 1 FROM pin WHERE pin.question = answer.question) = ?2
         ORDER BY seen, id",
    )?;
    let mut rows = statement.query(params![newest, pinned])?;
    let (mut leaving, mut sum) = (Vec::new(), 0);
    while sum < excess
        && let Some(row) = rows.next()?
    {
        let size = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
        leaving.push((row.get(0)?, size));
        sum += size;
    }
    Ok(leaving)
}

/// Removes an answer with its body.
pub(crate) fn remove(connection: &Connection, answer: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM body WHERE answer = ?1")?.execute([answer])?;
    connection.prepare_cached("DELETE FROM answer WHERE id = ?1")?.execute([answer])?;
    Ok(())
}

/// Gives what is free in the file back to the disk, where that is much.
pub(crate) fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let count = |pragma: &str| connection.prepare_cached(pragma)?.query_row([], |row| row.get::<_, i64>(0));
    let (free, all) = (count("PRAGMA freelist_count")?, count("PRAGMA page_count")?);
    if free > 0 && free.saturating_mul(FREE_PART) >= all {
        // Each row is a page that was given back.
        let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}
