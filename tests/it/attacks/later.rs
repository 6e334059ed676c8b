//! What cannot be tried yet: rows of features that do not exist, each with how the feature would be noticed. When one appears, its rows are to
//! be written, and it goes from this list.

use std::process::Stdio;

use serde_json::Value;

use crate::sources::{routes, sources, text};
use crate::support::{Server, binary};

/// By what a feature is noticed.
pub enum Sign {
    /// A route of the router whose path holds this.
    Route(&'static str),
    /// The route of the router with this path.
    Page(&'static str),
    /// A member of the discovery document.
    Member(&'static str),
    /// A value in the discovery document.
    Value(&'static str),
    /// A command of `doorward --help`.
    Command(&'static str),
    /// A section of `config.toml`.
    Section(&'static str),
    /// A file or folder of `src/` whose path begins so.
    Source(&'static str),
}

use Sign::{Command, Member, Page, Route, Section, Source, Value as Says};

/// A feature that does not exist.
pub struct Later {
    pub feature: &'static str,
    pub signs: &'static [Sign],
    /// The rows that wait for it, each with what of it waits.
    pub rows: &'static [(&'static str, &'static str)],
}

/// Everything that waits.
pub const LATER: &[Later] = &[
    Later {
        feature: "an admin API",
        signs: &[Route("/admin"), Route("/api/"), Source("http/endpoints/admin"), Source("http/admin")],
        rows: &[
            ("A4", "by the API"),
            ("E14", "deleting the only admin"),
            ("H8", "cursors and page sizes over HTTP"),
            ("K1", "all of it"),
            ("K2", "ids of other people in its paths"),
            ("K4", "roles by the API"),
        ],
    },
    Later {
        feature: "dynamic registration",
        signs: &[Member("registration_endpoint"), Route("/register/client"), Source("http/endpoints/registration")],
        rows: &[
            ("A4", "by a program"),
            ("G4", "the word for clients that registered themselves"),
            ("G7", "all of it"),
            ("G8", "all of it"),
        ],
    },
    Later {
        feature: "client metadata documents",
        signs: &[Member("client_id_metadata_document_supported"), Source("registry/metadata_document")],
        rows: &[("G10", "all of it"), ("I2", "documents that are fetched"), ("I4", "documents that are fetched")],
    },
    Later {
        feature: "pushed authorization requests",
        signs: &[Member("pushed_authorization_request_endpoint"), Route("/par"), Source("http/endpoints/par")],
        rows: &[("A10", "all of it"), ("N5", "that way in")],
    },
    Later {
        feature: "the device grant",
        signs: &[
            Member("device_authorization_endpoint"),
            Page("/device"),
            Route("/device_"),
            Source("grants/device_code"),
        ],
        rows: &[("J4", "entering a device code"), ("J10", "device codes")],
    },
    Later {
        feature: "token exchange of other tokens than API keys, and JWT bearer",
        signs: &[Says("jwt-bearer"), Source("grants/token_exchange"), Source("grants/jwt_bearer")],
        rows: &[("D13", "all but API keys")],
    },
    Later {
        feature: "private_key_jwt",
        signs: &[Says("private_key_jwt"), Says("client_secret_jwt"), Source("tokens/client_assertion")],
        rows: &[("C10", "all of it but that there is none")],
    },
    Later {
        feature: "request objects",
        signs: &[Says("\"request_uri_parameter_supported\":true"), Source("protocol/request_object")],
        rows: &[("I8", "registered addresses of them")],
    },
    Later {
        feature: "avatars and other uploads",
        signs: &[Route("avatar"), Route("upload"), Route("picture"), Source("http/pages/avatar")],
        rows: &[("H4", "all but the operator's logo")],
    },
    Later {
        feature: "session management by iframe",
        signs: &[Member("check_session_iframe"), Route("check_session")],
        rows: &[("E19", "all of it but that there is none")],
    },
    Later {
        feature: "back-channel authentication (CIBA)",
        signs: &[Member("backchannel_authentication_endpoint"), Route("bc-authorize"), Source("grants/ciba")],
        rows: &[("J4", "that door")],
    },
];

impl Sign {
    /// Whether it is to be seen in what is there.
    fn shows(&self, there: &There) -> bool {
        match self {
            Route(part) => there.routes.iter().any(|path| path.contains(part)),
            Page(whole) => there.routes.iter().any(|path| path == whole),
            Member(name) => there.discovery.get(name).is_some(),
            Says(word) => there.discovery.to_string().contains(word),
            Command(noun) => there.commands.lines().any(|line| line.split_whitespace().next() == Some(noun)),
            Section(name) => {
                let is_it = |line: &str| line == format!("[{name}]") || line.starts_with(&format!("[{name}."));
                there.config.lines().any(is_it)
            }
            Source(start) => there.sources.iter().any(|path| path.starts_with(start)),
        }
    }

    fn words(&self) -> String {
        match self {
            Route(part) => format!("a route with {part}"),
            Page(whole) => format!("the route {whole}"),
            Member(name) => format!("{name} in the discovery document"),
            Says(word) => format!("{word} in the discovery document"),
            Command(noun) => format!("doorward {noun}"),
            Section(name) => format!("[{name}] in config.toml"),
            Source(start) => format!("src/{start}"),
        }
    }
}

struct There {
    routes: Vec<String>,
    discovery: Value,
    commands: String,
    config: String,
    sources: Vec<String>,
}

async fn there() -> There {
    let help = binary().arg("--help").stdin(Stdio::null()).output().unwrap();
    let server = Server::start().await;
    There {
        routes: routes().into_iter().map(|(path, _)| path).collect(),
        discovery: server.get("/.well-known/openid-configuration").await.ok(),
        commands: String::from_utf8(help.stdout).unwrap(),
        config: text("config.toml"),
        sources: sources("src").into_iter().map(|(path, _)| path).collect(),
    }
}

#[tokio::test]
async fn a_feature_that_has_appeared_brings_its_rows() {
    let there = there().await;
    assert!(Command("client").shows(&there) && Section("server").shows(&there), "what is there is not seen");
    assert!(Member("issuer").shows(&there) && Says("client_secret_basic").shows(&there));
    assert!(Route("/authorize").shows(&there) && Source("grants/").shows(&there));
    let mut due = Vec::new();
    for later in LATER {
        for sign in later.signs.iter().filter(|sign| sign.shows(&there)) {
            let rows: Vec<&str> = later.rows.iter().map(|(row, _)| *row).collect();
            due.push(format!("{} is there ({}): write {}", later.feature, sign.words(), rows.join(", ")));
        }
    }
    assert!(due.is_empty(), "and take it off tests/it/attacks/later.rs:\n{}", due.join("\n"));
}
