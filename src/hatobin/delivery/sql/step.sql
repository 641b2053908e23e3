-- step: one group commit of a sender: outcomes are recorded, lots that are done are struck off, and letters
-- are marked that may send their final dot. The dispatches are held still (gate), so that no stop or pause
-- comes between reading and marking; the gate's answer is the state under the lock. The advisory lock is the
-- turnstile (services/turnstile.py): busy senders share the row without a gap, and a stop would never get it.
-- A claim number is the fence of a row: every record raises it by one, every mark by a number of the sender's
-- own (so that one which does not know whether its mark was written never takes another's for it), and only the
-- latest may speak.
-- Rows are found by their numbers alone: a plan by their dispatch would read a million of them each time.
-- A row that was declared in doubt meanwhile, or waits again since, still takes what is known for certain.
WITH gate AS MATERIALIZED (
    SELECT id, state, workspace_id FROM delivery_dispatch
    WHERE id = ANY(%(dispatches)s::uuid[]) AND pg_advisory_xact_lock_shared(8103) IS NOT NULL
    ORDER BY id FOR SHARE
),
held AS MATERIALIZED (
    SELECT l.id, l.node FROM delivery_lot l
    JOIN unnest(%(lots)s::bigint[], %(lot_nodes)s::bigint[]) AS w(id, node) ON w.id = l.id AND w.node = l.node
    ORDER BY l.id FOR SHARE OF l
),
told AS (
    UPDATE delivery_delivery r
    SET state = CASE WHEN o.state = 'waiting' AND d.state = 'stopped' THEN 'cancelled' ELSE o.state END,
        reason = CASE WHEN o.state = 'waiting' AND d.state = 'stopped' THEN 'stopped'
                      WHEN o.state = 'waiting' AND NOT o.counted THEN r.reason
                      ELSE o.reason END,
        attempts = r.attempts
            + CASE WHEN o.counted AND (r.state = 'dot-sent' OR r.state = 'waiting' AND NOT o.marked) THEN 1
                   WHEN NOT o.counted AND r.state = 'in-doubt' THEN -1
                   ELSE 0 END,
        claim = r.claim + 1,
        next_attempt_at = coalesce(now() + make_interval(secs => o.retry), r.next_attempt_at),
        reply_code = coalesce(o.code, r.reply_code),
        reply_status = CASE WHEN o.code IS NULL THEN r.reply_status ELSE o.status END,
        reply_text = CASE WHEN o.code IS NULL THEN r.reply_text ELSE o.words END,
        route = coalesce(o.route, r.route),
        ended_at = CASE WHEN o.state <> 'waiting' OR d.state = 'stopped' THEN now() END
    FROM unnest(
            %(ids)s::bigint[], %(claims)s::bigint[], %(marked)s::boolean[], %(states)s::text[],
            %(reasons)s::text[], %(counted)s::boolean[], %(retries)s::float8[], %(codes)s::int[],
            %(statuses)s::text[], %(words)s::text[], %(routes)s::int[], %(egresses)s::uuid[],
            %(sites)s::text[], %(of)s::uuid[]
         ) AS o(id, claim, marked, state, reason, counted, retry, code, status, words, route,
                egress, site, dispatch),
         gate d
    WHERE r.id = o.id AND r.claim = o.claim AND d.id = o.dispatch
      AND (r.state = 'dot-sent' OR r.state IN ('waiting', 'in-doubt') AND o.state <> 'in-doubt')
    RETURNING r.id, r.workspace_id, r.dispatch_id, r.state, r.reason, r.attempts, r.next_attempt_at,
              o.counted, o.reason AS why, o.code, o.status, o.words, o.route, o.egress, o.site
),
tries AS (
    INSERT INTO delivery_attempt
        (workspace_id, delivery_id, number, at, state, reason, code, status, words, route, next_at)
    SELECT workspace_id, id, attempts, now(), state, why, code, status, words, route, next_attempt_at
    FROM told WHERE state IN ('waiting', 'in-doubt') AND (counted OR why <> '')
),
again AS (
    INSERT INTO delivery_lot (workspace_id, dispatch_id, egress_id, site, due_at, ids)
    SELECT workspace_id, dispatch_id, egress, site, max(next_attempt_at), array_agg(id ORDER BY id)
    FROM told WHERE state = 'waiting'
    GROUP BY workspace_id, dispatch_id, egress, site, date_bin('10 seconds', next_attempt_at, to_timestamp(0))
),
reopened AS (
    UPDATE delivery_dispatch d
    SET state = CASE WHEN stands.still THEN 'paused' ELSE 'sending' END, finished_at = NULL,
        stop_code = CASE WHEN stands.still THEN 'emergency' ELSE '' END,
        stop_detail = CASE WHEN stands.still THEN jsonb_build_object('since', now()) ELSE '{}' END
    FROM gate, LATERAL (
        SELECT EXISTS (
            SELECT 1 FROM delivery_emergencystop s
            WHERE s.lifted_at IS NULL AND (s.workspace_id IS NULL OR s.workspace_id = gate.workspace_id)
        ) AS still
    ) stands
    WHERE d.id = gate.id AND gate.state = 'done'
      AND d.id IN (SELECT dispatch_id FROM told WHERE state = 'waiting')
),
struck AS (
    DELETE FROM delivery_lot l
    USING unnest(%(done)s::bigint[], %(done_nodes)s::bigint[]) AS w(id, node)
    WHERE l.id = w.id AND l.node = w.node
),
freed AS (
    UPDATE delivery_lot l
    SET node = NULL, due_at = now() + make_interval(secs => w.rest),
        ids = CASE WHEN w.ids = '' THEN l.ids ELSE w.ids::bigint[] END
    FROM unnest(%(back)s::bigint[], %(back_nodes)s::bigint[], %(rests)s::float8[], %(back_ids)s::text[])
             AS w(id, node, rest, ids)
    WHERE l.id = w.id AND l.node = w.node
)
UPDATE delivery_delivery r
SET state = 'dot-sent', claim = r.claim + (w.node << 20)
FROM unnest(%(mark_ids)s::bigint[], %(mark_claims)s::bigint[], %(mark_lots)s::bigint[],
            %(mark_nodes)s::bigint[], %(mark_of)s::uuid[]) AS w(id, claim, lot, node, dispatch),
     gate d, held, audience_contact c
WHERE r.id = w.id AND r.claim = w.claim AND r.state = 'waiting'
  AND held.id = w.lot AND held.node = w.node
  AND d.id = w.dispatch AND d.state = 'sending'
  AND c.id = r.contact_id AND c.revision = r.contact_revision
  AND NOT EXISTS (
      SELECT 1 FROM suppression_suppression x
      WHERE x.workspace_id = r.workspace_id AND x.address_key = r.address_key
  )
RETURNING r.id
