-- A provider may say which of its sessions has ended without saying whose it was (OpenID Connect Back-Channel Logout 1.0, section 2.4).

CREATE INDEX sign_ins_upstream_sid ON sign_ins (upstream_sid) WHERE upstream_sid IS NOT NULL;
