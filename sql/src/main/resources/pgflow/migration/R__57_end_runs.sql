-- _end_runs: runs fail or are cancelled; all that they have left is cancelled with them, and what
-- they did and can be undone is noted.
--
-- Returns the runs that this call ended. The caller locked the runs, and their unfinished tasks in order.

create or replace function pgflow._end_runs(
    p_run_ids   uuid[],
    p_state     text,
    p_actor     text,
    p_reason    text,
    p_failures  jsonb[],
    p_now       timestamptz
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
    v_ended uuid[];
    v_any_sub_run boolean;
begin
    with ending as (
        select e.run_id, (array_agg(e.failure order by e.n))[1] as failure
        from unnest(p_run_ids, p_failures) with ordinality e (run_id, failure, n)
        group by e.run_id
    ),
    before as (
        select r.run_id, r.state, e.failure
        from ending e
        join pgflow.runs r on r.run_id = e.run_id
        where r.state in ('PENDING', 'RUNNING')
    ),
    ended as (
        update pgflow.runs r
        set state = p_state,
            ended_at = p_now,
            error = pgflow._run_error(r.workflow_id, b.failure),
            events = r.events + 1
        from before b
        where r.run_id = b.run_id
        returning r.run_id, r.events, r.generation, r.error, b.state as was
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
        select e.run_id, p_now, 0, e.events, 0, 0,
               case when p_state = 'FAILED' and e.was = 'PENDING' then 110
                    when p_state = 'FAILED' then 105
                    when e.was = 'PENDING' then 107
                    else 106 end,
               e.generation, 0, p_actor,
               case when p_state = 'FAILED' then e.error
                    when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end
        from ended e
    )
    select array_agg(e.run_id), bool_or(pgflow._is_sub_run(e.run_id))
    into v_ended, v_any_sub_run
    from ended e;

    if v_any_sub_run then
        perform pgflow._note_ended_sub_runs(v_ended, pg_catalog.lower(p_state));
    end if;
    if v_ended is not null then
        perform pgflow._cancel_tasks(v_ended, p_actor, p_reason, p_now);
        perform pgflow._owe_undoing(v_ended, p_now);
    end if;
    return v_ended;
end;
$$;

-- _run_error: the error of a run, from the first task that failed, or, without a step, its own.

create or replace function pgflow._run_error(
    p_workflow_id  bigint,
    p_failure      jsonb
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    if p_failure is null then
        return null;
    elsif p_failure -> 'step' is null then
        return p_failure;
    end if;
    return (
        select pg_catalog.jsonb_build_object(
            'step', s.name,
            'item', case when (p_failure ->> 'item')::int > 0 then (p_failure ->> 'item')::int - 1 end,
            'error', p_failure -> 'error')
        from pgflow.steps s
        where s.workflow_id = p_workflow_id
          and s.step = (p_failure ->> 'step')::smallint);
end;
$$;

-- _cancel_tasks: the unfinished tasks of runs that ended are cancelled; their messages, timers and whatever
-- else waits for them go too. A handler that runs is told by its worker's next heartbeat, and what it
-- reports then is stale.

create or replace function pgflow._cancel_tasks(
    p_run_ids  uuid[],
    p_actor    text,
    p_reason   text,
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
    v_cancelled record;
begin
    with before as (
        select t.run_id, t.step, t.item, t.state, coalesce(t.deferred = 'run', false) as awaits_run,
               coalesce(t.deferred = 'signal', false) as awaits_signal
        from (select r.run_id from unnest(p_run_ids) r (run_id) order by r.run_id) r
        join pgflow.tasks t on t.run_id = r.run_id
        where t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
        order by t.run_id, t.step, t.item
    ),
    cancelled as (
        update pgflow.tasks t
        set state = 'CANCELLED',
            worker_id = null,
            deferred = null,
            events = t.events + 1
        from before b
        where t.run_id = b.run_id
          and t.step = b.step
          and t.item = b.item
        returning t.*, b.state as was, b.awaits_run, b.awaits_signal
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
        select c.run_id, p_now, c.item, c.events, c.fence, c.step,
               case c.was when 'PENDING' then 13 when 'SCHEDULED' then 14 when 'RUNNING' then 15 else 16 end,
               c.generation, c.attempts, p_actor,
               case when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end
        from cancelled c
    )
    select array_agg(s.queue) filter (where c.was = 'SCHEDULED') as queues,
           array_agg(c.priority) filter (where c.was = 'SCHEDULED') as priorities,
           array_agg(c.message_id) filter (where c.was = 'SCHEDULED') as message_ids,
           coalesce(bool_or(c.awaits_run), false) as any_awaits_run,
           array_agg(c.run_id) filter (where c.awaits_signal) as listening_runs,
           array_agg(c.step) filter (where c.awaits_signal) as listening_steps
    into v_cancelled
    from cancelled c
    join pgflow.steps s on s.workflow_id = c.workflow_id and s.step = c.step;

    -- Before the parking places: a claim that has the message parks the task, and is waited for here.
    if v_cancelled.message_ids is not null then
        perform pgflow._delete_messages(v_cancelled.queues, v_cancelled.priorities, v_cancelled.message_ids);
    end if;

    if v_cancelled.any_awaits_run then
        perform pgflow._abandon_sub_runs(
            p_run_ids, array_fill(null::smallint, array[pg_catalog.cardinality(p_run_ids)]), p_actor,
            coalesce(p_reason, 'the run that started it has ended'));
    end if;

    if v_cancelled.listening_runs is not null then
        perform pgflow._give_back_signals(v_cancelled.listening_runs, v_cancelled.listening_steps);
    end if;

    delete from pgflow.timers t
    using unnest(p_run_ids) r (run_id)
    where t.run_id = r.run_id;

    delete from pgflow.parked_tasks p
    using unnest(p_run_ids) r (run_id)
    where p.run_id = r.run_id;

    delete from pgflow.unsettled_steps p
    using unnest(p_run_ids) r (run_id)
    where p.run_id = r.run_id;

    delete from pgflow.limited_maps l
    using unnest(p_run_ids) r (run_id)
    where l.run_id = r.run_id;

    delete from pgflow.gated_tasks g
    using unnest(p_run_ids) r (run_id)
    where g.run_id = r.run_id;

    if exists (select from pgflow.approvals a where a.state = 'pending') then
        perform pgflow._withdraw_approvals(p_run_ids, null, p_now);
    end if;

    delete from pgflow.deadlines d
    using unnest(p_run_ids) r (run_id)
    where d.run_id = r.run_id;

    if exists (select from pgflow.claim_rules) then
        perform pgflow._forget_ended_pauses(p_now);
    end if;
end;
$$;
