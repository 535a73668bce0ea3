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

-- Questions to people. One row a task and generation; it is pending while the task waits, and stays as what was decided.
create table pgflow.approvals (
    approval_id   uuid primary key default gen_random_uuid(),
    run_id        uuid not null,
    requested_at  timestamptz not null,
    due_at        timestamptz,
    ended_at      timestamptz,
    step          smallint not null,
    generation    smallint not null,
    stage         smallint not null default 1,
    state         text not null default 'pending',
    started_by    text,
    roles         text[] not null,
    actors        text[] not null,
    shown         jsonb,
    choice        text,

    constraint approvals_are_asked_once_a_generation unique (run_id, step, generation),
    constraint approval_state_is_known check (state in ('pending', 'decided', 'expired', 'withdrawn')),
    constraint only_ended_approvals_have_an_end check ((state = 'pending') = (ended_at is null)),
    constraint a_choice_was_made_where_it_was_decided check ((state in ('decided', 'expired')) = (choice is not null))
);

create index pending_approvals on pgflow.approvals (requested_at, approval_id) where state = 'pending';

comment on column pgflow.approvals.stage is '1, and one more for each escalation';
comment on column pgflow.approvals.started_by is 'who started the run and must not decide; null where anybody else may';
comment on column pgflow.approvals.roles is 'who may decide at this stage: who has one of these roles, or is one of the actors; anybody when both are empty';
comment on column pgflow.approvals.shown is 'what the step shows to who decides, as it was when it asked';
comment on column pgflow.approvals.state is 'expired: the last deadline passed, which rejects; withdrawn: its run was cancelled or the step skipped';

-- What people said, never changed: one row a person and approval.
create table pgflow.approval_votes (
    approval_id  uuid not null references pgflow.approvals on delete cascade,
    voted_at     timestamptz not null,
    stage        smallint not null,
    actor        text not null,
    roles        text[] not null,
    choice       text not null,
    form         jsonb not null,
    comment      text,

    primary key (approval_id, actor)
);

comment on column pgflow.approval_votes.roles is 'the roles that the application said the person has';

-- Queues of pgmq that get a message for each event of a kind, for applications. None is there until somebody wants it.
create table pgflow.event_queues (
    queue  text primary key,
    most   int not null,

    constraint event_queue_is_known check (queue in ('approval_events')),
    constraint an_event_queue_is_bounded check (most between 1 and 1000000)
);

comment on column pgflow.event_queues.most is 'how many messages it holds; older ones go';
