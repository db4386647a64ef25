/* stepladder
description = "Visits: by session_id where there is one, else cut after more than 30 minutes without an event"
time   = "session_start"
every  = "day"
key    = ["user_id", "session_id", "session_start"]
checks = ["session_end >= session_start", "unique_pages <= total_events"]
*/
-- Reads one day of the project's zone: a visit that crosses midnight is one visit on each day, so a day is final.
WITH events AS (
    SELECT user_id, session_id, event_timestamp, page_url, device_type,
           CASE WHEN event_timestamp - lag(event_timestamp) OVER visits <= interval '30 minutes' THEN 0 ELSE 1 END AS begins
    FROM user_events
    WHERE event_timestamp >= :start AND event_timestamp < :end
    WINDOW visits AS (PARTITION BY user_id, session_id ORDER BY event_timestamp)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY user_id, session_id ORDER BY event_timestamp) AS number
    FROM events
), named AS (
    SELECT user_id, event_timestamp, page_url, device_type,
           coalesce(session_id, (:start AT TIME ZONE :zone)::date::text || '#' || number::text) AS session_id
    FROM numbered
)
SELECT user_id,
       session_id,
       min(event_timestamp)         AS session_start,
       max(event_timestamp)         AS session_end,
       count(*)                     AS total_events,
       count(DISTINCT page_url)     AS unique_pages,
       min(device_type COLLATE "C") AS device_type
FROM named
GROUP BY user_id, session_id
