-- Flow control: what is paused, what waits at the gate of limited steps, and what counts against limits.

-- What a claim goes by beside the order of its queue: what is paused, and how many tasks of a queue may be held at once. Nearly always empty, and then a claim only asks whether it is.
create table pgflow.claim_rules (
    rule_id  bigint generated always as identity,
    rule     text not null,
    scope    text not null,
    name     text not null,
    at_once  int,
    actor    text,
    reason   text,
    since    timestamptz not null,

    primary key (rule, scope, name),
    constraint rule_is_known check (rule in ('pause', 'limit')),
    constraint scope_is_known check (scope in ('queue', 'workflow', 'step', 'run')),
    constraint only_queues_are_limited check (rule <> 'limit' or scope = 'queue'),
    constraint limits_say_how_many_at_once check ((rule = 'limit') = (at_once is not null)),
    constraint at_once_is_positive check (at_once > 0)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);

comment on column pgflow.claim_rules.at_once is 'how many tasks of the queue workers may hold at once';
comment on column pgflow.claim_rules.name is 'of the queue or the workflow; workflow.step; the id of the run';

-- Who set and who lifted which rule, when and why. Never changed.
create table pgflow.rule_changes (
    change_id  bigint generated always as identity primary key,
    at         timestamptz not null,
    rule       text not null,
    scope      text not null,
    name       text not null,
    change     text not null,
    at_once    int,
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

-- How much of a step may happen. Its tasks do not go straight to their queue, but to the gate, where admit_tasks lets them through.
alter table pgflow.steps
    add column limits jsonb,
    add constraint only_settled_or_map_steps_are_limited check (limits is null or is_map or opening = 'settle');

comment on column pgflow.steps.limits is 'keys: concurrency and rate limits, each {kind, name, limit, period, by, weight}; turn: whose turns are fair';

-- SCHEDULED tasks that wait at the gate, without a message. They come without a line; admit_tasks, of which only one works at a time,
-- finds out by which limits they go.
create table pgflow.gated_tasks (
    run_id    uuid not null,
    step      smallint not null,
    item      int not null,
    gate_id   bigint generated always as identity,
    line_id   bigint,
    weights   bigint[],
    gated_at  timestamptz not null,

    primary key (run_id, step, item)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

comment on column pgflow.gated_tasks.weights is 'what the task uses up of each limit of its line';

create index gated_tasks_arrived on pgflow.gated_tasks (gate_id)
where line_id is null;

create index gated_tasks_in_line on pgflow.gated_tasks (line_id, gate_id)
where line_id is not null;

-- Lines at the gate: tasks of a step with the same priority, limits and turn stand in one, first come, first served.
create table pgflow.gate_lines (
    line_id     bigint generated always as identity primary key,
    line_key    bytea not null unique,
    lane        text not null,
    turn        text not null,
    queue       text not null,
    priority    smallint not null,
    keys        text[] not null,
    limits      bigint[] not null,
    periods     interval[] not null,
    served      bigint not null default 0,
    touched_at  timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index gate_lines_by_touch on pgflow.gate_lines (touched_at);

comment on column pgflow.gate_lines.touched_at is 'when somebody last came to it, to ten minutes; lines in which nobody stands are dropped after an hour';
comment on column pgflow.gate_lines.lane is 'workflow.step';
comment on column pgflow.gate_lines.turn is 'the key among which turns are fair, or all keys';
comment on column pgflow.gate_lines.served is 'grows with each task let through the gate: when this line was last served';

-- How often lines were served: one row, which only who lets tasks through the gate changes.
create table pgflow.gate (
    only_row  boolean primary key default true check (only_row),
    turns     bigint not null
);

insert into pgflow.gate (turns) values (0);

-- What counts against limits while its task is on its way. What still counts is found out from the tasks, never from who ends them.
create table pgflow.places (
    limit_key  text not null,
    run_id     uuid not null,
    step       smallint not null,
    item       int not null,
    fence      int not null,
    kind       text not null,
    weight     bigint not null,
    period     interval,
    since      timestamptz,

    primary key (limit_key, run_id, step, item, fence),
    constraint kind_is_known check (kind in ('place', 'rate', 'ahead', 'queue')),
    constraint only_rates_have_a_period_and_a_time check (
        (kind = 'rate') = (period is not null) and (kind = 'rate') = (since is not null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index places_of_steps on pgflow.places (kind)
where kind <> 'queue';

comment on column pgflow.places.fence is 'of the task before its claim';
comment on column pgflow.places.kind is 'place: counts until the attempt has ended; ahead: until it has begun; rate: until it has begun, and as used units from then on; queue: a place in a queue with a limit, which claims take and free';
comment on column pgflow.places.since is 'when its task was let through the gate';

-- Units of rates that were used up by attempts that began, until their period is over. Times are rounded up to a thousandth of the
-- period, so that a rate has a thousand rows at most, however many attempts it lets begin.
create table pgflow.used_units (
    limit_key  text not null,
    frees_at   timestamptz not null,
    units      bigint not null,

    primary key (limit_key, frees_at)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index used_units_to_free on pgflow.used_units (frees_at);

-- Keys of starts that stand for a run for a while: while it is unfinished, for a period, or until it begins (start_once).
create table pgflow.start_keys (
    workflow_name  text not null,
    start_key      text not null,
    run_id         uuid not null,
    first_at       timestamptz not null,
    keep_until     timestamptz not null,

    primary key (workflow_name, start_key)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index start_keys_to_drop on pgflow.start_keys (keep_until);

create index start_keys_by_run on pgflow.start_keys (run_id);

comment on column pgflow.start_keys.first_at is 'when the first of the starts that stand for the run was asked for';
comment on column pgflow.start_keys.keep_until is 'afterwards the row may be dropped, when its run has ended too';

-- Starts that gave a run that had not begun their input, in place of a run of their own: who asked, and so that one that is asked again changes nothing.
create table pgflow.replaced_starts (
    start_id  uuid primary key,
    run_id    uuid not null,
    actor     text
);

create index replaced_starts_by_run on pgflow.replaced_starts (run_id);

comment on column pgflow.replaced_starts.start_id is 'the id that its run would have had';
