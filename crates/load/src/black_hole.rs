//! A provider that never answers: what local sign-in and its page take beside one, and beside none. Two servers of the same program on two fresh
//! databases are asked in turn, while others use the provider on the first all the time. One provider takes every connection and says nothing;
//! another tells all about itself, lets everybody come back, and then keeps silent at its token endpoint, so that callbacks wait for it.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::browser::Browser;
use crate::clock::Moment;
use crate::cores::Cores;
use crate::doorward::{Doorward, PASSWORD};
use crate::installation::Installation;
use crate::progress::Progress;
use crate::report::{Report, Row};
use crate::round::Spread;
use crate::storm::percentile;

/// How many sign in at each server.
const SIGN_INS: usize = 200;
/// How many press the provider's button meanwhile,
const PRESSING: usize = 4;
/// and how many of its callbacks wait at once.
const WAITING: usize = 32;
/// A public key of RFC 7517, appendix A.1: one that can be read, and that signs nothing here.
const KEY: (&str, &str) =
    ("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM");
/// How long each of them pauses: it is the waiting that is measured, and no load.
const PAUSE: Duration = Duration::from_millis(100);
/// How often its button is pressed in vain at the beginning, with a pause each time.
const TRIES: u32 = 100;
/// How long a callback waits at the least: less than the deadline of a call.
const LEAST: Duration = Duration::from_secs(4);
/// How many times as long a sign-in may take beside the provider, at the 99th percentile.
const SLOWER: f64 = 1.2;

/// Where the provider keeps silent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Silence {
    Everywhere,
    AtToken,
}

/// What was measured at one server, in milliseconds.
#[derive(Default)]
struct Taken {
    pages: Vec<f64>,
    sign_ins: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// When a server fails, or answers anything but a page and a sign-in.
pub async fn run(arguments: &Arguments, program: &Path, cores: Cores, progress: &Progress) -> Outcome<Report> {
    let mut report = Report { about: Vec::new(), floors: Vec::new(), rows: Vec::new(), notes: Vec::new() };
    for silence in [Silence::Everywhere, Silence::AtToken] {
        let (mut with, mut without) = beside(silence, (arguments, program, cores), progress).await?;
        tell(&mut report, silence, &mut with, &mut without);
    }
    Ok(report)
}

/// What was measured beside a provider that is silent there, and without one.
async fn beside(
    silence: Silence,
    (arguments, program, cores): (&Arguments, &Path, Cores),
    progress: &Progress,
) -> Outcome<(Taken, Taken)> {
    let hole = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let provider = hole.local_addr()?;
    let holding = hold(hole, silence);
    let make = |with_provider: bool| -> Outcome<Doorward> {
        let (folder, level) = (arguments.folder(), &arguments.log_level);
        let mut installation = Installation::new(program, cores, &folder, None, level)?;
        installation.set("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1");
        if with_provider {
            installation.set("DOORWARD__UPSTREAM__HOLE__KIND", "oidc");
            installation.set("DOORWARD__UPSTREAM__HOLE__ISSUER", &format!("http://{provider}"));
            installation.set("DOORWARD__UPSTREAM__HOLE__CLIENT_ID", "load");
            installation.set("DOORWARD__UPSTREAM__HOLE__CLIENT_SECRET", "load");
            installation.set("DOORWARD__OUTGOING__ALLOW", &provider.to_string());
        }
        Doorward::register(installation, 1, progress)
    };
    let (with, without) = (make(true)?, make(false)?);
    let (first, second) = (with.installation.start()?, without.installation.start()?);
    let local = tokio::task::LocalSet::new();
    let measured = local.run_until(in_turn(silence, (&with, &without), progress)).await;
    holding.abort();
    first.0.stop()?;
    second.0.stop()?;
    measured
}

/// People sign in at both, in turn, while others use the provider of the first.
async fn in_turn(
    silence: Silence,
    (with, without): (&Doorward, &Doorward),
    progress: &Progress,
) -> Outcome<(Taken, Taken)> {
    let others: Vec<_> = (0..if silence == Silence::AtToken { WAITING } else { PRESSING })
        .map(|number| {
            let browser = Browser::from(with.address(), &format!("198.19.0.{}", number + 1));
            tokio::task::spawn_local(async move {
                if silence == Silence::AtToken { come_back(browser).await } else { press(browser).await }
            })
        })
        .collect();
    let (mut beside, mut alone) = (Taken::default(), Taken::default());
    for number in 0..SIGN_INS {
        measure(with, number, &mut beside).await?;
        measure(without, number, &mut alone).await?;
        progress.step("sign-ins", number + 1, SIGN_INS);
    }
    for one in others {
        one.abort();
        match one.await {
            Err(error) if error.is_cancelled() => {}
            Ok(Err(problem)) => return Err(problem),
            _ => return Err("using the provider ended by itself".into()),
        }
    }
    Ok((beside, alone))
}

/// Takes every connection, and answers nothing; or only what a provider says of itself.
fn hold(hole: TcpListener, silence: Silence) -> JoinHandle<()> {
    tokio::spawn(async move {
        let Ok(address) = hole.local_addr() else { return };
        let mut held = Vec::new();
        while let Ok((mut connection, _)) = hole.accept().await {
            if silence == Silence::Everywhere {
                held.push(connection);
            } else {
                let issuer = format!("http://{address}");
                tokio::spawn(async move {
                    let _ = introduce(&mut connection, &issuer).await;
                    std::future::pending::<()>().await;
                });
            }
        }
    })
}

/// Answers what a provider is asked of itself, and nothing else, for as long as the connection is used for that.
async fn introduce(connection: &mut TcpStream, issuer: &str) -> std::io::Result<()> {
    let discovery = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1", "x": KEY.0, "y": KEY.1 }] });
    let mut request = vec![0; 8192];
    loop {
        let read = connection.read(&mut request).await?;
        let body = match request.get(..read).unwrap_or_default() {
            asked if asked.starts_with(b"GET /.well-known/openid-configuration ") => discovery.to_string(),
            asked if asked.starts_with(b"GET /keys ") => keys.to_string(),
            _ => return Ok(()),
        };
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        connection.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

/// Presses the provider's button again and again.
async fn press(mut browser: Browser) -> Outcome<()> {
    loop {
        browser.press("/login", "upstream-hole").await?;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Comes back from the provider again and again, each time with a code that it must be asked about.
async fn come_back(mut browser: Browser) -> Outcome<()> {
    let mut tries = 0;
    loop {
        let away = browser.press("/login", "upstream-hole").await?;
        let Some((_, rest)) = away.split_once("state=") else {
            // It has to be discovered first.
            tries += 1;
            if tries > TRIES {
                return Err(format!("nobody is sent to the provider:\n{away}").into());
            }
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let state: String = rest.chars().take_while(|one| one.is_ascii_alphanumeric() || "-_".contains(*one)).collect();
        let began = Moment::now();
        let status = browser.go(&format!("/upstream/hole/callback?code=1&state={state}")).await?;
        if began.elapsed() < LEAST {
            return Err(format!("a callback was answered with {status}, and did not wait").into());
        }
    }
}

/// One person opens the page and signs in, from a network of their own.
async fn measure(doorward: &Doorward, number: usize, taken: &mut Taken) -> Outcome<()> {
    let mut browser = Browser::from(doorward.address(), &format!("198.18.{}.{}", number / 250, number % 250 + 1));
    let began = Moment::now();
    browser.ready_to_sign_in().await?;
    taken.pages.push(began.elapsed().as_secs_f64() * 1000.0);
    let began = Moment::now();
    let email = doorward.emails().first().ok_or("there is nobody to sign in")?;
    let (status, _) = browser.sign_in(email, PASSWORD).await?;
    taken.sign_ins.push(began.elapsed().as_secs_f64() * 1000.0);
    if status == 303 { Ok(()) } else { Err(format!("a sign-in was answered with {status}").into()) }
}

fn tell(report: &mut Report, silence: Silence, with: &mut Taken, without: &mut Taken) {
    for values in [&mut with.pages, &mut with.sign_ins, &mut without.pages, &mut without.sign_ins] {
        values.sort_by(f64::total_cmp);
    }
    let [page, sign_in] = [(&with.pages, &without.pages), (&with.sign_ins, &without.sign_ins)]
        .map(|(with, without)| (percentile(with, 99), percentile(without, 99)));
    let (name, beside) = match silence {
        Silence::Everywhere => ("hole", "a black hole"),
        Silence::AtToken => ("hole-token", "one at /token alone"),
    };
    report.rows.push(row(&format!("{name}-sign-in"), &format!("a sign-in, 99th percentile, beside {beside}"), sign_in));
    report.rows.push(row(&format!("{name}-page"), &format!("its page, 99th percentile, beside {beside}"), page));
    report.notes.push(format!(
        "medians beside {beside}: a sign-in {:.2} ms, {:.2} ms without; the page {:.2} and {:.2} ms",
        percentile(&with.sign_ins, 50),
        percentile(&without.sign_ins, 50),
        percentile(&with.pages, 50),
        percentile(&without.pages, 50)
    ));
}

/// What something takes beside the provider, and how many times that without.
fn row(name: &str, title: &str, (with, without): (f64, f64)) -> Row {
    let times = with / without;
    let ratio = Some(Spread { median: times, low: times, high: times });
    Row { ratio, of: Some("x"), ..Row::plain(name, title, with, "ms", Some(SLOWER)) }.judged()
}
