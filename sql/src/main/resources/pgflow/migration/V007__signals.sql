-- What runs were told. A signal is kept until a step waits for one of its name, and is given to one step. It stays
-- as long as its run: who sends it again under its id changes nothing.

create table pgflow.signals (
    run_id      uuid not null,
    sent_at     timestamptz not null,
    position    bigint not null generated always as identity,
    step        smallint,
    generation  smallint,
    name        text not null,
    signal_id   text not null,
    actor       text,
    payload     jsonb not null,

    primary key (run_id, name, signal_id),
    constraint signal_name_is_plain check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint signal_id_is_short check (length(signal_id) between 1 and 200),
    constraint a_step_takes_a_signal_in_a_generation check ((step is null) = (generation is null))
);

comment on column pgflow.signals.position is 'the order in which a run was told: positions are drawn under the lock of the run';
comment on column pgflow.signals.step is 'the step that it was given to; null while none has waited for it';
comment on column pgflow.signals.generation is 'the generation of the task that it was given to';
