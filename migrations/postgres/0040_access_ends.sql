-- How often everything that a user was signed in to has been ended, or their recovery codes were made anew: what was proved before, of a sign-in that
-- waits for its second factor, counts no more then (src/signin/second_step.rs).
ALTER TABLE users ADD COLUMN access_ends BIGINT NOT NULL DEFAULT 0;
