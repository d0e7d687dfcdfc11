use std::sync::{Arc, Mutex};

use reqwest::{
    Method, RequestBuilder,
    header::{HeaderMap, SET_COOKIE},
    redirect::Policy,
};
use serde_json::{Value, json};

use super::{Events, OWNER, PASSWORD, PROJECT, truth};

/// A browser, as far as HTTP goes: it keeps the console's cookie and follows no redirect by itself.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    cookie: Arc<Mutex<Option<String>>>,
    /// Where the console keeps what it says, where that is known.
    database: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of an answer that has to be this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The body of a problem, whose form is checked (RFC 9457).
    #[track_caller]
    pub(crate) fn problem(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(
            problem["type"],
            format!("https://calibr.example/problems/{kind}"),
            "{problem}"
        );
        assert_eq!(problem["status"], status, "{problem}");
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty()),
            "{problem}"
        );
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.ends_with('.')),
            "{problem}"
        );
        assert_eq!(
            problem["request_id"],
            self.header("x-request-id"),
            "{problem}"
        );
        problem
    }
}

impl Client {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's client asks the console itself, on loopback"
    )]
    pub(crate) fn new(base: &str) -> Self {
        // There is one already where another test of this process was quicker.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::builder()
                .no_gzip()
                .no_brotli()
                .redirect(Policy::none())
                .build()
                .unwrap(),
            base: base.to_owned(),
            cookie: Arc::default(),
            database: None,
        }
    }

    /// The client of a console on this database.
    pub(crate) fn of_database(self, database: Option<String>) -> Self {
        Self { database, ..self }
    }

    /// What a run that has ended says is what stands in the database.
    pub(crate) async fn assert_it_adds_up(&self, run: &str) {
        if let Some(database) = &self.database {
            truth::assert_it_adds_up(database, run).await;
        }
    }

    /// A request; a path is the console's, anything else is taken as it is.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let is_own = path.starts_with('/') || path.starts_with(&self.base);
        let url = if path.starts_with('/') {
            format!("{}{path}", self.base)
        } else {
            path.to_owned()
        };
        let request = self.http.request(method, url);
        match &*self.cookie.lock().unwrap() {
            Some(cookie) if is_own => request.header("cookie", cookie),
            _ => request,
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the console answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie
                .to_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .to_owned();
            let is_removal = pair.ends_with('=');
            *self.cookie.lock().unwrap() = (!is_removal).then_some(pair);
        }
        let body = response
            .bytes()
            .await
            .expect("the answer is whole")
            .to_vec();
        Answer {
            status,
            headers,
            body,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Posts as a page's form does.
    pub(crate) async fn post_form(&self, url: &str, form: &[(String, String)]) -> Answer {
        self.send(self.request(Method::POST, url).form(form)).await
    }

    /// The cookie as it is sent.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    pub(crate) fn set_cookie(&self, cookie: &str) {
        *self.cookie.lock().unwrap() = Some(cookie.to_owned());
    }

    /// Makes the owner, who is signed in then.
    pub(crate) async fn set_up(&self) -> Value {
        self.post("/api/fn/set_up", &setup_form()).await.expect(200)
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/api/auth/login",
            &json!({ "email": email, "password": password }),
        )
        .await
    }

    /// The owner's address of a thing in their project.
    pub(crate) fn in_project(path: &str) -> String {
        format!("/api/projects/{PROJECT}/{path}")
    }

    /// Opens the line of events of the owner's project.
    pub(crate) async fn events(&self) -> Events {
        self.events_of(PROJECT).await
    }

    /// Opens the line of events of a project.
    pub(crate) async fn events_of(&self, project: &str) -> Events {
        let path = format!("/api/projects/{project}/events");
        let response = self.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events::of(response, self.clone())
    }

    /// All rows of a list, page after page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let after = cursor
                .map(|cursor| format!("&cursor={cursor}"))
                .unwrap_or_default();
            let page = self
                .get(&format!("{path}{joint}limit=250{after}"))
                .await
                .expect(200);
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }
}

/// What the set-up page sends.
pub(crate) fn setup_form() -> Value {
    json!({ "form": {
        "name": "Olivia Owner", "email": OWNER, "password": PASSWORD,
        "project_name": "Acme", "project_slug": PROJECT, "time_zone": "Europe/Berlin",
    } })
}
