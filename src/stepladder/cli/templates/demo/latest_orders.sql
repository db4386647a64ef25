/* stepladder
description = "Each customer's latest order: a day's orders replace those of the same customers"
kind   = "upsert"
time   = "ordered_at"
every  = "day"
key    = ["user_id"]
tags   = ["money"]
*/
SELECT DISTINCT ON (user_id) user_id, order_id, ordered_at, status, total
FROM orders
WHERE ordered_at >= :start AND ordered_at < :end
ORDER BY user_id, ordered_at DESC, order_id DESC
