-- move_lots: letters that wait in free lots of one road (of all dispatches, or of one) wait for another road.
WITH gone AS (
    DELETE FROM delivery_lot
    WHERE egress_id = %(from)s AND node IS NULL
      AND (%(dispatch)s::uuid IS NULL OR dispatch_id = %(dispatch)s::uuid)
    RETURNING workspace_id, dispatch_id, ids
),
letters AS (
    SELECT g.workspace_id, g.dispatch_id, r.id,
           CASE WHEN %(by_domain)s THEN r.domain ELSE '*' END AS site,
           CASE WHEN r.held_at IS NOT NULL THEN timestamptz '9000-01-01 00:00+00'
                WHEN r.attempts > 0 THEN greatest(r.next_attempt_at, now()) ELSE now() END AS due
    FROM gone g CROSS JOIN unnest(g.ids) AS w(id)
    JOIN delivery_delivery r ON r.id = w.id AND r.state = 'waiting'
),
cut AS (
    SELECT *, (row_number() OVER (PARTITION BY dispatch_id, site, date_bin('10 seconds', due, to_timestamp(0))
                                  ORDER BY id) - 1) / %(lot)s AS number
    FROM letters
),
made AS (
    INSERT INTO delivery_lot (workspace_id, dispatch_id, egress_id, site, due_at, ids)
    SELECT workspace_id, dispatch_id, %(to)s, site, max(due), array_agg(id ORDER BY id)
    FROM cut
    GROUP BY workspace_id, dispatch_id, site, date_bin('10 seconds', due, to_timestamp(0)), number
    RETURNING cardinality(ids) AS letters
)
SELECT count(*) AS lots, coalesce(sum(letters), 0)::bigint AS letters FROM made
