-- What a Perch of this version made of an empty file, and what it wrote into it. Never changed.
CREATE TABLE tenant (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    confirmed INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT;
CREATE TABLE note (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    question TEXT NOT NULL UNIQUE,
    fetched INTEGER NOT NULL,
    source TEXT NOT NULL,
    seen INTEGER NOT NULL,
    size INTEGER NOT NULL
) STRICT;
CREATE TABLE body (answer INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE INDEX answer_by_seen ON answer (seen, id, size);
CREATE TABLE pin (
    dashboard TEXT NOT NULL,
    question TEXT NOT NULL,
    PRIMARY KEY (dashboard, question)
) STRICT, WITHOUT ROWID;
CREATE INDEX pin_by_question ON pin (question);
INSERT INTO tenant (id) VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
-- `first` and `second`, each a frame of zstd; 1,728,000,000,000 is the tests' noon.
INSERT INTO answer (id, question, fetched, source, seen, size) VALUES
    (1, '["kpis",{"limit":"10"}]', 1728000000000, 'https://api.tinybird.co (mint)', 1728000000000, 14),
    (2, '["revenue",{"limit":"10"}]', 1728000000001, 'https://api.tinybird.co (mint)', 1728000000001, 15);
INSERT INTO body (answer, bytes) VALUES
    (1, x'28B52FFD20052900006669727374'),
    (2, x'28B52FFD20063100007365636F6E64');
INSERT INTO pin (dashboard, question) VALUES ('web-traffic', '["kpis",{"limit":"10"}]'), ('web-traffic', '');
INSERT INTO clock VALUES (1, 1728000000000, 1728000000000, 1728000000000);
INSERT INTO note (key, value) VALUES ('dashboard', 'web-traffic');
PRAGMA user_version = 2;
