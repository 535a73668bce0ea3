-- Flow control: what is paused.

-- What a claim goes by beside the order of its queue. Nearly always empty, and then a claim only asks whether it is.
create table pgflow.claim_rules (
    rule_id  bigint generated always as identity,
    rule     text not null,
    scope    text not null,
    name     text not null,
    actor    text,
    reason   text,
    since    timestamptz not null,

    primary key (rule, scope, name),
    constraint rule_is_known check (rule in ('pause')),
    constraint scope_is_known check (scope in ('queue', 'workflow', 'step', 'run'))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);

comment on column pgflow.claim_rules.name is 'of the queue or the workflow; workflow.step; the id of the run';

-- Who set and who lifted which rule, when and why. Never changed.
create table pgflow.rule_changes (
    change_id  bigint generated always as identity primary key,
    at         timestamptz not null,
    rule       text not null,
    scope      text not null,
    name       text not null,
    change     text not null,
    actor      text,
    reason     text,

    constraint change_is_known check (change in ('set', 'lifted'))
);

create index rule_changes_by_name on pgflow.rule_changes (scope, name);

comment on column pgflow.rule_changes.actor is 'who asked; null when the engine lifted it, because the run had ended';

-- Tasks that a claim met and set aside for a pause are parked too, for no handler until the pause is lifted.
alter table pgflow.parked_tasks
    alter column handler drop not null,
    add column rule_id bigint,
    add constraint parked_tasks_wait_for_a_handler_or_for_a_pause check ((handler is null) = (rule_id is not null));

create index parked_tasks_by_rule on pgflow.parked_tasks (rule_id)
where rule_id is not null;
