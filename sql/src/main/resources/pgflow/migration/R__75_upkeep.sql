-- upkeep_due: whether there is something for upkeep to do: timers and deadlines to fire, schedules to advance, workers to expire,
-- steps to settle, tasks at the gate; how long it is until the next of what comes by time; and which queues have a limit, so that
-- whoever reports on a task of one tells the others. One cheap question, which every process asks about once a second.
--
-- A process that has a worker asks for it in the same call: whether it still counts as alive (if not: stop everything,
-- register anew), and whether work may wait for it, so that it need not try to claim to find out. With p_beats the call is
-- the heartbeat of a worker that runs nothing, too.
-- Locks: the worker, when it beats.

drop function if exists pgflow.upkeep_due();
drop function if exists pgflow.upkeep_due(bigint, boolean);

create or replace function pgflow.upkeep_due(
    p_worker_id  bigint default null,
    p_beats      boolean default false,
    out timers       boolean,
    out deadlines    boolean,
    out schedules    boolean,
    out workers      boolean,
    out unsettled    boolean,
    out next_due_in  interval,
    out alive        boolean,
    out work_waits   boolean,
    out gated           boolean,
    out limited_queues  text[]
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_next_timer timestamptz := (select min(t.due_at) from pgflow.timers t);
    v_next_deadline timestamptz := (select min(d.due_at) from pgflow.deadlines d);
    v_next_schedule timestamptz := (select min(s.next_at) from pgflow.schedules s);
    v_queues text[];
    v_handlers text[];
begin
    next_due_in := least(v_next_timer, v_next_deadline, v_next_schedule) - v_now;
    timers := coalesce(v_next_timer <= v_now, false);
    deadlines := coalesce(v_next_deadline <= v_now, false);
    schedules := coalesce(v_next_schedule <= v_now, false);
    workers := exists (
        select
        from pgflow.workers w
        where w.recovered_at is null
          and w.end_cause is distinct from 'retired'
          and (w.end_cause = 'lost' or w.heartbeat_at + w.expires_after < v_now));
    unsettled := exists (select from pgflow.unsettled_steps)
        or exists (select from pgflow.unsettled_sub_runs)
        or exists (select from pgflow.owed_undos o where o.problem is null);
    gated := exists (select from pgflow.gated_tasks);
    limited_queues := array(select r.name from pgflow.claim_rules r where r.rule = 'limit');

    select w.queues, w.handlers
    into v_queues, v_handlers
    from pgflow.workers w
    where w.worker_id = p_worker_id
      and w.ended_at is null;
    alive := found;
    if timers or deadlines or schedules or workers or unsettled then
        work_waits := alive; -- what is due shall not wait for a look that may be slow
    else
        work_waits := alive and pgflow._work_waits(v_queues, v_handlers);
    end if;

    if p_beats and alive then
        perform pgflow.heartbeat(p_worker_id, '{}', '{}', '{}', '{}');
    end if;
end;
$$;

-- _work_waits: whether a claim of a worker with these queues and handlers may find something. In a paused queue it finds nothing.

create or replace function pgflow._work_waits(
    p_queues    text[],
    p_handlers  text[]
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
    v_queue text;
    v_priority smallint;
    v_ruled boolean := exists (select from pgflow.claim_rules);
begin
    foreach v_queue in array p_queues loop
        continue when v_ruled and pgflow._is_paused('queue', v_queue);
        if exists (select from pgflow.parked_tasks p where p.queue = v_queue and p.handler = any (p_handlers)) then
            return true;
        end if;
        foreach v_priority in array coalesce(pgflow._priorities(v_queue), '{}') loop
            if pgflow._message_waits(pgflow._pgmq_queue(v_queue, v_priority)) then
                return true;
            end if;
        end loop;
    end loop;
    return false;
end;
$$;

-- _message_waits: whether a queue of pgmq has a visible message, or may have one.
--
-- While some transaction stays open, messages that were taken long ago cannot be cleared away, and a look passes all of
-- them. Where that is slow, a session does not look again for ten times as long, and says meanwhile that one may wait: the
-- claim that comes of it remembers where to begin (_pop).

create or replace function pgflow._message_waits(
    p_pgmq_queue  text
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
    v_memory text := 'pgflow.look_' || p_pgmq_queue;
    v_look_again double precision := nullif(pg_catalog.current_setting(v_memory, true), '');
    v_now double precision := extract(epoch from pg_catalog.clock_timestamp());
    v_oldest bigint;
begin
    if v_now < v_look_again then
        return true;
    end if;
    -- Not "exists", which would drop the order, and with it the choice of the index that claims go by.
    execute pg_catalog.format(
        'select o.msg_id
         from pgmq.%I o
         where o.msg_id >= 0
           and o.vt <= pg_catalog.clock_timestamp()
         order by o.msg_id
         limit 1',
        'q_' || p_pgmq_queue)
    into v_oldest;
    v_look_again := v_now + 10 * (extract(epoch from pg_catalog.clock_timestamp()) - v_now);
    perform pg_catalog.set_config(v_memory, v_look_again::text, false);
    return v_oldest is not null;
end;
$$;

-- fire_timers: what became due goes on: retries are scheduled again, waits end, delayed runs begin, deferred tasks are out of time.
--
-- Any process may call it at any time; tasks that another caller is at are passed over. next_due_in says
-- how long until there is something to do again; null when nothing waits.
-- Locks: for deferred tasks as in fail_tasks; then runs, then tasks, each in order, skipping the locked ones. The latter never
-- wait, so that they may come after the former.

drop function if exists pgflow.fire_timers(int);

create or replace function pgflow.fire_timers(
    p_limit  int default 1000,
    out fired          int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out to_settle      boolean,
    out next_due_in    interval
)
language plpgsql
set search_path = ''
as $$
declare
    v_now timestamptz := pgflow.clock();
    v_due record;
    v_again record;
    v_begun record;
    v_expired record;
begin
    fired := 0;
    to_settle := false;
    if exists (select from pgflow.timers t where t.due_at <= v_now) then
        select *
        into v_expired
        from pgflow._expire_deferred(p_limit, v_now);
        ended_run_ids := v_expired.ended_run_ids;

        select b.run_ids, b.woken_queues, b.to_settle
        into v_begun
        from pgflow._begin_runs(p_limit, v_now) b;
        fired := v_expired.expired + coalesce(pg_catalog.cardinality(v_begun.run_ids), 0);
        to_settle := v_expired.to_settle or coalesce(v_begun.to_settle, false);

        select *
        into v_due
        from pgflow._take_due_tasks(p_limit, v_now) t;
        fired := fired + v_due.taken;
        if v_due.retry_runs is not null then
            select *
            into v_again
            from pgflow._try_again(v_due.retry_runs, v_due.retry_steps, v_due.retry_items, v_now);
            woken_queues := v_again.woken_queues;
            to_settle := to_settle or v_again.to_settle;
        end if;
        if v_due.wait_runs is not null then
            perform pgflow._end_waits(v_due.wait_runs, v_due.wait_steps, v_due.waits, v_now);
            to_settle := true;
        end if;
        woken_queues := woken_queues || v_begun.woken_queues || v_expired.woken_queues;
    end if;

    next_due_in := pgflow._next_due_at() - v_now;
end;
$$;

-- _try_again: retries that are due. Tasks of handlers are scheduled, those that run another workflow start another run.

create or replace function pgflow._try_again(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[],
    p_now      timestamptz,
    out woken_queues  text[],
    out to_settle     boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_again record;
    v_opened record;
begin
    select array_agg(r.run_id) filter (where s.kind <> 'workflow') as run_ids,
           array_agg(r.step) filter (where s.kind <> 'workflow') as steps,
           array_agg(r.item) filter (where s.kind <> 'workflow') as items,
           array_agg(r.run_id) filter (where s.kind = 'workflow') as start_runs,
           array_agg(r.step) filter (where s.kind = 'workflow') as start_steps,
           array_agg(r.item) filter (where s.kind = 'workflow') as start_items
    into v_again
    from unnest(p_run_ids, p_steps, p_items) r (run_id, step, item)
    join pgflow.tasks t on t.run_id = r.run_id and t.step = r.step and t.item = r.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step;

    to_settle := false;
    if v_again.run_ids is not null then
        woken_queues := pgflow._schedule(v_again.run_ids, v_again.steps, v_again.items, 10::smallint, p_now);
    end if;
    if v_again.start_runs is not null then
        select *
        into v_opened
        from pgflow._open_sub_runs(
            v_again.start_runs, v_again.start_steps, v_again.start_items, 10::smallint, p_now);
        woken_queues := woken_queues || v_opened.woken_queues;
        to_settle := v_opened.to_settle;
    end if;
end;
$$;

-- _next_due_at: when the next timer, deadline or schedule is due.

create or replace function pgflow._next_due_at()
returns timestamptz
language sql
stable
as $$
    select least(
        (select min(t.due_at) from pgflow.timers t),
        (select min(d.due_at) from pgflow.deadlines d),
        (select min(s.next_at) from pgflow.schedules s));
$$;

-- _take_due_tasks: tasks whose timer is due, locked, and without it: retries, and waits. What a task waited for may have come, and
-- taken the timer away, before the task was locked: only a timer that was still there counts.

create or replace function pgflow._take_due_tasks(
    p_limit  int,
    p_now    timestamptz,
    out taken        int,
    out retry_runs   uuid[],
    out retry_steps  smallint[],
    out retry_items  int[],
    out wait_runs    uuid[],
    out wait_steps   smallint[],
    out waits        text[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_locked record;
begin
    select array_agg(t.run_id) as run_ids, array_agg(t.step) as steps, array_agg(t.item) as items,
           array_agg(t.deferred) as waits
    into v_locked
    from pgflow._lock_due_tasks(p_limit, p_now) t;

    --@pp take_due_tasks-locked
    with taken as (
        delete from pgflow.timers t
        using unnest(v_locked.run_ids, v_locked.steps, v_locked.items, v_locked.waits) d (run_id, step, item, wait)
        where t.run_id = d.run_id
          and t.step = d.step
          and t.item = d.item
          and t.due_at <= p_now
        returning t.run_id, t.step, t.item, d.wait
    )
    select count(*),
           array_agg(t.run_id) filter (where t.wait is null),
           array_agg(t.step) filter (where t.wait is null),
           array_agg(t.item) filter (where t.wait is null),
           array_agg(t.run_id) filter (where t.wait is not null),
           array_agg(t.step) filter (where t.wait is not null),
           array_agg(t.wait) filter (where t.wait is not null)
    into taken, retry_runs, retry_steps, retry_items, wait_runs, wait_steps, waits
    from taken t;
end;
$$;

-- _end_waits: a sleep that is due is over; the wait for a signal that is due has failed; for a decision others are asked. What follows may end runs, which must be
-- locked before any task: settle_steps.

create or replace function pgflow._end_waits(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_waits    text[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.unsettled_steps (run_id, step, ended, error)
    select w.run_id, w.step, case w.wait when 'sleep' then 1 else 0 end,
           case w.wait when 'signal' then pg_catalog.jsonb_build_object(
               'code', 'PGF-RUN-013',
               'message', 'the signal that the step waits for did not come in time; send it earlier, let the step wait longer, or say what'
                   || ' follows then (onFailure)') end
    from unnest(p_run_ids, p_steps, p_waits) w (run_id, step, wait)
    where w.wait <> 'approval';

    if 'approval' = any (p_waits) then
        perform pgflow._approvals_due(array_agg(w.run_id), array_agg(w.step), p_now)
        from unnest(p_run_ids, p_steps, p_waits) w (run_id, step, wait)
        where w.wait = 'approval';
    end if;
end;
$$;

-- _lock_due_tasks: retries and waits that are due, their tasks locked.

drop function if exists pgflow._lock_due_tasks(int, timestamptz);

create or replace function pgflow._lock_due_tasks(
    p_limit  int,
    p_now    timestamptz
)
returns table (run_id uuid, step smallint, item int, deferred text)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return query
    select t.run_id, t.step, t.item, t.deferred
    from (
        select d.run_id, d.step, d.item
        from (
            select r.run_id, r.step, r.item
            from pgflow.timers r
            where r.due_at <= p_now
              and r.step > 0
            order by r.due_at
            limit p_limit) d
        order by d.run_id, d.step, d.item) d
    cross join lateral (
        select a.run_id, a.step, a.item, a.deferred
        from pgflow.tasks a
        where a.run_id = d.run_id
          and a.step = d.step
          and a.item = d.item
          and (a.state = 'RETRYING' or a.deferred in ('sleep', 'signal', 'approval'))
        for no key update skip locked) t;
end;
$$;

-- _begin_runs: delayed runs whose time came start; their first steps are scheduled.

create or replace function pgflow._begin_runs(
    p_limit  int,
    p_now    timestamptz,
    out run_ids       uuid[],
    out woken_queues  text[],
    out to_settle  boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_first record;
begin
    to_settle := false;
    with due as (
        select r.run_id
        from (
            select d.run_id
            from (
                select t.run_id
                from pgflow.timers t
                where t.due_at <= p_now
                  and t.step = 0
                order by t.due_at
                limit p_limit) d
            order by d.run_id) d
        join pgflow.runs r on r.run_id = d.run_id
        where r.state = 'PENDING'
        for no key update of r skip locked
    ),
    begun as (
        update pgflow.runs r
        set state = 'RUNNING',
            started_at = p_now,
            events = r.events + 1
        from due d
        where r.run_id = d.run_id
        returning r.run_id, r.events
    ),
    audited as (
        insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
        select b.run_id, p_now, 0, b.events, 0, 0, 103, 1, 0
        from begun b
    )
    select array_agg(b.run_id)
    into run_ids
    from begun b;
    if run_ids is null then
        return;
    end if;

    delete from pgflow.timers t
    using unnest(run_ids) b (run_id)
    where t.run_id = b.run_id and t.step = 0;

    select array_agg(f.run_id) filter (where f.is_plain) as run_ids,
           array_agg(f.step) filter (where f.is_plain) as steps,
           array_agg(0) filter (where f.is_plain) as items,
           array_agg(f.run_id) filter (where not f.is_plain) as opening_runs,
           array_agg(f.step) filter (where not f.is_plain) as opening_steps
    into v_first
    from (
        select t.run_id, t.step, s.opening = 'schedule' as is_plain
        from (select b.run_id from unnest(run_ids) b (run_id) order by b.run_id) b
        join pgflow.tasks t on t.run_id = b.run_id and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.state = 'PENDING'
          and t.remaining = 0
        for no key update of t) f;
    if v_first.run_ids is not null then
        woken_queues := pgflow._schedule(v_first.run_ids, v_first.steps, v_first.items, 3::smallint, p_now);
    end if;
    if v_first.opening_runs is not null then
        woken_queues := woken_queues || pgflow._open_steps(v_first.opening_runs, v_first.opening_steps, p_now);
        to_settle := true;
    end if;
end;
$$;
