SELECT row_to_json(o)::text FROM orders o ORDER BY order_id LIMIT 5

SELECT to_jsonb(u)::text, to_json(u.*) FROM users u ORDER BY user_id LIMIT 5

SELECT u.user_id, json_agg(o ORDER BY o.order_id)::text FROM users u JOIN orders o USING (user_id) GROUP BY u.user_id ORDER BY 1

SELECT u.user_id, coalesce(jsonb_agg(o ORDER BY o.order_id) FILTER (WHERE o.order_id IS NOT NULL), '[]')::text FROM users u LEFT JOIN orders o USING (user_id) GROUP BY u.user_id ORDER BY 1

SELECT u.user_id, json_agg(o ORDER BY o.order_id) FROM users u LEFT JOIN orders o USING (user_id) WHERE u.user_id < 10 GROUP BY u.user_id ORDER BY 1

SELECT row_to_json(q)::text FROM (SELECT d.id, d.name, (SELECT json_agg(e ORDER BY e.id) FROM employees e WHERE e.department_id = d.id) AS staff FROM departments d) q ORDER BY q.id

SELECT json_build_object('order', o, 'pair', row(1, 'x', NULL))::text FROM orders o ORDER BY o.order_id LIMIT 3

SELECT (to_jsonb(p) - 'product_id') ->> 'name', (to_jsonb(p) ->> 'product_id')::int FROM products p ORDER BY 2

WITH top AS (SELECT user_id, sum(total) AS spent FROM orders GROUP BY user_id ORDER BY spent DESC, user_id LIMIT 3) SELECT jsonb_agg(top ORDER BY spent DESC, user_id)::text FROM top

SELECT key, value FROM orders o, jsonb_each_text(to_jsonb(o)) WHERE o.order_id = 1 ORDER BY 1

SELECT row_to_json(v)::text FROM (VALUES (1, 'a', DATE '2024-02-29'), (2, NULL, NULL)) v(x, y, z) ORDER BY v.x

SELECT md5(row_to_json(o)::text) FROM orders o ORDER BY order_id LIMIT 5

SELECT json_agg(x)::text FROM (VALUES (ARRAY[1, 2]), (NULL), (ARRAY[3])) v(x)
