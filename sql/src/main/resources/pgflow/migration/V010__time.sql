-- Time: when a run, or a step of a run, must have ended, and which runs are started again and again.

-- A deadline's row is written when the run starts or the step is scheduled, and taken away when its time comes, whether or not it has ended by then: the
-- hot path does not look here. Only what has a deadline has a row.

create table pgflow.deadlines (
    run_id  uuid not null,
    step    smallint not null,
    due_at  timestamptz not null,

    primary key (run_id, step)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index deadlines_by_due on pgflow.deadlines (due_at);

comment on column pgflow.deadlines.step is '0 for the run itself';

-- What starts runs by itself. A tick is a moment at which a schedule starts a run. SQL says which schedules are due, a process computes
-- the ticks since `decided_until` and the next one (docs/decisions/0026), and SQL takes that only if nobody else decided meanwhile.
create table pgflow.schedules (
    schedule_id     bigint generated always as identity primary key,
    name            text not null unique,
    workflow        text not null,
    input           jsonb,
    cron            text,
    time_zone       text,
    every           interval,
    first_at        timestamptz,
    catch_up        text not null default 'once',
    catch_up_limit  int not null default 1,
    overlap         text not null default 'allow',
    priority        smallint not null default 2,
    deadline        interval,
    labels          jsonb,
    paused          boolean not null default false,
    decided_until   timestamptz not null,
    next_at         timestamptz,
    last_at         timestamptz,
    last_run_id     uuid,
    created_at      timestamptz not null,

    constraint schedule_name_is_plain check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint a_schedule_has_a_cron_with_a_zone_or_a_period check (
        (cron is not null and time_zone is not null and every is null and first_at is null)
        or (cron is null and time_zone is null and every is not null and first_at is not null)),
    constraint cron_is_short check (length(cron) <= 200),
    constraint every_is_whole_seconds check (every >= interval '1 second' and every = date_trunc('second', every)),
    constraint catch_up_is_known check (catch_up in ('skip', 'once', 'all')),
    constraint catch_up_limit_is_from_1_to_1000 check (catch_up_limit between 1 and 1000),
    constraint overlap_is_known check (overlap in ('allow', 'skip')),
    constraint schedule_priority_is_known check (priority between 1 and 3),
    constraint labels_of_a_schedule_are_an_object check (jsonb_typeof(labels) = 'object'),
    constraint schedule_deadline_is_in_range check (deadline > interval '0' and deadline <= interval '365 days'),
    constraint paused_schedules_wait_for_nothing check (not paused or next_at is null)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

create index schedules_by_next on pgflow.schedules (next_at);

comment on column pgflow.schedules.input is 'of each run; null: the tick, {"schedule": its name, "at": when}';
comment on column pgflow.schedules.first_at is 'with every: the first tick, which the others follow';
comment on column pgflow.schedules.decided_until is 'what became of the ticks up to then, this moment included, is decided';
comment on column pgflow.schedules.next_at is 'when it is to be looked at again: the next tick, or at once; null while it is paused, or for ever';
comment on column pgflow.schedules.last_at is 'the newest tick that started a run';

-- What people did with schedules, and which ticks started no run. Stays when a schedule is deleted; of entries that nobody asked for
-- the newest 1,000 of a schedule.
create table pgflow.schedule_history (
    entry    bigint generated always as identity primary key,
    name     text not null,
    at       timestamptz not null,
    event    text not null,
    tick_at  timestamptz,
    run_id   uuid,
    actor    text,
    detail   jsonb,

    constraint event_is_known check (event in (
        'defined', 'changed', 'paused', 'resumed', 'triggered', 'backfilled', 'deleted', 'skipped', 'missed', 'refused'))
);

create index schedule_history_by_name on pgflow.schedule_history (name, entry);
