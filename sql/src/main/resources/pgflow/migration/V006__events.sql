-- What happened: one row for each transition of a task or a run, never changed.
--
-- `event_id` grows along cause and effect, not along commits: a reader keeps the gaps it saw and looks
-- into them again until the transactions of that time have ended (event_page).

create table pgflow.events (
    event_id     bigint generated always as identity primary key,
    run_id       uuid not null,
    at           timestamptz not null,
    worker_id    bigint,
    output_hash  bigint,
    item         int not null,
    seq          int not null,
    fence        int not null,
    step         smallint not null,
    transition   smallint not null,
    generation   smallint not null,
    attempt      smallint not null,
    actor        text,
    detail       jsonb
) with (autovacuum_vacuum_insert_scale_factor = 0.1);

create index events_by_run on pgflow.events (run_id);

comment on column pgflow.events.step is '0 for an event of the run itself';
comment on column pgflow.events.seq is 'numbers the events of one task, or of the run itself, from 1 without a gap';
comment on column pgflow.events.actor is 'the person or program that asked; null when a worker or the engine itself did it';
comment on column pgflow.events.detail is 'the error, or the reason that the actor gave';

-- Reports that came too late: an answer to the worker that sent them, and a trace, but never a change.
create table pgflow.stale_reports (
    run_id     uuid not null,
    step       smallint not null,
    item       int not null,
    fence      int not null,
    worker_id  bigint not null,
    report     text not null,
    at         timestamptz not null
);
