-- _resolve_dependents: the steps after ended ones lose that dependency; those left with none are scheduled, or opened
-- when they are not simply scheduled. A step that a person ended while it waited (SKIPPED, or SUCCEEDED with a given output) has
-- its parents' end counted too.
--
-- Takes tasks that succeeded or were skipped in this transaction; items of maps among them change nothing here.
-- Locks: the dependents, in order of run and step. Lock first, then read, then decide: two last parents
-- that both looked before locking would each see the other as unfinished.

create or replace function pgflow._resolve_dependents(
    p_run_ids       uuid[],
    p_steps         smallint[],
    p_items         int[],
    p_workflow_ids  bigint[],
    p_now           timestamptz,
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
    v_run_ids uuid[];
    v_steps smallint[];
    v_ended int[];
    v_message_ids bigint[];
    v_ready_runs uuid[];
    v_ready_steps smallint[];
    v_ready_queues text[];
    v_ready_priorities smallint[];
    v_ready_positions int[];
    v_opening_runs uuid[];
    v_opening_steps smallint[];
    v_passed_runs uuid[];
    v_passed_steps smallint[];
begin
    to_settle := false;
    with losing as (
        select e.run_id, d.step, e.workflow_id, count(*)::int as ended
        from unnest(p_run_ids, p_steps, p_items, p_workflow_ids) e (run_id, step, item, workflow_id)
        join pgflow.steps s on s.workflow_id = e.workflow_id and s.step = e.step
        cross join unnest(s.dependents) d (step)
        where e.item = 0
        group by e.run_id, d.step, e.workflow_id
        order by e.run_id, d.step
    ),
    locked as (
        select t.run_id, t.step, l.ended, t.remaining, t.priority, l.workflow_id, t.state <> 'PENDING' as passed_over
        from losing l
        join pgflow.tasks t on t.run_id = l.run_id and t.step = l.step and t.item = 0
        where t.state = 'PENDING'
           or t.state in ('SKIPPED', 'SUCCEEDED') and t.remaining > 0
        for no key update of t
    ),
    numbered as (
        select l.*, s.queue, s.opening = 'schedule' as is_plain,
               l.remaining = l.ended and not l.passed_over as ready,
               l.remaining = l.ended and l.passed_over as passed,
               (row_number() over ())::int as n
        from locked l
        join pgflow.steps s on s.workflow_id = l.workflow_id and s.step = l.step
    )
    select array_agg(l.run_id order by l.n), array_agg(l.step order by l.n), array_agg(l.ended order by l.n),
           array_agg(l.run_id order by l.n) filter (where l.ready and l.is_plain),
           array_agg(l.step order by l.n) filter (where l.ready and l.is_plain),
           array_agg(l.queue order by l.n) filter (where l.ready and l.is_plain),
           array_agg(l.priority order by l.n) filter (where l.ready and l.is_plain),
           array_agg(l.n order by l.n) filter (where l.ready and l.is_plain),
           array_agg(l.run_id order by l.n) filter (where l.ready and not l.is_plain),
           array_agg(l.step order by l.n) filter (where l.ready and not l.is_plain),
           array_agg(l.run_id order by l.n) filter (where l.passed),
           array_agg(l.step order by l.n) filter (where l.passed),
           array_agg(distinct l.queue) filter (where l.ready and l.is_plain)
    into v_run_ids, v_steps, v_ended,
         v_ready_runs, v_ready_steps, v_ready_queues, v_ready_priorities, v_ready_positions,
         v_opening_runs, v_opening_steps, v_passed_runs, v_passed_steps, woken_queues
    from numbered l;
    if v_run_ids is null then
        return;
    end if;

    --@pp resolve_dependents-locked
    v_message_ids := array_fill(null::bigint, array[pg_catalog.cardinality(v_run_ids)]);
    if v_ready_runs is not null then
        v_message_ids := pgflow._spread(
            v_message_ids,
            v_ready_positions,
            pgflow._send_tasks(v_ready_runs, v_ready_steps, null, v_ready_queues, v_ready_priorities));
    end if;

    with resolved as (
        update pgflow.tasks t
        set remaining = t.remaining - r.ended,
            state = case when r.message_id is null then t.state else 'SCHEDULED' end,
            message_id = r.message_id,
            events = t.events + case when r.message_id is null then 0 else 1 end
        from unnest(v_run_ids, v_steps, array_fill(0, array[pg_catalog.cardinality(v_run_ids)]), v_ended, v_message_ids)
            r (run_id, step, item, ended, message_id)
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item -- a constant would pass for a rare value, worth to look for in the whole table
        returning t.run_id, t.step, t.state, t.events, t.fence, t.generation, t.attempts
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select r.run_id, p_now, 0, r.events, r.fence, r.step, 3, r.generation, r.attempts
    from resolved r
    where r.state = 'SCHEDULED';

    if v_opening_runs is not null then
        woken_queues := woken_queues || pgflow._open_steps(v_opening_runs, v_opening_steps, p_now);
        to_settle := true;
    end if;
    if v_passed_runs is not null then
        -- What follows from such a step may end its run, which must be locked before any task: settle_steps.
        insert into pgflow.unsettled_steps (run_id, step, ended)
        select p.run_id, p.step, 0
        from unnest(v_passed_runs, v_passed_steps) p (run_id, step);
        to_settle := true;
    end if;
end;
$$;

-- _spread: puts values at positions of an array.

create or replace function pgflow._spread(
    p_array      bigint[],
    p_positions  int[],
    p_values     bigint[]
)
returns bigint[]
language plpgsql
immutable
set search_path = ''
as $$
begin
    if pg_catalog.cardinality(p_array) = pg_catalog.cardinality(p_values) then
        return p_values;
    end if;
    for i in 1 .. pg_catalog.cardinality(p_positions) loop
        p_array[p_positions[i]] := p_values[i];
    end loop;
    return p_array;
end;
$$;

-- _count_off_sinks: runs lose the sinks that ended; a run left with none has succeeded.
--
-- The caller locked the runs before it touched their tasks, and writes the audit. Returns the runs that ended, the
-- number of that event, and the position among the tasks given of the last sink of each; in the order of those positions.

drop function if exists pgflow._count_off_sinks(uuid[], smallint[], int[], bigint[], timestamptz);

create or replace function pgflow._count_off_sinks(
    p_run_ids       uuid[],
    p_steps         smallint[],
    p_items         int[],
    p_workflow_ids  bigint[],
    p_now           timestamptz,
    out run_ids      uuid[],
    out seqs         int[],
    out positions    int[],
    out generations  smallint[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
    v_any_sub_run boolean;
begin
    with losing as (
        select e.run_id, count(*)::int as sinks, max(e.n)::int as last
        from unnest(p_run_ids, p_steps, p_items, p_workflow_ids)
            with ordinality e (run_id, step, item, workflow_id, n)
        join pgflow.steps s on s.workflow_id = e.workflow_id and s.step = e.step
        where e.item = 0
          and s.dependents = '{}'
        group by e.run_id
        order by e.run_id
    ),
    counted as (
        update pgflow.runs r
        set remaining_sinks = r.remaining_sinks - l.sinks,
            state = case when r.remaining_sinks = l.sinks then 'SUCCEEDED' else r.state end,
            ended_at = case when r.remaining_sinks = l.sinks then p_now end,
            events = r.events + case when r.remaining_sinks = l.sinks then 1 else 0 end
        from losing l
        where r.run_id = l.run_id
          and r.state = 'RUNNING'
        returning r.run_id, r.events, r.state, r.generation, l.last
    )
    select array_agg(c.run_id), array_agg(c.events), array_agg(c.last), array_agg(c.generation),
           bool_or(pgflow._is_sub_run(c.run_id))
    into run_ids, seqs, positions, generations, v_any_sub_run
    from (select * from counted c where c.state = 'SUCCEEDED' order by c.last) c;

    if v_any_sub_run then
        perform pgflow._note_ended_sub_runs(run_ids, 'succeeded');
    end if;
end;
$$;

-- _open_steps: steps that wait for nothing and are not simply scheduled: maps open, the others are left to settle_steps,
-- which locks their runs first. Returns the queues that got work.

create or replace function pgflow._open_steps(
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
    v_maps record;
begin
    with opening as (
        select o.run_id, o.step, s.opening
        from unnest(p_run_ids, p_steps) o (run_id, step)
        join pgflow.runs r on r.run_id = o.run_id
        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = o.step
    ),
    left_to_settle as (
        insert into pgflow.unsettled_steps (run_id, step, ended)
        select o.run_id, o.step, 0
        from opening o
        where o.opening = 'settle'
    )
    select array_agg(o.run_id) as run_ids, array_agg(o.step) as steps
    into v_maps
    from opening o
    where o.opening = 'open';

    return case when v_maps.run_ids is not null then pgflow._open_maps(v_maps.run_ids, v_maps.steps, p_now) else array[]::text[] end;
end;
$$;

-- _open_maps: map tasks that wait for nothing become RUNNING, deferred until their items end, and each
-- element of the array becomes a task, unpacked here once.
--
-- What a skipped step would have given has no elements. What cannot be mapped over (no array, more than 100,000 elements) and
-- what has no elements is left to
-- settle_steps, which may end runs and therefore locks them first: the caller asks it afterwards.

create or replace function pgflow._open_maps(
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
    v_width int;
    v_woken text[] := array[]::text[];
begin
    for v_map in
        select t.run_id, t.step, t.workflow_id, t.priority, t.generation, s.at_once, s.kind,
               case when s.limits is null then s.queue else '$gate' end as queue,
               case when s.map_part is not null then r.input -> s.map_part
                    when s.map_over = 0 then r.input when parent.state = 'SKIPPED' then '[]' else parent.output end as elements
        from unnest(p_run_ids, p_steps) m (run_id, step)
        join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = 0
        join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
        join pgflow.runs r on r.run_id = t.run_id
        left join pgflow.tasks parent on parent.run_id = t.run_id and parent.step = s.map_over and parent.item = 0
    loop
        v_width := case when pg_catalog.jsonb_typeof(v_map.elements) = 'array'
                        then pg_catalog.jsonb_array_length(v_map.elements) end;
        perform pgflow._open_deferred(v_map.run_id, v_map.step, 'items', coalesce(v_width, 0), p_now);
        if v_width between 1 and 100000 and v_map.kind = 'workflow' then
            v_woken := v_woken || pgflow._insert_sub_items(
                v_map.run_id, v_map.step, v_map.workflow_id, v_map.priority, v_map.elements, p_now);
        elsif v_width between 1 and 100000 then
            if v_map.generation = 1 then
                perform pgflow._insert_items(
                    v_map.run_id, v_map.step, v_map.workflow_id, v_map.queue, v_map.priority, v_map.elements,
                    v_map.at_once, p_now);
            else
                perform pgflow._insert_items_again(
                    v_map.run_id, v_map.step, v_map.workflow_id, v_map.queue, v_map.priority, v_map.elements,
                    v_map.at_once, p_now);
            end if;
            v_woken := v_woken || v_map.queue;
        else
            insert into pgflow.unsettled_steps (run_id, step, ended, error)
            values (v_map.run_id, v_map.step, 0, pgflow._map_error(v_map.elements, v_width));
        end if;
    end loop;
    return v_woken;
end;
$$;

-- _map_error: why something cannot be mapped over; null when it is an empty array.

create or replace function pgflow._map_error(
    p_elements  jsonb,
    p_width     int
)
returns jsonb
language sql
immutable
as $$
    select case
        when p_width = 0 then null
        when p_width is null then pg_catalog.jsonb_build_object(
            'code', 'PGF-DAT-010',
            'message', 'a map needs an array to map over, but got '
                || coalesce(pg_catalog.jsonb_typeof(p_elements), 'nothing')
                || '; return an array from the step that is mapped over')
        else pg_catalog.jsonb_build_object(
            'code', 'PGF-DAT-011',
            'message', 'a map has at most 100000 items, but got ' || p_width || '; map over chunks')
    end;
$$;

-- _open_deferred: PENDING -> SCHEDULED -> RUNNING for one task that has no worker, which then waits for what p_deferred says.

create or replace function pgflow._open_deferred(
    p_run_id     uuid,
    p_step       smallint,
    p_deferred   text,
    p_remaining  int,
    p_now        timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    update pgflow.tasks t
    set state = 'SCHEDULED',
        events = t.events + 1
    where t.run_id = p_run_id
      and t.step = p_step
      and t.item = 0;

    with opened as (
        update pgflow.tasks t
        set state = 'RUNNING',
            deferred = p_deferred,
            remaining = p_remaining,
            fence = t.fence + 1,
            attempts = t.attempts + 1,
            events = t.events + 1
        where t.run_id = p_run_id
          and t.step = p_step
          and t.item = 0
        returning t.events, t.fence, t.generation, t.attempts
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select p_run_id, p_now, 0, o.events - 1, o.fence - 1, p_step, 3, o.generation, o.attempts - 1
    from opened o
    union all
    select p_run_id, p_now, 0, o.events, o.fence, p_step, 5, o.generation, o.attempts
    from opened o;
end;
$$;

-- _insert_items: one task for each element of an array: SCHEDULED, but for those beyond the limit of items at once, which
-- are PENDING until others have ended (_schedule_items). p_queue is $gate for items of limited steps.

create or replace function pgflow._insert_items(
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

    with inserted as (
        insert into pgflow.tasks (
            run_id, workflow_id, message_id, item, remaining, events, step, priority, state, input)
        select p_run_id, p_workflow_id, e.message_id, e.item, 0, 1, p_step, p_priority,
               case when e.item <= v_first then 'SCHEDULED' else 'PENDING' end, e.value
        from unnest(v_message_ids, array(select pg_catalog.jsonb_array_elements(p_elements)))
            with ordinality e (message_id, value, item)
        returning tasks.item
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select p_run_id, p_now, i.item, 1, 0, p_step, case when i.item <= v_first then 2 else 1 end, 1, 0
    from inserted i;
end;
$$;

-- _send_items: the first items of a map go to their queue, or to the gate when their step has limits (p_queue is $gate then). Returns
-- their messages; null at the gate.

create or replace function pgflow._send_items(
    p_run_id    uuid,
    p_step      smallint,
    p_first     int,
    p_queue     text,
    p_priority  smallint,
    p_now       timestamptz
)
returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
    v_run_ids uuid[] := pg_catalog.array_fill(p_run_id, array[p_first]);
    v_steps smallint[] := pg_catalog.array_fill(p_step, array[p_first]);
    v_items int[] := array(select pg_catalog.generate_series(1, p_first));
begin
    if p_queue = '$gate' then
        perform pgflow._queue_up(v_run_ids, v_steps, v_items, p_now);
        return null;
    end if;
    return pgflow._send_tasks(
        v_run_ids, v_steps, v_items, pg_catalog.array_fill(p_queue, array[p_first]),
        pg_catalog.array_fill(p_priority, array[p_first]));
end;
$$;
