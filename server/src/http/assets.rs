//! The browser's part: files that were built into this binary, compressed when they were built.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use super::{encoding::Encoding, problem::Refusal};

/// `dist/`: inside the binary in a release, read from the disk by a debug build.
#[derive(Embed)]
#[folder = "../dist"]
struct Files;

const PAGE: &str = "index.html";
/// For files whose name changes with their content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For all else: the browser asks each time, and is told "the same" by the ETag.
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// The fallback of the whole server: a file, or the page for every address that the page knows itself.
pub(crate) async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (allow, Refusal::of_status(StatusCode::METHOD_NOT_ALLOWED)).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let is_hidden = path.split('/').any(|part| part.starts_with('.'));
    let mut response =
        match find(path, request.headers()).filter(|_| !path.is_empty() && !is_hidden) {
            Some(found) => found.answer(path, request.headers()),
            None if has_extension(path) => {
                return Refusal::of_status(StatusCode::NOT_FOUND).into_response();
            }
            None => match find(PAGE, request.headers()) {
                Some(page) => page.answer(PAGE, request.headers()),
                None => return no_pages(),
            },
        };
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

struct Found {
    file: EmbeddedFile,
    encoding: Option<Encoding>,
}

/// The smallest form of a file that the browser takes.
fn find(path: &str, headers: &HeaderMap) -> Option<Found> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|accepted| accepted.to_str().ok());
    for encoding in Encoding::ALL {
        if encoding.is_accepted(accepted.unwrap_or_default())
            && let Some(file) = Files::get(&format!("{path}{}", encoding.suffix()))
        {
            return Some(Found {
                file,
                encoding: Some(encoding),
            });
        }
    }
    Some(Found {
        file: Files::get(path)?,
        encoding: None,
    })
}

impl Found {
    fn answer(self, path: &str, asked: &HeaderMap) -> Response {
        let etag = format!(
            "\"{}\"",
            hex::encode(&self.file.metadata.sha256_hash()[..16])
        );
        let cache = if is_hashed(path) { FOR_EVER } else { ASK_FIRST };
        let mut headers = HeaderMap::from_iter([
            (header::CACHE_CONTROL, cache),
            (header::VARY, HeaderValue::from_static("Accept-Encoding")),
        ]);
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(header::ETAG, &etag);
        if asked
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| names(known, &etag))
        {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        set(header::CONTENT_TYPE, &content_type(path));
        set(header::CONTENT_LENGTH, &self.file.data.len().to_string());
        if let Some(encoding) = self.encoding {
            set(header::CONTENT_ENCODING, encoding.name());
        }
        (headers, Body::from(self.file.data.into_owned())).into_response()
    }
}

/// Whether an If-None-Match header names this ETag.
fn names(header: &HeaderValue, etag: &str) -> bool {
    let header = header.to_str().unwrap_or_default();
    header.split(',').any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag
    })
}

fn content_type(path: &str) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    match (guessed.type_().as_str(), guessed.subtype().as_str()) {
        ("text", _) => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_string(),
    }
}

fn has_extension(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
}

/// Whether a file's name holds a hash of its content: `main-190044c966a796e6.css`, `app-…_bg.wasm`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == 16
            && hash
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// A binary that was built before its pages.
fn no_pages() -> Response {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Calibr Console</title>\
                <h1>This server was built without its pages</h1>\
                <p>Run <code>scripts/build-spa</code>, then build the server again. The REST API works: see \
                <a href=\"/api/docs\">its documentation</a>.</p></html>";
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::CACHE_CONTROL, "no-store")],
        Html(page),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_are_known() {
        for hashed in [
            "main-190044c966a796e6.css",
            "calibr-frontend-440e81f69deabff2_bg.wasm",
            "a/b-0123456789abcdef.js",
            "chunk-10-ba8471f281a3316e.wasm",
        ] {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in [
            "index.html",
            "favicon.svg",
            "my-logo.svg",
            "release-2026101112131415x.js",
            "b-0123456789ABCDEF.js",
        ] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }

    #[test]
    fn a_known_etag_is_found_in_a_list_and_weakened() {
        let matches = |header: &str| names(&header.parse().unwrap(), "\"abc\"");
        assert!(
            matches("\"abc\"") && matches("W/\"abc\"") && matches("\"x\", \"abc\"") && matches("*")
        );
        assert!(!matches("\"ab\""));
    }
}
