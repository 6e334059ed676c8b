#!/usr/bin/env bash
# The software authenticator of 1Password (crates.io passkey), at a server of its own, since an issuer that is a bare address has no passkeys. It is no part of
# the workspace: there it would have serde_json keep the order of members (`preserve_order`), in every test and not in what is shipped.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
mkdir -p program/src
cp "$here/passkey_rs.rs" program/src/main.rs
cat >program/Cargo.toml <<'TOML'
[package]
name = "stock"
edition = "2024"

[dependencies]
async-trait = "0.1"
passkey = { version = "=0.6.0", features = ["rust-crypto"] }
passkey-types = { version = "=0.6.0", features = ["serialize_bytes_as_base64_string"] }
pollster = "0.4"
serde_json = "1"
url = "2"
TOML
export CARGO_TARGET_DIR=$PWD/target
cargo build --quiet --manifest-path program/Cargo.toml >install.log 2>&1 || { cat install.log >&2; exit 1; }

port=$((20000 + RANDOM % 12000))
export ISSUER=https://localhost:$port DOORWARD__SERVER__ISSUER=https://localhost:$port
export DOORWARD__SERVER__TLS__CERT=${CA%/*}/tls.crt DOORWARD__SERVER__TLS__KEY=${CA%/*}/tls.key
"$DOORWARD" serve --listen "127.0.0.1:$port" --json >ready.json 2>server.log &
server=$!
trap 'kill "$server"' EXIT
for _ in $(seq 100); do if [[ -s ready.json ]]; then break; fi; sleep 0.1; done
printf '%s\n' "$PASSWORD" | "$DOORWARD" user create --email "$EMAIL" --name 'Ann Lee' --password-stdin --json >/dev/null
python3 -B "$here/passkey_rs.py" target/debug/stock || { tail -n 20 server.log >&2; exit 1; }
