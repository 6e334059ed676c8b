-- Devices that people keep, on which no second factor is asked for because one was shown there (src/storage/kept_devices.rs).
CREATE TABLE kept_devices (
    user_id      TEXT NOT NULL REFERENCES users (id),
    device_hash  TEXT NOT NULL,   -- of the device's name in its sealed cookie
    sign_in_id   TEXT NOT NULL,   -- the newest sign-in there: whoever ends that by hand ends this
    shown        TEXT NOT NULL,   -- what was shown: a kind of factors
    kept_at      BIGINT NOT NULL, -- when it was shown
    last_used_at BIGINT,          -- when it last stood in for a code
    expires_at   BIGINT NOT NULL,
    wrong_codes  BIGINT NOT NULL, -- how many were typed there since
    user_agent   TEXT NOT NULL,
    PRIMARY KEY (user_id, device_hash)
);
CREATE INDEX kept_devices_by_expiry ON kept_devices (expires_at);
