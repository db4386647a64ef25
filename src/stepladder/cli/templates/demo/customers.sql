/* stepladder
description = "Customers as they are, and as they were: a change closes a row and begins a new one"
kind   = "history"
key    = ["user_id"]
tags   = ["money"]
*/
SELECT u.user_id, u.country, m.region, count(o.order_id) AS orders
FROM users u
JOIN markets m ON m.country = u.country
LEFT JOIN orders o ON o.user_id = u.user_id AND o.status IN ('paid', 'shipped')
GROUP BY 1, 2, 3
