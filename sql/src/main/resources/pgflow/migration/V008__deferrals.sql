-- What a task was handed to the outside with: a row for each token that an attempt asked for. Only the token's hash is
-- kept: who can read the table cannot answer. Rows stay until their run is deleted, so that an answer that is repeated
-- or comes too late can be told from one that was made up.

create table pgflow.deferrals (
    run_id       uuid not null,
    deferred_at  timestamptz,
    heard_at     timestamptz not null,
    item         int not null,
    fence        int not null,
    step         smallint not null,
    within       interval not null,
    silence      interval,
    token_hash   bytea not null,
    progress     jsonb,

    primary key (run_id, step, item, fence),
    constraint within_is_positive check (within > interval '0'),
    constraint silence_is_positive check (silence > interval '0')
) with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

comment on column pgflow.deferrals.deferred_at is 'when the handler had returned; null while it runs, and when it failed';
comment on column pgflow.deferrals.heard_at is 'when the outside last said that it is at it; when it was deferred, at first';
comment on column pgflow.deferrals.within is 'how long after it was deferred an answer must have come';
comment on column pgflow.deferrals.silence is 'how long the outside may say nothing; null for as long as it likes';

-- Which runs were started by a step of another run, and by which attempt of which task of it. Apart from the runs, so that those
-- without a parent are as narrow as before.
create table pgflow.sub_runs (
    child_run_id  uuid primary key,
    run_id        uuid not null,
    item          int not null,
    fence         int not null,
    step          smallint not null,
    depth         smallint not null,

    unique (run_id, step, item, fence),
    constraint depth_is_from_1_to_50 check (depth between 1 and 50)
);

comment on column pgflow.sub_runs.depth is 'how many runs are above it';

-- What settle_steps has to do about them. How a run ended, for the task that waits for it; that a task waits for a run that
-- could not be started; or that nobody waits any more for a run that goes on.
create table pgflow.unsettled_sub_runs (
    run_id        uuid not null,
    child_run_id  uuid,
    item          int not null,
    fence         int not null,
    step          smallint not null,
    report        text not null,
    actor         text,
    reason        text,
    error         jsonb,

    constraint report_is_known check (report in ('succeeded', 'failed', 'cancelled', 'unknown', 'refused', 'abandoned')),
    constraint only_runs_that_are_not_there_have_an_error check ((error is null) = (child_run_id is not null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

comment on column pgflow.unsettled_sub_runs.run_id is 'of the task that waits';
