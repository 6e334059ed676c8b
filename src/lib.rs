//! Doorward: a standalone OAuth 2.1 and OpenID Connect authorization server. One binary, SQLite inside by default, PostgreSQL when there
//! are many nodes.
//!
//! # Floors
//!
//! A file imports only from lower floors and from its own folder; entries of floors 2 and 3 never import one another. `tests/it/floors.rs`
//! fails on anything else, and on an outside crate that is named off its place.
//!
//! | floor | what | where |
//! | --- | --- | --- |
//! | 0 | rules and words, pure: one file per rule | [`protocol`] |
//! | 0 | time, randomness, secrets, sealing, what can go wrong | [`clock`], [`random`], [`secret`], [`sealing`], [`failure`] |
//! | 0 | the languages of pages and mails | [`language`] |
//! | 1 | typed settings | [`config`] |
//! | 2 | what we lean on | [`storage`], [`tokens`], [`outgoing`], [`password`], [`leaked`], [`rates`], [`mail`], [`passkeys`], [`telemetry`] |
//! | 3 | decisions | [`grants`], [`signin`], [`registry`], [`upstream`], [`jobs`] |
//! | 4 | everything a handler needs, built once | [`app`] |
//! | 5 | the web | [`http`] |
//! | 6 | the command line | [`cli`] |
//!
//! Beside this package stand `crates/client`, the crate `doorward-client` for APIs and services, whose rules of a token [`tokens`] and
//! [`upstream`] share and by which the demo's API checks its callers, and `crates/load`, which measures.
//!
//! # Words
//!
//! The RFC's word always. Our own few:
//!
//! - **client**: an application registered with us ([`protocol::client::Client`]).
//! - **user**: a person with an account here ([`protocol::user::User`]).
//! - **sign-in**: one browser's authenticated session, a row that can be listed and ended ([`protocol::sign_in::SignIn`]). Its id is the
//!   `sid` of ID tokens; its cookie is another secret, of which only the hash is kept.
//! - **consent**: what a user has allowed a client, scope by scope of each API; remembered until it is withdrawn
//!   ([`protocol::consent::Consent`]).
//! - **grant**: what came of one authorization: one code and all tokens that descend from it ([`protocol::grant::Grant`]). Everything that
//!   decides on a person's access asks whether its grant holds, so an ended one counts at once on every node.
//! - **resource**: an API that accepts our access tokens ([`protocol::resource::Resource`]). The issuer itself is one: userinfo.
//! - **secret of a resource**: what an API that can verify HS256 alone shares with us ([`protocol::resource_secret`]). It signs access tokens
//!   for that API and nothing else ([`protocol::resource_signing`]), and lies beside the signing keys, in memory too ([`tokens::KeyRing`]).
//! - **role**: what a person or a service has, and scopes may need ([`protocol::role::Role`]). Whether a token may carry a scope is asked of
//!   [`Resource::permits`](protocol::resource::Resource::permits) alone.
//! - **proof**: one way in which a person has shown who they are, with its time ([`protocol::proof::Proof`]). `acr`, `amr` and `auth_time`
//!   come from proofs alone ([`protocol::assurance`]).
//! - **second factor**: what shows beside the first proof that it is the person, a row of their account ([`protocol::second_factor`]). Who has one is
//!   signed in when it was shown and not before ([`protocol::next_step::signs_in`]).
//! - **request to take second factors away**: what whoever has lost them all begins, a row that waits while everybody is told
//!   ([`protocol::factor_reset`]). Asked for, stopped and used in `signin/lost_factors.rs`.
//! - **kept device**: a browser on which a person has shown a second factor and is not asked for it for a while ([`protocol::kept_device::KeptDevice`]). It lends
//!   what was shown there, with its time, and a row of it goes with every change of the password and the factors.
//! - **demand**: a context class that a role or an application asks of whoever signs in ([`protocol::demand`]). The highest wins.
//! - **passkey**: a key pair of which a device of the person has the private half, a row of their account ([`protocol::passkey::Passkey`]). What a
//!   browser says of it is checked in [`passkeys`], and what follows from that in `signin/passkeys.rs`.
//! - **security key**: such a key pair on a device that does not check who uses it: a second factor and no passkey, though a row beside them
//!   ([`protocol::passkey::Use`]). Shown in `signin/security_keys.rs`.
//! - **journey**: what a browser is on its way to do here, a goal and the proofs given so far; sealed and never a row
//!   ([`protocol::journey::Journey`]).
//! - **provider**: another server that signs people in for us, an entry of `[[upstream]]` ([`upstream::Provider`]).
//! - **identity**: a person's account at a provider, a row keyed by issuer and subject and never by address
//!   ([`protocol::upstream::Identity`]). What a provider says of somebody is [`protocol::upstream::Vouched`].
//! - **errand**: a browser that is at a provider and expected back ([`signin::Returned`]): the one row that a stranger may cause.
//! - **message**: a mail that was decided on, as a value and not yet as words ([`protocol::message::Message`]). It waits sealed in the outbox.
//! - **ticket**: what a mail carries to prove that its reader may act, a link and perhaps a code ([`protocol::ticket::Ticket`]). Asked for
//!   and shown in `signin/tickets.rs`; what follows is in `signin/recover.rs`, in `signin/by_mail.rs` where it proves who somebody is and signs them in, or in `registry/ticket.rs` when an operator gives it.
//! - **alert**: a message that says what has happened to an account ([`protocol::alert::Alert`]).
//! - **API key**: what a script shows for somebody at one API ([`protocol::api_key::ApiKey`]). Its id is the client and the grant of the tokens that it is
//!   traded for ([`grants::Grants::trade_api_key`]); what it may do is asked in `grants/api_key.rs` alone, of its owner as the account is now.
//! - **registry**: the decisions about what is registered here and who may use it ([`registry::Registry`]). It has faces: the commands,
//!   and of API keys the account page and reports of leaks; an admin API and dynamic registration later. A face parses and prints. Who may do what there is its own rule,
//!   by the [`protocol::audit::Act`] that it is told; `tests/it/matrix` has a row for every function, and for every route.
//! - **rejection**: a refusal by rule ([`protocol::rejection::Rejection`]), as opposed to a failure of ours ([`failure::Failure`]).
//!
//! # Five walkthroughs
//!
//! **A single-page app signs a person in.** `GET /authorize` meets `http/router.rs`, then `http/endpoints/authorize.rs`. Two steps, kept apart
//! by types: [`protocol::authorization_request::RedirectTarget::verify`] (what fails becomes a page) and
//! [`protocol::authorization_request::AuthorizationRequest::check`] (what fails goes to the redirect URI); for which APIs it is, by their
//! names or as its scopes say, is fixed there ([`protocol::audience::requested`]). The request becomes the goal of a
//! [`Journey`](protocol::journey::Journey). [`signin::SignIns::standing`] reads sign-in, user and consent in one statement, and asks the one
//! pure [`next_step`](protocol::next_step::next_step); on the way to a page the journey is sealed for this browser
//! ([`signin::Journeys::seal`]). The pages in `http/pages/` take a form of ours only as `CsrfForm`.
//! [`signin::SignIns::with_password`] yields a [`proof`](protocol::proof); when
//! [`signs_in`](protocol::next_step::signs_in) misses none, and only then, a sign-in row is written, in the transaction that confirmed the
//! password. Every page comes back to [`signin::SignIns::proceed`], which asks `next_step` again under the lock of the user, and at last
//! writes the grant with its code in the same transaction: whatever ended in between, the request is answered by the same function.
//! A page that was open too long brings a journey that begins anew ([`signin::Journeys::open`]); a request that is brought again takes its
//! unused code back for another ([`storage::Transaction::take_back_code`]), and says so when the application has its answer. What cannot
//! go on is a page that leads back to the application (`http/pages/problem.rs`, with an `Onward`).
//! `POST /token` then goes through `ClientForm`, [`grants::Grants::redeem`], a look ([`storage::Reader::code`]), the rules of the code and of
//! its audience ([`protocol::audience::decide`]), and [`storage::Transaction::redeem_code`], whose one statement decides the race; the value
//! that comes out, a [`protocol::authorization::Authorization`], is signed by [`tokens::Mint`] when nothing is held any more.
//!
//! **An app refreshes, and its answer gets lost.** [`grants::Grants::redeem`] again, `grants/refresh_token.rs`. One look on a reader,
//! [`storage::Reader::refresh_token`], brings the token with its grant and all that this hangs on: user, client, sign-in. What presenting
//! the token means is [`protocol::refresh::RefreshToken::presented`]: the newest of its grant, a lost answer of a moment ago or of today, or a
//! reuse. For the newest, the answer is decided and its [`tokens::Signers`] are chosen while nothing is written yet; then
//! [`storage::Transaction::rotate_refresh_token`] replaces it by one statement, or finds that somebody was quicker, and the look is taken
//! again. After the commit only the signatures are left, and those ask nobody. The successor is kept sealed under a key that only the
//! presented token gives ([`sealing::SealingKey::from_secret`]), so the same answer can be given again for a minute, without writing, until the
//! successor is used. Later, and for `[tokens] lost_answer`, [`storage::Transaction::supersede_refresh_token`] puts another answer in its
//! place: what the lost one gave dies, decided by one statement on the unused successor, which whoever uses that one needs too. Later still,
//! the grant ends; a reuse ends what [`protocol::on_reuse::OnReuse::of`] says of the client. Whether the access token still holds is asked in
//! `grants/access.rs` alone: by [`grants::Grants::access`], and by introspection.
//!
//! **A service gets a token, and a key rotates.** Client credentials touch no database: the client comes from [`storage::Directory`] and the
//! key from [`tokens::KeyRing`], both in memory. [`app::App::run_jobs`] keeps them true. Whoever changes a client, a resource or a key,
//! be it another node or the command line, counts its counter up in the same transaction
//! ([`storage::Transaction::client_changed`], [`storage::Transaction::resource_changed`], [`storage::Transaction::keys_changed`]). Twice a second
//! [`storage::Directory::poll`] reads the three counters over a connection that no load can take, forgets the clients that changed and
//! no other, and after a second without a look trusts nothing it remembers. Which of a client's two secrets
//! ([`protocol::client_secrets::ClientSecrets`]) was used when, [`jobs::secret_uses`] remembers and writes down once a minute. [`jobs::signing_keys::SigningKeys::hear`] loads the keys when
//! the news concerns them, and [`jobs::signing_keys::SigningKeys::attend`] takes what steps are due: what that is, is one pure function,
//! [`protocol::key_schedule::steps`], planned again inside the transaction, and what signs, is published and verifies at a moment is another,
//! in [`protocol::key_life`]. The other jobs deliver [`jobs::outbox`] and, one node at a time, do [`jobs::clean_up`], warn of [`jobs::expiring_secrets`] and seal the record of what
//! happened ([`jobs::audit`]). All go on until the last
//! request is answered.
//!
//! **A client is registered by command.** `cli/client.rs` turns its arguments into a [`registry::NewClient`] and calls
//! [`registry::Registry::create_client`]. The type presets what is not named ([`protocol::client::Client::new`]); the one place that says what a
//! client must be, [`protocol::registration::check_client`], tells everything that is wrong, field by field
//! ([`protocol::problem::Problems`]); [`storage::Transaction::insert_client`] writes the row and the news of it in one transaction. What comes
//! back is a [`registry::Changed`]: the view that every face prints, and the [`protocol::audit::Event`] that says who did what, which was
//! written as a row of the audit record before the commit ([`storage::Transaction::record`]). The secret is in
//! it this once. A change ([`registry::Registry::change_client`]) holds the row, checks what it would become, and writes the fields that were
//! named and no others, so that two changes at once are both there. A running server knows within a second: its
//! [`storage::Directory`] hears the news, of a deleted client as well ([`registry::Registry::delete_client`]).
//!
//! **A person comes through a provider.** The button on the sign-in page is a form of ours: `POST /upstream/{id}` (`http/pages/upstream.rs`) asks
//! [`upstream::Provider::begin`], which answers from memory, and [`signin::SignIns::leave`] remembers for ten minutes, for this browser, what it
//! was sent for: provider, nonce, verifier, purpose and journey, sealed, under the hash of the `state`. The callback is the one page that
//! waits for a provider. [`signin::SignIns::come_back`] gives what was remembered once, to the browser that left and for the provider it
//! was sent to; [`upstream::Provider::finish`] exchanges the code and checks what comes of it; what is left is a
//! [`protocol::upstream::Vouched`]. [`signin::SignIns::with_identity`] finds the identity by issuer and subject: then it is a proof like a password,
//! and everything goes on as above. Who is nobody's identity yet becomes the journey's newcomer, and
//! [`next_step`](protocol::next_step::next_step) leads to the page (`http/pages/newcomer.rs`) where they make an account, or sign in to the
//! one they have and then say that the two are one ([`signin::SignIns::meet`] says which is possible). From the account page, linking is an action to be
//! confirmed like any other, whose end is a departure with the purpose to link.
//!
//! # Where the next thing goes
//!
//! A grant type: a row of [`protocol::grant_type::GrantType`], and the compiler asks for its line in [`grants::Grants::redeem`]; nothing asks
//! for it in the row of the refresh token (`goes_on_with`) when refresh tokens come with it. A file in
//! `grants/` that looks on a reader, decides, chooses its signers, writes by one deciding statement, and ends in a [`grants::Granted`].
//! When a person grants something anew it writes [`storage::NewGrant`] without a code, and without a sign-in when there is none (token
//! exchange) or what is granted is not that browser's (device code); what waits meanwhile is a table. Device code (RFC 8628) also needs an
//! endpoint where it begins, a short code kept as a [`secret::MacKey`] makes it, and a page on which the person agrees: a goal, as below,
//! written under the lock of the user. Consent asks of an `AuthorizationRequest`, which has a redirect target: part the two first.
//!
//! A key confirmation (DPoP, RFC 9449): `protocol/dpop.rs` for the rules of a proof; its signature beside `tokens/verify.rs`, which knows our
//! own keys alone, by a [`tokens::PublicKey`] read from a JWK without `kid` and `alg`; `grants/dpop.rs`, which asks both and keeps the `jti`
//! once in a table. `http/endpoints/token.rs` puts the key that was proved into [`grants::TokenRequest::confirmation`], `userinfo.rs` into
//! [`grants::Demand::confirmation`], whose check in `grants/access.rs` then also refuses a key for a token that is bound to none.
//! [`protocol::bearer`] learns the scheme, `http/error.rs` the challenge; CORS lets its headers pass already. `dpop_jkt` goes through the
//! authorization request into [`protocol::code::IssuedCode`]: it binds the code (§10). A public client's grant is bound where its code is
//! redeemed (§5), by a verb in `storage/grants.rs`. [`protocol::refresh::Answer`] learns the key, or an answer given again could change it.
//! The claim `cnf`, the `token_type`, introspection and the refusals of [`protocol::confirmation`] are there; `protocol/metadata.rs` names
//! the algorithms.
//!
//! A face of the registry (an endpoint of the admin API, dynamic registration): a file in `http/endpoints/` with its route, which turns a
//! request into the registry's input and an [`protocol::audit::Act`], and gives a view, or the problems as JSON; the registry is not touched.
//! A further field of a client: if it is seldom read, a member of [`protocol::client_metadata::ClientMetadata`], else a column in
//! `storage/clients.rs`; then a [`protocol::client::ClientField`], which nothing asks you to name in `apply` of the registry and in
//! `change_client` of the storage; a field of [`registry::ClientChange`] and of [`registry::ClientView`], its check, and an option of
//! `cli/client.rs`.
//!
//! A rule: a file in `protocol/`, a [`protocol::rejection::Rejection`] in the file of its audience, with its source, its error code in
//! `rejection/code.rs` when that is new, and a test that gets it as an answer (`tests/it/rules.rs` and `tests/rules.rs` demand one). A
//! parameter: a name in [`protocol::params::KNOWN`]. An endpoint: a file in `http/endpoints/`, a route in `http/router.rs`, how often a network may
//! ask it ([`rates::Door`], by the extractor `Within`), its address in `protocol/metadata.rs`; if it takes a POST without a form of ours, its path in `tests/it/pages/forms.rs`.
//! A feature for which attacks wait, or that opens a new way in, brings a test of each (`tests/it/attacks`, whose `later.rs` fails when it sees one).
//! A link, a form or a redirect to a page of ours is a [`protocol::issuer::Place`], which has the issuer's path in front.
//! A mail: a variant of [`protocol::message::About`], its words in every file of `locales/` and their keys in `mail/words.rs`, and
//! [`storage::Transaction::enqueue`] in the transaction of what it is about; what it says of an address is decided when it is sent. An event that the owner of an account is
//! to be told of needs its line in [`protocol::alert::Alert::of`] alone.
//! A table: a migration of the same name in both folders; a file in `storage/` with its columns listed once, its constants in
//! `statements!` and its verbs, named in `storage/mod.rs` and its `every_statement`; the value in `protocol/`, for storage cannot name what
//! is above it; what is to be removed with age, in `storage/cleanup.rs`, found by an index; what refers to a client, a user or a grant, in
//! `storage/deletion.rs`, or those cannot be deleted; its name among the tables of `tests/it/cleanup.rs` and `tests/it/registry/deletion.rs`;
//! and when operators change it, a noun in `registry/` and `cli/`. What happens is recorded: a
//! [`protocol::audit::Name`], a [`protocol::audit::Event`] written by [`storage::Transaction::record`] in the transaction that does it, and its
//! line in `docs/audit.md`. A setting: a key in `config.toml`, which
//! is its documentation and default, a field, and another value in `tests/it/config.rs`. Whoever runs Doorward reads of it in `CHANGELOG.md`.
//! `docs/reference` is made from all of these by the command that its test names (`tests/it/reference`); what a page of `docs` prints is run,
//! and what it quotes is compared (`tests/it/docs`).
//!
//! **A proof** (a word of a friend): a variant of [`protocol::proof::Kind`] and its row in [`protocol::assurance`] (method, whether
//! it identifies by itself, the classes it makes true). When somebody must give it: a field of [`protocol::next_step::Policy`] and what
//! [`protocol::next_step::signs_in`] misses. The check: a file in `signin/` like `signin/password.rs`, which holds the user, sees that nobody
//! switched them off, and ends in `SignIns::advance`. Whatever compares a person's secret does so between `look` (`look_at_code` for a code beside a first proof), `reserve` and settling in
//! `signin/attempts.rs`, so that all doors share one set of counters, whose rules are [`protocol::attempts`]; `signin/devices.rs` makes the browser
//! known when the proof signs somebody in. Its page: a file in `http/pages/`, a template, a route, and the way there in `lead`
//! (`http/endpoints/authorize.rs`), where [`signin::Proceed::Prove`] and an unfinished journey find their page; its form ends in `Visit::after`.
//! What it is checked against: a table. Tests: the table of `protocol/next_step/tests.rs`, and the page in `every_form` of
//! `tests/it/pages/forms.rs`. One that is a second factor: its kind among those of [`protocol::assurance`], a
//! [`protocol::second_factor::FactorKind`] with its row in `storage/factors.rs`, set up in `signin/factors.rs` and shown in `signin/second_step.rs`.
//!
//! **Words of a page or a mail**: a message in each file of `locales/`, whose head says how; a template asks for it by its key, [`language`] finds it, and
//! which language it is in a page knows by itself. A rule's English words stand with the rule. A language: one file there.
//!
//! **A page of the account**: a file in `http/pages/`, its template in `templates/account/`, a line of `nav.html` there, its route. What it changes is decided in
//! `signin/`, as `change_password.rs` does; what must be proved afresh is an [`protocol::journey::Action`], whose words are in
//! `http/pages/actions.rs`; what is typed only after the proof, such as a first password, is a page that the action leads to ([`signin::Proceed::ChoosePassword`]). What is to be read of an event there,
//! [`protocol::history`] says.
//!
//! **An upstream provider** of a kind of its own: a [`protocol::upstream::ProviderKind`], its settings in `config/upstream.rs`, and a file in `upstream/`
//! for what differs from any issuer of OpenID Connect (how the client proves itself, what is asked for, what its answers are worth); the
//! compiler asks for the rest. All of them end in a [`protocol::upstream::Vouched`], and nothing behind that knows kinds. Its mark is in
//! `templates/mark.html`, its misbehaviour a switch of `tests/it/support/provider.rs`, what its console asks for a section of
//! `docs/sign-in-with.md`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod failure;
pub mod grants;
pub mod http;
pub mod jobs;
pub mod language;
pub mod leaked;
pub mod mail;
pub mod outgoing;
pub mod passkeys;
pub mod password;
pub mod protocol;
pub mod random;
pub mod rates;
pub mod registry;
pub mod sealing;
pub mod secret;
pub mod signin;
pub mod storage;
pub mod telemetry;
pub mod tokens;
pub mod upstream;
