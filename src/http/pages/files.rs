//! The files beside the pages: the one stylesheet, the one script, the logo. Each name holds the hash of the content, so a browser may keep
//! them for ever.
//!
//! A logo is a foreign file: opened by itself it runs and loads nothing.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Dress, Page, Picture};
use crate::config::{BrandConfig, Colour, DARK, Grounds, LIGHT, Logo, LogoKind};
use crate::http::error::PageError;
use crate::protocol::accept::takes_gzip;
use crate::protocol::issuer::Base;
use crate::protocol::rejection::Rejection;
use crate::secret::{base64url, sha256};

/// What a logo may do when it is opened by itself: be drawn.
const LOGO_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// How high a logo stands on a page, in CSS pixels, and how wide at most.
const LOGO_HEIGHT: u32 = 32;
const WIDEST_LOGO: u32 = 240;

/// The files, made once.
#[derive(Debug)]
pub(in crate::http) struct Files {
    /// What every page is made with.
    pub page: Page,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: String,
    kind: &'static str,
    policy: Option<&'static str>,
    body: Bytes,
    /// The same packed by gzip, where that is less.
    packed: Option<Bytes>,
}

impl File {
    /// A file with the hash of its content in its name.
    fn new(stem: &str, ending: &str, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let name = format!("{stem}-{}.{ending}", &base64url(&sha256(&body))[..12]);
        let packed = packed(&body).filter(|packed| packed.len() < body.len());
        Self { name, kind, policy: None, body, packed }
    }
}

/// A body packed by gzip. Nothing in these files is secret, so that their length tells nothing (BREACH); pages are never packed.
fn packed(body: &[u8]) -> Option<Bytes> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(body).ok()?;
    packer.finish().ok().map(Bytes::from)
}

impl Files {
    /// The files of this installation; what only buttons of providers need is there when there are any.
    pub fn new(
        brand: &BrandConfig,
        logo: Option<&Logo>,
        base: Base,
        (has_providers, sends_mail, second_factors, has_passkeys): (bool, bool, bool, bool),
    ) -> Self {
        let mut rules = without_air(&dense(include_str!("../../../static/doorward.css")));
        if has_providers {
            rules.push_str(&without_air(&dense(include_str!("../../../static/providers.css"))));
        }
        let stylesheet = File::new("doorward", "css", "text/css; charset=utf-8", colours(brand) + &rules);
        let account = without_air(&dense(include_str!("../../../static/account.css")));
        let account = File::new("account", "css", "text/css; charset=utf-8", account);
        let script = dense(include_str!("../../../static/doorward.js"));
        let script = File::new("doorward", "js", "text/javascript; charset=utf-8", script);
        let passkeys = dense(include_str!("../../../static/passkeys.js"));
        let passkeys = File::new("passkeys", "js", "text/javascript; charset=utf-8", passkeys);
        let logo = logo.map(|logo| (logo_file(logo), logo.size));
        let page = Page::new(Dress {
            base,
            brand: brand.name.clone(),
            stylesheet: stylesheet.name.clone(),
            account: account.name.clone(),
            script: script.name.clone(),
            logo: logo.as_ref().map(|(file, size)| Picture { name: file.name.clone(), width: width(*size) }),
            icon: brand.accent.palette(LIGHT).fill.to_string(),
            sends_mail,
            second_factors,
            passkeys: passkeys.name.clone(),
            has_passkeys,
        });
        Self {
            page,
            files: [stylesheet, account, script, passkeys].into_iter().chain(logo.map(|(file, _)| file)).collect(),
        }
    }
}

fn logo_file(logo: &Logo) -> File {
    let (ending, kind) = match logo.kind {
        LogoKind::Svg => ("svg", "image/svg+xml"),
        LogoKind::Png => ("png", "image/png"),
    };
    File { policy: Some(LOGO_POLICY), ..File::new("logo", ending, kind, logo.bytes.clone()) }
}

/// The width on the page, so that nothing moves when the logo comes.
fn width((width, height): (u32, u32)) -> u32 {
    (u64::from(width) * u64::from(LOGO_HEIGHT) / u64::from(height.max(1)))
        .try_into()
        .unwrap_or(WIDEST_LOGO)
        .clamp(8, WIDEST_LOGO)
}

/// The colours that hang on the accent, for light and for dark, and the grounds that they were measured against.
fn colours(brand: &BrandConfig) -> String {
    let scheme = |grounds: Grounds| {
        let palette = brand.accent.palette(grounds);
        let named: [(&str, Colour); 7] = [
            ("paper", grounds.paper),
            ("sheet", grounds.sheet),
            ("accent", palette.fill),
            ("accent-pressed", palette.pressed),
            ("on-accent", palette.on_fill),
            ("accent-edge", palette.edge),
            ("accent-ink", palette.ink),
        ];
        let mut rules = String::new();
        for (name, colour) in named {
            let _ = write!(rules, "--{name}:{colour};");
        }
        format!(":root{{{rules}}}")
    };
    format!("{}\n@media (prefers-color-scheme:dark){{{}}}\n", scheme(LIGHT), scheme(DARK))
}

/// The text without its comments, which stand on lines of their own, and without indentation.
fn dense(text: &str) -> String {
    let is_comment = |line: &&str| line.starts_with("/*") || line.starts_with("//");
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !is_comment(line))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// The rules without the spaces that are there for readers. No rule of ours needs one in these places.
fn without_air(rules: &str) -> String {
    const PLACES: [(&str, &str); 7] =
        [("\n", ""), ("; ", ";"), (": ", ":"), (", ", ","), (" {", "{"), ("{ ", "{"), (" }", "}")];
    PLACES.iter().fold(rules.to_owned(), |rules, (from, to)| rules.replace(from, to)).replace(";}", "}")
}

/// A file.
pub(in crate::http) async fn get(
    Extension(files): Extension<Arc<Files>>,
    Path(name): Path<String>,
    asked: HeaderMap,
) -> Result<Response, PageError> {
    let file = files.files.iter().find(|file| file.name == name).ok_or(Rejection::NoSuchPage)?;
    let headers = [(header::CONTENT_TYPE, file.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    let policy = file.policy.map(|policy| [(header::CONTENT_SECURITY_POLICY, policy)]);
    let takes: Vec<&[u8]> = asked.get_all(header::ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes).collect();
    let packed = file.packed.as_ref().filter(|_| takes_gzip(&takes));
    let coding = packed.map(|_| [(header::CONTENT_ENCODING, "gzip")]);
    let varies = file.packed.as_ref().map(|_| [(header::VARY, "accept-encoding")]);
    Ok((headers, policy, coding, varies, packed.unwrap_or(&file.body).clone()).into_response())
}
