/* stepladder
description = "What was paid for, a day and country, in dollars"
time   = "date"
every  = "day"
key    = ["date", "country"]
checks = ["orders >= 1", "net <= gross"]
owner  = "finance"
tags   = ["money"]
columns.gross = "what customers paid, refunds and cancellations left out"
columns.net = "gross without VAT"
*/
SELECT (o.ordered_at AT TIME ZONE :zone)::date                                            AS date,
       u.country,
       count(*)                                                                           AS orders,
       sum(o.total)::numeric(14, 2)                                                       AS gross,
       round(sum(o.total) * 100 / (100 + min(m.vat)), 2)::numeric(14, 2)                  AS net
FROM orders o
JOIN users u ON u.user_id = o.user_id
JOIN markets m ON m.country = u.country
WHERE o.ordered_at >= :start AND o.ordered_at < :end
  AND o.status IN ('paid', 'shipped')
GROUP BY 1, 2
