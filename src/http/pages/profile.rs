//! The page on which a person says what applications may know of them: name, picture, page, language and time zone.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{FormParts, Notice, Page};
use crate::app::App;
use crate::failure::Error;
use crate::http::cookies::Done;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::language::Language;
use crate::protocol::profile::{Profile, ProfileField as Field, Wrong};
use crate::protocol::rejection::Rejection;
use crate::protocol::user::User;
use crate::signin::NotKept;

/// The claims of the scope `profile` that others set, each with the key of its words.
const OF_OTHERS: [(&str, &str); 7] = [
    ("given_name", "claim-given-name"),
    ("family_name", "claim-family-name"),
    ("middle_name", "claim-middle-name"),
    ("preferred_username", "claim-preferred-username"),
    ("profile", "claim-profile"),
    ("gender", "claim-gender"),
    ("birthdate", "claim-birthdate"),
];

#[derive(Template)]
#[template(path = "account/profile.html")]
struct ProfilePage {
    page: Page,
    section: &'static str,
    form: FormParts,
    profile: Profile,
    languages: Vec<Choice>,
    /// What applications see beside it: the key of the words, and the value.
    others: Vec<(&'static str, String)>,
    done: bool,
    error: Option<Notice>,
    wrong: Wrong,
}

/// A language to choose.
struct Choice {
    tag: String,
    name: String,
    is_chosen: bool,
}

impl ProfilePage {
    fn said(&self, field: &Field) -> &str {
        self.profile.get(*field)
    }

    fn fault(&self, field: &Field) -> Option<Rejection> {
        self.wrong.with(*field)
    }

    fn is_first(&self, field: &Field) -> bool {
        self.wrong.begins_with(*field)
    }
}

/// The form.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let user = app.sign_ins.user_of(&sign_in).await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    let mut page = page(&app, (&visit, &sender), &user, Profile::of(&user));
    page.done = matches!(sender.cookies.done, Some(Done::NewProfile));
    Ok((sender.cookies.told(), visit.answer(&page)?).into_response())
}

/// The filled-in form. Only its own fields are looked at.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let params = &form.params;
    let (name, nickname) = (params.single("name")?, params.single("nickname")?);
    let (picture, website) = (params.single("picture")?, params.single("website")?);
    let (locale, zoneinfo) = (params.single("locale")?, params.single("zoneinfo")?);
    let typed = Profile::typed(|field| {
        let value = match field {
            Field::Name => name,
            Field::Nickname => nickname,
            Field::Picture => picture,
            Field::Website => website,
            Field::Locale => locale,
            Field::Zoneinfo => zoneinfo,
        };
        value.unwrap_or_default().to_owned()
    });
    match app.sign_ins.keep_profile(&sign_in.user_id, &typed, &form.sender.browser, now).await {
        // The next page speaks the language that was chosen.
        Ok(()) => {
            let next = see_other(&app.issuer.place("/account/profile"))?;
            Ok((form.sender.cookies.profile_changed(), next).into_response())
        }
        Err(NotKept { error: Error::Failed(failure), .. }) => Err(failure.into()),
        Err(NotKept { error: Error::Rejected(refusal), wrong }) => {
            let visit = Visit::open(&app, &form.sender, None, now).await?;
            let user = app.sign_ins.user_of(&sign_in).await?;
            let mut page = page(&app, (&visit, &form.sender), &user, typed);
            (page.error, page.wrong) = (Some(Notice::from(&refusal)), wrong);
            Ok(page_of(visit.answer(&page)?, Some(refusal)))
        }
    }
}

fn page(app: &App, (visit, sender): (&Visit, &Sender), user: &User, profile: Profile) -> ProfilePage {
    let other = |(claim, key): (&str, &'static str)| Some((key, user.claims.get(claim)?.as_str()?.to_owned()));
    ProfilePage {
        page: sender.page.clone(),
        section: "profile",
        form: visit.form(app),
        languages: languages(&sender.page, profile.get(Field::Locale), Profile::of(user).get(Field::Locale)),
        others: OF_OTHERS.into_iter().filter_map(other).collect(),
        profile,
        done: false,
        error: None,
        wrong: Wrong::default(),
    }
}

/// What a person can choose: nothing, our languages, and what the account has, when that is another.
fn languages(page: &Page, chosen: &str, kept: &str) -> Vec<Choice> {
    let choice = |tag: &str, name: String| Choice { is_chosen: tag == chosen, tag: tag.to_owned(), name };
    let ours = Language::all().map(|language| choice(language.tag(), language.words("language-name")));
    let none = choice("", page.t("as-the-browser-says").plain());
    let other = (!kept.is_empty() && Language::tagged(kept).is_none_or(|language| language.tag() != kept))
        .then(|| choice(kept, kept.to_owned()));
    std::iter::once(none).chain(ours).chain(other).collect()
}
