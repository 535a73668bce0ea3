-- Undoing: what takes back what a step did, which runs are owed it, and by which runs it is done.

alter table pgflow.workflows
    add column has_undo boolean not null default false,
    drop constraint workflow_name_is_plain,
    add constraint workflow_name_is_plain check (name ~ '^[a-z][a-z0-9_]{0,39}(\$undo)?$');

comment on column pgflow.workflows.has_undo is 'one of its steps can be undone';
comment on column pgflow.workflows.name is 'with $undo: the engine made it, to undo runs of the workflow of that name';

alter table pgflow.steps
    add column undo jsonb,
    add column map_part text,
    add constraint undo_names_a_handler check (undo ->> 'handler' ~ '^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}$'),
    add constraint only_work_and_workflows_are_undone check (undo is null or kind in ('work', 'workflow')),
    add constraint only_the_input_of_the_run_has_parts check (map_part is null or map_over = 0);

comment on column pgflow.steps.undo is '{handler, maxAttempts}: what takes back what it did';
comment on column pgflow.steps.map_part is 'the field of the input of the run that is mapped over; null for the whole. Only where the engine made the workflow';

-- Runs that ended badly with something to undo, until settle_steps has begun it.
create table pgflow.owed_undos (
    run_id      uuid primary key,
    owed_at     timestamptz not null,
    generation  smallint not null,
    problem     text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

comment on column pgflow.owed_undos.problem is 'why it could not begin, and will not by itself';

-- Which run undoes which; both are pruned together.
create table pgflow.undo_runs (
    run_id       uuid not null,
    generation   smallint not null,
    undo_run_id  uuid not null unique,
    workflow_id  bigint not null,
    begun_at     timestamptz not null,

    primary key (run_id, generation)
);

create index undo_runs_by_workflow on pgflow.undo_runs (workflow_id);

comment on column pgflow.undo_runs.workflow_id is 'of the undo run';
