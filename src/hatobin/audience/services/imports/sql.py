"""The import's hot SQL: each statement with a name and a sentence.

The two temporary tables belong to one database session and are not logged: when the worker, the
server or the connection dies, they are gone and no person was touched.
"""

# Forgets what an earlier run in this session may have left, and makes both tables.
CREATE_STAGE = """
DROP TABLE IF EXISTS pg_temp.import_rows, pg_temp.import_problems;
CREATE TEMPORARY TABLE import_rows (
    row integer NOT NULL,
    address_key bytea NOT NULL,
    change text NOT NULL,         -- 'new', 'changed' or 'same', as seen when the row was read
    contact_id bigint,
    seen_revision integer,
    stopped boolean NOT NULL,     -- on the do-not-mail ledger
    domain text,
    sealed bytea,
    fields jsonb,
    search_keys bigint[]
);
CREATE TEMPORARY TABLE import_problems (
    kind text NOT NULL,
    row integer NOT NULL,
    reason text NOT NULL,
    params jsonb NOT NULL,
    sealed bytea NOT NULL
);
"""

DROP_STAGE = "DROP TABLE IF EXISTS pg_temp.import_rows, pg_temp.import_problems"

COPY_ROWS = """
COPY import_rows
    (row, address_key, change, contact_id, seen_revision, stopped, domain, sealed, fields, search_keys)
FROM STDIN
"""

COPY_PROBLEMS = "COPY import_problems (kind, row, reason, params, sealed) FROM STDIN"

# Lets the planner know how many rows there are before they are joined.
ANALYZE_STAGE = "ANALYZE import_rows"

# No nested loops for many rows, until the end of the transaction at the latest.
LOOPS_OFF = "SET LOCAL enable_nestloop = off"
LOOPS_ON = "SET LOCAL enable_nestloop = on"

# New people. One who was added by somebody else meanwhile is left out, and the count shows it.
INSERT_CONTACTS = """
INSERT INTO audience_contact
    (workspace_id, address_key, domain, sealed, fields, search_keys, revision, created_at, updated_at)
SELECT %(workspace)s, address_key, domain, sealed, fields, search_keys, 1, now(), now()
FROM import_rows WHERE change = 'new' ORDER BY row
ON CONFLICT (workspace_id, address_key) DO NOTHING
"""

# People whose data differ. One who was changed by somebody else meanwhile does not match.
UPDATE_CONTACTS = """
UPDATE audience_contact AS c
SET sealed = r.sealed, fields = r.fields, search_keys = r.search_keys,
    revision = c.revision + 1, updated_at = now()
FROM import_rows AS r
WHERE r.change = 'changed' AND c.id = r.contact_id AND c.revision = r.seen_revision
  AND c.workspace_id = %(workspace)s
"""

# People whose data are the same as before, if they still are.
COUNT_SAME_CONTACTS = """
SELECT count(*) FROM audience_contact AS c JOIN import_rows AS r ON c.id = r.contact_id
WHERE r.change = 'same' AND c.revision = r.seen_revision AND c.workspace_id = %(workspace)s
"""

# As seen from the list: who is on it already with other data, who with the same, and who gets no letter.
COUNT_ON_LIST = """
SELECT
    count(*) FILTER (WHERE s.id IS NULL),
    count(*) FILTER (WHERE s.id IS NOT NULL AND r.change = 'changed'),
    count(*) FILTER (WHERE s.id IS NOT NULL AND r.change = 'same'),
    count(*) FILTER (WHERE r.stopped OR s.state = 'unsubscribed')
FROM import_rows AS r
LEFT JOIN audience_subscription AS s ON s.contact_id = r.contact_id AND s.list_id = %(list)s
"""

# Places on the list, in file order after those who are there. Who is there stays as is: on, or left.
INSERT_SUBSCRIPTIONS = """
INSERT INTO audience_subscription
    (workspace_id, list_id, contact_id, state, position, basis, source, created_at)
SELECT %(workspace)s, %(list)s, c.id, 'subscribed', %(after)s + r.row, %(basis)s, %(source)s, now()
FROM import_rows AS r
JOIN audience_contact AS c
  ON c.workspace_id = %(workspace)s AND c.address_key = r.address_key
ORDER BY r.row
ON CONFLICT (list_id, contact_id) DO NOTHING
"""

# Refused and merged rows, for the file of refused rows.
INSERT_PROBLEMS = """
INSERT INTO audience_importproblem (workspace_id, upload_id, kind, row, reason, params, sealed)
SELECT %(workspace)s, %(upload)s, kind, row, reason, params, sealed FROM import_problems ORDER BY row
"""

# After many new rows: the next query should not be planned for a table that was empty.
ANALYZE_PEOPLE = "ANALYZE audience_contact, audience_subscription"

# How far the reading is; no row comes back when the import was cancelled or is gone.
REPORT_PROGRESS = """
UPDATE audience_import SET rows = %(rows)s
WHERE id = %(upload)s AND state = 'running' AND NOT cancel_requested
"""

# One runner for an import: held by the session, so that it ends with the process.
TRY_LOCK_IMPORT = "SELECT pg_try_advisory_lock(hashtextextended(%s, 811))"
UNLOCK_IMPORT = "SELECT pg_advisory_unlock(hashtextextended(%s, 811))"
