-- _waiting_lines: lines in which somebody stands, but for those of what is paused. From line to line through the index: lines in which
-- nobody stands are not read.

create or replace function pgflow._waiting_lines()
returns setof pgflow.gate_lines
language plpgsql
stable
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    return query
    with recursive stood_in as (
        (
            select g.line_id
            from pgflow.gated_tasks g
            where g.line_id is not null
            order by g.line_id
            limit 1
        )
        union all
        select (
            select g.line_id
            from pgflow.gated_tasks g
            where g.line_id > s.line_id
            order by g.line_id
            limit 1)
        from stood_in s
        where s.line_id is not null
    )
    select l.*
    from stood_in s
    join pgflow.gate_lines l on l.line_id = s.line_id
    where not exists (
        select
        from pgflow.claim_rules r
        where r.rule = 'pause'
          and (r.scope = 'queue' and r.name = l.queue
               or r.scope = 'step' and r.name = l.lane
               or r.scope = 'workflow' and r.name = pg_catalog.split_part(l.lane, '.', 1)));
end;
$$;

-- _choose: which tasks may go through the gate now. Candidates come from the lines that have room; then each limit of each of them
-- is asked, in their turns. When one finds too little room, nobody behind it gets what is left of that limit: a heavy task is
-- not passed by light ones for ever. When the candidates were all that are taken at a time, those behind them are asked next, so
-- that many who find no room do not hide others. `cut` says that lines may have more that would have found room; frees_at when used units
-- of their limits count no more.

create or replace function pgflow._choose(
    p_limit  int,
    out run_ids   uuid[],
    out steps     smallint[],
    out items     int[],
    out line_ids  bigint[],
    out cut       boolean,
    out frees_at  timestamptz
)
language plpgsql
set search_path = ''
set jit = off
as $$
declare
    v_lines pgflow.gate_lines[] := array(select l from pgflow._waiting_lines() l);
    v_keys text[];
    v_used bigint[];
    v_most int;
    v_task record;
    v_fits boolean;
    v_asked int;
    v_gate_ids bigint[];
begin
    select u.keys, u.units, u.most, u.frees_at
    into v_keys, v_used, v_most, frees_at
    from pgflow._used(v_lines, p_limit) u;

    for v_page in 1 .. 50 loop
        v_asked := 0;
        for v_task in
            select *
            from pgflow._candidates(v_lines, v_keys, v_used, v_most, p_limit, line_ids, v_gate_ids)
        loop
            v_asked := v_asked + 1;
            v_fits := true;
            for i in 1 .. pg_catalog.cardinality(v_task.key_ns) loop
                if v_used[v_task.key_ns[i]] > 0 and v_used[v_task.key_ns[i]] + v_task.weights[i] > v_task.limits[i] then
                    v_fits := false;
                    v_used[v_task.key_ns[i]] := greatest(v_used[v_task.key_ns[i]], v_task.limits[i]);
                end if;
            end loop;
            if v_fits then
                for i in 1 .. pg_catalog.cardinality(v_task.key_ns) loop
                    v_used[v_task.key_ns[i]] := v_used[v_task.key_ns[i]] + v_task.weights[i];
                end loop;
                run_ids := run_ids || v_task.run_id;
                steps := steps || v_task.step;
                items := items || v_task.item;
                line_ids := line_ids || v_task.line_id;
                v_gate_ids := v_gate_ids || v_task.gate_id;
            end if;
        end loop;
        cut := v_asked >= least(v_most, p_limit);
        exit when v_asked < p_limit or pg_catalog.cardinality(run_ids) >= p_limit;
    end loop;
end;
$$;

-- _used: the limits of lines, and what counts against each; how many tasks of a line are looked at, at most;
-- and when the first of the used units count no more.

create or replace function pgflow._used(
    p_lines  pgflow.gate_lines[],
    p_limit  int,
    out keys      text[],
    out units     bigint[],
    out most      int,
    out frees_at  timestamptz
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
    select array_agg(k.key order by k.key), array_agg(coalesce(p.units, 0) + coalesce(u.units, 0) order by k.key),
           greatest(10, 2 * p_limit / greatest(count(*), 1)::int), min(u.frees_at)
    into keys, units, most, frees_at
    from (select distinct n.key from unnest(p_lines) l cross join lateral unnest(l.keys) n (key)) k
    cross join lateral (
        select sum(c.weight)::bigint as units
        from pgflow.places c
        where c.limit_key = k.key) p
    cross join lateral (
        select sum(c.units)::bigint as units, min(c.frees_at) as frees_at
        from pgflow.used_units c
        where c.limit_key = k.key) u;
end;
$$;

-- _candidates: the first tasks of lines whose limits have room, in the order in which they may be let in: by priority; then turn by turn,
-- beginning with who was served the longest ago; then as they came. Tasks of paused runs stay where they are. p_line_ids and p_gate_ids are
-- those that have been chosen already, p_lines those in which somebody stands.
--
-- A line whose first task is too heavy for what is left is asked only if that keeps room free which others would take.

create or replace function pgflow._candidates(
    p_lines     pgflow.gate_lines[],
    p_keys      text[],
    p_used      bigint[],
    p_most      int,
    p_limit     int,
    p_line_ids  bigint[],
    p_gate_ids  bigint[]
)
returns table (
    run_id   uuid,
    step     smallint,
    item     int,
    line_id  bigint,
    gate_id  bigint,
    key_ns   int[],
    limits   bigint[],
    weights  bigint[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = on
set enable_mergejoin = off
set enable_nestloop = off
set jit = off
as $$
declare
    v_ruled boolean := exists (select from pgflow.claim_rules r where r.rule = 'pause' and r.scope = 'run');
begin
    return query
    with line as materialized (
        select l.line_id, l.priority, l.lane, l.turn, l.served, l.keys, l.limits, coalesce(c.gate_id, 0) as gate_id,
               coalesce(sum(c.tasks) over (partition by l.priority, l.lane, l.turn), 0) as chosen
        from unnest(p_lines) l
        left join (
            select u.line_id, count(*) as tasks, max(u.gate_id) as gate_id
            from unnest(p_line_ids, p_gate_ids) u (line_id, gate_id)
            group by u.line_id) c on c.line_id = l.line_id
    ),
    with_room as materialized (
        select l.line_id, min(m.most - u.used) as room, array_agg(u.n::int order by m.n) as key_ns
        from line l
        cross join lateral unnest(l.keys, l.limits) with ordinality m (key, most, n)
        join unnest(p_keys, p_used) with ordinality u (key, used, n) on u.key = m.key
        group by l.line_id
        having min(m.most - u.used) > 0
    ),
    room as materialized (
        select r.line_id, r.room, r.key_ns, (
                   select array_agg(k.key_n)
                   from unnest(r.key_ns, l.limits, f.weights) k (key_n, most, weight)
                   where p_used[k.key_n] > 0
                     and p_used[k.key_n] + k.weight > k.most) as lacking
        from with_room r
        join line l on l.line_id = r.line_id
        cross join lateral (
            select g.weights
            from pgflow.gated_tasks g
            where g.line_id = l.line_id
              and g.gate_id > l.gate_id
              and not (v_ruled and pgflow._is_paused('run', g.run_id::text))
            order by g.gate_id
            limit 1) f
    ),
    asked as materialized (
        select r.line_id
        from room r
        where r.lacking is null
        union
        select r.line_id
        from room r
        cross join lateral unnest(r.lacking) k (key_n)
        join (select distinct n.key_n from room o cross join lateral unnest(o.key_ns) n (key_n) where o.lacking is null) w
            on w.key_n = k.key_n
    )
    select c.run_id, c.step, c.item, c.line_id, c.gate_id, c.key_ns, c.limits, c.weights
    from (
        select g.run_id, g.step, g.item, g.gate_id, l.line_id, r.key_ns, l.limits, g.weights, l.priority,
               l.chosen + row_number() over (turn order by g.gate_id) as round,
               max(l.served) over turn as served
        from asked a
        join room r on r.line_id = a.line_id
        join line l on l.line_id = a.line_id
        cross join lateral (
            select w.run_id, w.step, w.item, w.gate_id, w.weights
            from pgflow.gated_tasks w
            where w.line_id = l.line_id
              and w.gate_id > l.gate_id
              and not (v_ruled and pgflow._is_paused('run', w.run_id::text))
            order by w.gate_id
            limit least(r.room, p_most)) g
        window turn as (partition by l.priority, l.lane, l.turn)) c
    order by c.priority, c.round, c.served, c.gate_id
    limit p_limit;
end;
$$;
