WITH RECURSIVE t(n, path) AS (SELECT id, name::text FROM departments WHERE parent_id IS NULL UNION ALL SELECT d.id, path || ' > ' || d.name FROM departments d INNER JOIN t ON t.n = d.parent_id) SELECT repeat('  ', length(path) - length(replace(path, '>', ''))) || path AS shown FROM t ORDER BY path

WITH RECURSIVE managers AS (SELECT id, name, manager_id, 0 AS level, salary FROM employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.name, e.manager_id, m.level + 1, e.salary FROM employees e JOIN managers m ON e.manager_id = m.id) SELECT level, count(*), avg(salary)::numeric(10,2), max(name) FROM managers GROUP BY level ORDER BY level

WITH RECURSIVE calendar AS (SELECT DATE '2024-01-01' AS d UNION ALL SELECT (d + INTERVAL '1 day')::date FROM calendar WHERE d < DATE '2024-01-31') SELECT c.d, coalesce(sum(o.total), 0) AS revenue, sum(coalesce(sum(o.total), 0)) OVER (ORDER BY c.d) AS running FROM calendar c LEFT JOIN orders o ON o.ordered_at::date = c.d GROUP BY c.d ORDER BY c.d

WITH RECURSIVE subordinates AS (SELECT id FROM employees WHERE id = 1 UNION SELECT e.id FROM employees e, subordinates s WHERE e.manager_id = s.id) SELECT e.name FROM employees e WHERE e.id IN (SELECT id FROM subordinates) ORDER BY 1

WITH RECURSIVE t(a, b) AS (SELECT 48, 36 UNION ALL SELECT b, a % b FROM t WHERE b > 0) SELECT a FROM t WHERE b = 0

WITH RECURSIVE words(w, rest) AS (SELECT split_part('a,b,c', ',', 1), 'b,c' UNION ALL SELECT split_part(rest, ',', 1), CASE WHEN strpos(rest, ',') > 0 THEN substr(rest, strpos(rest, ',') + 1) ELSE '' END FROM words WHERE rest <> '') SELECT w FROM words

WITH RECURSIVE c AS (SELECT 1 AS i, 100.00::numeric(12,2) AS balance UNION ALL SELECT i + 1, (balance * 1.05)::numeric(12,2) FROM c WHERE i < 12) SELECT * FROM c ORDER BY i

WITH RECURSIVE edges(src, dst) AS (VALUES (1,2),(2,3),(3,1),(3,4)), reach AS (SELECT src, dst FROM edges WHERE src = 1 UNION SELECT r.src, e.dst FROM reach r JOIN edges e ON e.src = r.dst) SELECT * FROM reach ORDER BY 2

SELECT u.user_id, latest.* FROM users u LEFT JOIN LATERAL (SELECT o.order_id, o.total, o.ordered_at FROM orders o WHERE o.user_id = u.user_id AND o.status IN ('paid', 'shipped') ORDER BY o.ordered_at DESC, o.order_id DESC LIMIT 1) latest ON TRUE WHERE u.is_premium ORDER BY u.user_id

SELECT u.country, t.status, t.n FROM (SELECT DISTINCT country FROM users) u, LATERAL (SELECT o.status, count(*) AS n FROM orders o JOIN users x ON x.user_id = o.user_id WHERE x.country IS NOT DISTINCT FROM u.country GROUP BY o.status ORDER BY count(*) DESC, o.status LIMIT 2) t ORDER BY 1, 3 DESC, 2

SELECT p.name, m.metric, m.value FROM products p CROSS JOIN LATERAL (VALUES ('price', p.price::text), ('weight', p.weight_kg::text), ('sku', p.sku)) m(metric, value) WHERE m.value IS NOT NULL ORDER BY p.product_id, m.metric

SELECT o.order_id, calc.net, calc.vat FROM orders o CROSS JOIN LATERAL (SELECT o.total * (1 - coalesce(o.discount, 0)) AS net) n CROSS JOIN LATERAL (SELECT round(n.net, 2) AS net, round(n.net * 0.19, 2) AS vat) calc ORDER BY calc.vat DESC NULLS LAST, 1 LIMIT 10

SELECT coalesce(to_char(date_trunc('month', ordered_at), 'YYYY-MM'), 'all') AS month, coalesce(status, 'all') AS status, count(*) AS n, sum(total) AS revenue, grouping(date_trunc('month', ordered_at), status) AS lvl FROM orders GROUP BY CUBE (date_trunc('month', ordered_at), status) ORDER BY lvl, month, status

SELECT u.country, o.status, sum(o.total) AS revenue, round(100.0 * sum(o.total) / sum(sum(o.total)) OVER (PARTITION BY grouping(u.country), grouping(o.status)), 2) AS pct FROM orders o JOIN users u USING (user_id) GROUP BY GROUPING SETS ((u.country, o.status), (u.country), ()) ORDER BY u.country NULLS LAST, o.status NULLS LAST

SELECT d.name, count(e.id) FILTER (WHERE e.is_active) AS active, count(e.*) AS all_rows FROM departments d LEFT JOIN employees e ON e.department_id = d.id GROUP BY d.name ORDER BY 1

SELECT user_id, total FROM orders o WHERE (user_id, ordered_at) IN (SELECT user_id, max(ordered_at) FROM orders GROUP BY user_id) ORDER BY 1, 2

SELECT user_id FROM users EXCEPT SELECT user_id FROM orders WHERE user_id IS NOT NULL ORDER BY user_id

(SELECT user_id, 'first' AS kind FROM orders ORDER BY ordered_at LIMIT 1) UNION ALL (SELECT user_id, 'last' FROM orders ORDER BY ordered_at DESC LIMIT 1) ORDER BY kind

SELECT e.name, e.salary FROM employees e WHERE e.salary > (SELECT avg(x.salary) FROM employees x WHERE x.department_id = e.department_id) ORDER BY 1

SELECT d.name FROM departments d WHERE NOT EXISTS (SELECT 1 FROM employees e WHERE e.department_id = d.id) ORDER BY 1

SELECT a.user_id, b.user_id FROM users a JOIN users b ON a.country = b.country AND a.user_id < b.user_id WHERE a.user_id < 6 ORDER BY 1, 2

SELECT v.* FROM (VALUES ('a', 1), ('b', NULL)) AS v(name, n) WHERE v.n IS NULL OR v.n > 0 ORDER BY 1

SELECT x.d, x.n FROM (SELECT date_trunc('day', event_timestamp)::date AS d, count(*) AS n FROM user_events GROUP BY 1) x WHERE x.n >= ALL (SELECT count(*) FROM user_events GROUP BY date_trunc('day', event_timestamp)) ORDER BY 1

SELECT u.user_id, (SELECT count(*) FROM (SELECT 1 FROM orders o WHERE o.user_id = u.user_id UNION ALL SELECT 2 FROM user_events e WHERE e.user_id = u.user_id) z) AS n FROM users u ORDER BY n DESC, 1 LIMIT 5

SELECT count(*) FROM (orders o JOIN users u ON u.user_id = o.user_id) LEFT JOIN (order_items i JOIN products p ON p.product_id = i.product_id) ON i.order_id = o.order_id

SELECT o.status, u.is_premium, count(*) FROM orders o NATURAL JOIN users u GROUP BY 1, 2 HAVING count(*) > (SELECT 1) ORDER BY 1, 2

SELECT sum(x) FROM (SELECT DISTINCT ON (user_id) total AS x FROM orders ORDER BY user_id, total DESC) s

WITH a AS (SELECT user_id, sum(total) AS t FROM orders GROUP BY user_id), b AS (SELECT * FROM a WHERE t > (SELECT avg(t) FROM a)) SELECT count(*), min(t), (SELECT count(*) FROM a) FROM b

SELECT u.user_id, r.rank FROM users u JOIN (SELECT user_id, rank() OVER (ORDER BY sum(total) DESC) FROM orders GROUP BY user_id) r USING (user_id) ORDER BY r.rank, 1 LIMIT 5

SELECT CASE WHEN GROUPING(status) = 0 THEN status ELSE 'TOTAL' END s, string_agg(DISTINCT note, ',') IS NULL, bool_or(total > 100) FROM orders GROUP BY ROLLUP(status) ORDER BY GROUPING(status), 1

SELECT DISTINCT ON (u.country) u.country, u.user_id, sum(o.total) FROM users u JOIN orders o USING (user_id) GROUP BY u.country, u.user_id ORDER BY u.country, sum(o.total) DESC, u.user_id

SELECT * FROM generate_series(1, 3) AS g(n) LEFT JOIN LATERAL (SELECT n * k AS p FROM generate_series(1, 2) AS h(k)) l ON true ORDER BY 1, 2

SELECT order_id, total, (SELECT min(t) FROM (VALUES (o.total), (50.00), (NULL)) AS v(t)) AS least FROM orders o ORDER BY 1 LIMIT 5

SELECT user_id FROM users u WHERE 3 <= (SELECT count(*) FROM orders o WHERE o.user_id = u.user_id AND o.total > (SELECT avg(total) FROM orders p WHERE p.user_id = u.user_id) - 50) ORDER BY 1

SELECT i, (SELECT CASE WHEN count(*) = 0 THEN 'none' ELSE string_agg(status, '|') END FROM (SELECT DISTINCT status FROM orders WHERE user_id = i ORDER BY 1) s) FROM generate_series(1, 3) i ORDER BY i
