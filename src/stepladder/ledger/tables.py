"""The ledger's tables, as numbered steps in PostgreSQL's SQL: append a step, never change one.

`stepladder.model` says what made each table; `stepladder.run` who ran when; `stepladder.interval` holds one row
for each piece of work, written in the transaction that writes its rows. `version` rises only when rows changed,
and `upstream_version` is the sum of the versions that were read: an interval is stale when that sum has moved.
`stepladder.input` holds what each of its sources held when it was read (`stepladder.db.prints`): it is stale, too, when
that has moved. `closed` says whether the interval was over then. `stepladder.attempt` is the history, for people: the
last tries of an interval. `model.accepted` lists the hashes of earlier code whose rows are to stay.
"""

PART = "ledger"
STEPS = (
    """
    CREATE TABLE stepladder.model (
        name       text NOT NULL PRIMARY KEY,
        kind       text NOT NULL,
        every      text,
        zone       text NOT NULL,
        code_hash  text NOT NULL,
        hash_rule  integer NOT NULL,
        code_text  text NOT NULL,
        changed_at timestamptz NOT NULL
    );
    CREATE TABLE stepladder.run (
        run_id          text NOT NULL PRIMARY KEY,
        verb            text NOT NULL,
        now_at          timestamptz NOT NULL,
        started_at      timestamptz NOT NULL,
        beat_at         timestamptz NOT NULL,
        ended_at        timestamptz,
        state           text NOT NULL,
        host            text NOT NULL,
        pid             integer NOT NULL,
        process_started text NOT NULL,
        error           text
    );
    CREATE TABLE stepladder.interval (
        model            text NOT NULL,
        start_at         timestamptz NOT NULL,
        end_at           timestamptz NOT NULL,
        state            text NOT NULL,
        attempt          integer NOT NULL,
        run_id           text,
        code_hash        text,
        version          bigint NOT NULL,
        upstream_version bigint NOT NULL,
        rows             bigint,
        wrote            bigint,
        removed          bigint,
        seconds          double precision,
        started_at       timestamptz,
        done_at          timestamptz,
        error            text,
        PRIMARY KEY (model, start_at)
    )
    """,
    """
    ALTER TABLE stepladder.model ADD COLUMN accepted text NOT NULL DEFAULT '';
    ALTER TABLE stepladder.interval ADD COLUMN closed boolean NOT NULL DEFAULT true;
    ALTER TABLE stepladder.interval ADD COLUMN error_code text;
    CREATE TABLE stepladder.input (
        model    text NOT NULL,
        start_at timestamptz NOT NULL,
        source   text NOT NULL,
        rows     bigint NOT NULL,
        mark     bigint NOT NULL,
        PRIMARY KEY (model, start_at, source)
    );
    CREATE TABLE stepladder.attempt (
        model    text NOT NULL,
        start_at timestamptz NOT NULL,
        attempt  integer NOT NULL,
        run_id   text NOT NULL,
        state    text NOT NULL,
        rows     bigint,
        wrote    bigint,
        removed  bigint,
        seconds  double precision,
        error    text,
        ended_at timestamptz NOT NULL,
        PRIMARY KEY (model, start_at, attempt)
    )
    """,
)
