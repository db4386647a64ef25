/* stepladder
description = "Revenue by region, in dollars and in the region's own money"
kind = "view"
tags = ["money"]
*/
SELECT m.region, m.currency,
       sum(r.orders)                                                 AS orders,
       sum(r.net)                                                    AS net,
       round(sum(r.net) / min(x.usd), 2)::numeric(16, 2)             AS net_in_currency
FROM revenue r
JOIN markets m ON m.country = r.country
JOIN exchange_rates x ON x.currency = m.currency
GROUP BY 1, 2
