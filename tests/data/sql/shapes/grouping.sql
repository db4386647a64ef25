SELECT status, count(*), sum(total) FROM orders GROUP BY ROLLUP (status) ORDER BY status NULLS LAST

SELECT status, user_id, count(*), GROUPING(status), GROUPING(user_id), GROUPING(status, user_id) AS g FROM orders GROUP BY CUBE (status, user_id) ORDER BY g, status, user_id

SELECT status, user_id, sum(total) AS s FROM orders GROUP BY GROUPING SETS ((status), (user_id), ()) HAVING sum(total) > 100 ORDER BY s DESC, status, user_id

SELECT CASE WHEN GROUPING(status) = 1 THEN 'all' ELSE status END AS label, count(*) FROM orders GROUP BY ROLLUP (status) ORDER BY label

SELECT coalesce(status, 'total') AS st, round(avg(total), 2), rank() OVER (ORDER BY sum(total) DESC) FROM orders GROUP BY ROLLUP (1) ORDER BY 1

SELECT date_trunc('month', ordered_at) AS m, status, sum(total) FROM orders GROUP BY ROLLUP (m, status) ORDER BY 1, 2

SELECT status, count(*) FROM orders WHERE false GROUP BY ROLLUP (status)

SELECT count(*) FROM orders WHERE false GROUP BY GROUPING SETS ((), (), (status))

SELECT status, user_id, count(*) FROM orders GROUP BY status, ROLLUP (user_id) ORDER BY 1, 2, 3

SELECT status, count(*) FROM orders GROUP BY DISTINCT ROLLUP (status), ROLLUP (status) ORDER BY 1, 2

SELECT status, count(*) FROM orders GROUP BY ROLLUP (status), ROLLUP (status) ORDER BY 1, 2

SELECT u.country, o.status, count(DISTINCT o.user_id), max(o.ordered_at), grouping(u.country) FROM orders o LEFT JOIN users u USING (user_id) GROUP BY ROLLUP ((u.country, o.status)) ORDER BY 1, 2, 5

SELECT u.user_id, u.email, count(*) FROM users u JOIN orders o ON o.user_id = u.user_id GROUP BY u.user_id, ROLLUP (o.status) ORDER BY 1, 3

SELECT u.user_id, u.email, count(*) FROM users u JOIN orders o ON o.user_id = u.user_id GROUP BY ROLLUP (u.user_id, o.status) ORDER BY 1, 3

SELECT 1 AS x HAVING true

SELECT 1 FROM orders HAVING count(*) > 0

SELECT 1 FROM orders HAVING false

SELECT 'x' FROM orders HAVING max(total) < 0

SELECT status, (SELECT count(*) FROM users u WHERE u.user_id > count(o.order_id)) FROM orders o GROUP BY status ORDER BY 1

SELECT (SELECT sum(o.total)) FROM orders o

SELECT (SELECT sum(o.total) FROM users LIMIT 1) FROM orders o

SELECT status, (SELECT max(o.total) - min(u.user_id) FROM users u) FROM orders o GROUP BY status ORDER BY 1

SELECT status, (SELECT sum(u.user_id * o.order_id) FROM users u) FROM orders o GROUP BY status

SELECT status, (SELECT sum(u.user_id) FROM users u WHERE u.user_id = o.user_id) FROM orders o GROUP BY status

SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM users u HAVING max(o.total) > 1)

SELECT status FROM orders o GROUP BY status HAVING EXISTS (SELECT 1 FROM users u WHERE u.user_id = count(o.order_id)) ORDER BY 1

SELECT status FROM orders GROUP BY (status) ORDER BY 1

SELECT status, user_id FROM orders GROUP BY (status, user_id) ORDER BY 1, 2

SELECT grouping(status) FROM orders GROUP BY status

SELECT grouping(total) FROM orders GROUP BY status

SELECT DISTINCT status FROM orders GROUP BY CUBE (status, user_id) ORDER BY status

SELECT DISTINCT ON (user_id) user_id, status, count(*) FROM orders GROUP BY user_id, status ORDER BY user_id, count(*) DESC, status

SELECT DISTINCT ON (user_id) user_id, order_id, row_number() OVER (PARTITION BY user_id ORDER BY ordered_at, order_id) FROM orders ORDER BY user_id, order_id DESC

SELECT * FROM (SELECT status, sum(total) t FROM orders GROUP BY ROLLUP(status)) s WHERE t > 10 ORDER BY t

SELECT u.user_id, (SELECT string_agg(coalesce(o.status, 'all') || ':' || c, ',') FROM (SELECT status, count(*) AS c FROM orders o WHERE o.user_id = u.user_id GROUP BY ROLLUP (status) ORDER BY 1) o) FROM users u ORDER BY 1

SELECT status, sum(sum(total)) OVER (PARTITION BY grouping(status)) FROM orders GROUP BY ROLLUP (status) ORDER BY status

SELECT count(*) FROM orders GROUP BY ()

SELECT extract(year FROM ordered_at) AS y, extract(month FROM ordered_at) AS m, sum(total) FROM orders GROUP BY GROUPING SETS ((extract(year FROM ordered_at)), (extract(year FROM ordered_at), extract(month FROM ordered_at))) ORDER BY y, m NULLS FIRST

SELECT status, count(*) FROM orders GROUP BY ROLLUP (status) LIMIT 2 OFFSET 10

WITH m AS (SELECT status, total FROM orders) SELECT status, sum(total) FROM m GROUP BY ROLLUP (status) ORDER BY 1

SELECT u.user_id FROM users u WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.user_id) ORDER BY 1
SELECT extract(epoch from ts), extract(second from ts), extract(milliseconds from ts), extract(microseconds from ts), count(*) FROM moments GROUP BY 1,2,3,4

SELECT extract(epoch from d), extract(year from d), count(*) FROM moments GROUP BY 1,2

SELECT extract(epoch from span), extract(second from span),extract(month from span), count(*) FROM moments GROUP BY 1,2,3

SELECT extract(epoch from tm), extract(second from tm), extract(hour from tm), count(*) FROM moments GROUP BY 1,2,3

SELECT extract(epoch from tz), extract(second from tz), extract(doy from tz), count(*) FROM moments GROUP BY 1,2,3

SELECT 'x' AS l, status, (SELECT count(*) FROM users u WHERE u.user_id > count(o.order_id)) FROM orders o GROUP BY l, status ORDER BY 2
