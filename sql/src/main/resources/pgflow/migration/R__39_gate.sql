-- admit_tasks: lets tasks through the gate, as far as their limits have room: high priority first, then turn by turn, then first come,
-- first served. What counts against a limit is read from the tasks that were let through before (places), so nothing can drift, whatever
-- became of them.
--
-- Call it after reports of limited steps, after something came to the gate (a woken queue named $gate), and now and then
-- (upkeep), until nothing is left over. next_due_in tells when units of a rate that somebody waits for are free again. While attempts that
-- count against a rate are about to begin, it looks for them also when nobody waits: their units then count from the time of the claim.
-- Locks: one at a time (advisory); then the tasks that it lets through, passing over those that somebody holds; then messages.

create or replace function pgflow.admit_tasks(
    p_limit  int default 1000,
    out admitted      int,
    out woken_queues  text[],
    out left_over     boolean,
    out next_due_in   interval
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    v_now timestamptz;
    v_chosen record;
    v_let_in record;
begin
    admitted := 0;
    left_over := false;
    if not exists (select from pgflow.gated_tasks) and not exists (select from pgflow.places p where p.kind = 'rate') then
        return;
    end if;

    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('pgflow.admit_tasks', 0));
    --@pp admit_tasks-locked
    v_now := pgflow.clock();
    left_over := pgflow._line_up(5 * p_limit, v_now);
    perform pgflow._free_places(v_now);

    select c.run_ids, c.steps, c.items, c.line_ids, c.cut, c.frees_at
    into v_chosen
    from pgflow._choose(p_limit) c;
    if v_chosen.run_ids is not null then
        select l.admitted, l.woken_queues
        into v_let_in
        from pgflow._let_in(v_chosen.run_ids, v_chosen.steps, v_chosen.items, v_chosen.line_ids, v_now) l;
        admitted := v_let_in.admitted;
        woken_queues := v_let_in.woken_queues;
    end if;
    left_over := left_over or (v_chosen.cut and admitted > 0);
    if exists (select from pgflow.gated_tasks) then
        next_due_in := v_chosen.frees_at - v_now;
    end if;
end;
$$;

-- _gate: tasks come to the gate: SCHEDULED, by the transition given, without a message. Returns the word for who serves it. The caller
-- holds the locks of the tasks.

create or replace function pgflow._gate(
    p_run_ids     uuid[],
    p_steps       smallint[],
    p_items       int[],
    p_transition  smallint,
    p_now         timestamptz
)
returns text[]
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    with scheduled as (
        update pgflow.tasks t
        set state = 'SCHEDULED',
            message_id = null,
            events = t.events + 1
        from unnest(p_run_ids, p_steps, p_items) r (run_id, step, item)
        where t.run_id = r.run_id
          and t.step = r.step
          and t.item = r.item
        returning t.run_id, t.step, t.item, t.events, t.fence, t.generation, t.attempts
    )
    insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt)
    select s.run_id, p_now, s.item, s.events, s.fence, s.step, p_transition, s.generation, s.attempts
    from scheduled s;
    perform pgflow._queue_up(p_run_ids, p_steps, p_items, p_now);
    return array['$gate'];
end;
$$;

-- _queue_up: a place at the gate for tasks, in their order, without a line yet: the transactions that bring them need not wait for each
-- other.

create or replace function pgflow._queue_up(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[],
    p_now      timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
    insert into pgflow.gated_tasks (run_id, step, item, gated_at)
    select g.run_id, g.step, g.item, p_now
    from unnest(p_run_ids, p_steps, p_items) with ordinality g (run_id, step, item, n)
    order by g.n
    on conflict (run_id, step, item) do update
    set gate_id = default,
        line_id = null,
        gated_at = excluded.gated_at;
end;
$$;

-- _line_up: finds out for tasks that came to the gate by which limits they go, and in which line they stand. Places at the gate that
-- no task needs any more are dropped. Returns whether more have come.

create or replace function pgflow._line_up(
    p_limit  int,
    p_now    timestamptz
)
returns boolean
language plpgsql
set search_path = ''
set enable_hashjoin = on
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    v_come record;
    v_touched_at timestamptz := pg_catalog.date_bin('10 minutes', p_now, '2000-01-01 00:00:00+00');
begin
    select array_agg(g.run_id order by g.gate_id) as run_ids, array_agg(g.step order by g.gate_id) as steps,
           array_agg(g.item order by g.gate_id) as items, count(*) as tasks
    into v_come
    from (
        select g.run_id, g.step, g.item, g.gate_id
        from pgflow.gated_tasks g
        where g.line_id is null
        order by g.gate_id
        limit p_limit
        for update skip locked) g;
    if v_come.tasks = 0 then
        return false;
    end if;

    with stand as materialized (
        select *
        from pgflow._stand(v_come.run_ids, v_come.steps, v_come.items)
    ),
    line as (
        insert into pgflow.gate_lines (line_key, lane, turn, queue, priority, keys, limits, periods, touched_at)
        select distinct on (s.line_key) s.line_key, s.lane, s.turn, s.queue, s.priority, s.keys, s.limits, s.periods, v_touched_at
        from stand s
        where s.line_key is not null
        on conflict (line_key) do update
        set touched_at = excluded.touched_at
        returning gate_lines.line_id, gate_lines.line_key
    ),
    place as materialized ( -- on its own, or all lines would be compared with each task
        select s.run_id, s.step, s.item, s.weights, l.line_id
        from stand s
        join line l on l.line_key = s.line_key
    ),
    gone as (
        delete from pgflow.gated_tasks g
        using stand s
        where s.line_key is null
          and g.run_id = s.run_id
          and g.step = s.step
          and g.item = s.item
    )
    update pgflow.gated_tasks g
    set line_id = p.line_id,
        weights = p.weights
    from place p
    where g.run_id = p.run_id
      and g.step = p.step
      and g.item = p.item;

    perform pgflow._drop_lines(p_limit, v_touched_at);
    return v_come.tasks = p_limit;
end;
$$;

-- _drop_lines: lines to which nobody came for an hour and in which nobody stands; those in which somebody does are looked at again later.

create or replace function pgflow._drop_lines(
    p_limit       int,
    p_touched_at  timestamptz
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    with old as materialized (
        select l.line_id, exists (select from pgflow.gated_tasks g where g.line_id = l.line_id) as is_needed
        from pgflow.gate_lines l
        where l.touched_at < p_touched_at - interval '1 hour'
        order by l.touched_at
        limit p_limit
    ),
    kept as (
        update pgflow.gate_lines l
        set touched_at = p_touched_at
        from old o
        where o.is_needed
          and l.line_id = o.line_id
    )
    delete from pgflow.gate_lines l
    using old o
    where not o.is_needed
      and l.line_id = o.line_id;
end;
$$;

-- _stand: in which line tasks stand, and what they weigh there; no line for those that do not wait at the gate. What limits look at is
-- read once for a step of a run, and for each item only what is said of items.

create or replace function pgflow._stand(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[]
)
returns table (
    run_id    uuid,
    step      smallint,
    item      int,
    line_key  bytea,
    lane      text,
    turn      text,
    queue     text,
    priority  smallint,
    keys      text[],
    limits    bigint[],
    periods   interval[],
    weights   bigint[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = on
set jit = off
as $$
begin
    return query
    with come as materialized (
        select *
        from pgflow._come(p_run_ids, p_steps, p_items)
    ),
    spec as materialized (
        select c.run_id, c.step, k.n, k.value ->> 'kind' as kind, coalesce(k.value ->> 'name', c.lane) as name,
               (k.value ->> 'limit')::bigint as most,
               pg_catalog.make_interval(secs => extract(epoch from (k.value ->> 'period')::interval)::float8) as period,
               k.value -> 'by' as by, k.value -> 'weight' as weight,
               pgflow._looked_at(k.value -> 'by', c.run_id, c.workflow_id) as by_value,
               pgflow._looked_at(k.value -> 'weight', c.run_id, c.workflow_id) as weight_value
        from (select distinct on (c.run_id, c.step) c.* from come c order by c.run_id, c.step) c
        cross join lateral pg_catalog.jsonb_array_elements(
            (c.limits -> 'keys')
            || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('kind', 'turn', 'by', c.limits -> 'turn')))
            with ordinality k (value, n)
    ),
    asked as (
        select c.run_id, c.step, c.item, c.lane, c.queue, c.priority, s.n, s.kind, s.most, s.period,
               s.by <> 'null' as is_by, v.value,
               pg_catalog.concat_ws(
                   ' ', s.kind, s.name,
                   'per ' || pg_catalog.trim_scale(extract(epoch from s.period)) || 's',
                   case when s.by <> 'null' then v.value end) as key,
               least(s.most, pgflow._weight(
                   case s.weight ->> '$from'
                       when '$item' then pgflow._value_at(c.input, coalesce(s.weight ->> 'pointer', ''))
                       else coalesce(s.weight_value, s.weight) end)) as weight
        from come c
        join spec s on s.run_id = c.run_id and s.step = c.step
        cross join lateral (
            select pgflow._key_text(
                case s.by ->> '$from'
                    when '$item' then pgflow._value_at(c.input, coalesce(s.by ->> 'pointer', ''))
                    else s.by_value end) as value) v
    ),
    stand as (
        select a.run_id, a.step, a.item, a.lane, a.queue, a.priority,
               coalesce(array_agg(a.key order by a.n) filter (where a.kind <> 'turn'), '{}') as keys,
               coalesce(array_agg(a.most order by a.n) filter (where a.kind <> 'turn'), '{}') as limits,
               coalesce(array_agg(a.period order by a.n) filter (where a.kind <> 'turn'), '{}') as periods,
               coalesce(array_agg(a.weight order by a.n) filter (where a.kind <> 'turn'), '{}') as weights,
               coalesce(
                   max(a.value) filter (where a.kind = 'turn' and a.is_by),
                   pg_catalog.string_agg(a.key, ' ' order by a.n) filter (where a.kind <> 'turn')) as turn
        from asked a
        group by a.run_id, a.step, a.item, a.lane, a.queue, a.priority
    )
    select g.run_id, g.step, g.item,
           case when s.run_id is not null then pg_catalog.sha256(pg_catalog.convert_to(
               pg_catalog.jsonb_build_array(s.lane, s.turn, s.queue, s.priority, s.keys, s.limits, s.periods)::text, 'UTF8')) end,
           s.lane, s.turn, s.queue, s.priority, s.keys, s.limits, s.periods, s.weights
    from unnest(p_run_ids, p_steps, p_items) g (run_id, step, item)
    left join stand s on s.run_id = g.run_id and s.step = g.step and s.item = g.item;
end;
$$;

-- _come: those of the tasks that wait at the gate, with what their steps say.

create or replace function pgflow._come(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[]
)
returns table (
    run_id       uuid,
    step         smallint,
    item         int,
    priority     smallint,
    input        jsonb,
    queue        text,
    limits       jsonb,
    lane         text,
    workflow_id  int
)
language plpgsql
rows 1000
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    return query
    select t.run_id, t.step, t.item, t.priority, t.input, s.queue, s.limits, w.name || '.' || s.name, t.workflow_id
    from unnest(p_run_ids, p_steps, p_items) g (run_id, step, item)
    join pgflow.tasks t on t.run_id = g.run_id and t.step = g.step and t.item = g.item
    join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
    join pgflow.workflows w on w.workflow_id = t.workflow_id
    where t.state = 'SCHEDULED'
      and t.message_id is null
      and s.limits is not null;
end;
$$;

-- _looked_at: the value that a key or a weight looks at, unless it is a part of an item; SQL null when there is none.

create or replace function pgflow._looked_at(
    p_at           jsonb,
    p_run_id       uuid,
    p_workflow_id  bigint
)
returns jsonb
language sql
stable
as $$
    select case when p_at ->> '$from' <> '$item' then
        pgflow._value_at(
            pgflow._value_of(p_at ->> '$from', p_run_id, p_workflow_id),
            coalesce(p_at ->> 'pointer', '')) end;
$$;

-- _key_text: a value as a part of a key. What is missing has a key of its own; what is long is told apart by its hash.

create or replace function pgflow._key_text(
    p_value  jsonb
)
returns text
language sql
immutable
as $$
    select case
        when p_value is null then '(none)'
        when pg_catalog.length(p_value #>> '{}') > 200
            then pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_value::text, 'UTF8')), 'hex')
        when pg_catalog.jsonb_typeof(p_value) = 'string' then p_value #>> '{}'
        else p_value::text
    end;
$$;

-- _weight: how many units a task uses up: a number from 1 on, else 1.

create or replace function pgflow._weight(
    p_value  jsonb
)
returns bigint
language sql
immutable
as $$
    select case
        when pg_catalog.jsonb_typeof(p_value) = 'number'
            then least(greatest(pg_catalog.ceil((p_value #>> '{}')::numeric), 1), 1000000000000)::bigint
        else 1
    end;
$$;

-- _let_in: tasks go through the gate: a message, and a row in places for each limit. Those that do not wait any more lose their place at the
-- gate; those that somebody holds keep it.
-- Locks: the tasks, in order, passing over the locked ones.

create or replace function pgflow._let_in(
    p_run_ids   uuid[],
    p_steps     smallint[],
    p_items     int[],
    p_line_ids  bigint[],
    p_now       timestamptz,
    out admitted      int,
    out woken_queues  text[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
    v_in record;
    v_turns bigint;
    v_message_ids bigint[];
begin
    with locked as materialized (
        select t.run_id, t.step, t.item, t.fence
        from (
            select c.run_id, c.step, c.item
            from unnest(p_run_ids, p_steps, p_items) c (run_id, step, item)
            order by c.run_id, c.step, c.item) c
        join pgflow.tasks t on t.run_id = c.run_id and t.step = c.step and t.item = c.item
        where t.state = 'SCHEDULED'
          and t.message_id is null
        for no key update of t skip locked
    )
    select array_agg(c.run_id order by c.n) as run_ids, array_agg(c.step order by c.n) as steps,
           array_agg(c.item order by c.n) as items, array_agg(k.fence order by c.n) as fences,
           array_agg(l.queue order by c.n) as queues, array_agg(l.priority order by c.n) as priorities,
           array_agg(c.line_id order by c.n) as line_ids
    into v_in
    from unnest(p_run_ids, p_steps, p_items, p_line_ids) with ordinality c (run_id, step, item, line_id, n)
    join locked k on k.run_id = c.run_id and k.step = c.step and k.item = c.item
    join pgflow.gate_lines l on l.line_id = c.line_id;

    admitted := coalesce(pg_catalog.cardinality(v_in.run_ids), 0);
    if admitted < pg_catalog.cardinality(p_run_ids) then
        perform pgflow._turn_away(p_run_ids, p_steps, p_items);
    end if;
    if admitted = 0 then
        return;
    end if;

    insert into pgflow.places (limit_key, run_id, step, item, fence, kind, weight, period, since)
    select k.key, c.run_id, c.step, c.item, c.fence, pg_catalog.split_part(k.key, ' ', 1), k.weight, k.period,
           case when k.period is not null then p_now end
    from unnest(v_in.run_ids, v_in.steps, v_in.items, v_in.fences, v_in.line_ids) c (run_id, step, item, fence, line_id)
    join pgflow.gate_lines l on l.line_id = c.line_id
    join pgflow.gated_tasks g on g.run_id = c.run_id and g.step = c.step and g.item = c.item
    cross join lateral unnest(l.keys, g.weights, l.periods) k (key, weight, period)
    on conflict do nothing;

    delete from pgflow.gated_tasks g
    using unnest(v_in.run_ids, v_in.steps, v_in.items) c (run_id, step, item)
    where g.run_id = c.run_id
      and g.step = c.step
      and g.item = c.item;
    update pgflow.gate g
    set turns = g.turns + admitted
    returning g.turns - admitted
    into v_turns;
    update pgflow.gate_lines l
    set served = s.served
    from (
        select u.line_id, v_turns + max(u.n) as served
        from unnest(v_in.line_ids) with ordinality u (line_id, n)
        group by u.line_id) s
    where l.line_id = s.line_id;

    v_message_ids := pgflow._send_tasks(v_in.run_ids, v_in.steps, v_in.items, v_in.queues, v_in.priorities);
    update pgflow.tasks t
    set message_id = c.message_id
    from unnest(v_in.run_ids, v_in.steps, v_in.items, v_message_ids) c (run_id, step, item, message_id)
    where t.run_id = c.run_id
      and t.step = c.step
      and t.item = c.item;
    woken_queues := array(select distinct q.queue from unnest(v_in.queues) q (queue))::text[];
end;
$$;

-- _turn_away: places at the gate of tasks that do not wait there any more; what somebody is at is passed over.

create or replace function pgflow._turn_away(
    p_run_ids  uuid[],
    p_steps    smallint[],
    p_items    int[]
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    delete from pgflow.gated_tasks g
    using (
        select w.run_id, w.step, w.item
        from unnest(p_run_ids, p_steps, p_items) c (run_id, step, item)
        join pgflow.gated_tasks w on w.run_id = c.run_id and w.step = c.step and w.item = c.item
        left join pgflow.tasks t on t.run_id = c.run_id and t.step = c.step and t.item = c.item
        where not coalesce(t.state = 'SCHEDULED' and t.message_id is null, false)
        for update of w skip locked) gone
    where g.run_id = gone.run_id
      and g.step = gone.step
      and g.item = gone.item;
end;
$$;
