//! Codes redeemed and tokens refreshed, each answer held against the model's.

use doorward::protocol::assurance::{HARDWARE_CLASS, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::secret::from_base64url;
use serde_json::Value;

use super::{API, Compared, History, ISSUER, outcome};
use crate::model::operation::{App, Ask, Class};
use crate::model::reference::Given;
use crate::support::{Answer, VERIFIER, unverified_claims};

/// The class that a token claims.
fn rank(acr: &Value) -> Option<Class> {
    match acr.as_str()? {
        PASSWORD_CLASS => Some(Class::Password),
        MFA_CLASS => Some(Class::Both),
        PHISHING_RESISTANT_CLASS => Some(Class::Passkey),
        HARDWARE_CLASS => Some(Class::Hardware),
        other => panic!("{other} is no class of this history"),
    }
}

impl History<'_> {
    pub(super) async fn redeem(&mut self, code: usize, by: App, wrong_verifier: bool) -> Compared {
        let verifier = if wrong_verifier { "another-another-another-another-another-verifier" } else { VERIFIER };
        let fields: [(&str, &str); 4] = [
            ("grant_type", "authorization_code"),
            ("code", &self.codes[code]),
            ("redirect_uri", &self.apps[by].redirect_uri),
            ("code_verifier", verifier),
        ];
        let answer = self.apps[by].token(&fields).await;
        let model = self.model.redeem(code, by, wrong_verifier);
        self.agree("redeem", outcome(&answer), &model)?;
        if model.is_ok() {
            self.keep(&answer)?;
        }
        Ok(())
    }

    /// Keeps the newest tokens, and holds the access token against what the model has written.
    fn keep(&mut self, answer: &Answer) -> Compared {
        let tokens = answer.json();
        self.refresh_tokens.push(tokens["refresh_token"].as_str().unwrap().to_owned());
        self.access_tokens.push(tokens["access_token"].as_str().unwrap().to_owned());
        self.compare_with(answer, self.access_tokens.len() - 1)
    }

    /// What an answer and its access token say.
    fn compare_with(&self, answer: &Answer, token: usize) -> Compared {
        let (tokens, written) = (answer.json(), self.model.written(token));
        self.same("the scope of the answer", tokens["scope"].as_str(), Some(written.scope.as_str()))?;
        let (acr, since) = self.model.assured(token);
        let proved = self.model.proved(token);
        for name in ["id_token", "access_token"] {
            let Some(text) = tokens[name].as_str() else { continue };
            let claims = unverified_claims(text);
            let methods = self.model.methods_with_key(token);
            let by_key = if methods.is_some() { " by a security key" } else { "" };
            if let Some(methods) = methods.filter(|_| name == "id_token") {
                let mut told: Vec<&str> = claims["amr"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                told.sort_by_key(|told| methods.iter().position(|method| method == told));
                self.same("the methods that the ID token tells", told, methods)?;
            }
            self.tally(&format!("an {name} of class {acr:?}{by_key}"));
            self.same(&format!("an {name} above its proofs"), rank(&claims["acr"]) > proved, false)?;
            self.same(&format!("the class of the {name}"), claims["acr"].as_str(), acr)?;
            self.same("since when it is true", claims["auth_time"].as_i64().filter(|_| acr.is_some()), since)?;
        }
        let claims = unverified_claims(tokens["access_token"].as_str().unwrap());
        self.same("the access token", self.read(&claims), written)?;
        let signer = self.secret_of(tokens["access_token"].as_str().unwrap());
        self.same("the secret of the access token", signer, self.model.secret_of(token))
    }

    /// Which secret signed a token; nothing when a published key did.
    pub(super) fn secret_of(&self, token: &str) -> Option<usize> {
        let header = from_base64url(token.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let place = |kid: &Value| self.secrets.iter().position(|known| kid == known.as_str());
        let signer = (header["alg"] == "HS256").then(|| place(&header["kid"]).unwrap());
        self.tally(if signer.is_some() { "a token under a secret" } else { "a token under a key" });
        signer
    }

    /// Presents the newest token of a grant, if it has one, again and again, after so many seconds each.
    pub(super) async fn use_newest(&mut self, grant: Option<usize>, uses: &[(i64, Ask)]) -> Compared {
        let Some((grant, (token, _))) = grant.and_then(|grant| Some((grant, self.model.newest(grant)?))) else {
            return Ok(());
        };
        for (pause, ask) in uses {
            self.wait(*pause);
            self.refresh(token, self.app_of(grant), *ask).await?;
        }
        Ok(())
    }

    pub(super) async fn refresh(&mut self, token: usize, by: App, ask: Ask) -> Compared {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", self.refresh_tokens[token].as_str())];
        fields.extend(match ask {
            Ask::Whole => None,
            Ask::Openid => Some(("scope", "openid")),
            Ask::Email => Some(("scope", "email")),
            Ask::Guarded => Some(("scope", ["openid notes:write", "openid mail:send", "openid box:write"][by])),
            Ask::Wider => Some(("scope", "openid profile")),
            Ask::Issuer => Some(("resource", ISSUER)),
            Ask::Api => Some(("resource", API)),
        });
        let answer = self.apps[by].token(&fields).await;
        let model = self.model.refresh(token, by, ask);
        let what = match model {
            Ok(Given::Again { .. }) => "refresh again",
            Ok(Given::Instead) => "refresh instead",
            _ => "refresh",
        };
        self.agree(what, outcome(&answer), &model)?;
        let Ok(given) = model else { return Ok(()) };
        let tokens = answer.json();
        match given {
            Given::New | Given::Instead => {
                let is_new = self.refresh_tokens.iter().all(|known| tokens["refresh_token"] != known.as_str());
                self.same("a new refresh token", is_new, true)?;
                self.keep(&answer)
            }
            Given::Again { refresh, access, to_the_letter } => {
                if !to_the_letter {
                    self.access_tokens[access] = tokens["access_token"].as_str().unwrap().to_owned();
                }
                let again = (tokens["refresh_token"].as_str(), tokens["access_token"].as_str());
                let first = (Some(self.refresh_tokens[refresh].as_str()), Some(self.access_tokens[access].as_str()));
                self.same("the lost answer", again, first)?;
                self.compare_with(&answer, access)
            }
        }
    }
}
