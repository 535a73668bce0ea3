-- fold_maps: counts ended items off their map tasks, and ends the maps that have none left: their outputs
-- are collected in item order and their dependents resolved. Ends likewise the steps that were skipped while
-- they waited for parents, when the last of those has ended.
--
-- Call it in a transaction of its own after one that reported items, and now and then (upkeep), until it
-- says that nothing is left. Of two concurrent reporters the later one to fold sees both: it waits for the
-- map task and reads the rows after it has the lock.
-- Locks: runs that may end, the map tasks, their dependents, each in order; then the queues.

create or replace function pgflow.fold_maps(
    p_limit  int default 100,
    out folded         int,
    out ended_run_ids  uuid[],
    out woken_queues   text[],
    out maps_left      boolean
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
declare
    v_now timestamptz;
    v_maps record;
    v_ready record;
begin
    maps_left := false;
    folded := 0;
    ended_run_ids := pgflow._fail_maps(p_limit);
    if ended_run_ids is not null then
        maps_left := true;
        return;
    end if;

    select array_agg(m.run_id) as run_ids, array_agg(m.step) as steps, array_agg(0) as items
    into v_maps
    from (
        select distinct p.run_id, p.step
        from pgflow.map_progress p
        order by p.run_id, p.step
        limit p_limit) m;
    if v_maps.run_ids is null then
        return;
    end if;

    perform pgflow._lock_runs_that_may_end(v_maps.run_ids, v_maps.steps, v_maps.items);
    perform 1
    from unnest(v_maps.run_ids, v_maps.steps) m (run_id, step)
    join pgflow.tasks t on t.run_id = m.run_id and t.step = m.step and t.item = 0
    for no key update of t;

    --@pp fold_maps-locked
    v_now := pgflow.clock();
    select r.run_ids, r.steps, r.items, r.workflow_ids
    into v_ready
    from pgflow._count_off_items(v_maps.run_ids, v_maps.steps) r;
    folded := pg_catalog.cardinality(v_maps.run_ids);
    maps_left := folded = p_limit;

    if v_ready.run_ids is not null then
        perform pgflow._collect_items(v_ready.run_ids, v_ready.steps, v_now);
        select e.ended_run_ids, e.woken_queues, maps_left or e.maps_to_fold
        into ended_run_ids, woken_queues, maps_left
        from pgflow._end_steps(v_ready.run_ids, v_ready.steps, v_ready.items, v_ready.workflow_ids, v_now) e;
    end if;
end;
$$;

-- _fail_maps: map tasks that could not be opened fail, and their runs with them. Null when there are none.

create or replace function pgflow._fail_maps(
    p_limit  int
)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
    v_failed record;
    v_ended uuid[];
begin
    select array_agg(m.run_id) as run_ids, array_agg(m.step) as steps, array_agg(0) as items,
           array_agg(m.fence) as fences, array_agg(m.error) as errors, array_agg(false) as retryable,
           array_agg(null::interval) as retry_afters
    into v_failed
    from (
        select p.run_id, p.step, p.error, t.fence
        from pgflow.map_progress p
        cross join lateral (
            select a.fence
            from pgflow.tasks a
            where a.run_id = p.run_id
              and a.step = p.step
              and a.item = 0
            offset 0) t -- by key, for each of the few
        where p.error is not null
        order by p.run_id, p.step
        limit p_limit) m;
    if v_failed.run_ids is null then
        return null;
    end if;

    select coalesce(e.ended_run_ids, '{}')
    into v_ended
    from pgflow._end_attempts(
        null, 'failed', v_failed.run_ids, v_failed.steps, v_failed.items, v_failed.fences, v_failed.errors,
        v_failed.retryable, v_failed.retry_afters) e;
    return v_ended;
end;
$$;

-- _count_off_items: folds the progress rows of map tasks that the caller locked; returns those that have no
-- item left.

create or replace function pgflow._count_off_items(
    p_run_ids  uuid[],
    p_steps    smallint[],
    out run_ids       uuid[],
    out steps         smallint[],
    out items         int[],
    out workflow_ids  bigint[]
)
language plpgsql
set search_path = ''
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
as $$
begin
    with folding as (
        delete from pgflow.map_progress p
        using unnest(p_run_ids, p_steps) m (run_id, step)
        where p.run_id = m.run_id
          and p.step = m.step
        returning p.run_id, p.step, p.ended
    ),
    counted as (
        update pgflow.tasks t
        set remaining = t.remaining - f.ended
        from (
            select f.run_id, f.step, sum(f.ended)::int as ended
            from folding f
            group by f.run_id, f.step) f
        where t.run_id = f.run_id
          and t.step = f.step
          and t.item = 0
          and t.state in ('RUNNING', 'SKIPPED')
        returning t.run_id, t.step, t.item, t.workflow_id, t.remaining
    )
    select array_agg(c.run_id), array_agg(c.step), array_agg(c.item), array_agg(c.workflow_id)
    into run_ids, steps, items, workflow_ids
    from counted c
    where c.remaining = 0;
end;
$$;

-- _collect_items: map tasks whose items have all ended succeed with the array of their outputs; skipped ones
-- stay as they are.

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
as $$
begin
    with collected as (
        update pgflow.tasks t
        set state = 'SUCCEEDED',
            deferred = null,
            events = t.events + 1,
            output = (
                select coalesce(pg_catalog.jsonb_agg(coalesce(i.output, 'null') order by i.item), '[]')
                from pgflow.tasks i
                where i.run_id = t.run_id
                  and i.step = t.step
                  and i.item > 0)
        from unnest(p_run_ids, p_steps) m (run_id, step)
        where t.run_id = m.run_id
          and t.step = m.step
          and t.item = 0
          and t.state = 'RUNNING'
        returning t.run_id, t.step, t.fence, t.events, t.generation, t.attempts, t.output
    )
    insert into pgflow.audit (
        run_id, at, output_hash, item, seq, fence, step, transition, generation, attempt)
    select c.run_id, p_now, pg_catalog.hashtextextended(c.output::text, 0), 0, c.events, c.fence, c.step, 6,
           c.generation, c.attempts
    from collected c;
end;
$$;
