SELECT u.user_id, o.order_id, o.total FROM users u CROSS JOIN LATERAL (SELECT order_id, total FROM orders o WHERE o.user_id = u.user_id ORDER BY total DESC, order_id LIMIT 2) o ORDER BY 1, 2

SELECT u.user_id, o.order_id, o.total, o.ordered_at, o.discount FROM users u LEFT JOIN LATERAL (SELECT * FROM orders o WHERE o.user_id = u.user_id ORDER BY ordered_at DESC, order_id LIMIT 1) o ON true ORDER BY 1, 2

SELECT u.user_id, s.n, s.total, s.avg FROM users u LEFT JOIN LATERAL (SELECT count(*) AS n, sum(total) AS total, avg(total) FROM orders o WHERE o.user_id = u.user_id) s ON true ORDER BY 1

SELECT u.user_id, s.n FROM users u LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.user_id = u.user_id) s ON s.n > 2 ORDER BY 1

SELECT o.order_id, a.gross, b.net, c.pct FROM orders o, LATERAL (SELECT total * 1.2 AS gross) a, LATERAL (SELECT a.gross - o.discount AS net) b, LATERAL (SELECT round(b.net / nullif(a.gross, 0), 3) AS pct) c ORDER BY 1 LIMIT 20

SELECT p.product_id, v.k, v.val FROM products p CROSS JOIN LATERAL (VALUES ('price', p.price), ('weight', p.weight_kg)) AS v(k, val) ORDER BY 1, 2

SELECT n.id, v.f, v.r FROM nums n CROSS JOIN LATERAL (SELECT n.f * 0.1::float8 AS f, n.r AS r UNION ALL SELECT n.f, n.r) v ORDER BY 1, 2, 3

SELECT d.name, e.name, e.n FROM departments d LEFT JOIN LATERAL (SELECT e.name, row_number() OVER (ORDER BY salary DESC, id) AS n FROM employees e WHERE e.department_id = d.id) e ON e.n <= 2 ORDER BY 1, 3

SELECT d.name, x.c FROM departments d, users u LEFT JOIN LATERAL (SELECT count(*) AS c FROM orders o WHERE o.user_id = u.user_id) x ON true WHERE u.user_id < 4 ORDER BY 1, 2

SELECT * FROM users u RIGHT JOIN LATERAL (SELECT u.user_id AS q) x ON true


SELECT m.id, x.* FROM moments m CROSS JOIN LATERAL (SELECT m.tz AS a, m.ts AS b, m.d AS c, m.tm AS d) x ORDER BY 1

SELECT m.id, x.* FROM moments m LEFT JOIN LATERAL (SELECT m.tz AS a, m.ts AS b, m.d AS c, m.tm AS d WHERE m.id > 2) x ON true ORDER BY 1

SELECT m.id, x.* FROM docs m LEFT JOIN LATERAL (SELECT m.j AS a, m.tags AS b, m.nums WHERE m.id <> 2) x ON true ORDER BY 1

SELECT u.user_id, x.* FROM users u, LATERAL (SELECT u.user_id + 1 AS next, u.score) x WHERE x.next > 10 ORDER BY x.next

SELECT u.user_id, x.device_type, x.n FROM users u JOIN LATERAL (SELECT device_type, count(*) AS n FROM user_events e WHERE e.user_id = u.user_id GROUP BY device_type HAVING count(*) > 1) x ON true ORDER BY 1, 2

SELECT u.user_id, (SELECT max(x.total) FROM orders o CROSS JOIN LATERAL (SELECT o.total + u.user_id AS total) x WHERE o.user_id = u.user_id) FROM users u ORDER BY 1

SELECT a.order_id, l.n FROM orders a JOIN LATERAL (WITH w AS (SELECT * FROM order_items i WHERE i.order_id = a.order_id) SELECT count(*) AS n FROM w) l ON l.n > 1 ORDER BY 1

SELECT a.order_id, l.k FROM orders a JOIN LATERAL (SELECT DISTINCT i.product_id AS k FROM order_items i WHERE i.order_id = a.order_id UNION SELECT 1) l ON true ORDER BY 1, 2

SELECT * FROM (SELECT 1 AS a) x, LATERAL (SELECT x.a + y.b AS c FROM (VALUES (1), (2)) y(b)) z ORDER BY c

SELECT * FROM (SELECT 1 AS a) x, (SELECT x.a AS c) z

SELECT count(*) FROM users, orders o LEFT JOIN order_items i USING (order_id), departments d LEFT JOIN employees e ON e.department_id = d.id WHERE users.user_id = o.user_id

SELECT u.user_id, f.event_type, f.event_timestamp, l.event_type FROM users u JOIN LATERAL (SELECT event_type, event_timestamp FROM user_events e WHERE e.user_id = u.user_id ORDER BY event_timestamp, event_id LIMIT 1) f ON true JOIN LATERAL (SELECT event_type FROM user_events e WHERE e.user_id = u.user_id AND e.event_timestamp > f.event_timestamp ORDER BY event_timestamp, event_id LIMIT 1) l ON true ORDER BY 1
