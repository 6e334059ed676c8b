-- What attempts with a person's secret are counted for (src/protocol/attempts.rs). The counts of the minute in which this runs are lost.
DROP TABLE sign_in_failures;

CREATE TABLE attempt_counters (
    id              TEXT PRIMARY KEY,
    account         TEXT,              -- a user's id, or a keyed hash of what was typed
    network         TEXT,
    started_at      BIGINT NOT NULL,   -- the running minute
    taken           BIGINT NOT NULL,   -- places taken in it: failures, and attempts under way
    failed          BIGINT NOT NULL,   -- those that are failures
    places          BIGINT NOT NULL,   -- how many it has
    in_row          BIGINT NOT NULL,   -- failures since the last attempt that was right
    stop_at         BIGINT NOT NULL,   -- the number in a row that failures and attempts under way stay below
    spread          BIGINT NOT NULL,   -- accounts of a network, networks of an account, since spread_at
    spread_at       BIGINT NOT NULL,
    closed_until    BIGINT NOT NULL,
    keep_until      BIGINT NOT NULL,
    noted_at        BIGINT NOT NULL DEFAULT 0,   -- of an account: when its person was last to be told,
    noted_failures  BIGINT NOT NULL DEFAULT 0,   -- of how many failures in a row,
    noted_until     BIGINT NOT NULL DEFAULT 0    -- and until when strangers could not sign in
);
CREATE INDEX attempt_counters_keep_until ON attempt_counters (keep_until);
CREATE INDEX attempt_counters_account ON attempt_counters (account);
CREATE INDEX attempt_counters_closed ON attempt_counters (closed_until) WHERE closed_until > 0;
CREATE INDEX attempt_counters_spread ON attempt_counters (spread_at) WHERE spread > 0;
