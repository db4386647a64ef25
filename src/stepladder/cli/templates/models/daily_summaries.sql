/* stepladder
description = "One row a day, for everybody: `stepladder report` draws it"
time   = "date"
every  = "day"
key    = ["date"]
checks = ["total_users >= 1", "total_sessions >= total_users", "not_null(avg_session_duration)"]
*/
SELECT (session_start AT TIME ZONE :zone)::date                AS date,
       count(DISTINCT user_id)                                 AS total_users,
       count(*)                                                AS total_sessions,
       round(avg(session_duration_minutes), 2)::numeric(10, 2) AS avg_session_duration,
       round(avg(unique_pages), 2)::numeric(10, 2)             AS avg_pages_per_session
FROM daily_user_metrics
WHERE session_start >= :start AND session_start < :end
GROUP BY 1
