-- So that clean-up finds what has ended without reading everything.

CREATE INDEX grants_ended ON grants (ended_at);
CREATE INDEX sign_ins_ended ON sign_ins (ended_at);
