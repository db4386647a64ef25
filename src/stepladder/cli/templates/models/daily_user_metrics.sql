/* stepladder
description = "One row a visit, with its length"
time   = "session_start"
every  = "day"
key    = ["user_id", "session_id", "session_start"]
checks = ["session_duration_minutes >= 0", "session_duration_minutes <= 1500"]
*/
SELECT user_id, session_id, session_start, session_end, total_events, unique_pages, device_type,
       round(extract(epoch FROM session_end - session_start) / 60, 2)::numeric(10, 2) AS session_duration_minutes
FROM sessions
WHERE session_start >= :start AND session_start < :end
