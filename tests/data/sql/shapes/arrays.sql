SELECT id, skills, skills[1], skills[2:3], skills[:2], skills[2:], array_length(skills, 1), cardinality(skills) FROM employees ORDER BY id

SELECT id FROM employees WHERE skills @> ARRAY['sql'] ORDER BY id

SELECT id FROM employees WHERE skills && ARRAY['sql', 'python'] ORDER BY id

SELECT id FROM employees WHERE ARRAY['sql'] <@ skills ORDER BY id

SELECT id FROM employees WHERE 'sql' = ANY(skills) OR skills IS NULL ORDER BY id

SELECT id FROM employees WHERE 'sql' <> ALL(skills) ORDER BY id

SELECT ARRAY(SELECT id FROM employees WHERE id < 4 ORDER BY id DESC) AS ids, ARRAY(SELECT id FROM employees WHERE id < 0) AS none

SELECT ARRAY[1, 2] || 3, 0 || ARRAY[1, 2], ARRAY[1] || ARRAY[2, 3], ARRAY[1, 2] || NULL::int[], array_append(NULL::int[], 1)

SELECT array_remove(ARRAY[1, 2, NULL, 2], 2), array_remove(ARRAY[1, NULL], NULL), array_replace(ARRAY['a', 'b', NULL], NULL, 'c')

SELECT array_position(ARRAY['a', 'b', 'a'], 'a'), array_position(ARRAY['a', 'b', 'a'], 'a', 2), array_positions(ARRAY[1, 2, 1], 1), array_position(ARRAY[1], 5)

SELECT array_to_string(ARRAY['a', NULL, 'c'], ','), array_to_string(ARRAY['a', NULL, 'c'], ',', '-'), array_to_string(ARRAY[1.50, 2], '|')

SELECT string_to_array('a,b,,c', ','), string_to_array('a,b,,c', ',', ''), string_to_array('abc', NULL), string_to_array('', ',')

SELECT '{1,2,3}'::int[] = ARRAY[1, 2, 3], ARRAY[1, 2] < ARRAY[1, 3], ARRAY[1] < ARRAY[1, NULL], ARRAY['b'] > ARRAY['a', 'z'], ARRAY[10] > ARRAY[9]

SELECT a FROM (VALUES (ARRAY[10, 1]), (ARRAY[9]), (ARRAY[9, NULL]), (NULL), ('{}')) v(a) ORDER BY a

SELECT a, count(*) FROM (VALUES (ARRAY['x', 'y']), (ARRAY['x', 'y']), (ARRAY['y'])) v(a) GROUP BY a ORDER BY a

SELECT DISTINCT a FROM (VALUES (ARRAY[1.5]), (ARRAY[2.5]), (ARRAY[1.5])) v(a) WHERE a = a ORDER BY a[1]

SELECT array_upper(ARRAY[5, 6], 1), array_lower(ARRAY[5, 6], 1), array_ndims(ARRAY[5]), array_dims(ARRAY[5, 6]), array_length('{}'::int[], 1)

SELECT trim_array(ARRAY[1, 2, 3], 2), array_fill(7, ARRAY[3]), array_fill(NULL::text, ARRAY[2])

SELECT trim_array(ARRAY[1, 2, 3], 5)

SELECT e.id, s.skill, s.n FROM employees e CROSS JOIN LATERAL unnest(e.skills) WITH ORDINALITY AS s(skill, n) ORDER BY e.id, s.n

SELECT id, unnest(skills) AS skill FROM employees WHERE id < 5 ORDER BY id, skill

SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS u(n, t)

SELECT generate_subscripts(ARRAY['a', 'b'], 1) AS place

SELECT (ARRAY['a', 'b'])[g] AS item FROM generate_series(1, 3) g

SELECT array_agg(id ORDER BY id DESC) FILTER (WHERE id < 4) AS ids, array_agg(DISTINCT department_id ORDER BY department_id) FROM employees

SELECT ARRAY[DATE '2024-01-31', NULL] AS days, ARRAY[1.50, 2] AS prices, ARRAY[true, NULL] AS flags, ARRAY[]::text[] AS none

SELECT id FROM employees WHERE id = ANY(ARRAY[3, 1, NULL]) ORDER BY id

SELECT ARRAY['a"b', 'c,d', '', 'NULL', NULL]::text AS t, '{"a\"b",NULL,"NULL"}'::text[] AS back

SELECT ARRAY[1, 'x']

SELECT array_length(skills, 1) AS n, count(*) FROM employees GROUP BY array_length(skills, 1) ORDER BY n

