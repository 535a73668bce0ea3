-- Time that ends things: when a run, or a step of a run, must have ended.
--
-- A row is written when the run starts or the step is scheduled, and taken away when its time comes, whether or not it has ended by then: the
-- hot path does not look here. Only what has a deadline has a row.

create table pgflow.deadlines (
    run_id  uuid not null,
    step    smallint not null,
    due_at  timestamptz not null,

    primary key (run_id, step)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index deadlines_by_due on pgflow.deadlines (due_at);

comment on column pgflow.deadlines.step is '0 for the run itself';
