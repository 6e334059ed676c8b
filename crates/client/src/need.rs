//! What a call may need of whoever makes it, and what is answered when it is not there: that they may not, or how to authenticate first (RFC 9470).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::caller::Caller;

/// What a call needs: a scope, a role, a way of authenticating, or several things.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// This scope.
    Scope(Cow<'static, str>),
    /// This role.
    Role(Cow<'static, str>),
    /// One of these context classes: the `acr` of the token, byte for byte. No class includes another: whoever takes one takes the stronger ones by name.
    Acr(Vec<Cow<'static, str>>),
    /// That the person has authenticated at most so long ago, in whole seconds: the `auth_time` of the token.
    Fresh(Duration),
    /// Any one of these; of none, nobody has one.
    Any(Vec<Need>),
    /// All of these.
    All(Vec<Need>),
}

/// How a person must authenticate before a call is let in (RFC 9470 §3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepUp {
    /// In one of these context classes, if it matters in which.
    pub acr_values: Vec<Cow<'static, str>>,
    /// At most so long ago, if it matters when.
    pub max_age: Option<Duration>,
}

/// What a caller lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lacking {
    /// What nobody gets by authenticating.
    Rights(Need),
    /// Nothing but an authentication.
    Authentication(StepUp),
}

impl Need {
    /// This scope.
    pub fn scope(scope: impl Into<Cow<'static, str>>) -> Self {
        Self::Scope(scope.into())
    }

    /// This role.
    pub fn role(role: impl Into<Cow<'static, str>>) -> Self {
        Self::Role(role.into())
    }

    /// One of these context classes.
    pub fn acr<C: Into<Cow<'static, str>>>(classes: impl IntoIterator<Item = C>) -> Self {
        Self::Acr(classes.into_iter().map(Into::into).collect())
    }

    /// That the person has authenticated at most so long ago.
    pub fn fresh(max_age: Duration) -> Self {
        Self::Fresh(max_age)
    }

    /// Any one of these.
    pub fn any(needs: impl IntoIterator<Item = Self>) -> Self {
        Self::Any(needs.into_iter().collect())
    }

    /// All of these.
    pub fn all(needs: impl IntoIterator<Item = Self>) -> Self {
        Self::All(needs.into_iter().collect())
    }

    /// Whether the caller has it.
    pub fn is_met_by(&self, caller: &Caller) -> bool {
        self.lacking(caller).is_none()
    }

    /// What of it the caller lacks. Of several things one that no authentication gives counts before one that it does; where any one of several will do,
    /// the other way round.
    pub(crate) fn lacking(&self, caller: &Caller) -> Option<Lacking> {
        let unless = |is_met: bool, lacking: Lacking| (!is_met).then_some(lacking);
        match self {
            Self::Scope(scope) => unless(caller.has_scope(scope), Lacking::Rights(self.clone())),
            Self::Role(role) => unless(caller.has_role(role), Lacking::Rights(self.clone())),
            Self::Acr(classes) => {
                let is_met = classes.iter().any(|class| caller.has_acr(class));
                let step_up = StepUp { acr_values: classes.clone(), max_age: None };
                // What has no class that would do, no authentication gives.
                let lacking =
                    if classes.is_empty() { Lacking::Rights(self.clone()) } else { Lacking::Authentication(step_up) };
                unless(is_met, lacking)
            }
            Self::Fresh(max_age) => {
                let step_up = StepUp { acr_values: Vec::new(), max_age: Some(*max_age) };
                unless(caller.has_authenticated_within(*max_age), Lacking::Authentication(step_up))
            }
            Self::Any(needs) => {
                let lacking: Option<Vec<Lacking>> = needs.iter().map(|need| need.lacking(caller)).collect();
                let step_up = lacking?.into_iter().find(|one| matches!(one, Lacking::Authentication(_)));
                Some(step_up.unwrap_or_else(|| Lacking::Rights(self.clone())))
            }
            Self::All(needs) => {
                let common = common_classes(needs);
                if common.as_ref().is_some_and(Vec::is_empty) {
                    return Some(Lacking::Rights(self.clone()));
                }
                let (mut rights, mut step_up) = (Vec::new(), None);
                for lacking in needs.iter().filter_map(|need| need.lacking(caller)) {
                    match lacking {
                        Lacking::Rights(need) => rights.push(need),
                        Lacking::Authentication(more) => step_up = Some(more.and(step_up)),
                    }
                }
                // Another class is to be one that does for all, also for what was met by the class of now.
                if let (Some(StepUp { acr_values, .. }), Some(common)) = (&mut step_up, common) {
                    acr_values.retain(|class| common.contains(&class));
                }
                match (rights.len(), step_up) {
                    (0, step_up) => step_up.map(Lacking::Authentication),
                    (1, _) => rights.pop().map(Lacking::Rights),
                    _ => Some(Lacking::Rights(Self::All(rights))),
                }
            }
        }
    }

    /// The scopes and the roles in it.
    pub(crate) fn names(&self) -> (Vec<&str>, Vec<&str>) {
        let (mut scopes, mut roles) = (Vec::new(), Vec::new());
        self.collect(&mut scopes, &mut roles);
        (scopes, roles)
    }

    fn collect<'a>(&'a self, scopes: &mut Vec<&'a str>, roles: &mut Vec<&'a str>) {
        match self {
            Self::Scope(scope) => scopes.push(scope),
            Self::Role(role) => roles.push(role),
            Self::Acr(_) | Self::Fresh(_) => {}
            Self::Any(needs) | Self::All(needs) => needs.iter().for_each(|need| need.collect(scopes, roles)),
        }
    }
}

/// The classes that are in every list of them, if there are lists.
fn common_classes(needs: &[Need]) -> Option<Vec<&Cow<'static, str>>> {
    let lists = || needs.iter().filter_map(|need| if let Need::Acr(classes) = need { Some(classes) } else { None });
    Some(lists().next()?.iter().filter(|class| lists().all(|list| list.contains(class))).collect())
}

impl StepUp {
    /// What does for both.
    fn and(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let acr_values = match (self.acr_values, other.acr_values) {
            (own, others) if others.is_empty() => own,
            (own, others) if own.is_empty() => others,
            (own, others) => own.into_iter().filter(|class| others.contains(class)).collect(),
        };
        let max_age = self.max_age.into_iter().chain(other.max_age).min();
        Self { acr_values, max_age }
    }

    /// As the parameters of the authorization request that brings it about, and of the challenge that asks for that.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let classes = (!self.acr_values.is_empty()).then(|| ("acr_values", self.acr_values.join(" ").into()));
        classes.into_iter().chain(self.max_age.map(|max_age| ("max_age", max_age.as_secs().into())))
    }
}

/// In words: `scope notes:read or role editor`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |needs: &[Self], by: &str| {
            let several = |need: &Self| matches!(need, Self::Any(needs) | Self::All(needs) if needs.len() > 1);
            let words = |need: &Self| if several(need) { format!("({need})") } else { need.to_string() };
            needs.iter().map(words).collect::<Vec<_>>().join(by)
        };
        match self {
            Self::Scope(scope) => write!(f, "scope {scope}"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::Acr(classes) => write!(f, "acr {}", classes.join(" or ")),
            Self::Fresh(max_age) => write!(f, "a sign-in of the last {} seconds", max_age.as_secs()),
            Self::Any(needs) => f.write_str(&joined(needs, " or ")),
            Self::All(needs) => f.write_str(&joined(needs, " and ")),
        }
    }
}

/// As a sentence.
impl fmt::Display for StepUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.acr_values.is_empty() { "" } else { " in another way" };
        match self.max_age {
            Some(max_age) => {
                write!(f, "The person must have authenticated{way} in the last {} seconds", max_age.as_secs())
            }
            None => write!(f, "The person must authenticate{way}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;
    use crate::caller::Asked;
    use crate::claims::Read;

    const NOW: i64 = 1_000_000;

    fn caller(claims: &str) -> Caller {
        let text = format!(r#"{{"iss":"i","sub":"ann","client_id":"app","iat":1,"exp":2{claims}}}"#);
        let asked = Asked { uri: Uri::from_static("/"), at: NOW, resource_metadata: None };
        Caller::by_token(serde_json::from_str::<Read>(&text).unwrap().claims, asked)
    }

    fn step_up(acr_values: &[&'static str], max_age: Option<u64>) -> Option<Lacking> {
        let acr_values = acr_values.iter().map(|class| Cow::from(*class)).collect();
        Some(Lacking::Authentication(StepUp { acr_values, max_age: max_age.map(Duration::from_secs) }))
    }

    #[test]
    fn what_is_lacking_is_a_right_or_an_authentication() {
        let ann = caller(r#","scope":"read","roles":["editor"],"acr":"gold","auth_time":999700"#);
        let (fresh, stale) = (Need::fresh(Duration::from_secs(300)), Need::fresh(Duration::from_secs(299)));
        let (read, write) = (Need::scope("read"), Need::scope("write"));
        let (gold, both, silver) = (Need::acr(["gold"]), Need::acr(["silver", "gold"]), Need::acr(["silver", "tin"]));
        for met in [&fresh, &read, &gold, &both, &Need::all([]), &Need::role("editor")] {
            assert_eq!(met.lacking(&ann), None, "{met}");
        }
        let rights = |need: &Need| Some(Lacking::Rights(need.clone()));
        let admin = Need::role("admin");
        let neither = Need::any([write.clone(), admin.clone()]);
        for (need, lacking) in [
            (Need::all([read.clone(), gold.clone(), fresh.clone()]), None),
            (Need::all([read.clone(), silver.clone(), stale.clone()]), step_up(&["silver", "tin"], Some(299))),
            (Need::all([silver.clone(), Need::acr(["tin", "lead"])]), step_up(&["tin"], None)),
            (Need::all([stale.clone(), Need::fresh(Duration::from_secs(9))]), step_up(&[], Some(9))),
            // Of the classes that are lacking one that also keeps what is there.
            (Need::all([both.clone(), Need::acr(["tin", "silver"])]), step_up(&["silver"], None)),
            (Need::all([both.clone(), stale.clone()]), step_up(&[], Some(299))),
            // Which nobody can have at once, however often they authenticate.
            (Need::all([gold.clone(), silver.clone()]), rights(&Need::all([gold.clone(), silver.clone()]))),
            (Need::acr::<&str>([]), rights(&Need::acr::<&str>([]))),
            (Need::all([silver.clone(), write.clone()]), rights(&write)),
            (Need::all([write.clone(), admin.clone()]), rights(&Need::all([write.clone(), admin.clone()]))),
            (Need::all([neither.clone(), stale.clone()]), rights(&neither)),
            (Need::any([write.clone(), silver.clone()]), step_up(&["silver", "tin"], None)),
            (Need::any([write.clone(), Need::all([silver.clone(), admin.clone()])]), {
                rights(&Need::any([write.clone(), Need::all([silver.clone(), admin.clone()])]))
            }),
            (Need::any([silver.clone(), read.clone()]), None),
            (neither.clone(), rights(&neither)),
            (Need::any([]), rights(&Need::any([]))),
        ] {
            assert_eq!(need.lacking(&ann), lacking, "{need}");
            assert_eq!(need.is_met_by(&ann), lacking.is_none());
        }
    }

    #[test]
    fn who_says_nothing_of_an_authentication_has_none() {
        let silent = caller("");
        assert_eq!(Need::acr(["gold"]).lacking(&silent), step_up(&["gold"], None));
        assert_eq!(Need::fresh(Duration::from_secs(u64::MAX)).lacking(&silent), step_up(&[], Some(u64::MAX)));
        // A clock that is ahead, or a time before all others, makes nobody come from the future.
        assert!(caller(r#","auth_time":1000009"#).has_authenticated_within(Duration::ZERO));
        assert!(!caller(r#","auth_time":0"#).has_authenticated_within(Duration::from_secs(NOW.unsigned_abs() - 1)));
    }

    #[test]
    fn needs_are_said_in_words() {
        let either = Need::any([Need::scope("notes:read"), Need::role("editor")]);
        assert_eq!(either.to_string(), "scope notes:read or role editor");
        let all = Need::all([either, Need::acr(["gold", "silver"]), Need::fresh(Duration::from_secs(300))]);
        assert_eq!(
            all.to_string(),
            "(scope notes:read or role editor) and acr gold or silver and a sign-in of the last 300 seconds"
        );
    }
}
