-- What is running: runs, their tasks, and what a task can wait for.
--
-- The functions of this schema are the only writers. The tables have the fewest indexes that serve
-- them: no column that changes on the way of a task is indexed, so those updates stay within the page. Their columns
-- stand in the order of alignment, and repeat the numbers of workflows and workers as int: a row is a few bytes narrower.
-- Runs are the exception: most change once, at their end, often with all runs of a page in one transaction. Space kept free on
-- the page would not hold them, and would stay free for good. A task changes twice or more, and finds some.
-- They are first analyzed when they have a few hundred rows: a plan made for a table of one page reads all of it, and
-- would be kept while the table grows.

create table pgflow.runs (
    run_id           uuid primary key,
    created_at       timestamptz not null,
    started_at       timestamptz,
    ended_at         timestamptz,
    workflow_id      int not null,
    events           int not null,
    remaining_sinks  smallint not null,
    priority         smallint not null,
    generation       smallint not null default 1,
    state            text not null,
    input            jsonb not null,
    labels           jsonb,
    error            jsonb,

    constraint run_state_is_known check (state in ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    constraint ended_runs_have_an_end check ((state in ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (ended_at is not null)),
    constraint succeeded_runs_have_no_sinks_left check (state <> 'SUCCEEDED' or remaining_sinks = 0),
    constraint remaining_sinks_is_not_negative check (remaining_sinks >= 0)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_analyze_scale_factor = 0.1,
        autovacuum_analyze_threshold = 2000);

comment on column pgflow.runs.remaining_sinks is 'steps without dependents that have not ended; the run ends with the last';
comment on column pgflow.runs.events is 'how many events the run itself has; the number of the last one';
comment on column pgflow.runs.generation is 'how often it began; one that had ended begins anew when a person asks for what it has left';
comment on column pgflow.runs.priority is '1 high, 2 normal, 3 low';

create table pgflow.idempotency_keys (
    workflow_name    text not null,
    idempotency_key  text not null,
    run_id           uuid not null,

    primary key (workflow_name, idempotency_key)
);

create table pgflow.tasks (
    run_id       uuid not null,
    message_id   bigint,
    worker_id    int,
    workflow_id  int not null,
    item         int not null,
    fence        int not null default 0,
    remaining    int not null,
    events       int not null,
    step         smallint not null,
    priority     smallint not null,
    generation   smallint not null default 1,
    attempts     smallint not null default 0,
    losses       smallint not null default 0,
    releases     smallint not null default 0,
    state        text not null,
    deferred     text,
    input        jsonb,
    output       jsonb,
    error        jsonb,

    primary key (run_id, step, item),
    constraint task_state_is_known check (state in
        ('PENDING', 'SCHEDULED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'RETRYING', 'CANCELLED', 'SKIPPED')),
    constraint only_running_tasks_have_a_worker check (worker_id is null or state = 'RUNNING'),
    constraint running_tasks_have_a_worker_or_are_deferred check (
        state <> 'RUNNING' or (worker_id is null) = (deferred is not null)),
    constraint only_running_tasks_are_deferred check (deferred is null or state = 'RUNNING'),
    constraint remaining_is_not_negative check (remaining >= 0)
) with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_analyze_scale_factor = 0.1,
        autovacuum_analyze_threshold = 2000);

comment on column pgflow.tasks.item is '0 for the task of a plain step and for the map task; items of a map are numbered from 1';
comment on column pgflow.tasks.remaining is 'PENDING, or ended by a person when it was: parents that have not ended; a map task that runs: items that have not ended; another step task that is deferred: 1 until what it waits for has come';
comment on column pgflow.tasks.message_id is 'its message in the pgmq queue, while it is SCHEDULED';
comment on column pgflow.tasks.events is 'how many events the task has; the number of the last one';
comment on column pgflow.tasks.generation is 'how often it began; attempts, losses and releases count anew in each, events and fences go on';
comment on column pgflow.tasks.deferred is 'why it is RUNNING without a worker: items, sleep, signal or approval: what it waits for; condition, when it does not hold and the step is about to fail';
comment on column pgflow.tasks.input is 'the element of the array, for an item of a map';

-- What settle_steps has to do: items of a map that have ended, not yet counted off their map task; and, with nothing to
-- count, maps that are empty or could not open, steps that were skipped while they waited and whose last parent has ended,
-- and steps that wait for nothing but the decision on their condition. Rows instead of a counter: a counter would be one
-- row on which all workers of a wide map wait for each other. A step that waits for something from outside ends the same way:
-- whoever has it leaves a row with 1 ended and the output of the step, or one with the error.
create table pgflow.unsettled_steps (
    run_id  uuid not null,
    step    smallint not null,
    ended   int not null,
    error   jsonb,
    output  jsonb,
    actor   text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

comment on column pgflow.unsettled_steps.output is 'what a step gives that waited for something from outside';
comment on column pgflow.unsettled_steps.actor is 'the person or program that brought it';

create index unsettled_steps_by_step on pgflow.unsettled_steps (run_id, step);

-- Open maps of which only some items may be SCHEDULED or on their way at once: how many wait for their turn (PENDING), and
-- from which item on they are to be looked for.
create table pgflow.limited_maps (
    run_id     uuid not null,
    step       smallint not null,
    waiting    int not null,
    next_item  int not null,

    primary key (run_id, step)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What becomes due: a retry of a task, the end of a wait, or the start of a delayed run (step 0).
create table pgflow.timers (
    run_id  uuid not null,
    step    smallint not null,
    item    int not null,
    due_at  timestamptz not null,

    primary key (run_id, step, item)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index timers_by_due on pgflow.timers (due_at);

-- Tasks that a worker met and could not run, mostly since it lacks their handler: still SCHEDULED, without their
-- message, waiting for a worker that can.
create table pgflow.parked_tasks (
    run_id      uuid not null,
    step        smallint not null,
    item        int not null,
    queue       text not null,
    handler     text not null,
    message_id  bigint not null,
    parked_at   timestamptz not null,

    primary key (run_id, step, item)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index parked_tasks_by_handler on pgflow.parked_tasks (queue, handler);
