SELECT user_id FROM orders INTERSECT ALL SELECT user_id FROM orders WHERE status='paid' ORDER BY 1

SELECT user_id FROM orders EXCEPT ALL SELECT user_id FROM orders WHERE status='paid' ORDER BY 1

SELECT total FROM orders INTERSECT ALL SELECT total FROM orders WHERE user_id < 9 ORDER BY 1

SELECT 1 AS a UNION ALL SELECT 1 INTERSECT SELECT 2 ORDER BY a

(SELECT 1 AS a UNION ALL SELECT 1) INTERSECT ALL SELECT 1 EXCEPT SELECT 3

SELECT 1 UNION ALL SELECT 2.5::float8 ORDER BY 1

SELECT 'a' UNION SELECT NULL ORDER BY 1

SELECT 1 UNION SELECT 'a'

SELECT NULL UNION SELECT NULL UNION SELECT 1

SELECT order_id, total FROM orders ORDER BY total DESC FETCH FIRST 5 ROWS WITH TIES

SELECT user_id FROM orders ORDER BY user_id OFFSET 2 ROWS FETCH NEXT 3 ROWS WITH TIES

SELECT user_id, count(*) FROM orders GROUP BY user_id ORDER BY count(*) DESC FETCH FIRST 2 ROWS WITH TIES

SELECT DISTINCT user_id, user_id + 1 FROM orders ORDER BY user_id FETCH FIRST 2 ROWS WITH TIES

SELECT user_id FROM orders UNION ALL SELECT user_id FROM users ORDER BY user_id FETCH FIRST 3 ROWS WITH TIES

SELECT user_id FROM orders FETCH FIRST 3 ROWS WITH TIES

SELECT * FROM (VALUES (1,'a'),(1,'b'),(2,'c')) v(x,y) ORDER BY x FETCH FIRST ROW WITH TIES

VALUES (1,2),(1,2),(2,3) ORDER BY 1 FETCH FIRST 1 ROW WITH TIES

SELECT order_id FROM orders ORDER BY order_id OFFSET 3 ROWS FETCH FIRST 2 ROWS ONLY

SELECT order_id FROM orders ORDER BY order_id LIMIT (SELECT count(*) / 50 FROM orders) OFFSET 1 + 1

SELECT order_id FROM orders ORDER BY order_id LIMIT 2.5

SELECT order_id FROM orders ORDER BY order_id LIMIT ALL OFFSET 127

SELECT order_id FROM orders ORDER BY order_id LIMIT NULL OFFSET 128

SELECT order_id FROM orders ORDER BY order_id LIMIT order_id

WITH n AS (SELECT 3 AS k) SELECT order_id FROM orders ORDER BY 1 LIMIT (SELECT k FROM n)

TABLE departments ORDER BY id

TABLE departments

SELECT DISTINCT user_id, total * 2 AS d FROM orders ORDER BY total * 2, user_id

SELECT DISTINCT user_id FROM orders ORDER BY total

SELECT DISTINCT ON (status) status, order_id FROM orders ORDER BY status, total DESC, order_id

SELECT DISTINCT ON (status, user_id % 2) status, user_id % 2 AS par, order_id FROM orders ORDER BY 1, 2, 3 LIMIT 4

SELECT DISTINCT ON (lower(status)) order_id FROM orders ORDER BY lower(status), order_id DESC

SELECT DISTINCT ON (status) order_id FROM orders ORDER BY total

SELECT country FROM users UNION SELECT NULL ORDER BY 1

SELECT country FROM users UNION SELECT country FROM users ORDER BY 1

SELECT coalesce(country, '??') AS c, count(*) FROM users GROUP BY 1 ORDER BY 1

SELECT user_id FROM users WHERE user_id < 4 ORDER BY user_id FOR UPDATE

SELECT user_id FROM users WHERE user_id < 4 ORDER BY user_id FOR SHARE OF users NOWAIT

SELECT u.user_id FROM users u JOIN orders o USING (user_id) WHERE user_id < 4 ORDER BY 1 FOR UPDATE OF u

SELECT user_id FROM users FOR UPDATE OF nope

SELECT count(*) FROM users FOR UPDATE

SELECT DISTINCT user_id FROM users FOR UPDATE

SELECT user_id FROM users UNION SELECT 1 FOR UPDATE

SELECT user_id FROM users GROUP BY 1 FOR UPDATE

SELECT * FROM departments d JOIN employees e ON e.department_id = d.id JOIN users ON true WHERE e.id = 1 AND users.user_id = 1

SELECT * FROM orders JOIN users USING (user_id) WHERE order_id < 4 ORDER BY order_id

SELECT user_id, u.user_id, o.user_id FROM users u FULL JOIN orders o USING (user_id) ORDER BY 1, 3 LIMIT 5

SELECT * FROM (VALUES (1,'a'),(2,'b')) a(id, x) FULL JOIN (VALUES (2,'c'),(3,'d')) b(id, y) USING (id) ORDER BY id

SELECT * FROM (VALUES (1,'a'),(2,'b')) a(id, x) NATURAL FULL JOIN (VALUES (2,'c'),(3,'d')) b(id, y) NATURAL LEFT JOIN (VALUES (3, 9)) c(id, z) ORDER BY id

SELECT * FROM (VALUES (1,'a'),(2,'b')) a(id, x) RIGHT JOIN (VALUES (2::bigint,'c'),(3,'d')) b(id, y) USING (id) ORDER BY id

SELECT j.id, j.name FROM (departments d LEFT JOIN employees e ON e.department_id = d.id) AS j(id, name) ORDER BY 1, 2

SELECT x.user_id FROM users u JOIN orders o USING (user_id) AS x ORDER BY 1 LIMIT 3

SELECT count(*) FROM users, orders o JOIN order_items i ON i.order_id = o.order_id AND users.user_id = 1

SELECT count(*) FROM users u CROSS JOIN departments d LEFT JOIN orders o ON o.user_id = u.user_id AND d.id = 1

SELECT a.id, b.id, c.id FROM departments a LEFT JOIN (departments b JOIN departments c ON b.parent_id = c.id) ON a.parent_id = b.id ORDER BY 1, 2, 3

SELECT a.id, b.id, c.id FROM departments a LEFT JOIN (departments b FULL JOIN employees c ON b.parent_id = c.id) ON a.parent_id = b.id ORDER BY 1, 2, 3

SELECT a.id, b.id, c.id FROM departments a RIGHT JOIN (departments b LEFT JOIN employees c ON b.parent_id = c.id) ON a.parent_id = b.id ORDER BY 1, 2, 3

SELECT t.* FROM users AS t(a, b) WHERE a < 3 ORDER BY a

SELECT t.user_id FROM users AS t(a, b)

WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a, b

WITH a AS (SELECT 1 AS x) SELECT * FROM (WITH a AS (SELECT 2 AS x) SELECT x FROM a) s, a

WITH a(x, y) AS MATERIALIZED (VALUES (1, 'a')), b AS NOT MATERIALIZED (SELECT y FROM a) SELECT * FROM a CROSS JOIN b

WITH b AS (SELECT * FROM a), a AS (SELECT 1) SELECT * FROM b

WITH users AS (SELECT 1 AS n) SELECT * FROM users

SELECT 1 UNION (WITH w AS (SELECT 2 AS z) SELECT z FROM w) ORDER BY 1

WITH w AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT (SELECT max(a) FROM w), a FROM w WHERE a IN (SELECT a FROM w WHERE a > 1)

SELECT EXISTS (SELECT), EXISTS (SELECT FROM users WHERE false)

SELECT (SELECT count(*) FROM (SELECT FROM users) x)

SELECT * FROM paid_orders p JOIN users u USING (user_id) WHERE order_id < 5 ORDER BY order_id

SELECT t.c, length(t.c) FROM (SELECT 'ab'::char(4) AS c UNION ALL SELECT 'x'::char(4)) t ORDER BY 1

SELECT count(*) FROM users u JOIN orders o ON 2 < 1 RIGHT JOIN departments d ON true

SELECT d.id, (SELECT count(*) FROM users u JOIN orders o ON o.user_id = u.user_id AND d.id > 2 FULL JOIN employees e ON e.id = u.user_id) FROM departments d ORDER BY 1

SELECT DISTINCT 'p' AS c UNION ALL SELECT NULL ORDER BY 1

SELECT count(*) FROM users u JOIN orders o ON o.user_id = u.user_id AND (1, 2) = (1, 3) RIGHT JOIN departments d ON true
