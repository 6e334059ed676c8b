-- Clients that were deleted, each with the number of that change: nodes hear of it as of any other change, and forget the client.

CREATE TABLE deleted_clients (
    client_id  TEXT PRIMARY KEY,
    change     BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL
);
CREATE INDEX deleted_clients_change ON deleted_clients (change);
CREATE INDEX deleted_clients_time ON deleted_clients (deleted_at);
