-- start_runs_until: start_runs for runs that must have ended after a time, counted from when they begin.
--
-- p_deadlines is parallel to the others and may hold nulls: those runs have the deadline of their workflow, if it has one. A run that
-- another one stands for (its idempotency key is taken) keeps its own. Raises PF004 for a deadline that is not positive.
-- Locks: as start_runs.

create or replace function pgflow.start_runs_until(
    p_run_ids           uuid[],
    p_workflow_ids      bigint[],
    p_inputs            jsonb[],
    p_idempotency_keys  text[],
    p_labels            jsonb[],
    p_delays            interval[],
    p_priorities        smallint[],
    p_actor             text,
    p_deadlines         interval[],
    out run_ids         uuid[],
    out created         boolean[],
    out woken_queues    text[],
    out to_settle       boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    if exists (select from unnest(p_deadlines) d (deadline) where d.deadline <= '0') then
        raise exception 'a deadline must be longer than nothing'
            using errcode = 'PF004', hint = 'Say how long after its beginning the run must have ended.';
    end if;

    select s.run_ids, s.created, s.woken_queues, s.to_settle
    into run_ids, created, woken_queues, to_settle
    from pgflow.start_runs(
        p_run_ids, p_workflow_ids, p_inputs, p_idempotency_keys, p_labels, p_delays, p_priorities, p_actor) s;

    insert into pgflow.deadlines (run_id, step, due_at)
    select n.run_id, 0, n.created_at + greatest(min(coalesce(r.delay, '0')), '0') + min(r.deadline)
    from unnest(run_ids, created, p_delays, p_deadlines) r (run_id, created, delay, deadline)
    join pgflow.runs n on n.run_id = r.run_id
    where r.created
      and r.deadline is not null
    group by n.run_id
    on conflict (run_id, step) do update
    set due_at = excluded.due_at;
end;
$$;

-- _set_run_deadlines: the deadlines that workflows give their runs. A delayed run has its own from when it is due to begin.

create or replace function pgflow._set_run_deadlines(
    p_run_ids  uuid[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    insert into pgflow.deadlines (run_id, step, due_at)
    select r.run_id, 0, coalesce(t.due_at, p_now) + w.deadline
    from unnest(p_run_ids) n (run_id)
    join pgflow.runs r on r.run_id = n.run_id
    join pgflow.workflows w on w.workflow_id = r.workflow_id
    left join pgflow.timers t on t.run_id = r.run_id and t.step = 0 and t.item = 0
    where w.deadline is not null;
end;
$$;

-- _set_step_deadlines: steps that are scheduled now, or open as maps, and that have a deadline.

create or replace function pgflow._set_step_deadlines(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    insert into pgflow.deadlines (run_id, step, due_at)
    select r.run_id, s.step, p_now + s.deadline
    from unnest(p_run_ids, p_steps) n (run_id, step)
    join pgflow.runs r on r.run_id = n.run_id
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = n.step
    where s.deadline is not null
    on conflict (run_id, step) do update
    set due_at = excluded.due_at;
end;
$$;

-- fire_deadlines: runs whose deadline passed fail, and what they have left is cancelled; the tasks of steps whose deadline passed fail for
-- good, and what follows is what their steps say for that.
--
-- Any process may call it at any time; runs that another caller is at are passed over. Handlers of the runs in interrupted_run_ids may
-- be at work for nothing. left_over: there may be more that is due. next_due_in: until the next deadline or timer, null when there is none.
-- Locks: the runs, skipping the locked ones, then the tasks that it may touch, each in order; then the queues.

create or replace function pgflow.fire_deadlines(
    p_limit  int default 100,
    out fired                int,
    out interrupted_run_ids  uuid[],
    out ended_run_ids        uuid[],
    out woken_queues         text[],
    out to_settle            boolean,
    out left_over            boolean,
    out next_due_in          interval
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_run_ids uuid[];
    v_due record;
    v_expired record;
begin
    fired := 0;
    to_settle := false;
    left_over := false;
    v_run_ids := pgflow._lock_late_runs(p_limit, v_now);
    if v_run_ids is not null then
        perform pgflow._lock_late_tasks(v_run_ids, v_now);
        --@pp fire_deadlines-locked
        with due as (
            delete from pgflow.deadlines d
            using unnest(v_run_ids) r (run_id)
            where d.run_id = r.run_id
              and d.due_at <= v_now
            returning d.run_id, d.step, d.due_at
        )
        select array_agg(d.run_id) filter (where d.step = 0) as runs,
               array_agg(pgflow._late_run(d.due_at)) filter (where d.step = 0) as failures,
               array_agg(d.run_id) filter (where d.step > 0) as step_runs,
               array_agg(d.step) filter (where d.step > 0) as steps,
               count(*) as rows
        into v_due
        from due d;

        v_now := pgflow.clock();
        ended_run_ids := pgflow._end_runs(v_due.runs, 'FAILED', null, null, v_due.failures, v_now);
        interrupted_run_ids := ended_run_ids;
        fired := coalesce(pg_catalog.cardinality(ended_run_ids), 0);
        if v_due.steps is not null then
            select *
            into v_expired
            from pgflow._expire_steps(v_due.step_runs, v_due.steps, v_now) e;
            fired := fired + v_expired.expired;
            interrupted_run_ids := interrupted_run_ids || v_expired.interrupted_run_ids;
            ended_run_ids := ended_run_ids || v_expired.ended_run_ids;
            woken_queues := v_expired.woken_queues;
            to_settle := v_expired.to_settle;
        end if;
        to_settle := to_settle or pgflow._any_undo_owed(ended_run_ids);
        left_over := v_due.rows >= p_limit;
    end if;

    --@pp fire_deadlines-fired
    perform pgflow._sweep_deadlines(p_limit);
    next_due_in := pgflow._next_due_at() - v_now;
end;
$$;

-- _late_run: why a run failed, in the form of _end_runs.

create or replace function pgflow._late_run(
    p_due_at  timestamptz
)
returns jsonb
language sql
stable
as $$
    select pg_catalog.jsonb_build_object('error', pg_catalog.jsonb_build_object(
        'code', 'PGF-RUN-040',
        'message', 'the run had not ended by its deadline, '
            || pg_catalog.to_char(p_due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            || '; look at what it waited for, or give it longer'));
$$;

-- _lock_late_runs: the runs that have a deadline which passed, or a step that has, locked. Null when there are none.

create or replace function pgflow._lock_late_runs(
    p_limit  int,
    p_now    timestamptz
)
returns uuid[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_run_ids uuid[];
begin
    select array_agg(r.run_id)
    into v_run_ids
    from (
        select r.run_id
        from (
            select distinct d.run_id
            from (
                select d.run_id
                from pgflow.deadlines d
                where d.due_at <= p_now
                order by d.due_at
                limit p_limit) d
            order by d.run_id) d
        join pgflow.runs r on r.run_id = d.run_id
        for no key update of r skip locked) r;
    return v_run_ids;
end;
$$;

-- _lock_late_tasks: locks, in one pass in order, every task that ending what is late may touch: all that are left of a run that is
-- about to fail, and of a run that is about to go on the tasks of the late steps and all step tasks.

create or replace function pgflow._lock_late_tasks(
    p_run_ids  uuid[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_late record;
begin
    select array_agg(d.run_id) filter (where d.step = 0 or s.on_failure = 'fail' and not s.collects) as failing,
           array_agg(d.run_id) as run_ids,
           array_agg(d.step) as steps
    into v_late
    from unnest(p_run_ids) r (run_id)
    join pgflow.runs u on u.run_id = r.run_id
    join pgflow.deadlines d on d.run_id = r.run_id
    left join pgflow.steps s on s.workflow_id = u.workflow_id and s.step = d.step
    where u.ended_at is null
      and d.due_at <= p_now
      and (d.step = 0 or exists (
          select
          from pgflow.tasks t
          where t.run_id = d.run_id
            and t.step = d.step
            and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')));

    perform 1
    from (
        select a.run_id, a.step, a.item
        from (
            select t.run_id, t.step, t.item
            from unnest(v_late.failing) f (run_id)
            join pgflow.tasks t on t.run_id = f.run_id
            where t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
            union
            select t.run_id, t.step, t.item
            from unnest(v_late.run_ids, v_late.steps) l (run_id, step)
            join pgflow.tasks t on t.run_id = l.run_id and t.step = l.step
            where t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
            union
            select t.run_id, t.step, t.item
            from unnest(v_late.run_ids) l (run_id)
            join pgflow.runs r on r.run_id = l.run_id
            join pgflow.steps s on s.workflow_id = r.workflow_id
            join pgflow.tasks t on t.run_id = r.run_id and t.step = s.step and t.item = 0
            where t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
               or t.state in ('SKIPPED', 'SUCCEEDED') and t.remaining > 0) a
        order by a.run_id, a.step, a.item) a
    join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = a.item
    for no key update of t;
end;
$$;

-- _expire_steps: the tasks of steps that are late fail for good, of a map those items that have not ended. The caller locked the runs, and
-- the tasks. Says in how many steps there was something left, and what follows, as fail_tasks does; runs that the steps started are
-- cancelled next.

create or replace function pgflow._expire_steps(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz,
    out expired              int,
    out interrupted_run_ids  uuid[],
    out ended_run_ids        uuid[],
    out woken_queues         text[],
    out to_settle            boolean
)
language plpgsql
set search_path = ''
as $$
declare
    v_late record;
    v_follows record;
begin
    select *
    into v_late
    from pgflow._expire_tasks(p_run_ids, p_steps, p_now) e;
    expired := v_late.steps_expired;
    interrupted_run_ids := v_late.interrupted_run_ids;
    to_settle := false;
    if expired = 0 then
        return;
    end if;

    if exists (
        select
        from unnest(p_run_ids, p_steps) l (run_id, step)
        join pgflow.sub_runs s on s.run_id = l.run_id and s.step = l.step) then
        perform pgflow._abandon_sub_runs(p_run_ids, p_steps, null, 'the step that started it was late');
        to_settle := true;
    end if;
    perform pgflow._forget_late(v_late.run_ids, v_late.steps, v_late.items, v_late.queues, v_late.priorities, v_late.message_ids);
    if v_late.failed_runs is not null then
        ended_run_ids := pgflow._end_runs(v_late.failed_runs, 'FAILED', null, null, v_late.failures, p_now);
    end if;
    if v_late.branch_runs is not null then
        perform pgflow._skip_branches(v_late.branch_runs, v_late.branch_steps, p_now);
    end if;
    if v_late.done_runs is not null then
        perform pgflow._note_ended_items(v_late.done_runs, v_late.done_steps, v_late.done_items);
        select *
        into v_follows
        from pgflow._end_steps(
            v_late.done_runs, v_late.done_steps, v_late.done_items, v_late.done_workflow_ids, p_now);
        ended_run_ids := ended_run_ids || v_follows.ended_run_ids;
        woken_queues := v_follows.woken_queues;
        to_settle := to_settle or v_follows.to_settle or v_late.any_item;
    end if;
end;
$$;

-- _expire_tasks: the states of late tasks, and their audit.

create or replace function pgflow._expire_tasks(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz,
    out steps_expired        int,
    out interrupted_run_ids  uuid[],
    out run_ids              uuid[],
    out steps                smallint[],
    out items                int[],
    out queues               text[],
    out priorities           smallint[],
    out message_ids          bigint[],
    out failed_runs          uuid[],
    out failures             jsonb[],
    out branch_runs          uuid[],
    out branch_steps         smallint[],
    out done_runs            uuid[],
    out done_steps           smallint[],
    out done_items           int[],
    out done_workflow_ids    bigint[],
    out any_item             boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    with late as (
        select t.run_id, t.step, t.item, t.state, s.name, s.deadline, s.queue, s.on_failure, s.fallback,
               s.collects and t.item > 0 as collected
        from unnest(p_run_ids, p_steps) l (run_id, step)
        join pgflow.runs r on r.run_id = l.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = l.step
        join pgflow.tasks t on t.run_id = l.run_id and t.step = l.step
        where r.state = 'RUNNING'
          and (t.state in ('SCHEDULED', 'RUNNING', 'RETRYING') or t.state = 'PENDING' and t.item > 0)
          and (t.item > 0 or not s.is_map)
    ),
    expired as (
        update pgflow.tasks t
        set state = case l.on_failure when 'fail' then 'FAILED' when 'fallback' then 'SUCCEEDED' else 'SKIPPED' end,
            output = case l.on_failure when 'fallback' then l.fallback end,
            error = pg_catalog.jsonb_build_object(
                'code', 'PGF-RUN-041',
                'message', pg_catalog.format(
                    'step %s had not ended %s after it was scheduled; look at what it waited for, or give it longer', l.name, l.deadline)),
            remaining = 0, -- it may have waited without a worker
            worker_id = null,
            deferred = null,
            events = t.events + 1
        from late l
        where t.run_id = l.run_id
          and t.step = l.step
          and t.item = l.item
        returning t.*, l.state as was, l.queue, l.on_failure, l.collected
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, output_hash, item, seq, fence, step, transition, generation, attempt, detail)
        select e.run_id, p_now,
               case when e.state = 'SUCCEEDED' then pg_catalog.hashtextextended(e.output::text, 0) end,
               e.item, e.events, e.fence, e.step, pgflow._late_transition(e.was, e.state), e.generation, e.attempts,
               pg_catalog.jsonb_build_object('error', e.error)
        from expired e
    )
    select count(distinct (e.run_id, e.step)),
           array_agg(distinct e.run_id) filter (where e.was = 'RUNNING'),
           array_agg(e.run_id), array_agg(e.step), array_agg(e.item), array_agg(e.queue), array_agg(e.priority),
           array_agg(case when e.was = 'SCHEDULED' then e.message_id end),
           array_agg(e.run_id) filter (where e.state = 'FAILED' and not e.collected),
           array_agg(pg_catalog.jsonb_build_object('step', e.step, 'item', e.item, 'error', e.error))
               filter (where e.state = 'FAILED' and not e.collected),
           array_agg(e.run_id) filter (where e.on_failure = 'skipBranch' and e.item = 0),
           array_agg(e.step) filter (where e.on_failure = 'skipBranch' and e.item = 0),
           array_agg(e.run_id) filter (where e.state <> 'FAILED' or e.collected),
           array_agg(e.step) filter (where e.state <> 'FAILED' or e.collected),
           array_agg(e.item) filter (where e.state <> 'FAILED' or e.collected),
           array_agg(e.workflow_id) filter (where e.state <> 'FAILED' or e.collected),
           bool_or(e.item > 0)
    into steps_expired, interrupted_run_ids, run_ids, steps, items, queues, priorities, message_ids, failed_runs, failures,
         branch_runs, branch_steps, done_runs, done_steps, done_items, done_workflow_ids, any_item
    from expired e;
end;
$$;

-- _late_transition: which entry of pgflow.transitions the end of a late task is.

create or replace function pgflow._late_transition(
    p_was    text,
    p_state  text
)
returns smallint
language sql
immutable
as $$
    select case p_was
        when 'RUNNING' then case p_state when 'FAILED' then 11 when 'SKIPPED' then 22 else 23 end
        when 'SCHEDULED' then case p_state when 'FAILED' then 50 when 'SKIPPED' then 53 else 56 end
        when 'RETRYING' then case p_state when 'FAILED' then 51 when 'SKIPPED' then 54 else 57 end
        else case p_state when 'FAILED' then 52 when 'SKIPPED' then 55 else 58 end
    end::smallint;
$$;

-- _forget_late: what late tasks waited with: messages, timers, parking places; maps schedule no further items.

create or replace function pgflow._forget_late(
    p_run_ids      uuid[],
    p_steps        smallint[],
    p_items        int[],
    p_queues       text[],
    p_priorities   smallint[],
    p_message_ids  bigint[]
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    -- Before the parking places: a claim that has the message parks the task, and is waited for here.
    perform pgflow._delete_messages(p_queues, p_priorities, p_message_ids);

    delete from pgflow.timers t
    using unnest(p_run_ids, p_steps, p_items) l (run_id, step, item)
    where t.run_id = l.run_id
      and t.step = l.step
      and t.item = l.item;

    delete from pgflow.parked_tasks p
    using unnest(p_run_ids, p_steps, p_items) l (run_id, step, item)
    where p.run_id = l.run_id
      and p.step = l.step
      and p.item = l.item;

    delete from pgflow.limited_maps m
    using unnest(p_run_ids, p_steps) l (run_id, step)
    where m.run_id = l.run_id
      and m.step = l.step;
end;
$$;

-- _sweep_deadlines: forgets the next deadlines of what has ended in time, so that nobody wakes up for each of them. The caller holds runs, but
-- not those of these rows: what somebody is at is passed over, or two callers could wait for each other, and what was set anew meanwhile
-- stays.

create or replace function pgflow._sweep_deadlines(
    p_limit  int
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    delete from pgflow.deadlines d
    using (
        select l.run_id, l.step
        from (
            select e.run_id, e.step, e.due_at
            from (
                select f.run_id, f.step, f.due_at
                from pgflow.deadlines f
                order by f.due_at
                limit p_limit) e
            left join pgflow.runs r on r.run_id = e.run_id
            left join pgflow.tasks t on t.run_id = e.run_id and t.step = e.step and t.item = 0
            where r.run_id is null
               or r.ended_at is not null
               or t.state in ('SUCCEEDED', 'FAILED', 'CANCELLED', 'SKIPPED')) n
        join pgflow.deadlines l on l.run_id = n.run_id and l.step = n.step and l.due_at = n.due_at
        for update of l skip locked) n
    where d.run_id = n.run_id
      and d.step = n.step;
end;
$$;
