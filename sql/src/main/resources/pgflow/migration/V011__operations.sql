-- What operations on runs leave behind, beside the audit.

-- Tasks as they were when they began anew: what they had given, or why they had failed. Rows of map items that a rerun dropped are
-- kept here too, and go on from here (fence, number of events) when the map opens again.
create table pgflow.past_generations (
    run_id      uuid not null,
    item        int not null,
    fence       int not null,
    events      int not null,
    step        smallint not null,
    generation  smallint not null,
    attempts    smallint not null,
    state       text not null,
    input       jsonb,
    output      jsonb,
    error       jsonb,

    primary key (run_id, step, item, generation)
);

comment on column pgflow.past_generations.input is 'the element of the array, for an item of a map';

-- Runs that were started instead of another one, with its input or another.
create table pgflow.run_origins (
    run_id     uuid primary key,
    origin_id  uuid not null,
    at         timestamptz not null,
    actor      text,
    reason     text
);

create index run_origins_by_origin on pgflow.run_origins (origin_id);

-- Versions that runs were of before they moved to another one: up to this entry of their audit, numbers of steps mean those
-- of that version.
create table pgflow.run_moves (
    run_id       uuid not null,
    last_entry   bigint not null,
    workflow_id  bigint not null,

    primary key (run_id, last_entry)
);

-- How far all processes together are with removing old runs: the last run that was looked at, none before the first; and when to go on.
create table pgflow.retention (
    only_one     boolean primary key default true,
    last_run_id  uuid,
    next_at      timestamptz not null,

    constraint there_is_one_row check (only_one)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);

insert into pgflow.retention (next_at)
values ('-infinity');

-- Keys go with their run.
create index idempotency_keys_by_run on pgflow.idempotency_keys (run_id);
