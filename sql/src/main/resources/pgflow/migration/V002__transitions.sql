-- Every move that a task or a run can make. This is the one list: triggers refuse a move that is not in
-- it (R__15), the Java enums and the diagram in docs/state-machine.md are compared with it by tests.
--
-- A state change writes one event, and the event says which of these moves it was. `from_state` is null
-- where the task or run comes into being, or begins anew in a new generation after its end.

create table pgflow.transitions (
    transition  smallint primary key,
    subject     text not null,
    name        text not null,
    from_state  text,
    to_state    text not null,
    event       text not null,
    cause       text not null,

    unique (subject, name),
    constraint subject_is_known check (subject in ('task', 'run')),
    constraint states_are_known check (
        coalesce(from_state, to_state) in
            ('PENDING', 'SCHEDULED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'RETRYING', 'CANCELLED', 'SKIPPED')
        and to_state in
            ('PENDING', 'SCHEDULED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'RETRYING', 'CANCELLED', 'SKIPPED')),
    constraint terminal_states_are_final check (
        from_state is null or from_state not in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED'))
);

insert into pgflow.transitions (transition, subject, name, from_state, to_state, event, cause) values
    (1,   'task', 'await',             null,        'PENDING',   'task_pending',       'its run starts, its parents have not ended'),
    (2,   'task', 'enqueue',           null,        'SCHEDULED', 'task_scheduled',     'its run or its map starts, it waits for nothing'),
    (3,   'task', 'schedule',          'PENDING',   'SCHEDULED', 'task_scheduled',     'its last parent ended, or the start time came'),
    (4,   'task', 'claim',             'SCHEDULED', 'RUNNING',   'task_started',       'a worker took it, under a new fence'),
    (5,   'task', 'open',              'SCHEDULED', 'RUNNING',   'task_started',       'it opened without a worker: a map waits for its items, another step for its time or for something from outside'),
    (6,   'task', 'complete',          'RUNNING',   'SUCCEEDED', 'task_completed',     'the handler returned, the last item of the map ended, or what it waited for came'),
    (7,   'task', 'retry',             'RUNNING',   'RETRYING',  'task_retrying',      'the handler failed, attempts remain'),
    (8,   'task', 'lose',              'RUNNING',   'RETRYING',  'task_retrying',      'its worker is lost'),
    (9,   'task', 'release',           'RUNNING',   'RETRYING',  'task_retrying',      'its worker handed it back'),
    (10,  'task', 'reschedule',        'RETRYING',  'SCHEDULED', 'task_scheduled',     'the retry is due'),
    (11,  'task', 'fail',              'RUNNING',   'FAILED',    'task_failed',        'the handler failed and no attempt remains, the error is final, or its deadline passed, or that of what it waited for'),
    (12,  'task', 'poison',            'RUNNING',   'FAILED',    'task_failed',        'too many workers were lost with it'),
    (13,  'task', 'cancel_pending',    'PENDING',   'CANCELLED', 'task_cancelled',     'its run was cancelled or failed'),
    (14,  'task', 'cancel_scheduled',  'SCHEDULED', 'CANCELLED', 'task_cancelled',     'its run was cancelled or failed'),
    (15,  'task', 'cancel_running',    'RUNNING',   'CANCELLED', 'task_cancelled',     'its run was cancelled or failed'),
    (16,  'task', 'cancel_retrying',   'RETRYING',  'CANCELLED', 'task_cancelled',     'its run was cancelled or failed'),
    (17,  'task', 'skip_pending',      'PENDING',   'SKIPPED',   'task_skipped',       'a person decided'),
    (18,  'task', 'skip_scheduled',    'SCHEDULED', 'SKIPPED',   'task_skipped',       'a person decided'),
    (19,  'task', 'skip_retrying',     'RETRYING',  'SKIPPED',   'task_skipped',       'a person decided'),
    (20,  'task', 'skip_unmet',       'PENDING',   'SKIPPED',   'task_skipped',       'its condition does not hold'),
    (21,  'task', 'skip_branch',      'PENDING',   'SKIPPED',   'task_skipped',       'a step before it was skipped together with all that come after'),
    (22,  'task', 'skip_failed',      'RUNNING',   'SKIPPED',   'task_skipped',       'it failed and no attempt remains, or its deadline passed, and the step is passed over then'),
    (23,  'task', 'fall_back',        'RUNNING',   'SUCCEEDED', 'task_completed',     'it failed and no attempt remains, or its deadline passed, and the step has an output for that'),
    (24,  'task', 'skip_deferred',     'RUNNING',   'SKIPPED',   'task_skipped',       'a person decided, while it waited without a worker'),
    (30,  'task', 'defer',             'RUNNING',   'RUNNING',   'task_deferred',      'the handler returned and handed it to the outside, by a token'),
    (50,  'task', 'expire_scheduled', 'SCHEDULED', 'FAILED',     'task_failed',        'the deadline of its step passed before a worker took it'),
    (51,  'task', 'expire_retrying', 'RETRYING',  'FAILED',      'task_failed',        'the deadline of its step passed before its next attempt'),
    (52,  'task', 'expire_pending',  'PENDING',   'FAILED',      'task_failed',        'the deadline of its map passed before its turn came'),
    (53,  'task', 'skip_late_scheduled', 'SCHEDULED', 'SKIPPED', 'task_skipped',       'as expire_scheduled, and the step is passed over then'),
    (54,  'task', 'skip_late_retrying', 'RETRYING', 'SKIPPED',   'task_skipped',       'as expire_retrying, and the step is passed over then'),
    (55,  'task', 'skip_late_pending', 'PENDING', 'SKIPPED',     'task_skipped',       'as expire_pending, and the item is passed over then'),
    (56,  'task', 'fall_back_scheduled', 'SCHEDULED', 'SUCCEEDED', 'task_completed',   'as expire_scheduled, and the step has an output for that'),
    (57,  'task', 'fall_back_retrying', 'RETRYING', 'SUCCEEDED', 'task_completed',     'as expire_retrying, and the step has an output for that'),
    (58,  'task', 'fall_back_pending', 'PENDING', 'SUCCEEDED',   'task_completed',     'as expire_pending, and the item has an output for that'),
    (60,  'task', 'restart',           null,        'PENDING',   'task_pending',       'a person asked for it again: a new generation begins'),
    (61,  'task', 'recall_scheduled',  'SCHEDULED', 'CANCELLED', 'task_cancelled',     'a step before it begins again'),
    (62,  'task', 'recall_retrying',   'RETRYING',  'CANCELLED', 'task_cancelled',     'a step before it begins again'),
    (63,  'task', 'set_pending',       'PENDING',   'SUCCEEDED', 'task_completed',     'a person gave the output'),
    (64,  'task', 'set_scheduled',     'SCHEDULED', 'SUCCEEDED', 'task_completed',     'a person gave the output'),
    (65,  'task', 'set_retrying',      'RETRYING',  'SUCCEEDED', 'task_completed',     'a person gave the output'),
    (66,  'task', 'drop',              'PENDING',   'CANCELLED', 'task_cancelled',     'its run moved to a version without it'),
    (67,  'task', 'adopt',             null,        'PENDING',   'task_pending',       'its run moved to a version that has it'),
    (68,  'task', 'set_deferred',      'RUNNING',   'SUCCEEDED', 'task_completed',     'a person gave the output, while it waited without a worker'),
    (70,  'task', 'reuse',             'RUNNING',   'SUCCEEDED', 'task_completed',     'its output was known: a cached one is used again'),
    (101, 'run',  'delay',             null,        'PENDING',   'workflow_pending',   'it was started for a later time'),
    (102, 'run',  'start',             null,        'RUNNING',   'workflow_started',   'it was started'),
    (103, 'run',  'begin',             'PENDING',   'RUNNING',   'workflow_started',   'its start time came'),
    (104, 'run',  'succeed',           'RUNNING',   'SUCCEEDED', 'workflow_completed', 'its last step ended'),
    (105, 'run',  'fail_run',          'RUNNING',   'FAILED',    'workflow_failed',    'one of its tasks failed, or its deadline passed'),
    (106, 'run',  'cancel_run',        'RUNNING',   'CANCELLED', 'workflow_cancelled', 'a caller cancelled it'),
    (107, 'run',  'cancel_delayed',    'PENDING',   'CANCELLED', 'workflow_cancelled', 'a caller cancelled it before it began'),
    (110, 'run',  'fail_delayed',      'PENDING',   'FAILED',    'workflow_failed',    'its deadline passed before it began'),
    (115, 'run',  'restart_run',       null,        'RUNNING',   'workflow_started',   'a person asked for what it has left, or for steps again: a new generation begins'),
    (116, 'run',  'move',              'RUNNING',   'RUNNING',   'workflow_moved',     'a person moved it to another version'),
    (117, 'run',  'move_delayed',      'PENDING',   'PENDING',   'workflow_moved',     'a person moved it to another version before it began'),
    (118, 'run',  'replace',           'PENDING',   'PENDING',   'workflow_replaced',  'a later start that it stands for gave it its input before it began');
