-- Generations: tasks that have ended begin anew, and their runs with them.
--
-- The state machine knows no way out of an end. What begins anew does so as at its birth, in the next generation: attempts count from
-- zero, events and fences go on, so that reports of earlier generations stay late ones. What it had given or why it had
-- failed is kept in past_generations. Everything else of a run is recounted afterwards from the states of its tasks.

-- _lock_whole_runs: locks runs, and of their tasks all that an operation on whole runs may touch or count.

create or replace function pgflow._lock_whole_runs(
    p_run_ids  uuid[]
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
    perform 1
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
    join pgflow.runs r on r.run_id = u.run_id
    for no key update of r;

    perform 1
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
    cross join lateral (
        select t.step
        from pgflow.tasks t
        where t.run_id = u.run_id
          and (t.item = 0 or t.state not in ('SUCCEEDED', 'SKIPPED'))
        order by t.step, t.item
        for no key update) t;
end;
$$;

-- _restart: what failed or was cancelled in these runs begins anew, and the steps that are named, whatever they gave, with nothing of
-- their items left. Runs that had ended begin anew with them. Afterwards tasks that wait for nothing are still PENDING: the
-- caller lets them go (_go_on). p_by_hand: a step that is about to be ended by a person, whose items stay as they are.
--
-- The caller locked the runs (_lock_whole_runs), and knows that nobody works on the named steps.

create or replace function pgflow._restart(
    p_run_ids       uuid[],
    p_step_run_ids  uuid[],
    p_steps         smallint[],
    p_by_hand       smallint,
    p_actor         text,
    p_reason        text,
    p_now           timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_detail jsonb := case when p_reason is not null then pg_catalog.jsonb_build_object('reason', p_reason) end;
begin
    perform pgflow._restart_runs(p_run_ids, p_actor, v_detail, p_now);
    if p_steps is not null then
        perform pgflow._recall(p_step_run_ids, p_steps, p_actor, v_detail, p_now);
        perform pgflow._drop_items(p_step_run_ids, p_steps);
    end if;
    perform pgflow._restart_tasks(p_run_ids, p_step_run_ids, p_steps, p_by_hand, p_actor, v_detail, p_now);
    perform pgflow._recount(p_run_ids);
end;
$$;

-- _restart_runs: runs that had ended are RUNNING again, in their next generation.

create or replace function pgflow._restart_runs(
    p_run_ids  uuid[],
    p_actor    text,
    p_detail   jsonb,
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
    with restarted as (
        update pgflow.runs r
        set state = 'RUNNING',
            generation = r.generation + 1,
            started_at = coalesce(r.started_at, p_now), -- it may have been cancelled before it began
            ended_at = null,
            error = null,
            events = r.events + 1
        from (select distinct u.run_id from unnest(p_run_ids) u (run_id)) u
        where r.run_id = u.run_id
          and r.ended_at is not null
        returning r.run_id, r.events, r.generation
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
    select r.run_id, p_now, 0, r.events, 0, 0, 115, r.generation, 0, p_actor, p_detail
    from restarted r;

    -- What was to be undone is gone on with instead.
    delete from pgflow.owed_undos o
    using unnest(p_run_ids) u (run_id)
    where o.run_id = u.run_id;

    -- What waits for such a run has not been told that it had ended, and waits on.
    -- Whoever is telling it just now is passed over, since it may wait for the runs that this transaction holds: it came
    -- first, and has what it tells (_take_unsettled_sub_runs).
    delete from pgflow.unsettled_sub_runs d
    where d.ctid = any (array(
        select u.ctid
        from pgflow.unsettled_sub_runs u
        where u.child_run_id = any (p_run_ids)
          and u.report <> 'abandoned'
        for update skip locked));

    -- A deadline that was met is not taken away at once, and would end what begins now.
    delete from pgflow.deadlines d
    using unnest(p_run_ids) u (run_id), pgflow.runs r
    where d.run_id = u.run_id
      and d.step = 0
      and r.run_id = u.run_id
      and r.generation > 1;
end;
$$;

-- _recall: of steps that are to begin anew, those that wait for a worker or a retry are cancelled first.

create or replace function pgflow._recall(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_actor    text,
    p_detail   jsonb,
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
    v_recalled record;
begin
    with before as (
        select t.run_id, t.step, t.state
        from unnest(p_run_ids, p_steps) b (run_id, step)
        join pgflow.tasks t on t.run_id = b.run_id and t.step = b.step and t.item = 0
        where t.state in ('SCHEDULED', 'RETRYING')
    ),
    recalled as (
        update pgflow.tasks t
        set state = 'CANCELLED',
            events = t.events + 1
        from before b
        where t.run_id = b.run_id
          and t.step = b.step
          and t.item = 0
        returning t.*, b.state as was
    ),
    audited as (
        insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
        select r.run_id, p_now, 0, r.events, r.fence, r.step, case r.was when 'SCHEDULED' then 61 else 62 end,
               r.generation, r.attempts, p_actor, p_detail
        from recalled r
    )
    select array_agg(s.queue) as queues, array_agg(r.priority) as priorities, array_agg(r.message_id) as message_ids
    into v_recalled
    from recalled r
    join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = r.step
    where r.was = 'SCHEDULED';

    -- Before the parking places: a claim that has the message parks the task, and is waited for here.
    perform pgflow._delete_messages(v_recalled.queues, v_recalled.priorities, v_recalled.message_ids);
    perform pgflow._forget_waiting(p_run_ids, p_steps);
    delete from pgflow.unsettled_steps u
    using unnest(p_run_ids, p_steps) b (run_id, step)
    where u.run_id = b.run_id
      and u.step = b.step;
end;
$$;

-- _drop_items: the items of maps that are to open anew, perhaps over another array. All of them have ended.

create or replace function pgflow._drop_items(
    p_run_ids  uuid[],
    p_steps    smallint[]
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
    with dropped as (
        delete from pgflow.tasks t
        using unnest(p_run_ids, p_steps) b (run_id, step)
        where t.run_id = b.run_id
          and t.step = b.step
          and t.item > 0
        returning t.*
    )
    insert into pgflow.past_generations (
        run_id, item, fence, events, step, generation, attempts, state, input, output, error)
    select d.run_id, d.item, d.fence, d.events, d.step, d.generation, d.attempts, d.state, d.input, d.output, d.error
    from dropped d;
end;
$$;

-- _restart_tasks: the step tasks of runs that failed or were cancelled, and those of the named steps, are PENDING again in their next
-- generation. So are, of a map that begins anew and keeps its items, those that failed or were cancelled.

create or replace function pgflow._restart_tasks(
    p_run_ids       uuid[],
    p_step_run_ids  uuid[],
    p_steps         smallint[],
    p_by_hand       smallint,
    p_actor         text,
    p_detail        jsonb,
    p_now           timestamptz
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
    with ended as (
        select t.run_id, t.step
        from (select distinct u.run_id from unnest(p_run_ids) u (run_id)) u
        join pgflow.tasks t on t.run_id = u.run_id and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.state in ('FAILED', 'CANCELLED')
        union
        select t.run_id, t.step
        from unnest(p_step_run_ids, p_steps) b (run_id, step)
        join pgflow.tasks t on t.run_id = b.run_id and t.step = b.step and t.item = 0
        where t.state in ('SUCCEEDED', 'SKIPPED')
    ),
    before as (
        select t.*
        from ended e
        join pgflow.tasks t on t.run_id = e.run_id and t.step = e.step
        where t.item = 0
           or t.state in ('FAILED', 'CANCELLED') and t.step is distinct from p_by_hand
    ),
    kept as (
        insert into pgflow.past_generations (
            run_id, item, fence, events, step, generation, attempts, state, input, output, error)
        select b.run_id, b.item, b.fence, b.events, b.step, b.generation, b.attempts, b.state, b.input, b.output, b.error
        from before b
    ),
    restarted as (
        update pgflow.tasks t
        set state = 'PENDING',
            generation = t.generation + 1,
            attempts = 0,
            losses = 0,
            releases = 0,
            remaining = 0,
            message_id = null,
            output = null,
            error = null,
            events = t.events + 1
        from before b
        where t.run_id = b.run_id
          and t.step = b.step
          and t.item = b.item
        returning t.run_id, t.step, t.item, t.events, t.fence, t.generation
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt, actor, detail)
    select r.run_id, p_now, r.item, r.events, r.fence, r.step, 60, r.generation, 0, p_actor, p_detail
    from restarted r
    order by r.run_id, r.step, r.item;

    -- Those of the steps that begin anew begin anew, too, when they are scheduled.
    delete from pgflow.deadlines d
    using pgflow.tasks t
    where d.run_id = any (p_run_ids)
      and d.step > 0
      and t.run_id = d.run_id
      and t.step = d.step
      and t.item = 0
      and t.state = 'PENDING';
end;
$$;

-- _open_ends: the steps of runs whose end has not been counted: those that have not ended, and whatever comes after them,
-- even where a person ended it while it waited.

create or replace function pgflow._open_ends(
    p_run_ids  uuid[]
)
returns table (run_id uuid, workflow_id int, step smallint)
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
    return query
    with recursive open as (
        select t.run_id, t.workflow_id, t.step
        from (select distinct u.run_id from unnest(p_run_ids) u (run_id)) u
        join pgflow.tasks t on t.run_id = u.run_id and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where t.state in ('PENDING', 'SCHEDULED', 'RUNNING', 'RETRYING')
           or exists (
               select
               from pgflow.unsettled_steps p
               where p.run_id = t.run_id
                 and p.step = t.step)
        union
        select o.run_id, o.workflow_id, d.step
        from open o
        join pgflow.steps s on s.workflow_id = o.workflow_id and s.step = o.step
        cross join unnest(s.dependents) d (step)
    )
    select o.run_id, o.workflow_id, o.step
    from open o;
end;
$$;

-- _recount: the counters of runs from the states of their tasks: parents that have not ended, sinks that have not. A run in
-- which everything has ended, though that was not counted before it was cancelled, ends when settle_steps looks at one of its sinks.

create or replace function pgflow._recount(
    p_run_ids  uuid[]
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
    v_open_runs uuid[];
    v_open_steps smallint[];
begin
    select array_agg(o.run_id), array_agg(o.step)
    into v_open_runs, v_open_steps
    from pgflow._open_ends(p_run_ids) o;

    update pgflow.tasks t
    set remaining = coalesce(o.parents, 0)
    from (select distinct u.run_id from unnest(p_run_ids) u (run_id)) u
    join pgflow.runs r on r.run_id = u.run_id
    join pgflow.steps s on s.workflow_id = r.workflow_id
    left join (
        select o.run_id, d.step, count(*)::int as parents
        from unnest(v_open_runs, v_open_steps) o (run_id, step)
        join pgflow.runs r on r.run_id = o.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = o.step
        cross join unnest(s.dependents) d (step)
        group by o.run_id, d.step) o on o.run_id = u.run_id and o.step = s.step
    where t.run_id = u.run_id
      and t.step = s.step
      and t.item = 0
      and t.state in ('PENDING', 'SUCCEEDED', 'SKIPPED')
      and t.remaining <> coalesce(o.parents, 0);

    update pgflow.runs r
    set remaining_sinks = c.sinks
    from (
        select u.run_id, count(s.step) as sinks
        from (select distinct u.run_id from unnest(p_run_ids) u (run_id)) u
        left join unnest(v_open_runs, v_open_steps) o (run_id, step) on o.run_id = u.run_id
        left join pgflow.tasks t on t.run_id = o.run_id and t.step = o.step and t.item = 0
        left join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step and s.dependents = '{}'
        group by u.run_id) c
    where r.run_id = c.run_id
      and r.remaining_sinks <> c.sinks;

    with finished as (
        update pgflow.runs r
        set remaining_sinks = 1
        from (select distinct u.run_id from unnest(p_run_ids) u (run_id)) u
        where r.run_id = u.run_id
          and r.state = 'RUNNING'
          and r.remaining_sinks = 0
        returning r.run_id, r.workflow_id
    )
    insert into pgflow.unsettled_steps (run_id, step, ended)
    select f.run_id, min(s.step), 0
    from finished f
    join pgflow.steps s on s.workflow_id = f.workflow_id and s.dependents = '{}'
    group by f.run_id;
end;
$$;

-- _go_on: tasks of running runs that wait for nothing and have not been let go: maps that have their items open again, other steps
-- are scheduled, or open. Returns the queues that got work, and whether settle_steps has something to do.

create or replace function pgflow._go_on(
    p_run_ids  uuid[],
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
    v_ready record;
begin
    select array_agg(t.run_id) filter (where t.has_items) as map_runs,
           array_agg(t.step) filter (where t.has_items) as map_steps,
           array_agg(t.run_id) filter (where not t.has_items and t.is_plain) as run_ids,
           array_agg(t.step) filter (where not t.has_items and t.is_plain) as steps,
           array_agg(0) filter (where not t.has_items and t.is_plain) as items,
           array_agg(t.run_id) filter (where not t.has_items and not t.is_plain) as opening_runs,
           array_agg(t.step) filter (where not t.has_items and not t.is_plain) as opening_steps
    into v_ready
    from (
        select t.run_id, t.step, s.opening = 'schedule' as is_plain,
               s.is_map and exists (
                   select
                   from pgflow.tasks i
                   where i.run_id = t.run_id
                     and i.step = t.step
                     and i.item > 0) as has_items
        from (select distinct u.run_id from unnest(p_run_ids) u (run_id) order by u.run_id) u
        join pgflow.runs r on r.run_id = u.run_id
        join pgflow.tasks t on t.run_id = u.run_id and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        where r.state = 'RUNNING'
          and t.state = 'PENDING'
          and t.remaining = 0
          and not exists (
              select
              from pgflow.unsettled_steps p
              where p.run_id = t.run_id
                and p.step = t.step)
        order by t.run_id, t.step) t;

    woken_queues := '{}';
    if v_ready.map_runs is not null then
        woken_queues := woken_queues || pgflow._reopen_maps(v_ready.map_runs, v_ready.map_steps, p_now);
        perform pgflow._set_step_deadlines(v_ready.map_runs, v_ready.map_steps, p_now);
    end if;
    if v_ready.run_ids is not null then
        woken_queues := woken_queues || pgflow._schedule(
            v_ready.run_ids, v_ready.steps, v_ready.items, 3::smallint, p_now);
    end if;
    if v_ready.opening_runs is not null then
        woken_queues := woken_queues || pgflow._open_steps(v_ready.opening_runs, v_ready.opening_steps, p_now);
    end if;
    to_settle := exists (
        select
        from unnest(p_run_ids) u (run_id)
        join pgflow.unsettled_steps p on p.run_id = u.run_id);
end;
$$;

-- _reopen_maps: maps that kept their items open again for those that have not ended; where all have, settle_steps collects them.

create or replace function pgflow._reopen_maps(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_now      timestamptz
)
returns text[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_map record;
    v_limited_runs uuid[];
    v_limited_steps smallint[];
    v_woken text[] := '{}';
begin
    for v_map in
        select m.run_id, m.step, s.at_once, array(
                   select i.item
                   from pgflow.tasks i
                   where i.run_id = m.run_id
                     and i.step = m.step
                     and i.item > 0
                     and i.state = 'PENDING'
                   order by i.item) as items
        from unnest(p_run_ids, p_steps) m (run_id, step)
        join pgflow.runs r on r.run_id = m.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = m.step
    loop
        perform pgflow._open_deferred(v_map.run_id, v_map.step, 'items', pg_catalog.cardinality(v_map.items), p_now);
        if v_map.items = '{}' then
            insert into pgflow.unsettled_steps (run_id, step, ended)
            values (v_map.run_id, v_map.step, 0);
        elsif v_map.at_once is not null then
            insert into pgflow.limited_maps (run_id, step, waiting, next_item)
            values (v_map.run_id, v_map.step, pg_catalog.cardinality(v_map.items), v_map.items[1]);
            v_limited_runs := v_limited_runs || v_map.run_id;
            v_limited_steps := v_limited_steps || v_map.step;
        else
            v_woken := v_woken || pgflow._schedule(
                pg_catalog.array_fill(v_map.run_id, array[pg_catalog.cardinality(v_map.items)]),
                pg_catalog.array_fill(v_map.step, array[pg_catalog.cardinality(v_map.items)]),
                v_map.items, 3::smallint, p_now);
        end if;
    end loop;
    return v_woken || pgflow._schedule_items(v_limited_runs, v_limited_steps, p_now);
end;
$$;

-- _insert_items_again: as _insert_items, for a map that opens in a later generation. An item that was there before goes on from
-- where it stood.

create or replace function pgflow._insert_items_again(
    p_run_id       uuid,
    p_step         smallint,
    p_workflow_id  bigint,
    p_queue        text,
    p_priority     smallint,
    p_elements     jsonb,
    p_at_once      int,
    p_now          timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_width int := pg_catalog.jsonb_array_length(p_elements);
    v_first int := least(v_width, p_at_once);
    v_message_ids bigint[] := pgflow._send_items(p_run_id, p_step, v_first, p_queue, p_priority, p_now);
begin
    if v_first < v_width then
        insert into pgflow.limited_maps (run_id, step, waiting, next_item)
        values (p_run_id, p_step, v_width - v_first, v_first + 1);
    end if;

    with past as (
        select g.item, max(g.fence) as fence, max(g.events) as events, max(g.generation) as generation
        from pgflow.past_generations g
        where g.run_id = p_run_id
          and g.step = p_step
          and g.item > 0
        group by g.item
    ),
    inserted as (
        insert into pgflow.tasks (
            run_id, workflow_id, message_id, item, fence, remaining, events, step, priority, generation, state, input)
        select p_run_id, p_workflow_id, e.message_id, e.item, coalesce(p.fence, 0), 0, coalesce(p.events, 0) + 1, p_step,
               p_priority, coalesce(p.generation, 0) + 1,
               case when e.item <= v_first then 'SCHEDULED' else 'PENDING' end, e.value
        from unnest(v_message_ids, array(select pg_catalog.jsonb_array_elements(p_elements)))
            with ordinality e (message_id, value, item)
        left join past p on p.item = e.item
        returning tasks.item, tasks.fence, tasks.events, tasks.generation
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select p_run_id, p_now, i.item, i.events, i.fence, p_step, case when i.item <= v_first then 2 else 1 end, i.generation, 0
    from inserted i;
end;
$$;
