-- skip_tasks: by a person's decision the work of steps is passed over; their dependents go on, with null for
-- the output.
--
-- A step may be skipped while nobody works on it, in a run that has begun: PENDING, SCHEDULED, RETRYING, or RUNNING and deferred since
-- it waits for something from outside.
-- What is passed over is the work, not the waiting: a step that waits for parents is SKIPPED at once, but its
-- dependents wait for those parents all the same. Returns the positions of the requests that applied.
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
    out to_settle   boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_now timestamptz;
    v_skipped record;
    v_delivered boolean;
begin
    to_settle := false;
    perform 1
    from (select distinct a.run_id from unnest(p_run_ids) a (run_id) order by a.run_id) a
    join pgflow.runs r on r.run_id = a.run_id
    for no key update of r;

    perform 1
    from (select distinct a.run_id from unnest(p_run_ids) a (run_id) order by a.run_id) a
    cross join lateral (
        select t.step
        from pgflow.tasks t
        where t.run_id = a.run_id
          and t.item = 0
          and (t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING') or t.state in ('SKIPPED', 'SUCCEEDED') and t.remaining > 0)
        order by t.step
        for no key update) t;

    --@pp skip_tasks-locked
    v_now := pgflow.clock();
    with asked as (
        select r.run_id, s.step, min(a.n)::int as n
        from unnest(p_run_ids, p_steps) with ordinality a (run_id, name, n)
        join pgflow.runs r on r.run_id = a.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.name = a.name
        where r.state = 'RUNNING'
        group by r.run_id, s.step
        order by r.run_id, s.step
    ),
    before as (
        select t.run_id, t.step, t.state, a.n
        from asked a
        join pgflow.tasks t on t.run_id = a.run_id and t.step = a.step and t.item = 0
        where t.state in ('PENDING', 'SCHEDULED', 'RETRYING')
           or t.deferred not in ('items', 'condition')
    ),
    skipped as (
        update pgflow.tasks t
        set state = 'SKIPPED',
            remaining = case b.state when 'RUNNING' then 0 else t.remaining end,
            deferred = null,
            events = t.events + 1
        from before b
        where t.run_id = b.run_id
          and t.step = b.step
          and t.item = 0
        returning t.*, b.state as was, b.n
    ),
    audited as (
        insert into pgflow.audit (
            run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
        select k.run_id, v_now, k.item, k.events, k.fence, k.step,
               case k.was when 'PENDING' then 17 when 'SCHEDULED' then 18 when 'RETRYING' then 19 else 24 end,
               k.generation, k.attempts, p_actor,
               case when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end
        from skipped k
    )
    select array_agg(k.n) as ns,
           array_agg(k.run_id) filter (where k.was <> 'PENDING') as run_ids,
           array_agg(k.step) filter (where k.was <> 'PENDING') as steps,
           array_agg(k.item) filter (where k.was <> 'PENDING') as items,
           array_agg(k.workflow_id) filter (where k.was <> 'PENDING') as workflow_ids,
           array_agg(s.queue) as queues,
           array_agg(k.priority) as priorities,
           array_agg(case when k.was = 'SCHEDULED' then k.message_id end) as message_ids,
           coalesce(bool_or(k.was = 'PENDING' and k.remaining = 0), false) as any_undecided
    into v_skipped
    from skipped k
    join pgflow.steps s on s.workflow_id = k.workflow_id and s.step = k.step;
    applied := v_skipped.ns;
    to_settle := v_skipped.any_undecided;
    if v_skipped.run_ids is null then
        return;
    end if;

    select e.ended_run_ids, e.woken_queues, e.to_settle or v_skipped.any_undecided
    into ended_run_ids, woken_queues, to_settle
    from pgflow._end_steps(v_skipped.run_ids, v_skipped.steps, v_skipped.items, v_skipped.workflow_ids, v_now) e;
    perform pgflow._delete_messages(v_skipped.queues, v_skipped.priorities, v_skipped.message_ids);
    v_delivered := pgflow._forget_waiting(v_skipped.run_ids, v_skipped.steps); -- a statement of its own: "or" would not always call it
    to_settle := to_settle or v_delivered;
end;
$$;

-- _forget_waiting: timers, deadlines, parking places, places at the gate and what had come for step tasks that need them no more. A signal
-- that had come goes to another step that waits for it; returns whether one did.

drop function if exists pgflow._forget_waiting(uuid[], smallint[]);

create function pgflow._forget_waiting(
    p_run_ids  uuid[],
    p_steps    smallint[]
)
returns boolean
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_signals record;
    v_delivered boolean := false;
begin
    perform pgflow._abandon_sub_runs(p_run_ids, p_steps, null, 'the step that started it waits for it no more');

    delete from pgflow.timers t
    using unnest(p_run_ids, p_steps) k (run_id, step)
    where t.run_id = k.run_id
      and t.step = k.step
      and t.item = 0;

    delete from pgflow.deadlines d
    using unnest(p_run_ids, p_steps) k (run_id, step)
    where d.run_id = k.run_id
      and d.step = k.step;

    delete from pgflow.parked_tasks p
    using unnest(p_run_ids, p_steps) k (run_id, step)
    where p.run_id = k.run_id
      and p.step = k.step
      and p.item = 0;

    select array_agg(g.run_id) as run_ids, array_agg(g.workflow_id) as workflow_ids, array_agg(g.name) as names
    into v_signals
    from pgflow._give_back_signals(p_run_ids, p_steps) g;
    delete from pgflow.unsettled_steps u
    using unnest(p_run_ids, p_steps) k (run_id, step)
    where u.run_id = k.run_id
      and u.step = k.step;
    select coalesce(bool_or(pgflow._deliver_signal(g.run_id, g.workflow_id, g.name)), false)
    into v_delivered
    from unnest(v_signals.run_ids, v_signals.workflow_ids, v_signals.names) g (run_id, workflow_id, name);

    delete from pgflow.gated_tasks g
    using unnest(p_run_ids, p_steps) k (run_id, step)
    where g.run_id = k.run_id
      and g.step = k.step
      and g.item = 0;

    if exists (select from pgflow.approvals a where a.state = 'pending') then
        perform pgflow._withdraw_approvals(p_run_ids, p_steps, pgflow.clock());
    end if;
    return v_delivered;
end;
$$;
