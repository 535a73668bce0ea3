-- _free_places: what no longer counts: places whose task is not on its way any more, and units whose period is over. Units of
-- attempts that have begun become used units; those of attempts that never began are given back.

create or replace function pgflow._free_places(
    p_now  timestamptz
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
declare
    v_rates record;
begin
    delete from pgflow.used_units u
    where u.frees_at <= p_now;

    with over as materialized (
        select p.limit_key, p.run_id, p.step, p.item, p.fence, t.run_id is null or t.fence > p.fence as has_begun
        from pgflow.places p
        left join pgflow.tasks t on t.run_id = p.run_id and t.step = p.step and t.item = p.item
        where p.kind <> 'queue'
          and not coalesce(
              t.state = 'SCHEDULED' and t.fence = p.fence and t.message_id is not null
                  and not exists (
                      select
                      from pgflow.parked_tasks a
                      where a.run_id = p.run_id
                        and a.step = p.step
                        and a.item = p.item
                        and a.rule_id is not null)
              or t.state = 'RUNNING' and t.fence = p.fence + 1 and p.kind = 'place',
              false)
    ),
    freed as (
        delete from pgflow.places p
        using over o
        where p.limit_key = o.limit_key
          and p.run_id = o.run_id
          and p.step = o.step
          and p.item = o.item
          and p.fence = o.fence
        returning p as place, p.kind, o.has_begun
    )
    select array_agg(f.place) as places, array_agg(f.has_begun) as have_begun
    into v_rates
    from freed f
    where f.kind = 'rate';
    if v_rates.places is not null then
        perform pgflow._use_up(v_rates.places, v_rates.have_begun, p_now);
    end if;
end;
$$;

-- _use_up: units of attempts that have begun count for the period that began with their claim, whenever somebody looks. p_have_begun: it is
-- known that they have; a task that is gone, with its run or as an item of a map, may have begun and counts from now if its history is
-- gone as well. Of the others the history says whether they have.

create or replace function pgflow._use_up(
    p_places      pgflow.places[],
    p_have_begun  boolean[],
    p_now         timestamptz
)
returns void
language plpgsql
set search_path = ''
set enable_hashjoin = on
set enable_mergejoin = off
set jit = off
as $$
begin
    insert into pgflow.used_units as u (limit_key, frees_at, units)
    select b.limit_key, b.frees_at, sum(b.weight)
    from (
        select p.limit_key, p.weight, p.has_begun or c.at is not null as has_begun,
               pgflow._frees_at(coalesce(c.at, p_now), p.period) as frees_at
        from unnest(p_places, p_have_begun)
            as p (limit_key, run_id, step, item, fence, kind, weight, period, since, has_begun)
        left join (
            select l.run_id, l.step, l.item, l.fence, max(l.at) as at
            from pgflow._claim_times(array(select distinct n.run_id from unnest(p_places) n)) l
            group by l.run_id, l.step, l.item, l.fence) c
            on c.run_id = p.run_id
           and c.step = p.step
           and c.item = p.item
           and c.fence = p.fence + 1
           and (p.has_begun or c.at >= p.since)) b
    where b.has_begun
      and b.frees_at > p_now
    group by b.limit_key, b.frees_at
    on conflict (limit_key, frees_at) do update
    set units = u.units + excluded.units;
end;
$$;

-- _claim_times: when attempts of runs were claimed. Of a run with a long history (a wide map) only some are found; who does not find
-- one takes the time at which he looks, which is not before it.

create or replace function pgflow._claim_times(
    p_run_ids  uuid[]
)
returns table (
    run_id  uuid,
    step    smallint,
    item    int,
    fence   int,
    at      timestamptz
)
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
    select a.run_id, a.step, a.item, a.fence, a.at
    from unnest(p_run_ids) r (run_id)
    cross join lateral (
        select h.run_id, h.step, h.item, h.fence, h.at, h.transition
        from pgflow.audit h
        where h.run_id = r.run_id
        limit 5000) a
    where a.transition = 4;
end;
$$;

-- _frees_at: when units count no more that were used up at a time, rounded up to a thousandth of the period.

create or replace function pgflow._frees_at(
    p_used_at  timestamptz,
    p_period   interval
)
returns timestamptz
language sql
stable
as $$
    select pg_catalog.to_timestamp(
        (pg_catalog.ceil(extract(epoch from p_used_at + p_period) / s.part) * s.part)::float8)
    from (select extract(epoch from p_period) / 1000 as part) s;
$$;
