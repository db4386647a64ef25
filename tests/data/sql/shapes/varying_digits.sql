SELECT 1 UNION SELECT 2.5 UNION SELECT NULL ORDER BY 1

SELECT DISTINCT total / 3 AS x FROM orders ORDER BY x

SELECT total / quantity AS x, count(*) FROM orders JOIN order_items USING (order_id) GROUP BY x ORDER BY x DESC LIMIT 10

SELECT DISTINCT avg(total) FROM orders GROUP BY status ORDER BY 1

SELECT avg(total) AS a FROM orders UNION SELECT avg(total) FROM orders WHERE user_id < 5 ORDER BY a

SELECT n, count(*), sum(n) FROM nums GROUP BY n ORDER BY n

SELECT n * 2 AS d, rank() OVER (ORDER BY n * 2) FROM nums GROUP BY n HAVING n > 0 ORDER BY d

SELECT n, grouping(n), count(*) FROM nums GROUP BY ROLLUP (n) ORDER BY 1, 2

SELECT DISTINCT n, i FROM nums ORDER BY n, i LIMIT 3

SELECT DISTINCT n FROM nums ORDER BY n FETCH FIRST 2 ROWS WITH TIES

SELECT s.x FROM (SELECT DISTINCT n AS x FROM nums) s WHERE s.x IN (SELECT n FROM nums UNION SELECT 5.5) ORDER BY 1

WITH w AS (SELECT n FROM nums UNION SELECT n FROM nums) SELECT count(*), max(n) FROM w

SELECT DISTINCT total / 7, (SELECT count(*) FROM users) FROM orders ORDER BY 1 LIMIT 3
