-- cancel_runs: ends runs, and all that they have left, for a reason that the audit keeps.
--
-- Returns a row a run that was named: cancelled, or the state in which it had ended before, or unknown.
-- Handlers that run are interrupted when their worker hears of it: from the NOTIFY on channel pgflow_cancel
-- that the caller may send, else with the worker's next heartbeat.
-- Locks: the runs, then their unfinished tasks, each in order; then the queues.

create or replace function pgflow.cancel_runs(
    p_run_ids  uuid[],
    p_actor    text,
    p_reason   text
)
returns table (run_id uuid, outcome text)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    v_cancelled uuid[];
begin
    perform 1
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    for no key update of r;
    perform 1
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    cross join lateral (
        select t.run_id, t.step, t.item
        from pgflow.tasks t
        where t.run_id = u.run_id
          and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
        order by t.run_id, t.step, t.item
        for no key update) t
    where r.state in ('PENDING', 'RUNNING');

    --@pp cancel_runs-locked
    v_cancelled := coalesce(
        pgflow._end_runs(p_run_ids, 'CANCELLED', p_actor, p_reason, null, pgflow.clock()), '{}');
    return query
    select u.run_id,
           case when u.run_id = any (v_cancelled) then 'cancelled'
                else coalesce(pg_catalog.lower(r.state), 'unknown') end
    from unnest(p_run_ids) u (run_id)
    left join pgflow.runs r on r.run_id = u.run_id;
end;
$$;

-- skip_tasks: by a person's decision the tasks of steps are passed over; their dependents go on, with null
-- for the output, as soon as what the skipped task itself was waiting for has ended: skipping a step does not
-- undo the order of the steps around it.
--
-- A task may be skipped while its run is RUNNING and nobody works on it: PENDING, SCHEDULED or RETRYING.
-- Returns the positions of the requests that applied.
-- Locks: the runs, then the unfinished tasks of their steps, each in order (a skipped task may itself be a
-- dependent that a report is about to lock); then the queues.

create or replace function pgflow.skip_tasks(
    p_run_ids  uuid[],
    p_steps    text[],
    p_actor    text,
    p_reason   text,
    out applied        int[],
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out maps_to_fold   boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    v_now timestamptz;
    v_asked record;
    v_skipped record;
begin
    maps_to_fold := false;
    select array_agg(a.run_id) as run_ids, array_agg(s.step) as steps, array_agg(0) as items, array_agg(a.n::int) as ns
    into v_asked
    from unnest(p_run_ids, p_steps) with ordinality a (run_id, name, n)
    join pgflow.runs r on r.run_id = a.run_id
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = a.name;
    if v_asked.run_ids is null then
        return;
    end if;

    perform 1
    from (select distinct u.run_id from unnest(v_asked.run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    for no key update of r;
    perform 1
    from (select distinct u.run_id from unnest(v_asked.run_ids) u (run_id) order by u.run_id) u
    cross join lateral (
        select t.run_id, t.step, t.item
        from pgflow.tasks t
        where t.run_id = u.run_id
          and t.item = 0
          and t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
        order by t.step
        for no key update) t;

    --@pp skip_tasks-locked
    v_now := pgflow.clock();
    with before as (
        select t.run_id, t.step, t.item, t.state, a.n
        from (
            select a.run_id, a.step, min(a.n) as n
            from unnest(v_asked.run_ids, v_asked.steps, v_asked.ns) a (run_id, step, n)
            group by a.run_id, a.step
            order by a.run_id, a.step) a
        join pgflow.runs r on r.run_id = a.run_id and r.state = 'RUNNING'
        join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = 0
        where t.state in ('PENDING', 'SCHEDULED', 'RETRYING')
    ),
    skipped as (
        update pgflow.tasks t
        set state = 'SKIPPED',
            events = t.events + 1
        from before b
        where t.run_id = b.run_id
          and t.step = b.step
          and t.item = b.item
        returning t.*, b.state as was, b.n
    ),
    audited as (
        insert into pgflow.events (
            run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
        select k.run_id, v_now, k.item, k.events, k.fence, k.step,
               case k.was when 'PENDING' then 17 when 'SCHEDULED' then 18 else 19 end,
               k.generation, k.attempts, p_actor,
               case when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end
        from skipped k
    )
    select array_agg(k.n) as ns, array_agg(k.run_id) as run_ids, array_agg(k.step) as steps,
           array_agg(k.item) as items, array_agg(k.workflow_id) as workflow_ids, array_agg(s.queue) as queues,
           array_agg(k.priority) as priorities, array_agg(k.remaining) as remaining,
           array_agg(case when k.was = 'SCHEDULED' then k.message_id end) as message_ids
    into v_skipped
    from skipped k
    join pgflow.steps s on s.workflow_id = k.workflow_id and s.step = k.step;
    if v_skipped.ns is null then
        return;
    end if;

    applied := v_skipped.ns;
    update pgflow.runs r
    set has_skips = true
    from (
        select distinct k.run_id
        from unnest(v_skipped.run_ids, v_skipped.remaining) k (run_id, remaining)
        where k.remaining > 0) k
    where r.run_id = k.run_id
      and not r.has_skips;
    select e.ended_run_ids, e.woken_queues, e.maps_to_fold
    into ended_run_ids, woken_queues, maps_to_fold
    from (
        select array_agg(k.run_id) as run_ids, array_agg(k.step) as steps, array_agg(k.item) as items,
               array_agg(k.workflow_id) as workflow_ids
        from unnest(v_skipped.run_ids, v_skipped.steps, v_skipped.items, v_skipped.workflow_ids, v_skipped.remaining)
            k (run_id, step, item, workflow_id, remaining)
        where k.remaining = 0) k
    cross join lateral pgflow._end_steps(k.run_ids, k.steps, k.items, k.workflow_ids, v_now) e;
    delete from pgflow.timers t
    using unnest(v_skipped.run_ids, v_skipped.steps) k (run_id, step)
    where t.run_id = k.run_id and t.step = k.step and t.item = 0;
    delete from pgflow.parked_tasks p
    using unnest(v_skipped.run_ids, v_skipped.steps) k (run_id, step)
    where p.run_id = k.run_id and p.step = k.step and p.item = 0;
    perform pgflow._delete_messages(v_skipped.queues, v_skipped.priorities, v_skipped.message_ids);
end;
$$;
