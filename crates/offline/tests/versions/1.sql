-- What Perch 0.1 made of an empty file, and what it wrote into it. Never changed.
CREATE TABLE tenant (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    question TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    fetched INTEGER NOT NULL
) STRICT;
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    confirmed INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT;
CREATE TABLE note (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO tenant (id) VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
-- `first` and `second`, each a frame of zstd; 1,728,000,000,000 is the tests' noon.
INSERT INTO answer (question, body, fetched) VALUES
    ('["kpis",{"limit":"10"}]', x'28B52FFD20052900006669727374', 1728000000000),
    ('["revenue",{"limit":"10"}]', x'28B52FFD20063100007365636F6E64', 1728000000001);
INSERT INTO clock VALUES (1, 1728000000000, 1728000000000, 1728000000000);
INSERT INTO note (key, value) VALUES ('dashboard', 'web-traffic');
PRAGMA user_version = 1;
