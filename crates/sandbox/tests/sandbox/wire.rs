//! How answers travel.

use std::collections::HashSet;

use perch_sandbox::{Options, Sandbox};
use reqwest::Response;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING};

use crate::{claims, org, sign, start};

/// A client that unpacks nothing, and one that unpacks all.
fn clients() -> [reqwest::Client; 2] {
    let builder = || reqwest::Client::builder().no_proxy();
    let packed = builder().no_gzip().no_brotli().no_zstd();
    [packed, builder()].map(|builder| builder.build().expect("a client"))
}

async fn get(client: &reqwest::Client, sandbox: &Sandbox, accepted: Option<&str>) -> Response {
    let token = sign(sandbox, &claims(sandbox, Some(org(0)), 4_000_000_000));
    let request = client.get(format!("{}/v0/pipes/heatmap.json", sandbox.tinybird())).bearer_auth(token);
    let request = accepted.into_iter().fold(request, |request, accepted| request.header(ACCEPT_ENCODING, accepted));
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn an_answer_is_packed_as_the_client_accepts_it() {
    let sandbox = start(Options { events: 300, now: Some(crate::now()), ..Options::default() }).await;
    let [packed, unpacking] = clients();
    let plain = get(&packed, &sandbox, None).await;
    assert!(plain.headers().get(CONTENT_ENCODING).is_none());
    let rows = |text: &str| text.split("\"statistics\"").next().expect("rows").to_owned();
    let plain = plain.text().await.expect("a text");
    for coding in ["gzip", "br", "zstd"] {
        let answer = get(&packed, &sandbox, Some(coding)).await;
        assert_eq!(answer.headers().get(CONTENT_ENCODING).map(|coding| coding.as_bytes()), Some(coding.as_bytes()));
        let length = answer.bytes().await.expect("a body").len();
        assert!(length < plain.len() / 3, "{coding}: {length} of {}", plain.len());
        let answer = get(&unpacking, &sandbox, Some(coding)).await.text().await.expect("a text");
        assert_eq!(rows(&answer), rows(&plain), "{coding}");
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let sandbox = crate::small().await;
    let [client, _] = clients();
    let mut ids = HashSet::new();
    for path in ["v0/pipes/kpis.json", "v0/pipes/nothing.json", "elsewhere", "v0/pipes/kpis.json"] {
        let answer = client.get(format!("{}/{path}", sandbox.tinybird())).send().await.expect("an answer");
        let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).expect("an id").to_owned();
        assert_eq!(id.len(), 32, "{id}");
        assert!(ids.insert(id), "{path}");
    }
}
