-- metrics_slowed: how many lanes something slows down, by its code.
SELECT why_code, count(DISTINCT (egress_id, site)) FROM delivery_laneshare
WHERE until > now() AND why_code <> '' GROUP BY why_code
