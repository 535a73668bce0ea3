-- What happened: the audit, never changed. Each entry is a transition of a task or a run, and the view pgflow.events
-- (R__80) shows each transition as an event.
--
-- Most runs begin with the first task that is scheduled and end with the last one that succeeds, in one transaction
-- and at one time. The entry of that task then says so (`run_transition`) in place of an entry of the run's own: for
-- a run of one step, three rows instead of five.
--
-- `entry` grows along cause and effect, not along commits: a reader keeps the gaps it saw and looks into
-- them again until the transactions of that time have ended (event_page).

create table pgflow.audit (
    entry           bigint generated always as identity primary key,
    run_id          uuid not null,
    at              timestamptz not null,
    output_hash     bigint,
    worker_id       int,
    item            int not null,
    seq             int not null,
    fence           int not null,
    step            smallint not null,
    transition      smallint not null,
    generation      smallint not null,
    attempt         smallint not null,
    run_seq         int,
    run_transition  smallint,
    actor           text,
    detail          jsonb,

    constraint only_what_happened_to_the_run_has_its_number check (run_seq is null or run_transition is not null)
) with (autovacuum_vacuum_insert_scale_factor = 0.1);

create index audit_by_run on pgflow.audit (run_id);

comment on column pgflow.audit.step is '0 for an entry of the run itself';
comment on column pgflow.audit.seq is 'numbers the events of one task, or of the run itself, from 1 without a gap';
comment on column pgflow.audit.run_transition is 'what happened to the run at the same time: its start (102), before the transition of the task, or its end (104), after it';
comment on column pgflow.audit.run_seq is 'seq, for the event of the run; a start is 1';
comment on column pgflow.audit.actor is 'the person or program that asked; null when a worker or the engine itself did it';
comment on column pgflow.audit.detail is 'the error, or the reason that the actor gave';

-- Reports that came too late: an answer to the worker, or to the holder of a token, that sent them, and a trace, but never a change.
create table pgflow.stale_reports (
    run_id     uuid not null,
    step       smallint not null,
    item       int not null,
    fence      int not null,
    worker_id  int,
    report     text not null,
    at         timestamptz not null
);
