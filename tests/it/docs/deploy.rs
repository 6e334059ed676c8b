//! The files of `deploy/` fit the command tree, the image, the server and one another. That their settings exist, `settings.rs` sees.

use doorward::config::Config;

use super::commands::{command_lines, parses};
use crate::sources::{routes, text};

#[test]
fn what_the_unit_starts_parses() {
    let unit = text("deploy/doorward.service");
    let lines: Vec<Vec<String>> =
        unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")).flat_map(command_lines).collect();
    assert!(!lines.is_empty(), "doorward.service starts nothing");
    for line in lines {
        parses(&line).unwrap();
    }
}

#[test]
fn the_probes_of_deployments_are_routes_of_the_server() {
    let known: Vec<String> = routes().into_iter().map(|(path, _)| path).collect();
    let kubernetes = text("deploy/kubernetes.yaml");
    let probes: Vec<&str> = values(&kubernetes, "httpGet: { path: ").collect();
    assert!(probes.len() > 2 && probes.iter().all(|path| known.iter().any(|route| route == path)), "{probes:?}");
}

#[test]
fn deployments_name_the_port_and_the_user_of_the_image_and_of_the_settings() {
    let (image, kubernetes) = (text("Dockerfile"), text("deploy/kubernetes.yaml"));
    let port = values(&image, "EXPOSE ").next().unwrap();
    let user = values(&image, "USER ").next().unwrap().split(':').next().unwrap();
    assert!(kubernetes.contains(&format!("containerPort: {port} ")), "{port}");
    assert!(kubernetes.contains(&format!("runAsUser: {user}\n")), "{user}");
    let compose = text("deploy/compose.yaml");
    assert!(compose.contains(&format!("doorward:{port}\n")) && compose.contains(&format!("chown {user} master.key")));
    let listen = values(&text("deploy/doorward.toml"), "listen = \"").next().unwrap().to_owned();
    assert!(text("deploy/nginx.conf").contains(&format!("server {listen};")), "{listen}");
    assert!(text("deploy/Caddyfile").contains(&format!("reverse_proxy {listen} ")), "{listen}");
}

#[test]
fn deployments_wait_for_a_stop_to_end() {
    let config = Config::load(None, []).unwrap();
    let (kubernetes, compose) = (text("deploy/kubernetes.yaml"), text("deploy/compose.yaml"));
    let number = |file: &str, before: &str| -> i64 {
        let value = values(file, before).next().unwrap_or_else(|| panic!("{before}"));
        value.trim_end_matches('s').parse().unwrap()
    };
    let stop = config.server.notice + config.server.drain;
    assert!(number(&text("deploy/doorward.service"), "TimeoutStopSec=") > stop);
    assert!(number(&compose, "stop_grace_period: ") > stop);
    let notice = number(&kubernetes, "DOORWARD__SERVER__NOTICE: \"");
    assert!(number(&kubernetes, "terminationGracePeriodSeconds: ") > notice + config.server.drain);
}

/// What stands behind these words, each time.
fn values<'a>(file: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    file.split(before).skip(1).map(|rest| rest.split([' ', '\n', '"', ',']).next().unwrap_or_default())
}
