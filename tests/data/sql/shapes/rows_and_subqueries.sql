SELECT (1,2) = (1,2), (1,2) <> (1,3), (1,2) < (1,3), (1,NULL) < (2,3), (1,NULL) = (1,2), (1,NULL) = (2,2), (1,2) >= (1,2), ROW(1,'a') > ROW(1,'b'), (2,NULL) > (1,3)

SELECT (1,2) = (1,2,3)

SELECT (1,2) = (1,'x')

SELECT user_id, order_id FROM orders WHERE (user_id, order_id) > (5, 10) ORDER BY 1, 2 LIMIT 5

SELECT order_id FROM orders WHERE (user_id, status) IN ((1,'paid'),(2,'new'),(NULL,'x')) ORDER BY 1

SELECT order_id FROM orders WHERE (user_id, status) NOT IN ((1,'paid'),(2,'new')) ORDER BY 1

SELECT order_id FROM orders WHERE (user_id, status) IN (SELECT user_id, status FROM orders GROUP BY 1, 2 HAVING count(*) > 1) ORDER BY 1

SELECT order_id, (user_id, status) NOT IN (SELECT user_id, 'paid' FROM orders) FROM orders ORDER BY 1

SELECT order_id FROM orders WHERE (user_id, status) IN (VALUES (1, 'paid'), (2, 'new')) ORDER BY 1

SELECT (1, 1.0) IN (SELECT 1, 1.00), (1::bigint, 2.5) IN (SELECT 1::smallint, 2.50), (1, 2) IN (SELECT 1.0, 2::float8)

SELECT (1,2) = (SELECT 1, 2), (1,2) < (SELECT 1, 3), (1, NULL) = (SELECT 1, 2), (1,2) = (SELECT 1,2 WHERE false)

SELECT (1,2) = (SELECT user_id, 1 FROM users)

SELECT (1,2) = (SELECT 1)

SELECT ROW(1,NULL) IS NULL, ROW(NULL,NULL) IS NULL, ROW(1,NULL) IS NOT NULL, ROW(1,2) IS NOT NULL, NOT (ROW(1,NULL) IS NULL)

SELECT user_id FROM users u WHERE (country, birthday) IS NULL ORDER BY 1

SELECT (1,NULL) IS DISTINCT FROM (1,NULL), (1,2) IS DISTINCT FROM (1,3), (1,NULL) IS NOT DISTINCT FROM (1,NULL)

SELECT count(DISTINCT (user_id, status)), count(DISTINCT user_id), count((user_id, status)), count(DISTINCT (total, discount)) FROM orders

SELECT count(DISTINCT (f, r)), count(DISTINCT (n, n2)), count(DISTINCT (i, b)) FROM nums

SELECT count(u.*), count(u), count(o.*), count(*) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id

SELECT u.user_id, count(o) FROM users u LEFT JOIN orders o ON o.user_id = u.user_id GROUP BY u.user_id ORDER BY 1

SELECT u.user_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id WHERE o IS NULL ORDER BY 1

SELECT u.user_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id WHERE o.* IS NOT NULL ORDER BY 1

SELECT u.user_id FROM users u FULL JOIN orders o ON o.user_id = u.user_id WHERE u IS NULL ORDER BY 1

SELECT count(*) FROM orders a JOIN orders b USING (order_id) WHERE a = b

SELECT count(*) FROM orders a JOIN orders b USING (order_id) WHERE a.* IS DISTINCT FROM b.*

SELECT ROW(o.*) = ROW(p.*) FROM orders o JOIN orders p USING (order_id) ORDER BY order_id LIMIT 3

SELECT 5 > ALL (SELECT user_id FROM users WHERE user_id < 5), 5 < ANY (SELECT user_id FROM users), 5 = SOME (SELECT user_id FROM users), 5 <> ALL (SELECT user_id FROM users)

SELECT 5 > ALL (SELECT 1 WHERE false), 5 > ANY (SELECT 1 WHERE false), 5 > ALL (SELECT NULL::int), 5 > ANY (SELECT NULL::int), NULL > ALL (SELECT 1 WHERE false), NULL::int > ANY (SELECT 1)

SELECT 5 > ALL (VALUES (1), (NULL)), 5 > ALL (VALUES (7), (NULL)), 5 > ANY (VALUES (1), (NULL)), 5 > ANY (VALUES (7), (NULL))

SELECT order_id FROM orders o WHERE total >= ALL (SELECT total FROM orders p WHERE p.user_id = o.user_id) ORDER BY 1

SELECT order_id FROM orders o WHERE total <> ALL (SELECT total FROM orders p WHERE p.order_id <> o.order_id) ORDER BY 1

SELECT status FROM orders GROUP BY status HAVING sum(total) >= ALL (SELECT sum(total) FROM orders GROUP BY status)

SELECT sku FROM products WHERE name LIKE ANY (SELECT '%a%' UNION SELECT '%o%') ORDER BY 1

SELECT sku FROM products WHERE name !~~ ALL (SELECT '%a%' UNION SELECT '%o%') ORDER BY 1

SELECT (1,2) < ANY (SELECT 1, 3), (1,2) < ALL (SELECT 1,3 UNION SELECT 0, 1), (1,2) = ANY (SELECT 1,2), (1,2) <> ALL (SELECT 1,3)

SELECT order_id FROM orders WHERE user_id NOT IN (SELECT referrer FROM users) ORDER BY 1

SELECT order_id FROM orders WHERE user_id NOT IN (SELECT referrer FROM users WHERE referrer IS NOT NULL) ORDER BY 1

SELECT date '2024-01-01' IN (SELECT timestamp '2024-01-01'), timestamptz '2024-01-01' IN (SELECT date '2024-01-01'), 1 IN (SELECT 1.0), 1.5 IN (SELECT 1.5::float8), 1::bigint IN (SELECT 1::smallint)

SELECT date '2024-01-01' IS DISTINCT FROM timestamp '2024-01-01', date '2024-01-01' IS NOT DISTINCT FROM timestamptz '2024-01-02', 1 IS DISTINCT FROM 1.0, NULL::date IS DISTINCT FROM NULL::timestamp, NULL::date IS NOT DISTINCT FROM timestamp '2024-01-01'

SELECT 'a' IN (SELECT status FROM orders), 'paid' IN (SELECT status FROM orders), 3 IN (SELECT status FROM orders)

SELECT 3 > ANY (SELECT status FROM orders)

SELECT 3 + ANY (SELECT 1)

SELECT (SELECT user_id FROM users WHERE user_id < 3)

SELECT (1,2) BETWEEN (1,1) AND (1,3), (1,4) NOT BETWEEN (1,1) AND (1,3)

SELECT (1,2) ~~ (3,4)

SELECT user_id FROM users WHERE (SELECT count(*) FROM orders o WHERE o.user_id = users.user_id) > ALL (SELECT 2) ORDER BY 1

SELECT u.user_id, CASE WHEN EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.user_id) THEN (SELECT max(total) FROM orders o WHERE o.user_id = u.user_id) ELSE -1 END FROM users u ORDER BY (SELECT count(*) FROM orders o WHERE o.user_id = u.user_id) DESC, 1

SELECT u.user_id, o.order_id FROM users u LEFT JOIN orders o ON o.user_id = u.user_id AND o.total = (SELECT max(total) FROM orders p WHERE p.user_id = u.user_id) ORDER BY 1, 2

SELECT (SELECT name FROM departments d WHERE d.id = e.department_id), count(*) FROM employees e GROUP BY (SELECT name FROM departments d WHERE d.id = e.department_id) ORDER BY 1

SELECT (SELECT name FROM departments d WHERE d.id = e.department_id) AS dep, count(*) FROM employees e GROUP BY dep HAVING (SELECT count(*) FROM users) > 1 ORDER BY 1
