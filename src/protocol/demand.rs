//! Who demands how well people authenticate: a role of theirs, wherever they go, and an application, of whoever goes there. The highest wins. What the
//! installation and the request demand is asked beside it ([`super::next_step`]): a second factor of everybody, and the classes of `claims`.
//!
//! A demand names one of our context classes, and every stronger one does too.

use std::collections::BTreeMap;

use super::assurance;
use super::passkey::Kept;
use super::proof::{Kind, Proof, Proofs};
use super::role::{Role, USER};
use crate::clock::Timestamp;

/// A context class that is demanded, or a stronger one. Of two demands the greater asks for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand(usize);

impl Demand {
    /// Of this class. One that is none of ours, which a newer version may know, is more than anybody can prove.
    pub fn of(class: &str) -> Self {
        Self(assurance::strength(class).unwrap_or(usize::MAX))
    }

    /// Whether these proofs are enough.
    pub fn is_met_by(self, proofs: &Proofs) -> bool {
        assurance::true_classes(proofs).any(|class| self.is_met_in(class))
    }

    /// Whether this class is enough.
    pub fn is_met_in(self, class: &str) -> bool {
        assurance::strength(class).is_some_and(|strength| strength >= self.0)
    }

    /// Whether a second factor beside these proofs is all that is missing.
    pub fn wants_second_factor(self, proofs: &Proofs, now: Timestamp) -> bool {
        !self.is_met_by(proofs) && self.is_met_by(&proofs.clone().and(Proof::of(Kind::Totp, now)))
    }

    /// How well the key of a passkey must be kept that is what is missing beside these proofs, where even the best without one would not do. `None` where
    /// nothing is missing, and where no passkey is enough.
    pub fn wants_passkey(self, proofs: &Proofs, best: &Proofs) -> Option<Kept> {
        assurance::wanted_passkey(proofs, best, |proofs| self.is_met_by(proofs))
    }
}

/// The highest of several demands.
pub fn highest(demands: impl IntoIterator<Item = Option<Demand>>) -> Option<Demand> {
    demands.into_iter().flatten().max()
}

/// What roles demand of whoever has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleDemands(BTreeMap<String, Demand>);

impl RoleDemands {
    /// Of all these roles.
    pub fn of(roles: &[Role]) -> Self {
        let demands = |role: &Role| Some((role.name.clone(), Demand::of(role.acr.as_deref()?)));
        Self(roles.iter().filter_map(demands).collect())
    }

    /// Whether none demands anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is demanded of a person with these roles, and with the one that everybody has.
    pub fn on(&self, roles: &[String]) -> Option<Demand> {
        let own = roles.iter().map(String::as_str).chain([USER]);
        highest(own.map(|role| self.0.get(role).copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::assurance::{HARDWARE_CLASS, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
    use crate::protocol::proof::ByPasskey;
    use crate::protocol::upstream::Vouched;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn role(name: &str, acr: Option<&str>) -> Role {
        Role { acr: acr.map(str::to_owned), ..Role::new(name.into(), NOW) }
    }

    #[test]
    fn a_demand_is_met_by_its_class_and_by_every_stronger_one() {
        let password = Proofs::of(Kind::Password, NOW);
        let both = password.clone().and(Proof::of(Kind::Totp, NOW));
        let mail = Proofs::of(Kind::Mail, NOW).and(Proof::of(Kind::Totp, NOW));
        let vouched = |acr: &str, counts_as: Option<&str>| {
            let counts_as = counts_as.map(str::to_owned);
            let vouched = Vouched { acr: Some(acr.into()), counts_as, ..Vouched::of("sample", "https://p.test", "1") };
            Proofs::first(Proof::vouched(&vouched, "i", NOW))
        };
        let (with_key, key_alone) = {
            let by = ByPasskey { id: "k".into(), may_be_copied: false, is_attested: true };
            let key = Proof::by_security_key(by, NOW);
            (password.clone().and(key.clone()), Proofs::first(key))
        };
        let passkey = Proofs::of(Kind::Passkey, NOW);
        let kept = Proofs::of_passkey(Kept::InHardware, NOW);
        // The proofs, and for how many they do: for a password, for two factors, for a passkey, for one in hardware, and for what is not known here.
        for (proofs, met) in [
            (&password, 1),
            (&both, 2),
            (&with_key, 2),
            (&key_alone, 0),
            (&passkey, 3),
            (&kept, 4),
            (&mail, 0),
            (&vouched(MFA_CLASS, None), 0),
            (&vouched("gold", None), 0),
            (&vouched("gold", Some(PASSWORD_CLASS)), 1),
            (&vouched("gold", Some(MFA_CLASS)), 2),
            (&vouched("gold", Some(PHISHING_RESISTANT_CLASS)), 3),
            (&vouched("gold", Some(HARDWARE_CLASS)), 4),
        ] {
            let demands = [PASSWORD_CLASS, MFA_CLASS, PHISHING_RESISTANT_CLASS, HARDWARE_CLASS, "gold"].map(Demand::of);
            let does = demands.map(|demand| demand.is_met_by(proofs));
            assert_eq!(does, [0, 1, 2, 3, 4].map(|place| place < met), "{proofs:?}");
        }
        assert!(Demand::of(MFA_CLASS).wants_second_factor(&password, NOW));
        for (demand, proofs) in
            [(MFA_CLASS, &both), (MFA_CLASS, &mail), (PASSWORD_CLASS, &password), ("gold", &password)]
        {
            assert!(!Demand::of(demand).wants_second_factor(proofs, NOW), "{demand}");
        }
        let any = Some(Kept::Anywhere);
        assert_eq!(Demand::of(MFA_CLASS).wants_passkey(&password, &password), any, "where there are no codes");
        for (demand, proofs, wanted) in [
            (HARDWARE_CLASS, &both, Some(Kept::InHardware)),
            (HARDWARE_CLASS, &passkey, Some(Kept::InHardware)),
            (HARDWARE_CLASS, &kept, None),
            (PHISHING_RESISTANT_CLASS, &both, any),
            (PHISHING_RESISTANT_CLASS, &mail, any),
            (PHISHING_RESISTANT_CLASS, &passkey, None),
            (MFA_CLASS, &mail, None),
            (PASSWORD_CLASS, &mail, None),
            ("gold", &both, None),
        ] {
            assert_eq!(Demand::of(demand).wants_passkey(proofs, &both), wanted, "{demand} {proofs:?}");
        }
    }

    #[test]
    fn the_highest_demand_wins() {
        let (password, mfa, other) = (Demand::of(PASSWORD_CLASS), Demand::of(MFA_CLASS), Demand::of("gold"));
        for (all, wins) in [
            (vec![], None),
            (vec![None, None], None),
            (vec![Some(password), None], Some(password)),
            (vec![Some(password), Some(mfa), None], Some(mfa)),
            (vec![Some(mfa), Some(password)], Some(mfa)),
            (vec![Some(mfa), Some(other)], Some(other)),
        ] {
            assert_eq!(highest(all), wins);
        }
        let roles = [role("admin", Some(MFA_CLASS)), role("editor", Some(PASSWORD_CLASS)), role("reader", None)];
        let on = |roles: &[Role], own: &[&str]| {
            let own: Vec<String> = own.iter().map(|role| (*role).to_owned()).collect();
            RoleDemands::of(roles).on(&own)
        };
        assert_eq!(on(&roles, &["reader"]), None);
        assert_eq!(on(&roles, &["reader", "editor"]), Some(password));
        assert_eq!(on(&roles, &["admin", "editor"]), Some(mfa));
        assert_eq!(on(&[role(USER, Some(PASSWORD_CLASS))], &[]), Some(password), "everybody has that role");
        assert!(RoleDemands::of(&roles[2..]).is_empty());
    }
}
