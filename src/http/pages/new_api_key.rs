//! The page on which a person makes an API key: first that it is them, then for which API, then what it may do. The key is shown once, on the
//! answer to the form (`shown_api_key.rs`).

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use url::form_urlencoded::byte_serialize;

use super::api_keys::{is_proved, owner, signed_in, to_list};
use super::visit::Visit;
use super::{FormParts, Notice, Page, account, shown_api_key};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::ApiKeysConfig;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender, query};
use crate::protocol::api_key::{MAX_NAME, is_id};
use crate::protocol::journey::Action;
use crate::protocol::params::{Params, Repeated};
use crate::protocol::problem::Problems;
use crate::protocol::rejection::Rejection;
use crate::protocol::resource::Resource;
use crate::protocol::role::Holder;
use crate::protocol::scope;
use crate::protocol::sign_in::SignIn;
use crate::registry::{Error, NewKey};

const DAY: i64 = 86_400;
/// For how long a key may be made, in seconds, beside what the settings say.
const LIFETIMES: [i64; 4] = [7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];
/// What the names of the boxes begin with, of which each ticked one has a scope: `scope.0`, `scope.1`.
const BOXES: &str = "scope.";

#[derive(Template)]
#[template(path = "account/new_api_key.html")]
struct NewApiKey {
    page: Page,
    section: &'static str,
    form: FormParts,
    is_proved: bool,
    error: Option<Notice>,
    /// The APIs to choose from,
    apis: Vec<Api>,
    /// and the chosen one with what is to be said of its key.
    chosen: Option<Chosen>,
}

/// An API to choose.
struct Api {
    identifier: String,
    name: String,
}

impl Api {
    /// The identifier as a value in an address.
    fn encoded(&self) -> String {
        byte_serialize(self.identifier.as_bytes()).collect()
    }
}

struct Chosen {
    api: Api,
    name: String,
    ticks: Vec<Tick>,
    lifetimes: Vec<Lifetime>,
    wrong: Wrong,
    longest_name: usize,
}

/// A scope that the person may have now.
struct Tick {
    token: String,
    words: String,
    is_ticked: bool,
}

/// How long the key may live: the key of the words, and the count in them.
struct Lifetime {
    seconds: i64,
    words: (&'static str, i64),
    is_chosen: bool,
}

/// What is wrong, beside the field.
#[derive(Default)]
struct Wrong {
    name: Option<String>,
    scopes: Option<String>,
    expires: Option<String>,
}

impl Wrong {
    fn any(&self) -> bool {
        self.name.is_some() || self.scopes.is_some() || self.expires.is_some()
    }
}

/// What stands in the form.
#[derive(Default)]
struct Typed {
    name: String,
    resource: String,
    scopes: Vec<String>,
    /// In seconds; `None` when it is not said.
    lifetime: Option<i64>,
}

impl Typed {
    /// Only its own fields are looked at.
    fn of(params: &Params) -> Result<Self, Repeated> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let ticked = params.iter().filter(|(name, value)| name.starts_with(BOXES) && !value.is_empty());
        Ok(Self {
            name: text(params.single("name")?),
            resource: text(params.single("resource")?),
            scopes: ticked.map(|(_, token)| token.to_owned()).collect(),
            // What is no number is no time that a key could live.
            lifetime: params.single("expires")?.map(|text| text.parse().unwrap_or_default()),
        })
    }
}

/// The form, or the way to the proof that comes first.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let typed = Typed { resource: resource(&query(raw.as_deref())?)?, ..Typed::default() };
    page(&app, (&sender, &sign_in), typed, None, now).await
}

/// To the proof, and from there to the form of a new key, or of one in the place of another.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    if owner(&app, &form.sender, app.now()).await?.is_none() {
        return Ok(see_other(&app.issuer.place("/login"))?);
    }
    let former = form.params.single("id")?.map(str::to_owned);
    if former.as_deref().is_some_and(|id| !is_id(id)) {
        return Ok(to_list(&app)?);
    }
    account::end(&app, &form, Action::MakeKey(former)).await
}

/// The filled-in form.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = owner(&app, sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let typed = Typed::of(&form.params)?;
    if !is_proved(&app, &sign_in, now).await? {
        return page(&app, (sender, &sign_in), typed, None, now).await;
    }
    let new = NewKey {
        name: typed.name.clone(),
        resource: typed.resource.clone(),
        scope: typed.scopes.join(" "),
        lifetime: typed.lifetime,
    };
    match app.registry.create_own_api_key(&signed_in(sender, &sign_in, now), new).await {
        Ok(issued) => {
            let visit = Visit::open(&app, sender, None, now).await?;
            Ok(shown_api_key::page(&app, (&visit, sender, &sign_in), issued, None, now).await?)
        }
        Err(Error::Invalid(problems)) => page(&app, (sender, &sign_in), typed, Some(problems), now).await,
        // They were signed out meanwhile.
        Err(Error::Missing(..)) => Ok(to_list(&app)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

/// Which API the address of the page names.
fn resource(params: &Params) -> Result<String, Repeated> {
    Ok(params.single("resource")?.unwrap_or_default().to_owned())
}

async fn page(
    app: &App,
    (sender, sign_in): (&Sender, &SignIn),
    typed: Typed,
    problems: Option<Problems>,
    now: Timestamp,
) -> Result<Response, PageError> {
    let resources = app.directory.resources().await?;
    let apis: Vec<&Resource> = resources.iter().filter(|api| !allowed(api, sign_in).is_empty()).collect();
    let chosen = match apis.as_slice() {
        [only] if problems.is_none() => Some(*only),
        many => many.iter().copied().find(|api| api.identifier == typed.resource),
    };
    let wrong = problems.as_ref().map(|problems| wrong(app, &sender.page, &typed, problems)).unwrap_or_default();
    let error = problems.as_ref().map(|problems| notice(app, &sender.page, problems));
    let visit = Visit::open(app, sender, None, now).await?;
    let answer = visit.answer(&NewApiKey {
        page: sender.page.clone(),
        section: "api-keys",
        form: visit.form(app),
        is_proved: is_proved(app, sign_in, now).await?,
        error,
        chosen: chosen.map(|api| Chosen {
            api: Api::from(api),
            ticks: ticks(&sender.page, api, sign_in, &typed),
            lifetimes: lifetimes(&app.config.api_keys, typed.lifetime),
            name: typed.name.clone(),
            wrong,
            longest_name: MAX_NAME,
        }),
        apis: apis.into_iter().map(Api::from).collect(),
    })?;
    Ok(page_of(answer, problems.map(|_| Rejection::KeyNotMade.into())))
}

impl From<&Resource> for Api {
    fn from(api: &Resource) -> Self {
        Self { identifier: api.identifier.clone(), name: api.name.clone() }
    }
}

/// The scopes of an API that the person may have now.
fn allowed<'a>(api: &'a Resource, sign_in: &SignIn) -> Vec<&'a str> {
    let holder = Holder::Person(&sign_in.roles);
    scope::in_order(api.scopes.keys().map(String::as_str).filter(|token| api.permits(token, holder)))
}

fn ticks(page: &Page, api: &Resource, sign_in: &SignIn, typed: &Typed) -> Vec<Tick> {
    let of = |token: &str| Tick {
        words: page.language().scope(token, std::slice::from_ref(api)),
        is_ticked: typed.scopes.iter().any(|ticked| ticked == token),
        token: token.to_owned(),
    };
    allowed(api, sign_in).into_iter().map(of).collect()
}

/// The times to choose from: the usual ones that the settings allow, and the one that holds when nothing else is said.
fn lifetimes(settings: &ApiKeysConfig, chosen: Option<i64>) -> Vec<Lifetime> {
    let mut all: Vec<i64> = LIFETIMES.into_iter().filter(|seconds| *seconds <= settings.longest_lifetime).collect();
    all.push(settings.lifetime);
    all.sort_unstable();
    all.dedup();
    let chosen = chosen.filter(|seconds| all.contains(seconds)).unwrap_or(settings.lifetime);
    let of = |seconds: i64| Lifetime { words: duration(seconds), is_chosen: seconds == chosen, seconds };
    all.into_iter().map(of).collect()
}

/// The key of the words of a time, and the count in them.
const fn duration(seconds: i64) -> (&'static str, i64) {
    match seconds {
        31_536_000 => ("for-a-year", 1),
        _ if seconds % DAY == 0 => ("for-days", seconds / DAY),
        _ if seconds % 3600 == 0 => ("for-hours", seconds / 3600),
        _ => ("for-minutes", seconds / 60),
    }
}

/// What the registry has against it, in the words of the page, beside the fields.
fn wrong(app: &App, page: &Page, typed: &Typed, problems: &Problems) -> Wrong {
    let said = |field: &str, words: &dyn Fn() -> String| problems.has(field).then(words);
    let scopes = if typed.scopes.is_empty() { "key-needs-a-scope" } else { "key-scope-is-not-yours" };
    let most = app.config.api_keys.longest_lifetime / DAY;
    Wrong {
        name: said("name", &|| page.t("key-needs-a-name").with("count", MAX_NAME).plain()),
        scopes: said("scopes", &|| page.t(scopes).plain()),
        expires: said("expires", &|| page.t("key-lives-too-long").with("count", most).plain()),
    }
}

/// What it has against it as a whole.
fn notice(app: &App, page: &Page, problems: &Problems) -> Notice {
    let notice = Notice::from(&Rejection::KeyNotMade.into());
    if problems.has("owner") {
        let words = page.t("too-many-keys").with("count", app.config.api_keys.per_owner).plain();
        return Notice { words: words.into(), refusal: None, ..notice };
    }
    notice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_for_one_of_the_times_that_the_settings_allow() {
        let of = |lifetime, longest_lifetime, chosen| {
            let settings = ApiKeysConfig { enabled: true, lifetime, longest_lifetime, per_owner: 1 };
            let all = lifetimes(&settings, chosen);
            let said = |one: &Lifetime| (one.words.0, one.words.1, one.is_chosen);
            all.iter().map(said).collect::<Vec<_>>()
        };
        let year = ("for-a-year", 1, false);
        let (week, month) = (("for-days", 7, false), ("for-days", 30, false));
        assert_eq!(of(90 * DAY, 365 * DAY, None), [week, month, ("for-days", 90, true), year]);
        assert_eq!(of(90 * DAY, 90 * DAY, Some(7 * DAY)), [("for-days", 7, true), month, ("for-days", 90, false)]);
        assert_eq!(of(2 * DAY, 8 * DAY, Some(30 * DAY)), [("for-days", 2, true), week]);
        assert_eq!(of(5400, 3 * 3600, None), [("for-minutes", 90, true)]);
        assert_eq!(of(7200, 7200, Some(-1)), [("for-hours", 2, true)]);
    }
}
