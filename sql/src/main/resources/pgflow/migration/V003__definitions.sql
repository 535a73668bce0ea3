-- What can run: workflows in immutable versions, their steps, the edges between steps, and the queues.
--
-- A row here is never changed, so the hot functions read it without a lock and without a foreign key
-- from the tables of what is running (a foreign key would make all starters lock one row).

create table pgflow.queues (
    queue            text primary key,
    uses_priorities  boolean not null default false,
    created_at       timestamptz not null default clock_timestamp(),

    constraint queue_name_is_plain check (queue ~ '^[a-z][a-z0-9_]{0,39}$')
);

create table pgflow.workflows (
    workflow_id  bigint generated always as identity primary key,
    name         text not null,
    version      int not null,
    checksum     bytea not null,
    definition   jsonb not null,
    sinks        smallint not null,
    first_root   smallint,
    only_roots   boolean not null,
    deadline     interval,
    created_at   timestamptz not null default clock_timestamp(),

    unique (name, version),
    unique (name, checksum),
    constraint workflow_name_is_plain check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint version_is_positive check (version > 0),
    constraint deadline_is_positive check (deadline > interval '0')
);

comment on column pgflow.workflows.first_root is 'the first step that waits for nothing and is scheduled at once: its task carries the start of the run in the audit';
comment on column pgflow.workflows.only_roots is 'no step waits for another one, or for anything else, and its runs have no deadline';
comment on column pgflow.workflows.deadline is 'how long after its beginning a run must have ended';

create table pgflow.steps (
    workflow_id      bigint not null references pgflow.workflows,
    step             smallint not null,
    name             text not null,
    kind             text not null,
    handler          text,
    waits_for        jsonb,
    queue            text not null references pgflow.queues,
    is_map           boolean not null,
    map_over         smallint,
    is_returned      boolean not null,
    depends_on       smallint[] not null,
    dependents       smallint[] not null,
    opens_maps       boolean not null,
    opening          text not null,
    condition        jsonb,
    otherwise        text not null,
    on_failure       text not null,
    fallback         jsonb,
    collects         boolean not null,
    at_once          int,
    max_attempts     smallint not null,
    timeout          interval not null,
    deadline         interval,
    retry_delay      interval not null,
    max_retry_delay  interval not null,
    retry_jitter     double precision not null,

    primary key (workflow_id, step),
    unique (workflow_id, name),
    constraint step_name_is_plain check (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint handler_name_is_plain check (handler ~ '^[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}$'),
    constraint steps_are_numbered_from_one check (step between 1 and 1000),
    constraint only_map_steps_map_over_something check (is_map = (map_over is not null)),
    constraint parents_are_numbered_before_their_children check (step > all (depends_on)),
    constraint kind_is_known check (kind in ('work', 'workflow', 'sleep', 'signal', 'approval')),
    constraint only_work_has_a_handler check ((kind = 'work') = (handler is not null)),
    constraint only_other_steps_wait_for_something check ((kind <> 'work') = (waits_for is not null)),
    constraint only_work_and_workflows_are_mapped check (kind in ('work', 'workflow') or not is_map),
    constraint steps_that_wait_are_settled check (kind = 'work' or opening = 'settle'),
    constraint opening_is_known check (opening in ('schedule', 'open', 'settle')),
    constraint otherwise_is_known check (otherwise in ('skip', 'skipBranch', 'fail')),
    constraint on_failure_is_known check (on_failure in ('fail', 'skip', 'skipBranch', 'fallback')),
    constraint a_fallback_stands_where_it_is_used check ((on_failure = 'fallback') = (fallback is not null)),
    constraint no_item_skips_a_branch check (not is_map or on_failure <> 'skipBranch'),
    constraint only_map_steps_collect check (is_map or not collects),
    constraint only_map_steps_are_limited check (is_map or at_once is null),
    constraint at_once_is_positive check (at_once > 0),
    constraint max_attempts_is_from_1_to_100 check (max_attempts between 1 and 100),
    constraint timeout_is_positive check (timeout > interval '0'),
    constraint deadline_is_positive check (deadline > interval '0'),
    constraint steps_that_wait_by_themselves_have_no_deadline check (deadline is null or kind in ('work', 'workflow')),
    constraint retry_delays_are_in_order check (retry_delay >= interval '0' and max_retry_delay >= retry_delay),
    constraint retry_jitter_is_a_fraction check (retry_jitter between 0 and 1)
);

comment on column pgflow.steps.map_over is 'the step whose output array is mapped over; 0 for the input of the run';
comment on column pgflow.steps.kind is 'work is done by a handler; the other kinds wait for something, without a worker';
comment on column pgflow.steps.waits_for is 'what a step without a handler waits for, in the fields of the definition';
comment on column pgflow.steps.opening is 'what happens when it waits for nothing: schedule, open (a map), or settle: settle_steps decides, in a transaction that locks the run first';
comment on column pgflow.steps.condition is 'a predicate on the input of the run and the outputs of its parents';
comment on column pgflow.steps.otherwise is 'what happens when the condition does not hold';
comment on column pgflow.steps.on_failure is 'what happens when the handler failed and no attempt remains';
comment on column pgflow.steps.collects is 'items of the map may fail; its output holds outputs and errors';
comment on column pgflow.steps.deadline is 'how long after it was scheduled, or opened as a map, it must have ended, all attempts and all waiting included';
comment on column pgflow.steps.at_once is 'how many items of the map may be SCHEDULED or on their way at once';
comment on column pgflow.steps.opens_maps is 'one of the dependents is a map step';
comment on column pgflow.steps.dependents is 'step_dependencies the other way round, where the hot functions read it in one row';

create table pgflow.step_dependencies (
    workflow_id  bigint not null,
    step         smallint not null,
    depends_on   smallint not null,

    primary key (workflow_id, step, depends_on),
    foreign key (workflow_id, step) references pgflow.steps,
    foreign key (workflow_id, depends_on) references pgflow.steps (workflow_id, step),
    constraint no_step_depends_on_itself check (step <> depends_on)
);
