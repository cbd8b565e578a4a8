//! A pipe server whose answers can be told from each other, and a whole one from
//! a part: the parameter `tile` and the number of the request make all of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;

/// Starts it, and answers with its address.
pub async fn start() -> String {
    let requests = Arc::new(AtomicU32::new(0));
    let router = Router::new().route("/v0/pipes/{pipe}", get(respond)).with_state(requests);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
    address
}

async fn respond(State(requests): State<Arc<AtomicU32>>, Query(query): Query<HashMap<String, String>>) -> String {
    let tile = query.get("tile").and_then(|tile| tile.parse().ok()).expect("a tile");
    answer(tile, requests.fetch_add(1, Ordering::Relaxed) + 1)
}

/// The answer to the request of this number: up to 20 KB that hardly compress.
pub fn answer(tile: u32, number: u32) -> String {
    let mut state = u64::from(tile) << 32 | u64::from(number);
    let rows = 1 + number % 400;
    let mut text = format!(
        "{{\"meta\": [{{\"name\": \"row\", \"type\": \"String\"}}], \"data\": [{{\"row\": \"{tile} {number}\"}}"
    );
    for _ in 0..rows {
        // Knuth's linear congruence.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let _ = write!(text, ", {{\"row\": \"{:016x}{:016x}\"}}", state, state.rotate_left(17) ^ state >> 7);
    }
    let _ = write!(text, "], \"rows\": {}}}", rows + 1);
    text
}

/// The tile and the number that an answer's first row names.
pub fn numbered(first: &str) -> Option<(u32, u32)> {
    let (tile, number) = first.split_once(' ')?;
    Some((tile.parse().ok()?, number.parse().ok()?))
}
