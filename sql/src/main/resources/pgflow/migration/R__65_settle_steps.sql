-- settle_steps: does what other transactions left, since runs must be locked first for it or many would wait for one row.
-- It counts ended items off their map tasks, and ends the maps that have none left: their outputs are collected in item order and
-- their dependents resolved. It ends the steps that were skipped while they waited for parents, when the last of those
-- has ended, and decides what becomes of steps that wait for nothing and have a condition. It ends the steps for which something
-- from outside has come, or did not come in time. It begins the undoing of runs that ended badly.
--
-- Call it in a transaction of its own after one that says that there is something to settle, and now and then (upkeep), until it
-- says that nothing is left over. Of two concurrent reporters the later one to settle sees both: it waits for the
-- map task and reads the rows after it has the lock.
--
-- A batch in which a value is out of range, or an array too large for the server, is settled one by one; the run that it comes from fails alone
-- (PGF-RUN-018), so that it holds up nobody.
-- Locks: runs that may end or of which a step is to be decided or was passed over, the tasks, their dependents, each in order; then the queues.

drop function if exists pgflow.settle_steps(int);

create or replace function pgflow.settle_steps(
    p_limit  int default 100,
    out settled        int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out left_over      boolean,
    out next_due_in    interval
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
    v_maps record;
    v_ready record;
    v_decided record;
    v_next record;
    v_ended record;
    v_run_ids uuid[]; -- known to the handler of errors
    v_problem text;
begin
    left_over := false;
    settled := 0;
    if exists (select from pgflow.unsettled_sub_runs) then
        select *
        into settled, ended_run_ids, woken_queues, next_due_in
        from pgflow._settle_sub_runs(p_limit);
        left_over := settled > 0;
        if left_over then
            return;
        end if;
    end if;

    if exists (select from pgflow.owed_undos o where o.problem is null) then
        select u.settled, u.woken_queues
        into settled, woken_queues
        from pgflow._settle_undos(p_limit) u;
        left_over := settled > 0;
        if left_over then
            return;
        end if;
    end if;

    ended_run_ids := pgflow._fail_unopened(p_limit);
    if ended_run_ids is not null then
        left_over := true;
        return;
    end if;

    begin
        select array_agg(m.run_id) as run_ids, array_agg(m.step) as steps, array_agg(0) as items
        into v_maps
        from (
            select distinct p.run_id, p.step
            from pgflow.unsettled_steps p
            where p.error is null
            order by p.run_id, p.step
            limit p_limit) m;
        v_run_ids := v_maps.run_ids;
        if v_run_ids is null then
            return;
        end if;

        -- As _lock_runs_that_may_end, and the runs of which a step is to be decided or was passed over: those that end such a run lock the
        -- dependents of the step, but not the step, which has ended. Not by a parameter of that function: reports
        -- call it all the time, and with one more the planner planned its statement anew at each call. The steps are
        -- not joined, since the planner may begin a join of small tables with them, and then the runs would come in their order.
        perform 1
        from (
            select distinct m.run_id, m.step
            from unnest(v_maps.run_ids, v_maps.steps) m (run_id, step)
            order by m.run_id) m
        join pgflow.runs r on r.run_id = m.run_id
        where (
            select s.dependents = '{}' or s.opens_maps or s.opening = 'settle'
            from pgflow.steps s
            where s.workflow_id = r.workflow_id
              and s.step = m.step)
           or exists (
               select
               from pgflow.tasks t
               where t.run_id = r.run_id
                 and t.step = m.step
                 and t.item = 0
                 and t.state in ('SKIPPED', 'SUCCEEDED')
               offset 0) -- by key, for each of the few
        for no key update of r;
        perform 1
        from unnest(v_maps.run_ids, v_maps.steps) m (run_id, step)
        join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = 0
        for no key update of t;

        --@pp settle_steps-locked
        v_now := pgflow.clock();
        select *
        into v_ready
        from pgflow._count_off_items(v_maps.run_ids, v_maps.steps) r;
        settled := pg_catalog.cardinality(v_maps.run_ids);
        --@pp settle_steps-counted

        if v_ready.run_ids is not null then
            perform pgflow._collect_items(v_ready.run_ids, v_ready.steps, v_now);
        end if;
        if v_ready.waited_runs is not null then
            perform pgflow._complete_waits(
                v_ready.waited_runs, v_ready.waited_steps, v_ready.waited_outputs, v_ready.waited_actors, v_now);
        end if;
        select *
        into v_decided
        from pgflow._decide_steps(v_maps.run_ids, v_maps.steps, v_ready.run_ids, v_ready.steps, v_now);
        select *
        into v_next
        from pgflow._begin_items(v_ready.counted_runs, v_ready.counted_steps, v_now) n;
        woken_queues := v_decided.woken_queues || v_next.woken_queues;
        left_over := settled = p_limit or v_decided.left_over or v_next.to_settle;
        next_due_in := v_decided.due_at - v_now;

        if v_ready.run_ids is not null or v_decided.run_ids is not null then
            select *
            into v_ended
            from pgflow._end_steps(
                v_ready.run_ids || v_decided.run_ids, v_ready.steps || v_decided.steps, v_ready.items || v_decided.items,
                v_ready.workflow_ids || v_decided.workflow_ids, v_now);
            ended_run_ids := v_ended.ended_run_ids;
            woken_queues := woken_queues || v_ended.woken_queues;
            left_over := left_over or v_ended.to_settle or pgflow._any_sub_run(v_ended.ended_run_ids);
        end if;
    exception
        when data_exception or program_limit_exceeded then
            get stacked diagnostics v_problem = message_text;
    end;
    if v_problem is not null then
        select *
        into settled, ended_run_ids, woken_queues, left_over, next_due_in
        from pgflow._settle_apart(v_run_ids, v_problem);
    end if;
end;
$$;

-- _settle_apart: a batch could not be settled: its first step is settled alone, and when it is alone already, its run fails.
-- Locks: as in cancel_runs.

create or replace function pgflow._settle_apart(
    p_run_ids  uuid[],
    p_problem  text,
    out settled        int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out left_over      boolean,
    out next_due_in    interval
)
language plpgsql
set search_path = ''
as $$
begin
    if pg_catalog.cardinality(p_run_ids) > 1 then
        select s.settled, s.ended_run_ids, s.woken_queues, s.next_due_in
        into settled, ended_run_ids, woken_queues, next_due_in
        from pgflow.settle_steps(1) s;
    else
        perform pgflow._lock_whole_runs(p_run_ids);
        ended_run_ids := pgflow._end_runs(
            p_run_ids, 'FAILED', null, null,
            array[pg_catalog.jsonb_build_object(
                'code', 'PGF-RUN-018',
                'message', 'the run cannot go on: ' || p_problem || '; mend its workflow or its input, and start it again')],
            pgflow.clock());
        settled := 1;
    end if;
    left_over := true;
end;
$$;

-- _fail_unopened: steps fail that could not be opened, or that did not get what they waited for in time. The former end their
-- runs; of the latter each says what follows (on_failure). One of the two in a call, since each locks its tasks in one pass.
-- Returns the runs that ended; null when there was nothing to fail.

create or replace function pgflow._fail_unopened(
    p_limit  int
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
    v_failed record;
    v_ended uuid[];
begin
    select array_agg(m.run_id) as run_ids, array_agg(m.step) as steps, array_agg(0) as items,
           array_agg(m.fence) as fences, array_agg(m.error) as errors, array_agg(false) as retryable,
           array_agg(null::interval) as retry_afters, min(m.how) as how
    into v_failed
    from (
        select f.*
        from (
            select p.run_id, p.step, p.error, t.fence, t.how, min(t.how) over () as first_how
            from pgflow.unsettled_steps p
            cross join lateral (
                select a.fence, case when a.deferred in ('items', 'condition') then 'refused' else 'failed' end as how
                from pgflow.tasks a
                where a.run_id = p.run_id
                  and a.step = p.step
                  and a.item = 0
                offset 0) t -- by key, for each of the few
            where p.error is not null) f
        where f.how = f.first_how
        order by f.run_id, f.step
        limit p_limit) m;
    if v_failed.run_ids is null then
        return null;
    end if;

    select coalesce(e.ended_run_ids, '{}')
    into v_ended
    from pgflow._end_attempts(
        null, v_failed.how, v_failed.run_ids, v_failed.steps, v_failed.items, v_failed.fences, v_failed.errors,
        v_failed.retryable, v_failed.retry_afters) e;

    delete from pgflow.unsettled_steps u
    using unnest(v_failed.run_ids, v_failed.steps, v_failed.items, v_failed.fences) f (run_id, step, item, fence),
          pgflow.tasks t
    where u.run_id = f.run_id
      and u.step = f.step
      and t.run_id = f.run_id
      and t.step = f.step
      and t.item = f.item
      and t.fence = f.fence; -- what a later generation left is not of this failure
    return v_ended;
end;
$$;

-- _count_off_items: takes up the rows of map tasks that the caller locked; returns those that have no
-- item left, and those that have. Of the former, those that waited for something from outside are named once more, with what
-- came.

create or replace function pgflow._count_off_items(
    p_run_ids  uuid[],
    p_steps    smallint[],
    out run_ids       uuid[],
    out steps         smallint[],
    out items         int[],
    out workflow_ids  bigint[],
    out counted_runs   uuid[],
    out counted_steps  smallint[],
    out waited_runs     uuid[],
    out waited_steps    smallint[],
    out waited_outputs  jsonb[],
    out waited_actors   text[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    with settling as (
        delete from pgflow.unsettled_steps p
        using unnest(p_run_ids, p_steps) m (run_id, step)
        where p.run_id = m.run_id
          and p.step = m.step
          and p.error is null -- who comes first may have found that the step must fail
        returning p.run_id, p.step, p.ended, p.output, p.actor
    ),
    counted as (
        update pgflow.tasks t
        set remaining = t.remaining - f.ended
        from (
            select f.run_id, f.step, sum(f.ended)::int as ended,
                   (array_agg(f.output) filter (where f.output is not null))[1] as output,
                   min(f.actor) as actor
            from settling f
            group by f.run_id, f.step) f
        where t.run_id = f.run_id
          and t.step = f.step
          and t.item = 0
          and t.state in ('RUNNING', 'SKIPPED', 'SUCCEEDED')
        returning t.run_id, t.step, t.item, t.workflow_id, t.remaining, f.output, f.actor,
                  coalesce(t.deferred <> 'items', false) as waited
    )
    select array_agg(c.run_id) filter (where c.remaining = 0),
           array_agg(c.step) filter (where c.remaining = 0),
           array_agg(c.item) filter (where c.remaining = 0),
           array_agg(c.workflow_id) filter (where c.remaining = 0),
           array_agg(c.run_id) filter (where c.remaining > 0),
           array_agg(c.step) filter (where c.remaining > 0),
           array_agg(c.run_id) filter (where c.remaining = 0 and c.waited),
           array_agg(c.step) filter (where c.remaining = 0 and c.waited),
           array_agg(c.output) filter (where c.remaining = 0 and c.waited),
           array_agg(c.actor) filter (where c.remaining = 0 and c.waited)
    into run_ids, steps, items, workflow_ids, counted_runs, counted_steps,
         waited_runs, waited_steps, waited_outputs, waited_actors
    from counted c;
end;
$$;

-- _collect_items: map tasks whose items have all ended succeed with the array of their outputs, or, where items may fail,
-- with outputs and errors; other steps stay as they are.

create or replace function pgflow._collect_items(
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
    delete from pgflow.limited_maps l
    using unnest(p_run_ids, p_steps) m (run_id, step)
    where l.run_id = m.run_id
      and l.step = m.step;

    with collected as (
        update pgflow.tasks t
        set state = 'SUCCEEDED',
            deferred = null,
            events = t.events + 1,
            output = (
                select case
                    when s.collects then pg_catalog.jsonb_build_object(
                        'outputs', coalesce(pg_catalog.jsonb_agg(coalesce(i.output, 'null') order by i.item), '[]'),
                        'errors', coalesce(
                            pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('item', i.item - 1, 'error', i.error) order by i.item)
                                filter (where i.state = 'FAILED'),
                            '[]'))
                    else coalesce(pg_catalog.jsonb_agg(coalesce(i.output, 'null') order by i.item), '[]')
                end
                from pgflow.tasks i
                where i.run_id = t.run_id
                  and i.step = t.step
                  and i.item > 0)
        from unnest(p_run_ids, p_steps) m (run_id, step),
             pgflow.steps s
        where t.run_id = m.run_id
          and t.step = m.step
          and s.workflow_id = t.workflow_id
          and s.step = t.step
          and t.item = 0
          and t.deferred = 'items'
        returning t.run_id, t.step, t.fence, t.events, t.generation, t.attempts, t.output
    )
    insert into pgflow.audit (
        run_id, at, output_hash, item, seq, fence, step, transition, generation, attempt)
    select c.run_id, p_now, pg_catalog.hashtextextended(c.output::text, 0), 0, c.events, c.fence, c.step, 6,
           c.generation, c.attempts
    from collected c;
end;
$$;

-- _complete_waits: steps succeed with what they waited for.

create or replace function pgflow._complete_waits(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_outputs  jsonb[],
    p_actors   text[],
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
    with completed as (
        update pgflow.tasks t
        set state = 'SUCCEEDED',
            deferred = null,
            events = t.events + 1,
            output = coalesce(w.output, 'null')
        from unnest(p_run_ids, p_steps, p_outputs, p_actors) w (run_id, step, output, actor)
        where t.run_id = w.run_id
          and t.step = w.step
          and t.item = 0
        returning t.run_id, t.step, t.fence, t.events, t.generation, t.attempts, t.output, w.actor
    )
    insert into pgflow.audit (
        run_id, at, output_hash, item, seq, fence, step, transition, generation, attempt, actor)
    select c.run_id, p_now, pg_catalog.hashtextextended(c.output::text, 0), 0, c.events, c.fence, c.step, 6,
           c.generation, c.attempts, c.actor
    from completed c;
end;
$$;

-- _schedule_items: maps with a limit of items at once, and items that have just ended: as many of the next ones are
-- scheduled, or start their runs. The caller locked the map tasks, so nobody else schedules items of theirs, or takes from those that wait. Returns
-- the queues that got work.

create or replace function pgflow._schedule_items(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz
)
returns text[]
language plpgsql
set search_path = ''
as $$
begin
    return (
        select n.woken_queues
        from pgflow._begin_items(p_run_ids, p_steps, p_now) n);
end;
$$;

-- _begin_items: the same, and whether settle_steps has something to do with what they began.

create or replace function pgflow._begin_items(
    p_run_ids  uuid[],
    p_steps    smallint[],
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
    v_next record;
    v_opened record;
begin
    with next as (
        select i.run_id, i.step, i.item, s.kind = 'workflow' as starts
        from unnest(p_run_ids, p_steps) m (run_id, step)
        join pgflow.limited_maps l on l.run_id = m.run_id and l.step = m.step
        join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        cross join lateral (
            select n.run_id, n.step, n.item
            from pgflow.tasks n
            where n.run_id = l.run_id
              and n.step = l.step
              and n.item >= l.next_item
              and n.state = 'PENDING'
            order by n.item
            limit greatest(least(l.waiting, s.at_once - (t.remaining - l.waiting)), 0)) i
        where t.state = 'RUNNING'
    ),
    taken as (
        update pgflow.limited_maps l
        set waiting = l.waiting - n.items,
            next_item = n.last + 1
        from (
            select n.run_id, n.step, count(*)::int as items, max(n.item) as last
            from next n
            group by n.run_id, n.step) n
        where l.run_id = n.run_id
          and l.step = n.step
    )
    select array_agg(n.run_id) filter (where not n.starts) as run_ids,
           array_agg(n.step) filter (where not n.starts) as steps,
           array_agg(n.item) filter (where not n.starts) as items,
           array_agg(n.run_id) filter (where n.starts) as start_runs,
           array_agg(n.step) filter (where n.starts) as start_steps,
           array_agg(n.item) filter (where n.starts) as start_items
    into v_next
    from next n;

    to_settle := false;
    if v_next.run_ids is not null then
        woken_queues := pgflow._schedule(v_next.run_ids, v_next.steps, v_next.items, 3::smallint, p_now);
    end if;
    if v_next.start_runs is not null then
        select *
        into v_opened
        from pgflow._open_sub_runs(
            v_next.start_runs, v_next.start_steps, v_next.start_items, 3::smallint, p_now);
        woken_queues := woken_queues || v_opened.woken_queues;
        to_settle := v_opened.to_settle;
    end if;
end;
$$;
