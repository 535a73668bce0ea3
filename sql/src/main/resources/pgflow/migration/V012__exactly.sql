-- What handlers tell of their work before it ends, for whoever watches. It is no part of the audit and is kept for a while only
-- (prune_progress). The tables are unlogged: a crash of the server, or a failover, empties them, and nothing else depends on them.
--
-- Positions grow, within a run, in the order of commits (report_progress): a reader that remembers the last one misses nothing.
create sequence pgflow.progress_position;

-- The newest report of each task.
create unlogged table pgflow.task_progress (
    run_id    uuid not null,
    position  bigint not null,
    at        timestamptz not null,
    item      int not null,
    fence     int not null,
    step      smallint not null,
    attempt   smallint not null,
    fraction  double precision not null,
    message   text not null,
    detail    jsonb,

    primary key (run_id, step, item),
    constraint fraction_is_from_0_to_1 check (fraction between 0 and 1)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Parts of an output, in the order in which the handler gave them.
create unlogged table pgflow.task_chunks (
    run_id    uuid not null,
    position  bigint not null,
    at        timestamptz not null,
    item      int not null,
    fence     int not null,
    step      smallint not null,
    attempt   smallint not null,
    chunk     jsonb not null,

    primary key (run_id, position)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

create index task_chunks_by_age on pgflow.task_chunks (at);

-- Outputs that are kept under a key, to complete tasks without running them again. They come from tasks that succeeded, of any run; `cache` is
-- a name that steps share, or `<workflow>.<step>`.
create table pgflow.cached_outputs (
    cache       text not null,
    key_hash    bytea not null,
    key         jsonb not null,
    output      jsonb not null,
    run_id      uuid not null,
    cached_at   timestamptz not null,
    expires_at  timestamptz not null,

    primary key (cache, key_hash)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

create index cached_outputs_by_expiry on pgflow.cached_outputs (expires_at);
